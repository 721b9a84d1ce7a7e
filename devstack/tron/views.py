"""The chain as one node sees it: up to its head or up to its solid block, perhaps some blocks behind."""

from dataclasses import dataclass, field

from devstack.tron.block_messages import TransactionInfo
from devstack.tron.blocks import ChainBlock
from devstack.tron.chain import TronChain
from devstack.tron.contradicting import Contradiction
from devstack.tron.moment import Moment
from devstack.tron.state import State
from devstack.tron.transactions import SignedTransaction


@dataclass(slots=True)
class Node:
    """One node upon the chain; several may stand on the same one and differ in what they show of it.

    `remembers_rejected` makes it a cache that calls a transaction a duplicate because it refused it before.
    """

    chain: TronChain
    lag: int = 0
    contradiction: Contradiction | None = None
    remembers_rejected: bool = False
    rejected: set[bytes] = field(default_factory=set)

    @property
    def head(self) -> "View":
        return View(self, is_solid=False)

    @property
    def solid(self) -> "View":
        return View(self, is_solid=True)


@dataclass(frozen=True, slots=True)
class View:
    """What `wallet` (up to the head, with the pool) or `walletsolidity` (solid only) answers from."""

    node: Node
    is_solid: bool

    @property
    def chain(self) -> TronChain:
        return self.node.chain

    @property
    def top(self) -> ChainBlock:
        """The newest block of this view."""
        return self._shown(self._true_top)

    @property
    def state(self) -> State:
        """The state after the newest block, at a head that keeps up with the pool's effects on top."""
        if self.node.lag:
            return self.chain.state_after(self._true_top)
        return self.chain.solid_state if self.is_solid else self.chain.head_state

    @property
    def moment(self) -> Moment:
        """When resources are counted in this view's state."""
        return self.chain.solid_moment if self.is_solid else self.chain.moment

    def block(self, number: int) -> ChainBlock | None:
        """Return the block of a height, None above the view."""
        if not 0 <= number <= self._true_top.number:
            return None
        found = self.chain.block_at(number)
        return None if found is None else self._shown(found)

    def block_by_id(self, block_id: bytes) -> ChainBlock | None:
        """Return the block of an id, None above the view and for one that a fork left behind."""
        other = self.node.contradiction
        true = other.true_id(block_id) if other else block_id
        found = self.chain.block(true) if true is not None else None
        if found is None or found.number > self._true_top.number:
            return None
        return self._shown(found)

    def place(self, txid: bytes) -> ChainBlock | None:
        """Return the block that holds a transaction."""
        found = self.chain.place(txid)
        return self.block(found.number) if found is not None else None

    def info(self, txid: bytes) -> TransactionInfo | None:
        """Return what became of a transaction that a block holds."""
        return self.chain.info(txid) if self.place(txid) is not None else None

    def transaction(self, txid: bytes) -> SignedTransaction | None:
        """Return a transaction; at a head also one that still waits."""
        if self.is_solid and self.place(txid) is None:
            return None
        return self.chain.find(txid)

    @property
    def _true_top(self) -> ChainBlock:
        newest = self.chain.solid if self.is_solid else self.chain.head
        behind = self.chain.block_at(max(newest.number - self.node.lag, 0))
        assert behind is not None
        return behind

    def _shown(self, block: ChainBlock) -> ChainBlock:
        other = self.node.contradiction
        return other.shown(block, self.chain.block_at) if other else block
