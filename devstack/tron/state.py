"""The state of the chain after one block: rows in an overlay over the state before, so that forks are free.

Rows are immutable; a key is a tuple that begins with the kind of the row. Only the newest solid state holds
everything itself: `settle` moves the overlays below it into it.
"""

from collections.abc import Hashable, Iterator
from typing import Generic, TypeVar, cast

Row = TypeVar("Row")


class Kind(Generic[Row]):
    """A kind of row, with its type: `Kind[Account]("account")`."""

    def __init__(self, name: str) -> None:
        self.name = name


class State:
    """Rows by kind and key. A state that has children is never written again."""

    def __init__(self, below: "State | None" = None) -> None:
        self._below = below
        self._rows: dict[Hashable, object] = {}

    def get(self, kind: Kind[Row], *key: Hashable) -> Row | None:
        """Return a row, or None where there is none."""
        place = (kind.name, *key)
        layer: State | None = self
        while layer is not None:
            if place in layer._rows:
                return cast("Row | None", layer._rows[place])
            layer = layer._below
        return None

    def put(self, kind: Kind[Row], *key: Hashable, row: Row | None) -> None:
        """Write a row; None removes it."""
        self._rows[(kind.name, *key)] = row

    def over(self) -> "State":
        """Return an empty overlay over this state."""
        return State(self)

    def absorb(self, upper: "State") -> None:
        """Take over what an overlay of this state wrote."""
        assert upper._below is self, "not an overlay of this state"
        self._rows.update(upper._rows)

    def settle(self) -> None:
        """Move every row of the states below into this one; those states must not be read again."""
        layers = [self, *self._layers_below()]
        settled = layers[-1]._rows
        for layer in reversed(layers[:-1]):
            settled.update(layer._rows)
        for layer in layers[1:]:
            layer._rows = {}
        self._rows = settled
        self._below = None

    def _layers_below(self) -> "Iterator[State]":
        layer = self._below
        while layer is not None:
            yield layer
            layer = layer._below
