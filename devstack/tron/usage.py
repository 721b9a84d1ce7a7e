"""How much of a resource an account has used, and how that fades: linearly, over 24 hours of slots.

A usage has a window of its own, which shortens as it fades, so that new use does not slow old use's fading.
Source: the resource model of developers.tron.network and java-tron's ResourceProcessor.
"""

from dataclasses import dataclass

PRECISION = 1_000_000


@dataclass(frozen=True, slots=True)
class Usage:
    """What was used up to a slot, and over how many slots from there it fades."""

    amount: int = 0
    slot: int = 0
    window: int = 0

    def recovered(self, slot: int) -> int:
        """Return what is still used at a later slot."""
        return self._faded_average(slot) * self.window // PRECISION if self.window else 0

    def increased(self, amount: int, slot: int, full_window: int) -> "Usage":
        """Return the usage after a further amount at a slot; the window is the weighted mean of both."""
        old = self.recovered(slot)
        added = -(-amount * PRECISION // full_window)
        new = (
            (self._faded_average(slot) * self.window + added * full_window) // PRECISION
            if self.window
            else amount
        )
        if old == 0 or new == 0:
            return Usage(new, slot, full_window)
        left = self.window - (slot - self.slot)
        return Usage(new, slot, (left * old + full_window * amount) // new)

    def merged(self, amount: int, window: int, slot: int, full_window: int) -> "Usage":
        """Return the usage after an amount came from another account together with its window."""
        own = self.increased(0, slot, full_window)
        total = own.amount + amount
        if total == 0:
            return Usage(0, slot, full_window)
        return Usage(total, slot, (own.amount * own.window + amount * window) // total)

    def _faded_average(self, slot: int) -> int:
        if not self.window or slot >= self.slot + self.window:
            return 0
        average = -(-self.amount * PRECISION // self.window)
        left = self.window - (slot - self.slot)
        return (2 * average * left + self.window) // (2 * self.window)
