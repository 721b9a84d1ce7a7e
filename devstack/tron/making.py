"""The making of a block: its transactions upon the parent's state, maintenance, and what it makes solid.

A block is solid once 19 of the 27 producers have built upon it: the 19th highest of the numbers they built
last. It never goes back, because no branch is adopted that leaves a solid block out.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from devstack.tron.accounts import contract_addresses
from devstack.tron.admission import check_admission, remember_block, remember_transaction
from devstack.tron.applying import Applied, apply
from devstack.tron.blocks import ChainBlock, build
from devstack.tron.calling import step_energy_factors
from devstack.tron.edits import Edit, carry_out
from devstack.tron.engine import Engine
from devstack.tron.moment import Moment
from devstack.tron.rules import BLOCK_BYTES_MAX, PRODUCERS, SOLID_PRODUCERS, ChainParameters
from devstack.tron.slots import Slots
from devstack.tron.state import Kind, State
from devstack.tron.transactions import SignedTransaction
from devstack.tron.verdicts import Refused

NEXT_MAINTENANCE: Kind[int] = Kind("next maintenance")
WAS_MAINTENANCE: Kind[bool] = Kind("was maintenance")
LAST_BUILT: Kind[int] = Kind("last built")
SOLID: Kind[int] = Kind("solid")


@dataclass(frozen=True, slots=True)
class Rulebook:
    """What holds for the whole life of a chain."""

    slots: Slots
    parameters: ChainParameters
    engine: Engine
    chain_id: int
    internal_transactions: bool = False


@dataclass(frozen=True, slots=True)
class Order:
    """What a block is to hold: candidates in order, whose calls end late, changes that no rule explains."""

    candidates: Iterable[SignedTransaction] = ()
    timing_out: frozenset[bytes] = frozenset()
    edits: tuple[Edit, ...] = ()


def begin(state: State, genesis: ChainBlock, parameters: ChainParameters) -> None:
    """Write the rows a chain's first state needs."""
    remember_block(state, genesis.number, genesis.id)
    state.put(NEXT_MAINTENANCE, row=genesis.time_ms + parameters.maintenance_interval_ms)
    state.put(WAS_MAINTENANCE, row=False)
    state.put(SOLID, row=0)


def moment_after(book: Rulebook, head: ChainBlock, time_ms: int) -> Moment:
    """Return the moment of a block upon this head."""
    return Moment(
        number=head.number + 1,
        time_ms=time_ms,
        producer=book.slots.producer(time_ms).address,
        head_time_ms=head.time_ms,
        head_slot=book.slots.slot(head.time_ms),
        slot_ms=book.slots.slot_ms,
        parameters=book.parameters,
        engine=book.engine,
        chain_id=book.chain_id,
    )


def next_time(book: Rulebook, state: State, head: ChainBlock, count: int = 1) -> int:
    """Return the time of the count-th slot after this head."""
    paused = state.get(WAS_MAINTENANCE)
    return book.slots.time_after(head.time_ms, count, maintenance=paused is True)


def make(
    book: Rulebook, head: ChainBlock, below: State, time_ms: int, order: Order
) -> tuple[ChainBlock, State]:
    """Return a block upon a head and the state after it; candidates that the rules refuse are left out."""
    state = below.over()
    moment = moment_after(book, head, time_ms)
    for edit in order.edits:
        carry_out(state, edit)
    applied: list[Applied] = []
    size = 0
    for transaction in order.candidates:
        size += transaction.size
        if size > BLOCK_BYTES_MAX:
            break
        try:
            in_time = transaction.txid not in order.timing_out
            applied.append(enter(book, state, moment, transaction, in_time=in_time))
        except Refused:
            size -= transaction.size
    block = build(
        number=moment.number,
        time_ms=time_ms,
        parent_id=head.id,
        producer=book.slots.producer(time_ms),
        applied=tuple(applied),
    )
    _close(book, state, block, moment)
    return block, state


def enter(
    book: Rulebook, state: State, moment: Moment, transaction: SignedTransaction, *, in_time: bool = True
) -> Applied:
    """Admit a transaction and carry it out. Raises Refused, and then nothing is written."""
    check_admission(state, moment, transaction)
    applied = apply(state, moment, transaction, in_time=in_time, internals=book.internal_transactions)
    remember_transaction(state, transaction.txid, moment.number)
    return applied


def solid_number(state: State) -> int:
    """Return the highest number that cannot be taken back on the branch of this state."""
    return state.get(SOLID) or 0


def next_maintenance_ms(state: State) -> int:
    """Return when the next maintenance is due."""
    due = state.get(NEXT_MAINTENANCE)
    assert due is not None, "written by the genesis"
    return due


def _close(book: Rulebook, state: State, block: ChainBlock, moment: Moment) -> None:
    remember_block(state, block.number, block.id)
    state.put(LAST_BUILT, book.slots.producer(block.time_ms).index, row=block.number)
    built = sorted((state.get(LAST_BUILT, index) or 0 for index in range(PRODUCERS)), reverse=True)
    state.put(SOLID, row=max(solid_number(state), built[SOLID_PRODUCERS - 1]))
    due = next_maintenance_ms(state)
    state.put(WAS_MAINTENANCE, row=block.time_ms >= due)
    if block.time_ms >= due:
        step_energy_factors(state, moment, contract_addresses(state))
        rounds = (block.time_ms - due) // book.parameters.maintenance_interval_ms + 1
        state.put(NEXT_MAINTENANCE, row=due + rounds * book.parameters.maintenance_interval_ms)
