"""What the door answers for what a workflow says: status, body, and the question that was asked."""

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import pytest

from api.asking import NoAnswer, Question
from api.errors import Refused
from domain.bets import BetInput, BetResult, BetState
from domain.errors import InvariantBroken, TemporalUnavailable
from domain.ids import bet_id
from domain.players import AddressRecord, PlayerInput, PlayerRecord, SeedPairRecord, SeedRotationRecord
from domain.wire import Message
from tests.support.door import PLAYER, operator_door, player_door
from tests.support.ledger_database import NETWORK
from workflows.names import BETS_NAMESPACE, MONEY_NAMESPACE
from workflows.names import PLAYER as PLAYER_ATTRIBUTE

AT = datetime(2026, 5, 1, tzinfo=UTC)
BET = {"key": "b-1", "game": "dice", "asset": "TUSD", "network": NETWORK, "stake": "1000000", "under": 5000}
WON = BetResult(
    bet_id=bet_id(PLAYER, "b-1"),
    state=BetState.WON,
    asset_id=2,
    stake=1_000_000,
    under=5000,
    roll=2470,
    multiplier=19_800,
    payout=1_980_000,
    seed_pair=1,
    nonce=2,
    commit="c3",
    client_seed="demo",
    version=7,
)
PAIR = SeedPairRecord(player=PLAYER, pair=2, commit="22", client_seed="lucky", next_nonce=0)
ROTATED = SeedRotationRecord(
    revealed=SeedPairRecord(
        player=PLAYER, pair=1, commit="11", client_seed="demo", next_nonce=9, server_seed="5e" * 32
    ),
    current=PAIR,
    next_commit="33",
)


def _declined(code: str) -> BetResult:
    return BetResult(
        bet_id=WON.bet_id,
        state=BetState.DECLINED,
        asset_id=2,
        stake=1_000_000,
        under=5000,
        code=code,
        sentence="because",
    )


class Row(NamedTuple):
    """One thing a bet's workflow may say and what the caller must read."""

    name: str
    said: Message | NoAnswer | Exception
    status: int
    code: str | None = None
    retry: str | None = None
    detail: str | None = None


BET_ROWS = [
    Row("won", WON, 200),
    Row("lost", WON.model_copy(update={"state": BetState.LOST, "payout": 0}), 200),
    Row("voided", WON.model_copy(update={"state": BetState.VOIDED, "code": "EXPIRED"}), 200),
    Row("still being settled", WON.model_copy(update={"state": BetState.RESERVED}), 202),
    Row("no funds", _declined("INSUFFICIENT_FUNDS"), 422, "INSUFFICIENT_FUNDS", "none", "because"),
    Row("outside the bounds", _declined("LIMIT_EXCEEDED"), 422, "LIMIT_EXCEEDED", "none", "because"),
    Row("refused by the rules", _declined("REFUSED_BY_RULES"), 422, "REFUSED_BY_RULES", "none", "because"),
    Row("a blocked player", _declined("PLAYER_BLOCKED"), 403, "PLAYER_BLOCKED", "none", "because"),
    Row("nobody accepted it in time", _declined("EXPIRED"), 409, "EXPIRED", "none", "because"),
    Row("an unknown player", Refused("NOT_FOUND", "no player"), 404, "NOT_FOUND", "none", "no player"),
    Row("another content", Refused("CONFLICT", "another stake"), 409, "CONFLICT", "none", "another stake"),
    Row("another stake came back", WON.model_copy(update={"stake": 5}), 409, "CONFLICT", "none"),
    Row("no answer in time", NoAnswer.PENDING, 503, "UNAVAILABLE", "same_id"),
    Row("Temporal is away", TemporalUnavailable("gone"), 503, "UNAVAILABLE", "same_id"),
    Row("no row and no database", NoAnswer.RECORDED, 503, "UNAVAILABLE", "same_id"),
    Row("the ledger was away", Refused("LEDGER_UNAVAILABLE", "secret"), 503, "UNAVAILABLE", "same_id"),
    Row("an account still opens", Refused("ACCOUNT_MISSING", "secret"), 503, "UNAVAILABLE", "same_id"),
    Row("too much work", Refused("BUSY", "the slot is busy"), 503, "BUSY", "same_id", "the slot is busy"),
    Row("books that contradict", Refused("INVARIANT_BROKEN", "secret"), 500, "INTERNAL", "none"),
    Row("the same, found at the door", InvariantBroken("secret"), 500, "INTERNAL", "none"),
    Row("a code nobody knows", Refused("SURPRISE", "secret"), 500, "INTERNAL", "look"),
    Row("a defect of ours", KeyError("secret"), 500, "INTERNAL", "look"),
]


@pytest.mark.parametrize("row", BET_ROWS, ids=lambda row: row.name)
async def test_what_a_bet_says_decides_the_answer(row: Row) -> None:
    """Each end of a bet has one status, code and advice, and nothing of our inside is shown."""
    door = await player_door(row.said)
    answer = await door.post("/v1/bets", json=BET)
    body = answer.json()
    assert (answer.status_code, body.get("code" if row.status >= 400 else "no")) == (row.status, row.code)
    if row.status >= 400:
        assert (body["retry"], body.get("detail")) == (row.retry, row.detail or body.get("detail"))
    assert "secret" not in answer.text
    assert ("Retry-After" in answer.headers) == (row.status == 503)


async def test_a_bet_is_shown_with_everything_its_player_needs_to_check_it() -> None:
    """Money is text, and seeds, nonce and roll are there to be recomputed."""
    door = await player_door(WON)
    answer = await door.post("/v1/bets", json=BET)
    assert answer.json() == {
        "bet_id": str(WON.bet_id),
        "state": "won",
        "asset": "TUSD",
        "network": NETWORK,
        "stake": "1000000",
        "under": 5000,
        "roll": 2470,
        "multiplier": 19800,
        "payout": "1980000",
        "code": None,
        "detail": None,
        "seed_pair": 1,
        "nonce": 2,
        "commit": "c3",
        "client_seed": "demo",
        "version": "7",
        "repeat": False,
    }


async def test_a_request_is_found_again_in_what_is_asked() -> None:
    """The caller's request id, the time at the door and the derived id travel into the workflow."""
    door = await player_door(WON)
    before = datetime.now(UTC)
    answer = await door.post("/v1/bets", json=BET, headers={"X-Request-Id": "req-0000001"})
    asked = door.asker.asked[0]
    assert isinstance(asked, Question)
    assert answer.headers["X-Request-Id"] == "req-0000001"
    assert isinstance(asked.argument, BetInput)
    assert asked.argument.request_id == "req-0000001"
    assert before <= asked.argument.received_at <= datetime.now(UTC)
    assert asked.argument.bet_id == bet_id(PLAYER, "b-1")
    assert (asked.namespace, asked.queue, asked.workflow_id) == (
        BETS_NAMESPACE,
        "bets",
        f"bet/1/{WON.bet_id}",
    )
    assert asked.attributes[PLAYER_ATTRIBUTE] == "p-1-17"
    assert asked.patience == timedelta(seconds=2)


async def test_every_line_of_a_request_carries_its_id() -> None:
    """One request id leads from the answer to the log, refusals included."""
    door = await player_door(_declined("INSUFFICIENT_FUNDS"))
    await door.post("/v1/bets", json=BET, headers={"X-Request-Id": "req-0000001"})
    assert {line["request_id"] for line in door.logs} == {"req-0000001"}
    ended = door.logs[-1]
    assert (ended["event"], ended["method"], ended["path"], ended["status"]) == (
        "request",
        "POST",
        "/v1/bets",
        422,
    )
    assert datetime.fromisoformat(ended["received_at"]) <= datetime.now(UTC)
    assert "INSUFFICIENT_FUNDS" in {line.get("code") for line in door.logs}


async def test_what_the_caller_is_not_told_stands_in_the_log() -> None:
    """A hidden code is found under the request id that the caller was given."""
    door = await player_door(InvariantBroken("debits differ"))
    await door.post("/v1/bets", json=BET)
    assert [line["sentence"] for line in door.logs if line.get("code") == "INVARIANT_BROKEN"] == [
        "The books contradict themselves: debits differ."
    ]


@pytest.mark.parametrize("given", ["short", "has blank inside", "x" * 65, "semi;colon;here", "ünïcödé-id"])
async def test_a_request_id_that_is_not_plain_is_replaced(given: str) -> None:
    """What stands in logs and postings is never a text somebody slipped in."""
    door = await player_door()
    answer = await door.get("/v1/assets", headers={"X-Request-Id": given.encode()})
    assert answer.headers["X-Request-Id"] != given
    assert len(answer.headers["X-Request-Id"]) == 22


async def test_an_answer_made_for_an_earlier_request_is_marked_as_repeat() -> None:
    """The stored answer comes back with the first request's id, and the caller reads `repeat`."""
    door = await player_door(WON.model_copy(update={"request_id": "req-0000001"}))
    answer = await door.post("/v1/bets", json=BET, headers={"X-Request-Id": "req-0000002"})
    assert answer.json()["repeat"] is True


@pytest.mark.parametrize(("first_request", "status"), [("req-0000002", 201), ("req-0000001", 200)])
async def test_registering_twice_is_one_player(first_request: str, status: int) -> None:
    """The first registration is 201, every later one 200 with the same player."""
    record = PlayerRecord(
        player=PLAYER, operator=1, external_id="crm-1", created_at=AT, request_id=first_request
    )
    door = await operator_door(record)
    answer = await door.post(
        "/v1/players", json={"external_id": "crm-1"}, headers={"X-Request-Id": "req-0000002"}
    )
    assert answer.status_code == status
    assert answer.json() == {
        "player_id": "p-1-17",
        "external_id": "crm-1",
        "created_at": "2026-05-01T00:00:00Z",
        "repeat": status == 200,
    }
    asked = door.asker.asked[0]
    assert isinstance(asked.argument, PlayerInput)
    assert (asked.namespace, asked.workflow_id) == (MONEY_NAMESPACE, "player/1/crm-1")


async def test_one_deposit_address_serves_every_network_of_its_family() -> None:
    """The address is shown with its checksum, and the workflow is one per player and family."""
    door = await player_door(AddressRecord(player=PLAYER, family="eip155", address=bytes.fromhex("52" * 20)))
    answer = await door.post("/v1/deposit-addresses", json={"network": NETWORK})
    assert answer.json() == {"network": NETWORK, "address": "0x5252525252525252525252525252525252525252"}
    assert door.asker.asked[0].workflow_id == f"address/{PLAYER}/eip155"


async def test_a_rotation_reveals_the_old_pair_and_shows_the_new_one() -> None:
    """The revealed seed stands beside its commitment; the pair in use shows commitments only."""
    door = await player_door(ROTATED)
    answer = await door.post("/v1/fair/rotations", json={"key": "r-1", "client_seed": "lucky"})
    assert answer.json()["revealed"] == {
        "pair": 1,
        "commit": "11",
        "client_seed": "demo",
        "server_seed": "5e" * 32,
        "bets": 9,
    }
    assert answer.json()["current"] == {
        "pair": 2,
        "commit": "22",
        "client_seed": "lucky",
        "next_nonce": 0,
        "next_commit": "33",
    }


async def test_another_client_seed_under_the_same_key_is_a_conflict() -> None:
    """A rotation that happened with another client seed is not told as if it were this one."""
    door = await player_door(ROTATED)
    answer = await door.post("/v1/fair/rotations", json={"key": "r-1", "client_seed": "other"})
    assert (answer.status_code, answer.json()["field"]) == (409, "client_seed")
