"""Own transfers: sweeps, gas top-ups and moves between addresses of this house, their states and next steps.

Nobody outside is owed anything here, so one that is not committed is simply skipped; one that is committed
comes back only with proof, like a withdrawal.
"""

from enum import StrEnum
from typing import NamedTuple
from uuid import UUID, uuid5

from domain.accounts import Purpose
from domain.delegations import DelegationFacts, DelegationState
from domain.send_steps import SendStep, has_another_try, next_send_step
from domain.sends import SendFacts, SendKind, SendOrder
from domain.wire import Hex, Message, Units

_TRANSFERS = UUID("5b0c6f52-2a3e-5d0d-9a1c-7c1b0a4d9e37")


class TransferState(StrEnum):
    """States of an own transfer; `funding` and `delegating` are a planned sweep whose gas or energy comes."""

    PLANNED = "planned"
    FUNDING = "funding"
    DELEGATING = "delegating"
    READY = "ready"
    COMMITTED = "committed"
    SETTLED = "settled"
    RETURNED = "returned"
    SKIPPED = "skipped"
    NOT_NEEDED = "not_needed"
    PARKED = "parked"

    @property
    def can_be_skipped(self) -> bool:
        """Whether it can end without proof, since nothing was committed."""
        return self in _BEFORE_COMMIT


_BEFORE_COMMIT = frozenset(
    {
        TransferState.PLANNED,
        TransferState.FUNDING,
        TransferState.DELEGATING,
        TransferState.READY,
        TransferState.PARKED,
    }
)


class TransferStep(StrEnum):
    """What an own transfer needs next."""

    PREPARE = "prepare"
    AWAIT_GAS = "await_gas"
    AWAIT_ENERGY = "await_energy"
    BORROW = "borrow"
    GIVE_BACK = "give_back"
    COMMIT = "commit"
    PAY = "pay"
    SETTLE = "settle"
    RETURN = "return"
    DONE = "done"


class Route(NamedTuple):
    """The holdings that a transfer takes coins from and brings them to; its fee leaves the first."""

    leaves: Purpose
    arrives: Purpose


ROUTES = {
    SendKind.SWEEP: Route(Purpose.DEPOSIT_ADDRESSES, Purpose.HOT_WALLET),
    SendKind.GAS: Route(Purpose.GAS_TANK, Purpose.DEPOSIT_ADDRESSES),
    SendKind.REFILL: Route(Purpose.HOT_WALLET, Purpose.HOT_WALLET),
    SendKind.TO_COLD: Route(Purpose.HOT_WALLET, Purpose.COLD),
}
STORIES = {
    SendKind.SWEEP: "sweep",
    SendKind.GAS: "funding",
    SendKind.REFILL: "move",
    SendKind.TO_COLD: "move",
}
"""The word that names each kind's workflow, and its postings."""
OWN_KINDS = frozenset(ROUTES)


class TransferInput(Message):
    """Identity of one own transfer; everything else is read from its row."""

    transfer_id: UUID
    kind: SendKind
    network: str


class TransferFacts(Message):
    """One own transfer as its rows show it; amounts in asset units, `fee_cap` in native units.

    `wanted` is what it was planned for: the coins a target should hold, or the amount to move. Source, payee,
    amount and fee cap are fixed once it is ready. `wanting` says what it lacks to become ready. `delegation`
    is the newest that was made for a sweep, if any.
    """

    transfer_id: UUID
    kind: SendKind
    network: str
    asset_id: int
    state: TransferState
    operator: int
    slot: int
    wanted: Units = 0
    source: Hex | None = None
    payee: Hex | None = None
    amount: Units = 0
    fee_cap: Units = 0
    code: str | None = None
    sentence: str | None = None
    send: SendFacts | None = None
    wanting: str = ""
    delegation: DelegationFacts | None = None

    @property
    def key(self) -> str:
        return transfer_key(self.kind, self.transfer_id)

    @property
    def route(self) -> Route:
        return ROUTES[self.kind]


class ReadyTerms(Message):
    """What an estimate found: amount and fee cap, as seen at a final block of this height."""

    amount: Units
    fee_cap: Units
    height: int


class ReadyAct(Message):
    """A wish to make a transfer ready; a move brings no terms, because its row has them."""

    transfer_id: UUID
    terms: ReadyTerms | None = None


class SkipAct(Message):
    """An end or a pause before the commitment: SKIPPED, NOT_NEEDED or PARKED, with its reason."""

    transfer_id: UUID
    state: TransferState
    code: str | None = None
    sentence: str | None = None


class GiveUpAct(Message):
    """A committed transfer that nothing can pay any more, and the stored proof of it."""

    transfer_id: UUID
    evidence_id: UUID


class TopUpWish(Message):
    """A sweep's wish that its address holds so many native units."""

    sweep_id: UUID
    wanted: Units


class TransferResult(Message):
    """How an own transfer ended."""

    transfer_id: UUID
    state: TransferState
    code: str | None = None
    txid: Hex | None = None


def transfer_key(kind: SendKind, transfer_id: UUID) -> str:
    """`sweep/<id>`, `funding/<id>` or `move/<id>`: its workflow, and its postings without their step."""
    return f"{STORIES[kind]}/{transfer_id}"


def transfer_id_of(kind: SendKind, network: str, anchor: bytes, asset_id: int, number: int) -> UUID:
    """The id of the transfer with this number among those of its kind at one address, counted from 1."""
    return uuid5(_TRANSFERS, f"{kind.value}/{network}/0x{anchor.hex()}/{asset_id}/{number}")


def next_step(facts: TransferFacts) -> TransferStep:
    """Where an own transfer continues, read from its rows alone.

    One that was lent energy spends it while it may, borrows again before it signs without, and gives it back
    before it parks, returns or ends, however it ends.
    """
    step = _own_step(facts)
    return step if facts.delegation is None else _with_energy(facts, step, facts.delegation)


def _own_step(facts: TransferFacts) -> TransferStep:
    match facts.state:
        case TransferState.PLANNED | TransferState.PARKED:
            return TransferStep.PREPARE
        case TransferState.FUNDING:
            return TransferStep.AWAIT_GAS
        case TransferState.DELEGATING:
            return TransferStep.AWAIT_ENERGY
        case TransferState.READY:
            return TransferStep.COMMIT
        case TransferState.COMMITTED:
            return _step_of_send(facts)
        case _:
            return TransferStep.DONE


def transfer_order(facts: TransferFacts) -> SendOrder:
    """What its transaction has to do; only for one that is ready."""
    assert facts.source is not None, facts
    assert facts.payee is not None, facts
    return SendOrder(
        send_id=facts.transfer_id,
        kind=facts.kind,
        network=facts.network,
        asset_id=facts.asset_id,
        wallet=facts.source,
        payee=facts.payee,
        amount=facts.amount,
        fee_cap=facts.fee_cap,
    )


def _step_of_send(facts: TransferFacts) -> TransferStep:
    """A second failure, a cancel and a death end it on proof: the coins never left."""
    assert facts.send is not None, facts
    step = next_send_step(facts.send)
    if step is SendStep.PAID:
        return TransferStep.SETTLE
    has_failed = step is SendStep.FAILED and not has_another_try(facts.send)
    if has_failed or step in {SendStep.CANCELLED, SendStep.DEAD}:
        return TransferStep.RETURN
    return TransferStep.PAY


def _with_energy(facts: TransferFacts, step: TransferStep, lent: DelegationFacts) -> TransferStep:
    """The step between those of the transfer itself that its delegation calls for, if any."""
    is_lent = lent.state is not DelegationState.RETURNED and not lent.is_due_back
    is_over = step in {TransferStep.SETTLE, TransferStep.RETURN, TransferStep.DONE}
    if is_lent and (is_over or facts.state is TransferState.PARKED):
        return TransferStep.GIVE_BACK
    if step is not TransferStep.COMMIT and not (step is TransferStep.PAY and _is_unsigned(facts)):
        return step
    if lent.is_usable:
        return step
    if lent.is_coming or lent.state is not DelegationState.RETURNED:
        return TransferStep.AWAIT_ENERGY
    return TransferStep.BORROW


def _is_unsigned(facts: TransferFacts) -> bool:
    """Whether the next thing its send needs is a signature: its first, or another attempt's."""
    if facts.send is None:
        return True
    step = next_send_step(facts.send)
    return step in {SendStep.PLAN, SendStep.SIGN} or has_another_try(facts.send)
