"""What a workflow says about a withdrawal that people look at."""

from domain.reviews import Reason
from domain.wire import Message


class Said(Message):
    """One sentence; while it stands still the reason, since when (RFC 3339) and the verbs that are open."""

    sentence: str
    reason: Reason | None = None
    since: str | None = None
    verbs: tuple[str, ...] = ()
