"""Delegations: staked energy that an address of ours is lent, from the wish until all of it is back.

No coin moves, so nothing is posted but fees. A delegation is two transactions of its giver. Whatever becomes
of what it was made for, it ends with the second one, or on proof that the first is never executed.
"""

from enum import StrEnum
from uuid import UUID, uuid5

from domain.send_steps import SendStep, has_another_try, next_send_step
from domain.sends import SendFacts, SendKind, SendOrder
from domain.wire import Hex, Message, Units

_DELEGATIONS = UUID("6a0f2a43-5a0c-5a31-8f3e-1c3f8a4f5b60")
LENT_SECONDS_MAX = 600
"""A sweep's delegation goes back after this time, even if nobody asks for it."""


class DelegationPurpose(StrEnum):
    """What energy is lent for; `leftover` was found on the network and only goes back."""

    SWEEP = "sweep"
    STANDING = "standing"
    LEFTOVER = "leftover"


class DelegationState(StrEnum):
    """Where a delegation stands; between `delegating` and `returned` the network may show it."""

    PLANNED = "planned"
    DELEGATING = "delegating"
    OPEN = "open"
    RETURNING = "returning"
    RETURNED = "returned"


class DelegationStep(StrEnum):
    """What a delegation needs next."""

    GRANT = "grant"
    DELEGATE = "delegate"
    OPEN = "open"
    SEE = "see"
    HOLD = "hold"
    TAKE_BACK = "take_back"
    UNDELEGATE = "undelegate"
    BURY = "bury"
    CLOSE = "close"
    DONE = "done"


class DelegationInput(Message):
    """Identity of one delegation; everything else is read from its row."""

    delegation_id: UUID
    network: str


class DelegationFacts(Message):
    """One delegation as its rows show it; `sun` is stake, `energy` what the receiver has to see of it.

    `fee_cap` bounds each of its two transactions, in sun. `is_due_back` says that somebody asked for it or
    that its time is over; `is_seen` that the receiver has the energy. `send` is the delegating transaction,
    `return_send` the one that takes it back. `wanting` says what it lacks to begin.
    """

    delegation_id: UUID
    return_id: UUID
    network: str
    purpose: DelegationPurpose
    state: DelegationState
    asset_id: int
    operator: int
    slot: int
    giver: Hex
    receiver: Hex
    sun: Units
    energy: int = 0
    fee_cap: Units = 0
    sweep_id: UUID | None = None
    is_due_back: bool = False
    is_seen: bool = False
    was_open: bool = False
    send: SendFacts | None = None
    return_send: SendFacts | None = None
    wanting: str = ""

    @property
    def key(self) -> str:
        return f"{SendKind.ENERGY.value}/{self.delegation_id}"

    @property
    def is_usable(self) -> bool:
        """Whether its receiver may spend the energy now and for a while."""
        return self.state is DelegationState.OPEN and self.is_seen and not self.is_due_back

    @property
    def is_coming(self) -> bool:
        """Whether its receiver will be able to."""
        is_open = self.state in {DelegationState.PLANNED, DelegationState.DELEGATING, DelegationState.OPEN}
        return is_open and not self.is_due_back and not self.is_usable


class BorrowWish(Message):
    """A sweep's wish that its address be lent energy by this giver."""

    sweep_id: UUID
    giver: Hex
    sun: Units
    energy: int


class GiveBackWish(Message):
    """The word of a sweep that nothing of its delegation is needed any more."""

    sweep_id: UUID


class BuriedAct(Message):
    """A delegation whose first transaction is never executed, and the stored proof of it."""

    delegation_id: UUID
    evidence_id: UUID


class DelegationResult(Message):
    """How a delegation ended."""

    delegation_id: UUID
    state: DelegationState
    was_open: bool


def delegation_id_of(network: str, receiver: bytes, number: int) -> UUID:
    """The id of the delegation with this number among those of one receiver, counted from 1."""
    return uuid5(_DELEGATIONS, f"{network}/0x{receiver.hex()}/{number}")


def return_id_of(delegation_id: UUID) -> UUID:
    """The id of the send that takes a delegation back."""
    return uuid5(delegation_id, "return")


def next_delegation_step(facts: DelegationFacts) -> DelegationStep:
    """Where a delegation continues, read from its rows alone."""
    match facts.state:
        case DelegationState.PLANNED:
            return _step_of_planned(facts)
        case DelegationState.DELEGATING:
            return _step_of_delegating(facts)
        case DelegationState.OPEN:
            return DelegationStep.TAKE_BACK if facts.is_due_back else _step_of_lent(facts)
        case DelegationState.RETURNING:
            assert facts.return_send is not None, facts
            is_back = next_send_step(facts.return_send) is SendStep.PAID
            return DelegationStep.CLOSE if is_back else DelegationStep.UNDELEGATE
        case DelegationState.RETURNED:
            return DelegationStep.DONE


def delegation_order(facts: DelegationFacts) -> SendOrder:
    """What its next transaction has to do: delegate, or take back."""
    returns = facts.state is DelegationState.RETURNING
    return SendOrder(
        send_id=facts.return_id if returns else facts.delegation_id,
        kind=SendKind.ENERGY,
        network=facts.network,
        asset_id=facts.asset_id,
        wallet=facts.giver,
        payee=facts.receiver,
        amount=facts.sun,
        fee_cap=facts.fee_cap,
        returns=returns,
    )


def _step_of_planned(facts: DelegationFacts) -> DelegationStep:
    if facts.purpose is DelegationPurpose.LEFTOVER:
        return DelegationStep.TAKE_BACK
    return DelegationStep.CLOSE if facts.is_due_back else DelegationStep.GRANT


def _step_of_lent(facts: DelegationFacts) -> DelegationStep:
    return DelegationStep.HOLD if facts.is_seen else DelegationStep.SEE


def _step_of_delegating(facts: DelegationFacts) -> DelegationStep:
    """One that nobody needs any more is buried, unless its bytes may still be executed."""
    assert facts.send is not None, facts
    step = next_send_step(facts.send)
    if step is SendStep.PAID:
        return DelegationStep.OPEN
    has_ended = step in {SendStep.FAILED, SendStep.CANCELLED, SendStep.DEAD}
    if has_ended and (facts.is_due_back or not has_another_try(facts.send)):
        return DelegationStep.BURY
    current = facts.send.current
    has_bytes = current is not None and current.outcome is None and current.state.has_bytes
    return DelegationStep.BURY if facts.is_due_back and not has_bytes else DelegationStep.DELEGATE
