"""The blocks above the solid one in all their branches, the branch in force, and the settled past below."""

from collections.abc import Iterator
from dataclasses import dataclass

from devstack.tron.blocks import ChainBlock
from devstack.tron.making import solid_number
from devstack.tron.state import State

KEPT_BELOW_SOLID = 30  # states, for those who look at the chain as it was a little ago


@dataclass(frozen=True, slots=True)
class Switch:
    """What a new head changed: blocks that left, newest first, and blocks that joined, oldest first."""

    removed: tuple[ChainBlock, ...]
    added: tuple[ChainBlock, ...]


class Branches:
    """The block tree. The highest block is the head; of two equally high ones the first."""

    def __init__(self, genesis: ChainBlock, state: State) -> None:
        self.head = genesis
        self.solid = genesis
        self._blocks = {genesis.id: genesis}
        self._states = {genesis.id: state}
        self._branch = [genesis]

    @property
    def genesis(self) -> ChainBlock:
        return self._branch[0]

    def state(self, block: ChainBlock) -> State:
        """Return the state after a block. Raises KeyError for one long below the solid one."""
        return self._states[block.id]

    def at(self, number: int) -> ChainBlock | None:
        """Return the block of this number on the branch in force."""
        return self._branch[number] if 0 <= number < len(self._branch) else None

    def by_id(self, block_id: bytes) -> ChainBlock | None:
        """Return a block of the branch in force; one that was left is gone, as in a node."""
        found = self._blocks.get(block_id)
        return found if found and self.at(found.number) is found else None

    def known(self, block_id: bytes) -> ChainBlock | None:
        """Return a block upon which another can be built, on whichever branch."""
        return self._blocks.get(block_id) if block_id in self._states else None

    def add(self, block: ChainBlock, state: State) -> Switch:
        """Take in a block whose parent is known; it becomes the head if it is higher than the head."""
        assert block.parent_id in self._states, "a parent at or above the solid block"
        self._blocks[block.id], self._states[block.id] = block, state
        if block.number <= self.head.number:
            return Switch((), ())
        switch = self._adopt(block)
        self._settle()
        return switch

    def _adopt(self, tip: ChainBlock) -> Switch:
        added = [tip]
        while self.at((oldest := added[-1]).number - 1) is not self._blocks[oldest.parent_id]:
            added.append(self._blocks[oldest.parent_id])
        joint = added[-1].number
        assert joint > self.solid.number, "a branch that leaves out a solid block"
        removed = self._branch[joint:]
        self._branch[joint:] = reversed(added)
        self.head = tip
        return Switch(tuple(reversed(removed)), tuple(reversed(added)))

    def _settle(self) -> None:
        number = solid_number(self._states[self.head.id])
        if number <= self.solid.number:
            return
        self.solid = self._branch[number]
        for lost in tuple(self._unreachable()):
            del self._blocks[lost.id], self._states[lost.id]
        oldest = max(number - KEPT_BELOW_SOLID, 0)
        self._states[self._branch[oldest].id].settle()
        while oldest and self._branch[oldest - 1].id in self._states:
            oldest -= 1
            del self._states[self._branch[oldest].id]

    def _unreachable(self) -> Iterator[ChainBlock]:
        for block_id in self._states:
            block = self._blocks[block_id]
            if self.at(block.number) is block:
                continue
            ancestor = block
            while self.at(ancestor.number) is not ancestor and ancestor.number > self.solid.number:
                ancestor = self._blocks[ancestor.parent_id]
            if self.at(ancestor.number) is not ancestor or ancestor.number < self.solid.number:
                yield block
