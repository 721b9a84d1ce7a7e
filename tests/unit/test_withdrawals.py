"""Where a withdrawal continues and what its player reads, from rows alone."""

from uuid import UUID

import pytest

from domain.sends import AttemptFacts, AttemptOutcome, AttemptState, SendFacts
from domain.withdrawals import (
    PlayerView,
    WithdrawalFacts,
    WithdrawalState,
    WithdrawalStep,
    next_step,
    player_view,
)

WALLET = bytes([9]) * 20
WAITING = SendFacts(send_id=UUID(int=1), place_in_queue=1)
GRANTED = SendFacts(send_id=UUID(int=1), wallet=WALLET)


def sent(state: AttemptState, outcome: AttemptOutcome | None = None) -> SendFacts:
    """Return a send whose first attempt stands here."""
    attempt = AttemptFacts(attempt=1, state=state, outcome=outcome, wallet=WALLET)
    return SendFacts(send_id=UUID(int=1), wallet=WALLET, attempts=(attempt,))


def facts(state: WithdrawalState, send: SendFacts | None = None) -> WithdrawalFacts:
    """Return a withdrawal's row in this state."""
    return WithdrawalFacts(
        withdrawal_id=UUID(int=1),
        state=state,
        player=17,
        asset_id=1,
        asset_code="ETH",
        network="eip155:1",
        payee=bytes(20),
        amount=1,
        send=send,
    )


@pytest.mark.parametrize(
    ("state", "send", "step"),
    [
        (WithdrawalState.REVIEW, None, WithdrawalStep.REVIEW),
        (WithdrawalState.APPROVED, None, WithdrawalStep.GRANT),
        (WithdrawalState.APPROVED, WAITING, WithdrawalStep.GRANT),
        (WithdrawalState.APPROVED, GRANTED, WithdrawalStep.COMMIT),
        (WithdrawalState.COMMITTED, GRANTED, WithdrawalStep.PAY),
        (WithdrawalState.COMMITTED, sent(AttemptState.ACCEPTED), WithdrawalStep.PAY),
        (WithdrawalState.COMMITTED, sent(AttemptState.INCLUDED), WithdrawalStep.PAY),
        (WithdrawalState.COMMITTED, sent(AttemptState.CLOSED, AttemptOutcome.FAILED), WithdrawalStep.PAY),
        (WithdrawalState.COMMITTED, sent(AttemptState.CLOSED, AttemptOutcome.PAID), WithdrawalStep.SETTLE),
        (WithdrawalState.SETTLED, sent(AttemptState.CLOSED, AttemptOutcome.PAID), WithdrawalStep.DONE),
        (WithdrawalState.DECLINED, None, WithdrawalStep.DONE),
        (WithdrawalState.CANCELLED, GRANTED, WithdrawalStep.DONE),
        (WithdrawalState.REJECTED, None, WithdrawalStep.DONE),
        (WithdrawalState.REFUNDED, sent(AttemptState.CLOSED, AttemptOutcome.DEAD), WithdrawalStep.DONE),
    ],
)
def test_rows_say_what_a_withdrawal_needs(
    state: WithdrawalState, send: SendFacts | None, step: WithdrawalStep
) -> None:
    """Nothing is committed without a granted wallet, nothing settled without a final payment."""
    assert next_step(facts(state, send)) is step


@pytest.mark.parametrize(
    ("state", "is_open", "can_be_cancelled"),
    [
        (WithdrawalState.NEW, True, True),
        (WithdrawalState.REVIEW, True, True),
        (WithdrawalState.APPROVED, True, True),
        (WithdrawalState.COMMITTED, True, False),
        (WithdrawalState.DECLINED, False, False),
        (WithdrawalState.SETTLED, False, False),
        (WithdrawalState.CANCELLED, False, False),
        (WithdrawalState.REJECTED, False, False),
        (WithdrawalState.REFUNDED, False, False),
    ],
)
def test_committed_is_the_point_of_no_return(
    state: WithdrawalState,
    is_open: bool,  # noqa: FBT001 - a table's column
    can_be_cancelled: bool,  # noqa: FBT001 - a table's column
) -> None:
    """What is committed is open and can no longer be cancelled; every state is in this table."""
    assert (state.is_open, state.can_be_cancelled) == (is_open, can_be_cancelled)


@pytest.mark.parametrize(
    ("state", "attempt", "outcome", "view"),
    [
        (WithdrawalState.NEW, None, None, PlayerView.PROCESSING),
        (WithdrawalState.REVIEW, None, None, PlayerView.IN_REVIEW),
        (WithdrawalState.APPROVED, None, None, PlayerView.PROCESSING),
        (WithdrawalState.COMMITTED, AttemptState.SIGNED, None, PlayerView.PROCESSING),
        (WithdrawalState.COMMITTED, AttemptState.ACCEPTED, None, PlayerView.PROCESSING),
        (WithdrawalState.COMMITTED, AttemptState.INCLUDED, None, PlayerView.SENT),
        (WithdrawalState.COMMITTED, AttemptState.ORPHANED, None, PlayerView.PROCESSING),
        (WithdrawalState.COMMITTED, AttemptState.CLOSED, AttemptOutcome.PAID, PlayerView.PAID),
        (WithdrawalState.COMMITTED, AttemptState.CLOSED, AttemptOutcome.FAILED, PlayerView.PROCESSING),
        (WithdrawalState.SETTLED, AttemptState.CLOSED, AttemptOutcome.PAID, PlayerView.PAID),
        (WithdrawalState.DECLINED, None, None, PlayerView.REFUSED),
        (WithdrawalState.REJECTED, None, None, PlayerView.REFUSED),
        (WithdrawalState.CANCELLED, None, None, PlayerView.CANCELLED),
        (WithdrawalState.REFUNDED, AttemptState.CLOSED, AttemptOutcome.DEAD, PlayerView.REFUNDED),
    ],
)
def test_a_player_reads_sent_only_with_a_block_and_paid_only_when_final(
    state: WithdrawalState, attempt: AttemptState | None, outcome: AttemptOutcome | None, view: PlayerView
) -> None:
    """The player's word never runs ahead of the chain, and never names an inner reason."""
    tried = sent(attempt, outcome).current if attempt else None
    paying = tried.model_copy(update={"pays": True}) if tried else None
    assert player_view(state, paying) is view


@pytest.mark.parametrize("state", [AttemptState.INCLUDED, AttemptState.ACCEPTED])
def test_a_block_with_a_cancel_or_a_failure_sent_nothing(state: AttemptState) -> None:
    """What our own transaction did without paying is no news for the player."""
    assert player_view(WithdrawalState.COMMITTED, sent(state).current) is PlayerView.PROCESSING
