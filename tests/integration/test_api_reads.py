"""What the door reads from rows of the chain side: deposits as they come, and whose an address is."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from chains.codecs.evm_addresses import checksum_text
from domain.deposits import WalletRole
from domain.ids import player_of, player_text
from ledger.addresses import watch_wallet
from ledger.finality import advance_final
from ledger.observed import apply_block
from tests.support.door import NOWHERE, DoorClient
from tests.support.house import House, open_house
from tests.support.ledger_database import NETWORK, TOKEN, LedgerDatabase
from tests.support.records import (
    NOW,
    RULES,
    address,
    block,
    effect,
    header,
    new_address,
    new_player,
    started_chain,
    txid,
)

UNITS = 25_000_000


@pytest_asyncio.fixture
async def house(ledger_database: LedgerDatabase) -> AsyncIterator[House]:
    """A house without workers and without Temporal: nothing here needs them."""
    async with open_house(ledger_database, NOWHERE, with_workers=False) as opened:
        yield opened


async def _depositor(house: House, *names: str) -> tuple[DoorClient, int, bytes]:
    """A player with one deposit of each name in block 1, oldest name first."""
    chain, money = (house.ledger.sessions(role) for role in ("croupier_chain", "croupier_money"))
    start = await started_chain(chain)
    player = await new_player(money)
    target = await new_address(money, player)
    effects = [effect(target, UNITS, name=name, position="log-0", contract=TOKEN.contract) for name in names]
    async with chain.begin() as session:
        assert await apply_block(session, NETWORK, block(start, effects), RULES, start.ref, NOW)
    return house.client(player), player, target


async def test_a_deposit_is_shown_from_its_first_block_until_it_is_final(house: House) -> None:
    """The player sees amount, address, transaction and confirmations before anything is credited."""
    player, number, target = await _depositor(house, "a")
    (item,) = (await player.get("/v1/deposits")).json()["items"]
    assert item == {
        "network": NETWORK,
        "txid": "0x" + txid("a").hex(),
        "position": "log-0",
        "state": "seen",
        "reason": None,
        "asset": "TUSD",
        "amount": str(UNITS),
        "address": checksum_text(target),
        "confirmations": 1,
        "height": 1,
        "final_height": 0,
        "seen_at": item["seen_at"],
        "credited_at": None,
        "withdrawable_at": None,
        "sentence": "Waiting until its block is final.",
        "confirmations_needed": None,
        "progress": "waiting for finality",
    }
    async with house.ledger.sessions("croupier_chain").begin() as session:
        await advance_final(session, NETWORK, block(header(None)).header, NOW)
    support = await house.operator.get(f"/v1/players/{player_text(number)}/deposits")
    assert [line["state"] for line in support.json()["items"]] == ["final"]


async def test_pages_follow_each_other_without_a_gap_or_a_repeat(house: House) -> None:
    """Read two at a time, five deposits of one moment come once each, in one order."""
    player, _, _ = await _depositor(house, *"abcde")
    whole = [line["txid"] for line in (await player.get("/v1/deposits")).json()["items"]]
    read: list[str] = []
    sizes: list[int] = []
    cursor: str | None = ""
    while cursor is not None:
        page = (await player.get(f"/v1/deposits?limit=2{cursor}")).json()
        read += [line["txid"] for line in page["items"]]
        sizes.append(len(page["items"]))
        cursor = None if page["next"] is None else f"&cursor={page['next']}"
    assert sizes == [2, 2, 1]
    assert read == whole
    assert set(read) == {"0x" + txid(name).hex() for name in "abcde"}


async def test_somebody_without_anything_has_zeros_and_empty_lists(house: House) -> None:
    """A registered player without accounts is not an error."""
    player = house.client(await new_player(house.ledger.sessions()))
    balances = (await player.get("/v1/balances")).json()
    assert balances["version"] == "0"
    assert {item["available"] for item in balances["items"]} == {"0"}
    for path in ("/v1/deposits", "/v1/withdrawals", "/v1/bets"):
        assert (await player.get(path)).json() == {"items": [], "next": None}
    assert (await player.get(f"/v1/statement?asset=TUSD&network={NETWORK}")).json()["items"] == []
    assert (await player.get("/v1/fair")).status_code == 404


@pytest.mark.parametrize("family", ["eip155", "tron"])
async def test_a_wallet_of_this_house_is_nobodys_payee(house: House, family: str) -> None:
    """A hot wallet of any network is refused by its row, before a workflow is asked; nothing is written."""
    player = house.client(await new_player(house.ledger.sessions()))
    wallet = address("hot")
    async with house.ledger.sessions(None).begin() as session:
        await watch_wallet(session, family, wallet, WalletRole.HOT)
    body = {"asset": "TUSD", "network": NETWORK, "to": checksum_text(wallet), "amount": str(UNITS)}
    answer = await player.post("/v1/withdrawals", json=body, headers={"Idempotency-Key": "k-1"})
    assert (answer.status_code, answer.json()["reason"]) == (422, "OURS_SYSTEM")
    assert (await player.get("/v1/withdrawals")).json()["items"] == []


async def test_a_token_of_a_player_who_is_not_in_the_books_finds_nothing(house: House) -> None:
    """A well-signed token for a number nobody was given reads no balance."""
    answer = await house.client(player_of(1, 999)).get("/v1/balances")
    assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND")
