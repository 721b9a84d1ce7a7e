"""The hot wallets through the door: what stands in the rows, in whole units, for the staff alone."""

from collections.abc import AsyncIterator

import pytest_asyncio

from api.app import Listener, create_app
from tests.support.door import NOWHERE, DoorClient
from tests.support.house import House, open_house
from tests.support.lanes import HOT, SECOND, opened_lanes, send_of
from tests.support.ledger_database import NETWORK, LedgerDatabase

PATH = "/v1/support/liquidity"


@pytest_asyncio.fixture
async def house(ledger_database: LedgerDatabase) -> AsyncIterator[House]:
    """A door over a ledger; no workflow is asked here."""
    async with open_house(ledger_database, NOWHERE, with_workers=False) as opened:
        yield opened


async def test_a_house_without_hot_wallets_has_nothing_to_show(house: House) -> None:
    """An empty list, not an error."""
    assert (await house.operator.get(PATH)).json() == {"items": []}


async def test_levels_wallets_queue_and_request_are_shown(house: House) -> None:
    """One entry per asset; a dry one says who waits, for what, and what to send where."""
    lanes = await opened_lanes(house.ledger)
    await lanes.add(HOT, coins=90_000, tokens=600)
    await lanes.add(SECOND, coins=5, tokens=0)
    with house.ledger.raw() as connection:
        connection.execute(
            "UPDATE chain.wallets SET state = 'frozen', why = 'it has code' WHERE address = %s", [SECOND]
        )
    await lanes.ask("large", amount=700)
    await lanes.ask("small", amount=100)
    await lanes.ask("larger", amount=800)
    coin, token = (await house.operator.get(PATH)).json()["items"]
    assert (coin["asset"], coin["level"], coin["queue"], coin["top_ups"]) == ("ETH", "level", [], [])
    assert (token["network"], token["asset"], token["decimals"]) == (NETWORK, "TUSD", 6)
    assert (token["level"], token["free"], token["waiting"]) == ("dry", "500", 2)
    first, second = token["wallets"]
    assert {first["address"].lower(), second["address"].lower()} == {"0x" + HOT.hex(), "0x" + SECOND.hex()}
    (busy,) = [one for one in token["wallets"] if one["address"].lower() == "0x" + HOT.hex()]
    assert busy == {
        "address": busy["address"],
        "state": "open",
        "why": None,
        "confirmed": "600",
        "committed": "100",
        "floor": "0",
        "target": "10",
        "ceiling": str(10**30),
        "incoming": "0",
        "unmined": 1,
        "takes_sends": True,
    }
    (frozen,) = [one for one in token["wallets"] if one is not busy]
    assert (frozen["state"], frozen["why"], frozen["takes_sends"]) == ("frozen", "it has code", False)
    assert [(one["id"], one["kind"], one["place"], one["amount"]) for one in token["queue"]] == [
        (str(send_of("large")), "withdrawal", 1, "700"),
        (str(send_of("larger")), "withdrawal", 2, "800"),
    ]
    assert [one["was_passed"] for one in token["queue"]] == [True, False]
    assert [one["lacks"] for one in token["queue"]] == [
        [{"asset": f"TUSD@{NETWORK}", "decimals": 6, "amount": "200"}],
        [{"asset": f"TUSD@{NETWORK}", "decimals": 6, "amount": "1000"}],
    ]
    assert token["top_ups"] == [{"address": busy["address"], "amount": "1000", "incoming": "0"}]
    assert f"Send 0.001 TUSD@{NETWORK} to {busy['address']}." in token["sentence"]


async def test_players_and_strangers_see_no_wallets(house: House) -> None:
    """The route stands on the operators' listener and wants one of their keys."""
    player = await (DoorClient(create_app(Listener.PLAYER, house.resources))).get(PATH)
    assert player.status_code == 404
    stranger = await DoorClient(create_app(Listener.OPERATOR, house.resources)).get(PATH)
    assert (stranger.status_code, stranger.json()["code"]) == (401, "SIGNATURE_INVALID")
