"""The chain of the devnet: what it answers, what it admits, the levers that make it produce and fork.

One thread uses it. Its head state counts the pool in, as that of a Tron node does; the solid state does not.
"""

import time
from collections.abc import Callable, Collection, Iterable

from devstack.tron.acting import Plain, check
from devstack.tron.admission import place_of, reference_to
from devstack.tron.block_messages import TransactionInfo
from devstack.tron.blocks import ChainBlock, build_genesis, chain_id
from devstack.tron.branches import Branches, Switch
from devstack.tron.contract_messages import Action, pack
from devstack.tron.edits import Edit, FactorStep, Gift, carry_out
from devstack.tron.engine import Engine
from devstack.tron.genesis_spec import GenesisSpec, first_state
from devstack.tron.growing import Growth
from devstack.tron.journal import Record
from devstack.tron.making import (
    Order,
    Rulebook,
    begin,
    moment_after,
    next_maintenance_ms,
    next_time,
)
from devstack.tron.messages import RawTransaction, Result
from devstack.tron.moment import Moment
from devstack.tron.pool import Pool
from devstack.tron.rules import ChainParameters
from devstack.tron.schema import Malformed
from devstack.tron.slots import Slots
from devstack.tron.state import State
from devstack.tron.transactions import SignedTransaction, read
from devstack.tron.turns import AheadOfTime, turn, turns
from devstack.tron.verdicts import Refused, ResponseCode, Verdict

SLOT_MS = 3_000
Listener = Callable[[ChainBlock, bool], None]


class TronChain:
    """A chain in memory. Times are milliseconds; the clock says which slots have come already."""

    def __init__(  # noqa: PLR0913 - each is one property of the network, most with a default
        self,
        genesis: GenesisSpec,
        engine: Engine,
        *,
        clock: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
        slot_ms: int = SLOT_MS,
        parameters: ChainParameters | None = None,
        internal_transactions: bool = False,
    ) -> None:
        self.clock = clock
        self.engine = engine
        self.parameters = parameters or ChainParameters()
        self.slots = Slots(genesis.time_ms, slot_ms)
        first, state = build_genesis(genesis.time_ms), first_state(genesis)
        self._book = Rulebook(self.slots, self.parameters, engine, chain_id(first), internal_transactions)
        begin(state, first, self.parameters)
        self._branches = Branches(first, state)
        self._growth = Growth(self._book, self._branches)
        self._down: frozenset[int] = frozenset()
        self._edits: tuple[Edit, ...] = ()
        self._listeners: list[Listener] = []
        self._pool = Pool(self._book, state.over())

    @property
    def genesis_block(self) -> ChainBlock:
        return self._branches.genesis

    @property
    def head(self) -> ChainBlock:
        return self._branches.head

    @property
    def solid(self) -> ChainBlock:
        return self._branches.solid

    @property
    def head_state(self) -> State:
        return self._pool.state

    @property
    def solid_state(self) -> State:
        return self._branches.state(self.solid)

    @property
    def next_maintenance_ms(self) -> int:
        return next_maintenance_ms(self._branches.state(self.head))

    @property
    def moment(self) -> Moment:
        """The moment of the next block, as far as it is known."""
        return moment_after(self._book, self.head, self._next_time)

    @property
    def solid_moment(self) -> Moment:
        """The moment right after the solid block: resources are counted by it in the solid state."""
        return moment_after(self._book, self.solid, self.solid.time_ms + self.slots.slot_ms)

    def block_at(self, number: int) -> ChainBlock | None:
        """Return the block of this number on the branch in force."""
        return self._branches.at(number)

    def block(self, block_id: bytes) -> ChainBlock | None:
        """Return a block of the branch in force by its id."""
        return self._branches.by_id(block_id)

    def pending(self) -> tuple[SignedTransaction, ...]:
        """Return what waits for a block, in order."""
        return self._pool.transactions

    def place(self, txid: bytes) -> ChainBlock | None:
        """Return the block of the branch in force that holds a transaction."""
        number = place_of(self._branches.state(self.head), txid)
        return None if number is None else self.block_at(number)

    def find(self, txid: bytes) -> SignedTransaction | None:
        """Return a transaction of the pool or of the branch in force."""
        if (waiting := self._pool.get(txid)) is not None:
            return waiting
        block = self.place(txid)
        return block.by_txid[txid].transaction if block else None

    def info(self, txid: bytes) -> TransactionInfo | None:
        """Return what became of a transaction in its block; None while it waits."""
        block = self.place(txid)
        return block.by_txid[txid].info if block else None

    def broadcast(self, data: bytes) -> Verdict:
        """Take a transaction into the pool, or say why not."""
        try:
            transaction = read(data)
        except Malformed as problem:
            return Verdict(ResponseCode.OTHER_ERROR, str(problem), b"")
        except Refused as refused:
            return Verdict(refused.code, refused.message, b"")
        try:
            self._pool.add(transaction, self.moment, self.clock())
        except Refused as refused:
            return Verdict(refused.code, refused.message, transaction.txid)
        return Verdict(ResponseCode.SUCCESS, "", transaction.txid)

    def check(self, action: Plain) -> None:
        """Raise ContractInvalid when an action is not possible upon the head, as a node that builds."""
        check(self.head_state, self.moment, action)

    def state_after(self, block: ChainBlock) -> State:
        """Return the state after a block that is not long below the solid one. Raises KeyError for others."""
        return self._branches.state(block)

    def pool_result(self, txid: bytes) -> Result | None:
        """Return how a waiting transaction would end upon the head."""
        return self._pool.result(txid)

    def keep_journal(self, write: Callable[[Record], None]) -> None:
        """From now on hand the record of each block to `write` before the block is shown."""
        self._growth.keep_journal(write)

    def replay(self, records: Iterable[Record]) -> None:
        """Make the blocks of a journal again upon a fresh chain of its genesis. Raises ForeignRecord."""
        self._growth.replay(records)
        self._renew()

    def draft(self, action: Action, *, expires_in_ms: int = 60_000, fee_limit: int = 0) -> RawTransaction:
        """Return an unsigned transaction as a node builds it for those who ask: it names the head."""
        number, digest = reference_to(self.head.number, self.head.id)
        return RawTransaction(
            ref_block_bytes=number,
            ref_block_hash=digest,
            expiration=self.head.time_ms + expires_in_ms,
            contract=(pack(action),),
            timestamp=self.clock(),
            fee_limit=fee_limit,
        )

    def on_block(self, listener: Listener) -> None:
        """Tell about each block that joins the branch in force, and (with True) about each that leaves it."""
        self._listeners.append(listener)

    def mine(
        self,
        count: int = 1,
        *,
        only: Collection[bytes] | None = None,
        without: Collection[bytes] = (),
        skip_slots: int = 0,
    ) -> ChainBlock:
        """Make blocks in the next slots whose producers are up, after `skip_slots` missed ones.

        `only` and `without` choose among what waits. Raises AheadOfTime and NoProducer.
        """
        for _ in range(count):
            self._make_in(self._slot_time(1 + skip_slots), only, without)
        return self.head

    def mine_now(self) -> ChainBlock | None:
        """Make a block in the slot of this moment; None if it is used already or its producer is down."""
        due = self.slots.genesis_ms + self.slots.slot(self.clock()) * self.slots.slot_ms
        if due < self._next_time or self.slots.producer(due).index in self._down:
            return None
        self._make_in(due, None, ())
        return self.head

    def fork(
        self,
        depth: int,
        *,
        without: Collection[bytes] = (),
        again: Collection[bytes] = (),
        timing_out: Collection[bytes] = (),
    ) -> ChainBlock:
        """Replace the last `depth` blocks by a branch one higher, whose producers had missed the first.

        Transactions of the left blocks go back to the pool, but those in `without` are forgotten, those in
        `again` stand in the new branch's first block, and those in `timing_out` too, ending as OUT_OF_TIME.
        Raises AheadOfTime, and ValueError for a depth that reaches a solid block.
        """
        joint = self.block_at(self.head.number - depth)
        if depth < 1 or joint is None or joint.number < self.solid.number:
            raise ValueError(f"{depth} blocks cannot be taken back: {self.solid.number} is solid")
        times = turns(self._book, self._branches.state(joint), joint, 2, depth + 1, self._down)
        self._check_time(times[-1])
        chosen = [one for one in self._popped(joint) if one.txid in {*again, *timing_out}]
        order = Order(chosen, frozenset(timing_out))
        block, switch = joint, Switch((), ())
        for time_ms in times:
            block, switch = self._growth.build(block, time_ms, order)
            order = Order()
        self._pool.forget(without)
        self._follow(switch, forgotten=without)
        return block

    def producers_down(self, indices: Iterable[int]) -> None:
        """Let exactly these producers miss their slots."""
        self._down = frozenset(indices)

    def forget_pending(self) -> None:
        """Forget what waits, as a node does after a minute."""
        self._pool.forget([one.txid for one in self._pool.transactions])
        self._renew()

    def top_up(self, address: bytes, sun: int) -> None:
        """Give an account TRX that no transaction explains, with the next block."""
        self._edit(Gift(address, sun))

    def set_energy_factor(self, address: bytes, factor: int) -> None:
        """Set a contract's energy factor with the next block; 10,000 doubles. Raises ValueError."""
        self._edit(FactorStep(address, factor))

    def _edit(self, edit: Edit) -> None:
        carry_out(self._pool.state, edit)
        self._edits = (*self._edits, edit)

    def _make_in(self, time_ms: int, only: Collection[bytes] | None, without: Collection[bytes]) -> None:
        self._check_time(time_ms)
        waiting = [
            one
            for one in self._pool.transactions
            if (only is None or one.txid in only) and one.txid not in without
        ]
        order, self._edits = Order(waiting, edits=self._edits), ()
        self._follow(self._growth.build(self.head, time_ms, order)[1])

    def _check_time(self, time_ms: int) -> None:
        if (wait_ms := time_ms - self.clock()) > 0:
            raise AheadOfTime(wait_ms)

    def _follow(self, switch: Switch, forgotten: Collection[bytes] = ()) -> None:
        left = [one for block in reversed(switch.removed) for one in block.transactions]
        self._renew(one for one in left if one.txid not in forgotten)
        for removed in switch.removed:
            self._tell(removed, removed=True)
        for added in switch.added:
            self._tell(added, removed=False)

    def _renew(self, returned: Iterable[SignedTransaction] = ()) -> None:
        state = self._branches.state(self.head).over()
        for edit in self._edits:
            carry_out(state, edit)
        self._pool.renew(state, self.moment, self.clock(), returned)

    def _tell(self, block: ChainBlock, *, removed: bool) -> None:
        for listener in self._listeners:
            listener(block, removed)

    def _popped(self, joint: ChainBlock) -> list[SignedTransaction]:
        blocks = (self.block_at(number) for number in range(joint.number + 1, self.head.number + 1))
        return [one for block in blocks if block for one in block.transactions]

    @property
    def _next_time(self) -> int:
        return next_time(self._book, self._branches.state(self.head), self.head)

    def _slot_time(self, count: int) -> int:
        return turn(self._book, self._branches.state(self.head), self.head, count, self._down)
