"""When a network counts as stalled: its newest or its final block is too old to send anything new there."""

from dataclasses import dataclass
from datetime import datetime

from domain.errors import Unavailable

RESUME_DIVISOR = 2
"""A stalled network has to be this many times younger than its bound before it is open again."""


@dataclass(frozen=True, slots=True)
class StallBounds:
    """Seconds a network may be behind: its newest block behind the clock, its final one behind the newest.

    None leaves that side unwatched.
    """

    head_seconds: int | None = None
    final_seconds: int | None = None


UNWATCHED = StallBounds()


@dataclass(frozen=True, slots=True)
class Pace:
    """The times of the newest and of the final block we know, as their makers wrote them."""

    head_at: datetime
    final_at: datetime


class ChainStalled(Unavailable, code="CHAIN_STALLED"):
    """A network that does not advance: nothing new is sent there until it does."""

    def __init__(self, network: str, why: str) -> None:
        super().__init__(f"Network {network} does not advance: {why}.", network=network)


def stall_of(bounds: StallBounds, pace: Pace, now: datetime, *, is_stalled: bool) -> str | None:
    """Why the network is stalled now, None if it is not. Source: the stall rules of the chain design."""
    head_age = int((now - pace.head_at).total_seconds())
    if _exceeds(head_age, bounds.head_seconds, is_stalled=is_stalled):
        return f"its newest block is older than {bounds.head_seconds} s"
    final_age = int((pace.head_at - pace.final_at).total_seconds())
    if _exceeds(final_age, bounds.final_seconds, is_stalled=is_stalled):
        return f"its final block is more than {bounds.final_seconds} s behind the newest"
    return None


def _exceeds(age: int, bound: int | None, *, is_stalled: bool) -> bool:
    if bound is None:
        return False
    return age > (bound // RESUME_DIVISOR if is_stalled else bound)
