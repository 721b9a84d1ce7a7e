"""Where an own transfer continues, read from its rows alone."""

from uuid import UUID

import pytest

from domain.own_transfers import (
    OWN_KINDS,
    ROUTES,
    STORIES,
    TransferFacts,
    TransferState,
    TransferStep,
    next_step,
    transfer_id_of,
    transfer_key,
    transfer_order,
)
from domain.sends import AttemptFacts, AttemptOutcome, AttemptState, SendFacts, SendKind

ID = UUID(int=7)
SOURCE, PAYEE = bytes([1]) * 20, bytes([2]) * 20


def facts(state: TransferState, *outcomes: AttemptOutcome | None) -> TransferFacts:
    """A sweep in a state, with attempts that ended so; None is one with the nodes."""
    attempts = tuple(
        AttemptFacts(
            attempt=number,
            state=AttemptState.CLOSED if outcome else AttemptState.SENDING,
            outcome=outcome,
            wallet=SOURCE,
        )
        for number, outcome in enumerate(outcomes, 1)
    )
    return TransferFacts(
        transfer_id=ID,
        kind=SendKind.SWEEP,
        network="eip155:1",
        asset_id=1,
        state=state,
        operator=1,
        slot=3,
        source=SOURCE,
        payee=PAYEE,
        amount=5,
        fee_cap=2,
        send=SendFacts(send_id=ID, wallet=SOURCE, attempts=attempts),
    )


FAILED, PAID = AttemptOutcome.FAILED, AttemptOutcome.PAID


@pytest.mark.parametrize(
    ("state", "outcomes", "step"),
    [
        (TransferState.PLANNED, (), TransferStep.PREPARE),
        (TransferState.PARKED, (), TransferStep.PREPARE),
        (TransferState.FUNDING, (), TransferStep.AWAIT_GAS),
        (TransferState.READY, (), TransferStep.COMMIT),
        (TransferState.COMMITTED, (), TransferStep.PAY),
        (TransferState.COMMITTED, (None,), TransferStep.PAY),
        (TransferState.COMMITTED, (FAILED,), TransferStep.PAY),
        (TransferState.COMMITTED, (FAILED, None), TransferStep.PAY),
        (TransferState.COMMITTED, (FAILED, PAID), TransferStep.SETTLE),
        (TransferState.COMMITTED, (PAID,), TransferStep.SETTLE),
        (TransferState.COMMITTED, (FAILED, FAILED), TransferStep.RETURN),
        (TransferState.COMMITTED, (AttemptOutcome.CANCELLED,), TransferStep.RETURN),
        (TransferState.COMMITTED, (AttemptOutcome.DEAD,), TransferStep.RETURN),
        (TransferState.SETTLED, (PAID,), TransferStep.DONE),
        (TransferState.RETURNED, (FAILED, FAILED), TransferStep.DONE),
        (TransferState.SKIPPED, (), TransferStep.DONE),
        (TransferState.NOT_NEEDED, (), TransferStep.DONE),
    ],
)
def test_next_step(
    state: TransferState, outcomes: tuple[AttemptOutcome | None, ...], step: TransferStep
) -> None:
    """One failure is tried again, two are given up on proof; an end stays an end."""
    assert next_step(facts(state, *outcomes)) is step


@pytest.mark.parametrize("state", TransferState)
def test_only_what_is_not_committed_can_be_skipped(state: TransferState) -> None:
    """A skip posts nothing, so nothing may have been posted."""
    coming = {TransferState.FUNDING, TransferState.DELEGATING}
    before = coming | {TransferState.PLANNED, TransferState.READY, TransferState.PARKED}
    assert state.can_be_skipped is (state in before)


def test_every_own_kind_has_a_route_and_a_story() -> None:
    """Withdrawals and energy are no transfers of our own coins between addresses of ours."""
    assert OWN_KINDS == set(ROUTES) == set(STORIES)
    assert set(SendKind) - OWN_KINDS == {SendKind.WITHDRAWAL, SendKind.ENERGY}
    assert transfer_key(SendKind.GAS, ID) == f"funding/{ID}"


def test_ids_follow_from_what_is_moved() -> None:
    """The same plan is the same transfer; each number, address, kind and asset is another one."""
    plans = [
        (SendKind.SWEEP, "eip155:1", SOURCE, 1, 1),
        (SendKind.SWEEP, "eip155:1", SOURCE, 1, 2),
        (SendKind.SWEEP, "eip155:1", SOURCE, 2, 1),
        (SendKind.SWEEP, "eip155:1", PAYEE, 1, 1),
        (SendKind.SWEEP, "eip155:2", SOURCE, 1, 1),
        (SendKind.GAS, "eip155:1", SOURCE, 1, 1),
    ]
    assert len({transfer_id_of(*plan) for plan in plans}) == len(plans)
    assert transfer_id_of(*plans[0]) == transfer_id_of(*plans[0])


def test_the_order_says_what_the_rows_say() -> None:
    """Payer is the source; amounts and cap are those that were fixed when it became ready."""
    order = transfer_order(facts(TransferState.READY))
    assert (order.wallet, order.payee, order.amount, order.fee_cap) == (SOURCE, PAYEE, 5, 2)
    assert (order.send_id, order.kind) == (ID, SendKind.SWEEP)
