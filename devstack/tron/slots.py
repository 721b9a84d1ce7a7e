"""When blocks may come and whose turn it is: 27 producers in fixed slots, and the pause after a maintenance.

Source: java-tron's DposSlot. A slot that nobody uses is missed; the next block comes in a later one.
"""

import hashlib
from dataclasses import dataclass
from functools import cached_property

from coincurve import PrivateKey

from devstack.tron.addresses import of_public_key
from devstack.tron.rules import MAINTENANCE_SKIP_SLOTS, PRODUCERS


@dataclass(frozen=True)
class Producer:
    """One of the elected; its key is made of its number, which proves nothing and needs no secret."""

    index: int

    @cached_property
    def key(self) -> PrivateKey:
        return PrivateKey(hashlib.sha256(f"devnet producer {self.index}".encode()).digest())

    @cached_property
    def address(self) -> bytes:
        return of_public_key(self.key.public_key)


@dataclass(frozen=True, slots=True)
class Slots:
    """The slots of one chain, counted from its genesis."""

    genesis_ms: int
    slot_ms: int
    producers: tuple[Producer, ...] = tuple(Producer(index) for index in range(PRODUCERS))

    def slot(self, time_ms: int) -> int:
        """Return the slot a time lies in."""
        return (time_ms - self.genesis_ms) // self.slot_ms

    def time_after(self, head_ms: int, count: int, *, maintenance: bool) -> int:
        """Return the time of the count-th slot after a head; its maintenance takes two slots away."""
        skipped = MAINTENANCE_SKIP_SLOTS if maintenance else 0
        return self.genesis_ms + (self.slot(head_ms) + count + skipped) * self.slot_ms

    def producer(self, time_ms: int) -> Producer:
        """Return whose turn a slot is."""
        return self.producers[self.slot(time_ms) % len(self.producers)]
