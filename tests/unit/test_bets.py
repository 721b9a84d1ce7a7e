"""Where a bet continues, from its row alone."""

from uuid import UUID

import pytest

from domain.bets import BetResult, BetState, BetStep, next_step


@pytest.mark.parametrize(
    ("state", "step", "is_open"),
    [
        (BetState.NEW, BetStep.DONE, True),
        (BetState.DECLINED, BetStep.DONE, False),
        (BetState.RESERVED, BetStep.SETTLE, True),
        (BetState.WON, BetStep.DONE, False),
        (BetState.LOST, BetStep.DONE, False),
        (BetState.VOIDED, BetStep.DONE, False),
    ],
)
def test_only_a_reserved_bet_is_settled(
    state: BetState,
    step: BetStep,
    is_open: bool,  # noqa: FBT001 - a table's column
) -> None:
    """A bet that ended is never settled again; every state is in this table."""
    result = BetResult(bet_id=UUID(int=1), state=state, asset_id=1, stake=5, under=5000)
    assert next_step(result) is step
    assert state.is_open is is_open
