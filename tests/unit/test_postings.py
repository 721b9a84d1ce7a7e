"""A command that is wrong in itself cannot be constructed."""

from dataclasses import replace
from uuid import UUID

import pytest

from domain.accounts import Purpose, house_account, player_account
from domain.errors import AmountInvalid
from domain.ids import player_of, slot_of
from domain.kinds import Kind, Mode
from domain.postings import ALL, Command, Leg
from tests.support.ledger_journal import Actor, posting_uuid

ANN, BOB = Actor(1), Actor(2)
AVAILABLE, IN_PLAY = ANN.account(Purpose.AVAILABLE), ANN.account(Purpose.IN_PLAY)
REVENUE = ANN.account(Purpose.REVENUE)
OTHER_ASSET = player_account(ANN.player, 2, Purpose.IN_PLAY)
OTHER_OPERATOR = house_account(2, 1, Purpose.REVENUE)

WRONG_AMOUNTS: list[object] = [0, -1, 10**78, 1.0, True, "1", None, float("nan")]


@pytest.mark.parametrize("amount", WRONG_AMOUNTS)
def test_a_leg_moves_a_positive_int(amount: object) -> None:
    """No zero, no float, nothing of 10^78 or more."""
    with pytest.raises(AmountInvalid):
        Leg(AVAILABLE, IN_PLAY, amount)  # type: ignore[arg-type]  # the point of the test


@pytest.mark.parametrize(
    ("debit", "credit", "spill", "why"),
    [
        (AVAILABLE, AVAILABLE, None, "two accounts"),
        (AVAILABLE, OTHER_ASSET, None, "one asset"),
        (AVAILABLE, OTHER_OPERATOR, None, "one operator"),
        (AVAILABLE, REVENUE, REVENUE, "two accounts"),
        (AVAILABLE, REVENUE, OTHER_ASSET, "one asset"),
    ],
)
def test_a_leg_stays_within_one_asset_and_operator(
    debit: int, credit: int, spill: int | None, why: str
) -> None:
    """Also the account that covers what a guard does not allow."""
    with pytest.raises(ValueError, match=why):
        Leg(debit, credit, 1, spill=spill)


GOOD = ANN.settles(5)
SECOND_PLAYER = Leg(REVENUE, BOB.account(Purpose.AVAILABLE), 1)
WRONG: list[tuple[dict[str, object], str]] = [
    ({"target": None}, "do not fit together"),
    ({"kind": Kind.DIRECT_BET}, "do not fit together"),
    ({"kind": Kind.TOMBSTONE}, "written by the ledger only"),
    ({"target": GOOD.posting_id}, "refer to itself"),
    ({"unless": GOOD.posting_id}, "refer to itself"),
    ({"kind": Kind.BET_RESERVED, "target": None}, "needs a decision"),
    ({"kind": Kind.BET_VOIDED}, "brings no legs"),
    ({"spill": AVAILABLE}, "only an undo spills"),
    ({"kind": Kind.PROMOTION, "target": None}, "knows what is left"),
    ({"request": b"short"}, "32 bytes"),
    ({"slot": (ANN.slot + 1) % 64}, "cannot be posted in slot"),
    ({"legs": (*GOOD.legs, SECOND_PLAYER)}, "at most one player"),
]


@pytest.mark.parametrize(("changed", "why"), WRONG)
def test_a_command_has_the_shape_of_its_kind(changed: dict[str, object], why: str) -> None:
    """Target, decision, legs, slot and player fit together or there is no command."""
    with pytest.raises(ValueError, match=why):
        replace(GOOD, **changed)  # type: ignore[arg-type]  # the point of the test


@pytest.mark.parametrize("kind", list(Kind))
def test_a_kind_that_refers_to_another_names_which(kind: Kind) -> None:
    """A mode without targets or targets without a mode would never be decided."""
    assert (kind.mode is Mode.NONE) == (not kind.targets)
    assert kind not in kind.targets or kind is Kind.BET_CORRECTED


def test_the_player_of_a_command_is_found() -> None:
    """From its legs or from the account that covers an undo; a house posting has none."""
    assert ANN.deposits(5).player == ANN.player
    assert ANN.loses_deposit().player == ANN.player
    house = Command(
        slot=3,
        posting_id=posting_uuid("house"),
        kind=Kind.BANKROLL_IN,
        legs=(Leg(ANN.account(Purpose.HOT_WALLET), ANN.account(Purpose.BANKROLL), 1),),
    )
    assert house.player is None
    assert player_of(1, 1) == ANN.player
    assert slot_of(1, 1) == ANN.slot


def test_all_is_not_a_number() -> None:
    """The remainder can never be taken for units."""
    assert not isinstance(ALL, int)
    assert isinstance(GOOD.target, UUID)
    assert GOOD.legs[0].amount is ALL
