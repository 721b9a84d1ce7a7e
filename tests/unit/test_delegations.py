"""Where a delegation continues, and what a sweep that borrowed does next: read from rows alone."""

from uuid import UUID

import pytest

from domain.delegations import (
    DelegationFacts,
    DelegationPurpose,
    DelegationState,
    DelegationStep,
    delegation_id_of,
    delegation_order,
    next_delegation_step,
    return_id_of,
)
from domain.own_transfers import TransferFacts, TransferState, TransferStep, next_step
from domain.sends import AttemptFacts, AttemptOutcome, AttemptState, SendFacts, SendKind

ID, SWEEP = UUID(int=7), UUID(int=8)
GIVER, RECEIVER = bytes([1]) * 20, bytes([2]) * 20
FAILED, PAID, DEAD = AttemptOutcome.FAILED, AttemptOutcome.PAID, AttemptOutcome.DEAD
State, Step = DelegationState, DelegationStep
LANED = AttemptState.LANED


def send(*outcomes: AttemptOutcome | AttemptState) -> SendFacts:
    """A send whose attempts ended so, or stand so."""
    attempts = tuple(
        AttemptFacts(
            attempt=number,
            state=AttemptState.CLOSED if isinstance(one, AttemptOutcome) else one,
            outcome=one if isinstance(one, AttemptOutcome) else None,
            wallet=GIVER,
        )
        for number, one in enumerate(outcomes, 1)
    )
    return SendFacts(send_id=ID, wallet=GIVER, attempts=attempts)


def delegation(
    state: DelegationState,
    *outcomes: AttemptOutcome | AttemptState,
    due_back: bool = False,
    seen: bool = False,
    purpose: DelegationPurpose = DelegationPurpose.SWEEP,
    back: SendFacts | None = None,
) -> DelegationFacts:
    """A delegation in a state, with the attempts of its first transaction."""
    return DelegationFacts(
        delegation_id=ID,
        return_id=return_id_of(ID),
        network="tron:0x2b6653dc",
        purpose=purpose,
        state=state,
        asset_id=1,
        operator=1,
        slot=3,
        giver=GIVER,
        receiver=RECEIVER,
        sun=9,
        fee_cap=4,
        is_due_back=due_back,
        is_seen=seen,
        send=send(*outcomes),
        return_send=back,
    )


@pytest.mark.parametrize(
    ("facts", "step"),
    [
        (delegation(State.PLANNED), Step.GRANT),
        (delegation(State.PLANNED, due_back=True), Step.CLOSE),
        (delegation(State.PLANNED, purpose=DelegationPurpose.LEFTOVER), Step.TAKE_BACK),
        (delegation(State.DELEGATING), Step.DELEGATE),
        (delegation(State.DELEGATING, LANED), Step.DELEGATE),
        (delegation(State.DELEGATING, AttemptState.SENDING), Step.DELEGATE),
        (delegation(State.DELEGATING, PAID), Step.OPEN),
        (delegation(State.DELEGATING, PAID, due_back=True), Step.OPEN),
        (delegation(State.DELEGATING, FAILED), Step.DELEGATE),
        (delegation(State.DELEGATING, FAILED, FAILED), Step.BURY),
        (delegation(State.DELEGATING, DEAD, DEAD), Step.DELEGATE),
        (delegation(State.DELEGATING, DEAD, DEAD, DEAD), Step.BURY),
        (delegation(State.DELEGATING, DEAD, due_back=True), Step.BURY),
        (delegation(State.DELEGATING, due_back=True), Step.BURY),
        (delegation(State.DELEGATING, LANED, due_back=True), Step.BURY),
        (delegation(State.DELEGATING, AttemptState.SIGNED, due_back=True), Step.DELEGATE),
        (delegation(State.DELEGATING, AttemptState.INCLUDED, due_back=True), Step.DELEGATE),
        (delegation(State.OPEN, PAID), Step.SEE),
        (delegation(State.OPEN, PAID, seen=True), Step.HOLD),
        (delegation(State.OPEN, PAID, due_back=True), Step.TAKE_BACK),
        (delegation(State.OPEN, PAID, seen=True, due_back=True), Step.TAKE_BACK),
        (delegation(State.RETURNING, PAID, back=send()), Step.UNDELEGATE),
        (delegation(State.RETURNING, PAID, back=send(FAILED, FAILED)), Step.UNDELEGATE),
        (delegation(State.RETURNING, PAID, back=send(DEAD, DEAD, DEAD)), Step.UNDELEGATE),
        (delegation(State.RETURNING, PAID, back=send(DEAD, PAID)), Step.CLOSE),
        (delegation(State.RETURNED, PAID, back=send(PAID)), Step.DONE),
    ],
)
def test_next_step_of_a_delegation(facts: DelegationFacts, step: DelegationStep) -> None:
    """Nothing that may be executed is buried, and nothing that is lent is left."""
    assert next_delegation_step(facts) is step


@pytest.mark.parametrize("state", [State.DELEGATING, State.RETURNING])
def test_both_transactions_are_of_one_giver(state: DelegationState) -> None:
    """The order names the send of its direction, the same stake and the same two addresses."""
    order = delegation_order(delegation(state, back=send()))
    returns = state is State.RETURNING
    assert (order.kind, order.returns) == (SendKind.ENERGY, returns)
    assert order.send_id == (return_id_of(ID) if returns else ID)
    assert (order.wallet, order.payee, order.amount, order.fee_cap) == (GIVER, RECEIVER, 9, 4)


def test_ids_say_whom_and_how_often() -> None:
    """The next delegation of a receiver has another id, whoever gives it."""
    first = delegation_id_of("tron:0x2b6653dc", RECEIVER, 1)
    assert first == delegation_id_of("tron:0x2b6653dc", RECEIVER, 1)
    assert len({first, delegation_id_of("tron:0x2b6653dc", RECEIVER, 2), return_id_of(first)}) == 3


def sweep(
    state: TransferState, lent: DelegationFacts | None, *outcomes: AttemptOutcome | AttemptState
) -> TransferFacts:
    """A sweep in a state with its newest delegation."""
    return TransferFacts(
        transfer_id=SWEEP,
        kind=SendKind.SWEEP,
        network="tron:0x2b6653dc",
        asset_id=2,
        state=state,
        operator=1,
        slot=3,
        source=RECEIVER,
        payee=GIVER,
        send=send(*outcomes) if state is not TransferState.PLANNED else None,
        delegation=lent,
    )


COMING = delegation(State.DELEGATING)
USABLE = delegation(State.OPEN, PAID, seen=True)
GOING = delegation(State.OPEN, PAID, seen=True, due_back=True)
BACK = delegation(State.RETURNED, PAID, due_back=True)
NEVER = delegation(State.RETURNED, FAILED, FAILED)


@pytest.mark.parametrize(
    ("state", "lent", "outcomes", "step"),
    [
        (TransferState.PLANNED, None, (), TransferStep.PREPARE),
        (TransferState.DELEGATING, COMING, (), TransferStep.AWAIT_ENERGY),
        (TransferState.PLANNED, USABLE, (), TransferStep.PREPARE),
        (TransferState.PLANNED, NEVER, (), TransferStep.PREPARE),
        (TransferState.PARKED, USABLE, (), TransferStep.GIVE_BACK),
        (TransferState.PARKED, COMING, (), TransferStep.GIVE_BACK),
        (TransferState.PARKED, GOING, (), TransferStep.PREPARE),
        (TransferState.READY, USABLE, (), TransferStep.COMMIT),
        (TransferState.READY, GOING, (), TransferStep.AWAIT_ENERGY),
        (TransferState.READY, BACK, (), TransferStep.BORROW),
        (TransferState.COMMITTED, USABLE, (), TransferStep.PAY),
        (TransferState.COMMITTED, USABLE, (LANED,), TransferStep.PAY),
        (TransferState.COMMITTED, COMING, (LANED,), TransferStep.AWAIT_ENERGY),
        (TransferState.COMMITTED, GOING, (), TransferStep.AWAIT_ENERGY),
        (TransferState.COMMITTED, BACK, (), TransferStep.BORROW),
        (TransferState.COMMITTED, BACK, (FAILED,), TransferStep.BORROW),
        (TransferState.COMMITTED, USABLE, (FAILED,), TransferStep.PAY),
        (TransferState.COMMITTED, BACK, (AttemptState.SIGNED,), TransferStep.PAY),
        (TransferState.COMMITTED, BACK, (AttemptState.SENDING,), TransferStep.PAY),
        (TransferState.COMMITTED, USABLE, (FAILED, FAILED), TransferStep.GIVE_BACK),
        (TransferState.COMMITTED, GOING, (FAILED, FAILED), TransferStep.RETURN),
        (TransferState.COMMITTED, USABLE, (PAID,), TransferStep.GIVE_BACK),
        (TransferState.COMMITTED, BACK, (PAID,), TransferStep.SETTLE),
        (TransferState.SETTLED, USABLE, (PAID,), TransferStep.GIVE_BACK),
        (TransferState.SETTLED, GOING, (PAID,), TransferStep.DONE),
        (TransferState.RETURNED, COMING, (FAILED, FAILED), TransferStep.GIVE_BACK),
        (TransferState.SKIPPED, COMING, (), TransferStep.GIVE_BACK),
        (TransferState.SKIPPED, BACK, (), TransferStep.DONE),
    ],
)
def test_next_step_of_a_sweep_that_borrowed(
    state: TransferState,
    lent: DelegationFacts | None,
    outcomes: tuple[AttemptOutcome | AttemptState, ...],
    step: TransferStep,
) -> None:
    """It signs only what it has energy for, and gives back before it parks or ends, however it ends."""
    assert next_step(sweep(state, lent, *outcomes)) is step


@pytest.mark.parametrize("state", [TransferState.SETTLED, TransferState.RETURNED, TransferState.SKIPPED])
@pytest.mark.parametrize("lent", [COMING, USABLE, delegation(State.PLANNED), delegation(State.OPEN, PAID)])
def test_no_end_leaves_anything_lent(state: TransferState, lent: DelegationFacts) -> None:
    """Whatever the end and wherever the delegation stands: the last step before done gives it back."""
    assert next_step(sweep(state, lent, PAID)) is TransferStep.GIVE_BACK
