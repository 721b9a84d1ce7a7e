"""Where an outgoing transaction continues, read from its rows alone."""

from enum import StrEnum

from domain.reviews import Reason
from domain.sends import AttemptFacts, AttemptOutcome, AttemptState, SendFacts, SendKind

ATTEMPTS_BY_ITSELF = 3
"""A further attempt needs two people."""
_WITHOUT_PLAN = {
    "FEE_ABOVE_CAP": Reason.FEE_CAP,
    "WALLET_SHORT": Reason.LIQUIDITY,
    "ENERGY_POOL_EMPTY": Reason.ENERGY_POOL_EMPTY,
    "CHAIN_FROZEN": Reason.CHAIN_FROZEN,
    "CHAIN_STALLED": Reason.CHAIN_STALLED,
    "WALLET_FROZEN": Reason.WALLET_FROZEN,
}
_WITHOUT_FLOAT = {
    SendKind.SWEEP: Reason.GAS_TANK_EMPTY,
    SendKind.GAS: Reason.GAS_TANK_EMPTY,
    SendKind.ENERGY: Reason.ENERGY_POOL_EMPTY,
}
"""Kinds that no hot wallet pays, and what their payer lacks."""


class SendStep(StrEnum):
    """What an outgoing transaction needs next."""

    PLAN = "plan"
    SIGN = "sign"
    SEND = "send"
    WATCH = "watch"
    PAID = "paid"
    FAILED = "failed"
    CANCELLED = "cancelled"
    DEAD = "dead"
    NO_EFFECT = "no_effect"
    FROZEN = "frozen"


def next_send_step(facts: SendFacts) -> SendStep:
    """Where a send continues, read from its rows alone."""
    current = facts.current
    if current is not None and current.outcome is not None:
        return SendStep(current.outcome.value)
    if current is not None and current.why is not None:
        return SendStep.NO_EFFECT
    if facts.frozen is not None and not (current and current.state.is_on_chain):
        return SendStep.FROZEN
    return SendStep.PLAN if current is None else _step_of_open(current)


def has_another_try(facts: SendFacts) -> bool:
    """Whether one more attempt is made without a person: after a death, and after the first failure."""
    current = facts.current
    if current is None or current.why is not None or current.attempt >= ATTEMPTS_BY_ITSELF:
        return False
    failed = [attempt for attempt in facts.attempts if attempt.outcome is AttemptOutcome.FAILED]
    return current.outcome is AttemptOutcome.DEAD or failed == [current]


def without_plan(kind: SendKind, code: str | None) -> Reason:
    """Why a send that could not be planned waits; silence of the nodes has no code."""
    reason = _WITHOUT_PLAN.get(code or "", Reason.RPC_DOWN)
    return _WITHOUT_FLOAT.get(kind, reason) if reason is Reason.LIQUIDITY else reason


def standing(facts: SendFacts, step: SendStep) -> tuple[Reason, str]:
    """Why a send goes no further by itself, with a detail for people."""
    if step is SendStep.FROZEN:
        return Reason.WALLET_FROZEN, facts.frozen or ""
    assert facts.current is not None
    which = f"attempt {facts.current.attempt}"
    if step is SendStep.NO_EFFECT:
        moved = "no coin moved" if facts.current.moved_nothing else "coins moved, but not as owed"
        return Reason.NO_EFFECT, f"{which}, {moved}"
    return Reason.SEND_FAILED, f"{which} {step.value}"


def _step_of_open(current: AttemptFacts) -> SendStep:
    if current.state is AttemptState.LANED:
        return SendStep.SIGN
    if current.state in {AttemptState.SIGNED, AttemptState.ORPHANED}:
        return SendStep.SEND
    return SendStep.WATCH
