"""Where an outgoing transaction continues, and that nothing but proof permits another attempt."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.send_steps import SendStep, next_send_step
from domain.sends import AttemptFacts, AttemptOutcome, AttemptState, SendFacts

WALLET = bytes([9]) * 20


def facts(*attempts: tuple[AttemptState, AttemptOutcome | None]) -> SendFacts:
    """Return a granted send with these attempts."""
    return SendFacts(
        send_id=UUID(int=1),
        wallet=WALLET,
        attempts=tuple(
            AttemptFacts(attempt=number, state=state, outcome=outcome, wallet=WALLET)
            for number, (state, outcome) in enumerate(attempts, 1)
        ),
    )


@pytest.mark.parametrize(
    ("state", "outcome", "step"),
    [
        (AttemptState.LANED, None, SendStep.SIGN),
        (AttemptState.SIGNED, None, SendStep.SEND),
        (AttemptState.SENDING, None, SendStep.WATCH),
        (AttemptState.ACCEPTED, None, SendStep.WATCH),
        (AttemptState.INCLUDED, None, SendStep.WATCH),
        (AttemptState.ORPHANED, None, SendStep.SEND),
        (AttemptState.CLOSED, AttemptOutcome.PAID, SendStep.PAID),
        (AttemptState.CLOSED, AttemptOutcome.FAILED, SendStep.FAILED),
        (AttemptState.CLOSED, AttemptOutcome.CANCELLED, SendStep.CANCELLED),
        (AttemptState.CLOSED, AttemptOutcome.DEAD, SendStep.DEAD),
    ],
)
def test_the_newest_attempt_says_what_comes_next(
    state: AttemptState, outcome: AttemptOutcome | None, step: SendStep
) -> None:
    """Bytes that exist are sent or watched, never signed again; an outcome ends the attempt."""
    assert next_send_step(facts((state, outcome))) is step
    assert next_send_step(facts((AttemptState.CLOSED, AttemptOutcome.DEAD), (state, outcome))) is step


def test_a_send_without_attempts_is_planned() -> None:
    """Nothing was ever signed: the first step is a plan."""
    assert next_send_step(facts()) is SendStep.PLAN
    assert facts().current is None


@given(st.sampled_from(AttemptState), st.sampled_from([None, *AttemptOutcome]))
def test_signing_is_asked_for_only_before_any_bytes(
    state: AttemptState, outcome: AttemptOutcome | None
) -> None:
    """Whatever a row says: once there may be bytes, no step leads back to the signer."""
    step = next_send_step(facts((state, outcome)))
    if step in {SendStep.PLAN, SendStep.SIGN}:
        assert not state.has_bytes
        assert outcome is None


@pytest.mark.parametrize("outcome", AttemptOutcome)
def test_only_a_payment_forbids_another_attempt(outcome: AttemptOutcome) -> None:
    """Failed, cancelled and dead attempts paid nothing; a paid one is the last."""
    assert outcome.permits_another is (outcome is not AttemptOutcome.PAID)
