"""The growth of the block tree, with every block written down before it is shown."""

from collections.abc import Callable, Iterable

from devstack.tron.blocks import ChainBlock
from devstack.tron.branches import Branches, Switch
from devstack.tron.journal import ForeignRecord, Record, entry_of, record_of
from devstack.tron.making import Order, Rulebook, make

Write = Callable[[Record], None]


class Growth:
    """Makes blocks and puts them into the tree."""

    def __init__(self, book: Rulebook, branches: Branches) -> None:
        self._book = book
        self._branches = branches
        self._write: Write | None = None

    def keep_journal(self, write: Write) -> None:
        """From now on hand the record of each block to `write` before it is shown."""
        self._write = write

    def build(self, parent: ChainBlock, time_ms: int, order: Order) -> tuple[ChainBlock, Switch]:
        """Make a block upon a parent, and return it with what it changed of the branch in force."""
        block, state = make(self._book, parent, self._branches.state(parent), time_ms, order)
        if self._write is not None:
            self._write(record_of(block, order))
        return block, self._branches.add(block, state)

    def replay(self, records: Iterable[Record]) -> None:
        """Make the blocks of a journal again. Raises ForeignRecord when they are not of this chain."""
        for record in records:
            entry = entry_of(record)
            parent = self._branches.known(entry.parent_id)
            if parent is None:
                raise ForeignRecord(f"block {entry.block_id.hex()} stands upon none of this chain")
            block, state = make(self._book, parent, self._branches.state(parent), entry.time_ms, entry.order)
            if block.id != entry.block_id:
                raise ForeignRecord(f"block {entry.block_id.hex()} came out as {block.id.hex()}")
            self._branches.add(block, state)
