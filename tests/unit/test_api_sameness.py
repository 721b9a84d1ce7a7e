"""One key, one content: the first field in which a stored answer differs from the request is named."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from api.sameness import (
    check_same_address,
    check_same_bet,
    check_same_player,
    check_same_rotation,
    check_same_withdrawal,
    is_repeat,
)
from domain.bets import BetInput, BetResult, BetState, Game
from domain.errors import Conflict
from domain.players import (
    AddressInput,
    AddressRecord,
    PlayerInput,
    PlayerRecord,
    SeedPairRecord,
    SeedRotationInput,
    SeedRotationRecord,
)
from domain.wire import Message
from domain.withdrawals import WithdrawalFacts, WithdrawalInput, WithdrawalState

AT = datetime(2026, 5, 1, tzinfo=UTC)
ONE = UUID(int=1)
REQUEST = {"request_id": "request-1", "received_at": AT}
BET = BetInput(
    bet_id=ONE, player=7, asset_id=2, game=Game.DICE, stake=10, under=5000, client_key="b", **REQUEST
)
PLACED = BetResult(bet_id=ONE, state=BetState.LOST, asset_id=2, stake=10, under=5000)
WITHDRAWAL = WithdrawalInput(
    withdrawal_id=ONE,
    player=7,
    asset_id=2,
    network="eip155:1",
    payee=b"\x01" * 20,
    amount=10,
    client_key="k",
    **REQUEST,
)
TAKEN = WithdrawalFacts(
    withdrawal_id=ONE,
    state=WithdrawalState.APPROVED,
    player=7,
    asset_id=2,
    asset_code="TUSD@eip155:1",
    network="eip155:1",
    payee=b"\x01" * 20,
    amount=10,
)
PLAYER = PlayerInput(operator=1, external_id="crm-1", **REQUEST)
REGISTERED = PlayerRecord(player=7, operator=1, external_id="crm-1", created_at=AT)
ADDRESS = AddressInput(player=7, family="eip155", **REQUEST)
GIVEN = AddressRecord(player=7, family="eip155", address=b"\x02" * 20)
ROTATION = SeedRotationInput(player=7, client_key="r", client_seed="lucky", **REQUEST)
PAIR = SeedPairRecord(player=7, pair=2, commit="00", client_seed="lucky", next_nonce=0)
ROTATED = SeedRotationRecord(revealed=PAIR, current=PAIR, next_commit="11")

Check = Callable[[Any, Any], None]

SAME: list[tuple[Check, Message, Message]] = [
    (check_same_bet, BET, PLACED),
    (check_same_withdrawal, WITHDRAWAL, TAKEN),
    (check_same_player, PLAYER, REGISTERED),
    (check_same_address, ADDRESS, GIVEN),
    (check_same_rotation, ROTATION, ROTATED),
]
OTHER: list[tuple[Check, Message, Message, dict[str, Any], str]] = [
    (check_same_bet, BET, PLACED, {"asset_id": 1}, "asset"),
    (check_same_bet, BET, PLACED, {"stake": 11}, "stake"),
    (check_same_bet, BET, PLACED, {"under": 5001}, "under"),
    (check_same_bet, BET, PLACED, {"stake": 11, "asset_id": 1}, "asset"),
    (check_same_bet, BET, PLACED, {"bet_id": UUID(int=2)}, "bet_id"),
    (check_same_withdrawal, WITHDRAWAL, TAKEN, {"amount": 11}, "amount"),
    (check_same_withdrawal, WITHDRAWAL, TAKEN, {"payee": b"\x03" * 20}, "to"),
    (check_same_withdrawal, WITHDRAWAL, TAKEN, {"asset_id": 1}, "asset"),
    (check_same_withdrawal, WITHDRAWAL, TAKEN, {"network": "eip155:2"}, "network"),
    (check_same_withdrawal, WITHDRAWAL, TAKEN, {"player": 8}, "player"),
    (check_same_player, PLAYER, REGISTERED, {"external_id": "crm-2"}, "external_id"),
    (check_same_player, PLAYER, REGISTERED, {"operator": 2}, "operator"),
    (check_same_address, ADDRESS, GIVEN, {"player": 8}, "player"),
    (check_same_address, ADDRESS, GIVEN, {"family": "tron"}, "family"),
    (
        check_same_rotation,
        ROTATION,
        ROTATED,
        {"current": PAIR.model_copy(update={"client_seed": "x"})},
        "client_seed",
    ),
]


@pytest.mark.parametrize(("check", "asked", "answered"), SAME)
def test_the_same_content_is_no_conflict(check: Check, asked: Message, answered: Message) -> None:
    """An answer to this very request passes, whatever happened to it since."""
    check(asked, answered)


@pytest.mark.parametrize(("check", "asked", "answered", "change", "field"), OTHER)
def test_the_first_other_field_is_named(
    check: Check, asked: Message, answered: Message, change: dict[str, Any], field: str
) -> None:
    """An answer to another request under the same key is a conflict in its first differing field."""
    with pytest.raises(Conflict) as conflict:
        check(asked, answered.model_copy(update=change))
    assert conflict.value.field == field


@pytest.mark.parametrize(
    ("answered_for", "marked", "expected"),
    [("request-1", False, False), ("request-0", False, True), (None, False, False), (None, True, True)],
)
def test_a_repeat_is_an_answer_made_for_an_earlier_request(
    answered_for: str | None, *, marked: bool, expected: bool
) -> None:
    """The stored result of a workflow does not know that it is told again; the request id does."""
    assert is_repeat("request-1", answered_for, marked=marked) is expected
