"""Which slots blocks can come in: those of producers that are up, none of them in the future."""

from devstack.tron.blocks import ChainBlock
from devstack.tron.making import Rulebook, next_maintenance_ms, next_time
from devstack.tron.rules import MAINTENANCE_SKIP_SLOTS, PRODUCERS
from devstack.tron.state import State


class AheadOfTime(Exception):
    """A block would be stamped in the future; in `wait_ms` it would not."""

    def __init__(self, wait_ms: int) -> None:
        super().__init__(f"the slot comes in {wait_ms} ms")
        self.wait_ms = wait_ms


class NoProducer(Exception):
    """All producers are down."""


def turn(book: Rulebook, state: State, head: ChainBlock, count: int, down: frozenset[int]) -> int:
    """Return the time of the first slot whose producer is up, from the count-th after a head on."""
    for further in range(PRODUCERS):
        time_ms = next_time(book, state, head, count + further)
        if book.slots.producer(time_ms).index not in down:
            return time_ms
    raise NoProducer


def turns(  # noqa: PLR0913, PLR0917 - a search has many bounds
    book: Rulebook, state: State, head: ChainBlock, count: int, wanted: int, down: frozenset[int]
) -> list[int]:
    """Return the times of so many blocks upon a head, the first not before the count-th slot.

    The block that passes a maintenance is followed by its pause.
    """
    first, due = next_time(book, state, head), next_maintenance_ms(state)
    times: list[int] = []
    while len(times) < wanted:
        times.append(turn(book, state, head, count, down))
        count = (times[-1] - first) // book.slots.slot_ms + 2
        if times[-1] >= due:
            count += MAINTENANCE_SKIP_SLOTS
            due += book.parameters.maintenance_interval_ms
    return times
