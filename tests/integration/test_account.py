"""One account over several networks: each credits it by itself, and whoever reads it sees one moment."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest_asyncio

from api.app import Listener, create_app
from domain.assets import Asset, AssetKind, Catalogue, NetworkId
from domain.ids import deposit_key, player_text
from domain.journal import deposit_credited
from domain.postings import Command
from ledger.opening import open_accounts, register_assets
from ledger.posting import post_opening
from tests.support.crediting import Bank, coins
from tests.support.door import NOWHERE, OPERATOR_KEY, DoorClient
from tests.support.house import House, open_house
from tests.support.ledger_database import COIN, NETWORK, TOKEN, LedgerDatabase
from tests.support.records import new_player, txid

FAR = NetworkId("tron:0x2b6653dc")
FAR_TOKEN = Asset(3, "TUSD", FAR, AssetKind.TOKEN, 8, bytes.fromhex("33" * 20))
CATALOGUE = Catalogue([COIN, TOKEN, FAR_TOKEN])
CREDITS_EACH = 60
READS_AT_LEAST = 10


@pytest_asyncio.fixture
async def house(ledger_database: LedgerDatabase) -> AsyncIterator[House]:
    """A house with one token on two networks, with other decimals on each; no workers, no Temporal."""
    async with ledger_database.sessions(None).begin() as session:
        await register_assets(session, [FAR_TOKEN])
    async with open_house(ledger_database, NOWHERE, with_workers=False) as opened:
        opened.resources = replace(opened.resources, catalogue=CATALOGUE)
        opened.operator = DoorClient(create_app(Listener.OPERATOR, opened.resources), OPERATOR_KEY)
        yield opened


async def test_two_networks_that_credit_at_once_never_overwrite_each_other(house: House) -> None:
    """Every answer, meanwhile and after, holds as many credits as its version says; versions only grow."""
    player = await new_player(house.ledger.sessions())
    async with house.ledger.sessions().begin() as session:
        await open_accounts(session, player, [TOKEN.asset_id, FAR_TOKEN.asset_id])
    reader = house.client(player)
    seen: list[dict[str, Any]] = []

    async def credit(asset: Asset) -> None:
        own = house.ledger.sessions()
        for number in range(CREDITS_EACH):
            await post_opening(own, [_credit(player, asset, str(number))])

    async def read(writers: asyncio.Future[tuple[None, None]]) -> None:
        while not writers.done() or len(seen) < READS_AT_LEAST:
            seen.append((await reader.get("/v1/account")).json())

    writers = asyncio.gather(credit(TOKEN), credit(FAR_TOKEN))
    await asyncio.gather(writers, read(writers))
    last = (await reader.get("/v1/account")).json()
    assert {held["network"]: held["available"] for held in last["assets"] if held["asset"] == "TUSD"} == {
        NETWORK: str(CREDITS_EACH),
        FAR: str(CREDITS_EACH),
    }
    assert last["version"] == str(2 * CREDITS_EACH)
    versions = [int(answer["version"]) for answer in [*seen, last]]
    assert versions == sorted(versions)
    for answer in [*seen, last]:
        _check_one_moment(answer)
    assert await house.ledger.broken() == {}


async def test_staff_and_player_read_one_account(house: House) -> None:
    """Totals on the finest scale, zeros for what nobody brought, the same answer on both listeners."""
    player = await new_player(house.ledger.sessions())
    await post_opening(
        house.ledger.sessions(),
        [
            _credit(player, TOKEN, "a", 1_500_000),
            _credit(player, FAR_TOKEN, "a", 25),
            _credit(player, COIN, "a"),
        ],
    )
    own = (await house.client(player).get("/v1/account")).json()
    assert own == (await house.operator.get(f"/v1/players/{player_text(player)}/account")).json()
    assert [(total["currency"], total["decimals"], total["available"]) for total in own["totals"]] == [
        ("ETH", 18, "1"),
        ("TUSD", 8, "150000025"),
    ]
    assert own["totals"][1]["networks"] == [NETWORK, FAR]
    assert (own["version"], len(own["assets"])) == ("3", 3)
    unknown = await house.operator.get("/v1/players/p-1-999/account")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "NOT_FOUND")


async def test_what_is_locked_is_shown_until_it_is_final(house: House) -> None:
    """A deposit that is credited early is available and locked; final unlocks it without a posting."""
    bank = Bank(house.ledger)
    await bank.open()
    player, target = await bank.customer()
    await bank.mine(coins(target, 100))
    await bank.mine()
    await bank.go_on()
    reader = house.client(player)
    early = (await reader.get("/v1/account")).json()
    assert (early["assets"][0]["available"], early["assets"][0]["locked"]) == ("100", "100")
    assert early["totals"][0]["locked"] == "100"
    await bank.finalise(1)
    await bank.go_on()
    final = (await reader.get("/v1/account")).json()
    assert (final["assets"][0]["available"], final["assets"][0]["locked"]) == ("100", "0")
    assert final["version"] == early["version"]


async def test_what_is_owed_is_shown_beside_what_is_there(house: House) -> None:
    """The network took back a deposit that was spent: the debt has its own amount and reduces no other."""
    bank = Bank(house.ledger)
    await bank.open()
    player, target = await bank.customer()
    await bank.mine(coins(target, 100))
    await bank.mine()
    await bank.go_on()
    await bank.bet(player, 30, "bet/30")
    await bank.leave(2)
    await bank.go_on()
    [held, *_] = (await house.client(player).get("/v1/account")).json()["assets"]
    assert (held["available"], held["locked"], held["in_play"], held["owed"]) == ("0", "0", "30", "30")


def _check_one_moment(answer: dict[str, Any]) -> None:
    """One unit per credit: the version is the sum, and the total is that of the same answer's lines."""
    near, far = (
        int(
            next(
                held["available"]
                for held in answer["assets"]
                if held["network"] == network and held["asset"] == "TUSD"
            )
        )
        for network in (NETWORK, FAR)
    )
    assert near + far == int(answer["version"])
    [total] = [total for total in answer["totals"] if total["currency"] == "TUSD"]
    assert int(total["available"]) == 100 * near + far


def _credit(player: int, asset: Asset, name: str, units: int = 1) -> Command:
    key = deposit_key(asset.network, "0x" + txid(f"{asset.code} {name}").hex(), "log-0")
    return deposit_credited(player=player, asset_id=asset.asset_id, units=units, key=key)
