"""The door over real workflows: registering, betting and withdrawing by HTTP, and every repeat of it."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest_asyncio

from devstack.temporal import TemporalServer
from domain.fairness import commitment
from domain.games import roll_dice
from tests.support.door import DoorClient
from tests.support.house import House, open_house
from tests.support.ledger_database import NETWORK, LedgerDatabase

STAKE = 1_000_000
PAYEE = "0x52908400098527886E0F7030069857D2E4169EE7"


@pytest_asyncio.fixture(scope="module")
async def temporal(run_directory: Path) -> AsyncIterator[TemporalServer]:
    """A Temporal server of this file's own: player numbers, and so workflow ids, repeat between ledgers."""
    directory = run_directory / "temporal-of-the-door"
    directory.mkdir()
    server = TemporalServer(directory, profile="test")
    server.start()
    yield server
    server.stop()


@pytest_asyncio.fixture(scope="module")
async def house(shared_ledger: LedgerDatabase, temporal: TemporalServer) -> AsyncIterator[House]:
    """A house whose workers run for all tests of this file."""
    async with open_house(shared_ledger, temporal.address) as opened:
        yield opened


def _bet(key: str, **change: object) -> dict[str, Any]:
    body = {
        "key": key,
        "game": "dice",
        "asset": "TUSD",
        "network": NETWORK,
        "stake": str(STAKE),
        "under": 5000,
    }
    return {**body, **change}


async def _withdraw(player: DoorClient, key: str, amount: int, to: str = PAYEE) -> httpx.Response:
    body = {"asset": "TUSD", "network": NETWORK, "to": to, "amount": str(amount)}
    return await player.post("/v1/withdrawals", json=body, headers={"Idempotency-Key": key})


async def _token(player: DoorClient) -> dict[str, Any]:
    items = (await player.get("/v1/balances")).json()["items"]
    return next(item for item in items if item["asset"] == "TUSD")


async def test_registering_twice_gives_one_player_and_tokens_for_it(house: House) -> None:
    """The same external id is the same player; a token of it opens the player's listener."""
    first = await house.operator.post("/v1/players", json={"external_id": "twice"})
    again = await house.operator.post("/v1/players", json={"external_id": "twice"})
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["player_id"] == again.json()["player_id"]
    assert (first.json()["repeat"], again.json()["repeat"]) == (False, True)
    player_id = first.json()["player_id"]
    minted = await house.operator.post(f"/v1/players/{player_id}/tokens")
    assert minted.status_code == 201
    seen = await house.operator.get(f"/v1/players/{player_id}")
    assert seen.json()["external_id"] == "twice"


async def test_a_player_nobody_registered_gets_no_token(house: House) -> None:
    """A well-formed number without a registration is not found."""
    answer = await house.operator.post("/v1/players/p-1-99999/tokens")
    assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND")


async def test_a_deposit_address_is_given_once(house: House) -> None:
    """Asked twice, the address is the same, and it is listed."""
    player = await house.player("address")
    first = await player.post("/v1/deposit-addresses", json={"network": NETWORK})
    again = await player.post("/v1/deposit-addresses", json={"network": NETWORK})
    assert first.status_code == 200
    assert first.json() == again.json()
    assert (await player.get("/v1/deposit-addresses")).json()["items"] == [first.json()]


async def test_fifty_equal_bets_at_once_are_one_bet(house: House) -> None:
    """Fifty callers with one key read one roll, and one stake left the balance."""
    player = await house.player("crowd", units=10 * STAKE)
    answers = await asyncio.gather(*(player.post("/v1/bets", json=_bet("b-1")) for _ in range(50)))
    assert {answer.status_code for answer in answers} == {200}
    told = [{**answer.json(), "repeat": None} for answer in answers]
    assert all(answer == told[0] for answer in told)
    assert [answer.json()["repeat"] for answer in answers].count(False) == 1
    balance = await _token(player)
    assert int(balance["available"]) == 9 * STAKE + int(told[0]["payout"])
    assert balance["in_play"] == "0"
    looked_up = (await player.get(f"/v1/bets/{told[0]['bet_id']}")).json()
    assert {**looked_up, "repeat": None} == told[0]
    assert len((await player.get("/v1/bets")).json()["items"]) == 1


async def test_the_same_key_with_another_stake_is_a_conflict(house: House) -> None:
    """A reused key with other content is refused, names the field and moves nothing."""
    player = await house.player("conflict", units=10 * STAKE)
    await player.post("/v1/bets", json=_bet("b-1"))
    before = await _token(player)
    for change, field in (({"stake": str(2 * STAKE)}, "stake"), ({"under": 4999}, "under")):
        answer = await player.post("/v1/bets", json=_bet("b-1", **change))
        assert (answer.status_code, answer.json()["code"], answer.json()["field"]) == (409, "CONFLICT", field)
    assert await _token(player) == before


async def test_a_bet_without_funds_is_refused_and_stays_refused(house: House) -> None:
    """The refusal is recorded: after a deposit the same key still has its answer, a new key plays."""
    player_id = await house.register("poor")
    player = await house.player("poor-too")
    refused = await player.post("/v1/bets", json=_bet("b-1"))
    assert (refused.status_code, refused.json()["code"]) == (422, "INSUFFICIENT_FUNDS")
    balances = (await player.get("/v1/balances")).json()
    await house.credit(balances["player_id"], "later", 5 * STAKE)
    again = await player.post("/v1/bets", json=_bet("b-1"))
    assert (again.status_code, again.json()["code"]) == (422, "INSUFFICIENT_FUNDS")
    assert (await player.post("/v1/bets", json=_bet("b-2"))).status_code == 200
    assert (await house.operator.get(f"/v1/players/{player_id}/balances")).json()["version"] == "0"


async def test_a_stake_outside_the_bounds_is_refused_by_the_rules(house: House) -> None:
    """The rules decide in the workflow, the door only tells."""
    player = await house.player("bounds", units=1_000 * STAKE)
    for stake in ("1", "100000001"):
        answer = await player.post("/v1/bets", json=_bet(f"b-{stake}", stake=stake))
        assert (answer.status_code, answer.json()["code"]) == (422, "REFUSED_BY_RULES")
    answer = await player.post("/v1/bets", json=_bet("b-under", under=9_999))
    assert (answer.status_code, answer.json()["code"]) == (422, "LIMIT_EXCEEDED")


async def test_a_revealed_seed_recomputes_every_roll(house: House) -> None:
    """What was committed before the bets is what is revealed after them, and it gives the same rolls."""
    player = await house.player("fair", units=10 * STAKE)
    bets = [(await player.post("/v1/bets", json=_bet(f"b-{number}"))).json() for number in range(3)]
    shown = (await player.get("/v1/fair")).json()
    assert shown["commit"] == bets[0]["commit"]
    hidden = (await player.get(f"/v1/fair/{bets[0]['bet_id']}")).json()
    assert hidden["server_seed"] is None
    rotation = await player.post("/v1/fair/rotations", json={"key": "r-1", "client_seed": "lucky"})
    repeat = await player.post("/v1/fair/rotations", json={"key": "r-1", "client_seed": "lucky"})
    other = await player.post("/v1/fair/rotations", json={"key": "r-1", "client_seed": "unlucky"})
    revealed = rotation.json()["revealed"]
    assert commitment(revealed["server_seed"]) == shown["commit"]
    assert rotation.json()["current"]["commit"] == shown["next_commit"]
    assert repeat.json()["revealed"] == revealed
    assert (other.status_code, other.json()["field"]) == (409, "client_seed")
    for number, bet in enumerate(bets):
        roll = roll_dice(revealed["server_seed"], revealed["client_seed"], number, under=5000, stake=STAKE)
        assert (bet["nonce"], bet["roll"], bet["payout"]) == (number, roll.roll, str(roll.payout))
        proof = (await player.get(f"/v1/fair/{bet['bet_id']}")).json()
        assert (proof["server_seed"], proof["roll"]) == (revealed["server_seed"], roll.roll)


async def test_a_withdrawal_in_review_is_cancelled_and_the_money_is_back(house: House) -> None:
    """The player sees a soft hold, cancels, and has amount and fee again; a second cancel says the same."""
    player = await house.player("cancel", units=200 * STAKE)
    asked = await _withdraw(player, "k-1", 100 * STAKE)
    assert (asked.status_code, asked.json()["status"], asked.json()["fee"]) == (202, "in_review", "500000")
    assert asked.headers["Location"] == f"/v1/withdrawals/{asked.json()['withdrawal_id']}"
    held = await _token(player)
    assert (held["available"], held["pending_withdrawal"]) == (
        str(100 * STAKE - 500_000),
        str(100 * STAKE + 500_000),
    )
    for _ in range(2):
        cancelled = await player.post(f"{asked.headers['Location']}/cancel")
        assert (cancelled.status_code, cancelled.json()["status"]) == (200, "cancelled")
    assert (await _token(player))["available"] == str(200 * STAKE)
    listed = (await player.get("/v1/withdrawals")).json()["items"]
    assert [item["status"] for item in listed] == ["cancelled"]
    assert (await player.get("/v1/withdrawals/" + str(UUID(int=5)))).status_code == 404


async def test_a_withdrawals_key_belongs_to_its_first_content(house: House) -> None:
    """The same key answers the same withdrawal; with another payee or amount it is a conflict."""
    player = await house.player("keys", units=500 * STAKE)
    first = await _withdraw(player, "k-1", 100 * STAKE)
    again = await _withdraw(player, "k-1", 100 * STAKE)
    assert again.json() == {**first.json(), "repeat": True}
    before = await _token(player)
    for amount, to, field in ((100 * STAKE, "0x" + "52" * 20, "to"), (100 * STAKE + 1, PAYEE, "amount")):
        other = await _withdraw(player, "k-1", amount, to)
        assert (other.status_code, other.json()["field"]) == (409, field)
    assert await _token(player) == before


async def test_a_withdrawal_nobody_can_pay_is_refused(house: House) -> None:
    """Too little money, too small an amount and too large an amount each have their code."""
    player = await house.player("refused", units=2 * STAKE)
    for key, amount, code in (
        ("k-1", 2 * STAKE, "INSUFFICIENT_FUNDS"),
        ("k-2", 1, "REFUSED_BY_RULES"),
        ("k-3", 6_000 * STAKE, "REFUSED_BY_RULES"),
    ):
        answer = await _withdraw(player, key, amount)
        assert (answer.status_code, answer.json()["code"]) == (422, code), answer.text
    assert (await _token(player))["available"] == str(2 * STAKE)
    shown = (await player.get("/v1/withdrawals")).json()["items"]
    assert {item["status"] for item in shown} == {"refused"}


async def test_nobody_is_paid_at_an_address_of_this_house(house: House) -> None:
    """A player's deposit address is refused as a payee, whoever's it is."""
    other = await house.player("neighbour")
    given = (await other.post("/v1/deposit-addresses", json={"network": NETWORK})).json()["address"]
    player = await house.player("ours", units=10 * STAKE)
    answer = await _withdraw(player, "k-1", 2 * STAKE, to=given)
    assert (answer.status_code, answer.json()["reason"]) == (422, "OURS_DEPOSIT")
    assert (await player.get("/v1/withdrawals")).json()["items"] == []


async def test_a_reviewer_rejects_by_naming_what_was_read(house: House) -> None:
    """An act with a stale content hash is refused; with the right one the money goes back."""
    player = await house.player("reject", units=200 * STAKE)
    asked = (await _withdraw(player, "k-1", 100 * STAKE)).json()
    case = f"/v1/support/withdrawals/{asked['withdrawal_id']}"
    seen = (await house.operator.get(case)).json()
    assert (seen["state"], seen["approvals"]) == ("review", 0)
    stale = "0x" + hashlib.sha256(b"something else").hexdigest()
    act = {"ticket": "t-1", "words": "source of funds unclear", "content_hash": stale}
    refused = await house.operator.post(f"{case}/reject", json=act)
    assert (refused.status_code, refused.json()["code"]) == (409, "CONFLICT")
    act = {**act, "ticket": "t-2", "content_hash": seen["content_hash"]}
    rejected = await house.operator.post(f"{case}/reject", json=act)
    assert (rejected.status_code, rejected.json()["state"]) == (200, "rejected")
    assert (await _token(player))["available"] == str(200 * STAKE)
    late = await player.post(f"/v1/withdrawals/{asked['withdrawal_id']}/cancel")
    assert (late.status_code, late.json()["code"]) == (409, "TOO_LATE")


async def test_a_statement_explains_a_balance_page_by_page(house: House) -> None:
    """The movements, read one per page, add up to the balance and name what they belong to."""
    player = await house.player("statement", units=10 * STAKE)
    bet = (await player.post("/v1/bets", json=_bet("b-1"))).json()
    found: list[dict[str, Any]] = []
    cursor = ""
    while True:
        page = (await player.get(f"/v1/statement?asset=TUSD&network={NETWORK}&limit=1{cursor}")).json()
        found += page["items"]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    balance = await _token(player)
    assert sum(int(entry["change"]) for entry in found) == int(balance["available"])
    assert found[0]["available"] == balance["available"]
    assert found[-1]["kind"] == "deposit_credited"
    assert bet["bet_id"] in found[-2]["reference"]


async def test_a_player_sees_nothing_of_another(house: House) -> None:
    """Bets, proofs and withdrawals of somebody else are not found."""
    rich = await house.player("rich", units=200 * STAKE)
    bet = (await rich.post("/v1/bets", json=_bet("b-1"))).json()["bet_id"]
    withdrawal = (await _withdraw(rich, "k-1", 100 * STAKE)).json()["withdrawal_id"]
    thief = await house.player("thief")
    for path in (f"/v1/bets/{bet}", f"/v1/fair/{bet}", f"/v1/withdrawals/{withdrawal}"):
        assert (await thief.get(path)).status_code == 404
    assert (await thief.post(f"/v1/withdrawals/{withdrawal}/cancel")).status_code == 404


async def test_a_ready_door_says_so_and_the_books_hold(house: House) -> None:
    """With ledger and both namespaces there the door is ready, and no invariant was broken above."""
    assert (await house.operator.get("/health/ready")).json() == {"status": "ok"}
    assert await house.ledger.broken() == {}
