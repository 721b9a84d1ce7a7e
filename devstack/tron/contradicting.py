"""A node that tells of another branch: the same transactions in blocks of other ids, from some height on.

Headers hang together on that branch too, so that only a second node can show which of them lies.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from devstack.tron.block_messages import BlockHeader
from devstack.tron.blocks import ChainBlock, block_id

OTHER_ROOT = b"\xee" * 32


@dataclass(slots=True)
class Contradiction:
    """The other branch, which leaves the true one with the block at `height`."""

    height: int
    _shown: dict[bytes, ChainBlock] = field(default_factory=dict)
    _true_ids: dict[bytes, bytes] = field(default_factory=dict)

    def shown(self, block: ChainBlock, at: Callable[[int], ChainBlock | None]) -> ChainBlock:
        """Return the block as this branch has it; `at` finds true blocks by their number."""
        if block.number < self.height:
            return block
        below = at(self.height - 1)
        assert below is not None, "genesis cannot be contradicted"
        parent = below.id
        for number in range(self.height, block.number + 1):
            true = at(number)
            assert true is not None
            if true.id not in self._shown:
                self._put(true, parent)
            parent = self._shown[true.id].id
        return self._shown[block.id]

    def true_id(self, shown_id: bytes) -> bytes | None:
        """Return the id of the true block behind a shown one; None for an id of the true branch alone."""
        if shown_id in self._shown:
            return None
        return self._true_ids.get(shown_id, shown_id)

    def _put(self, true: ChainBlock, parent: bytes) -> None:
        raw = replace(true.raw_header, parentHash=parent, accountStateRoot=OTHER_ROOT)
        header = BlockHeader(raw, true.header.witness_signature)
        other = replace(true, id=block_id(raw), raw_header=raw, header=header)
        self._shown[true.id] = other
        self._true_ids[other.id] = true.id
