"""How long each kind of step may take and how it is repeated, each with its reason.

A step that must happen has no attempt limit and no deadline: an outage of an hour ends in resumption, not in
a human's inbox.
"""

from dataclasses import dataclass
from datetime import timedelta

from temporalio.common import RetryPolicy


@dataclass(frozen=True, slots=True)
class StepPolicy:
    """Time limits and repetition of one kind of step; `total` None means for ever."""

    start_to_close: timedelta
    total: timedelta | None
    retry: RetryPolicy
    heartbeat: timedelta | None = None


def _retry(first: float, factor: float, longest: float, *, final: tuple[str, ...] = ()) -> RetryPolicy:
    return RetryPolicy(
        initial_interval=timedelta(seconds=first),
        backoff_coefficient=factor,
        maximum_interval=timedelta(seconds=longest),
        non_retryable_error_types=final or None,
    )


FROZEN = ("CHAIN_FROZEN", "WALLET_FROZEN")
"""Codes that no repetition ends: people do, and the workflow says so meanwhile."""


# A caller is waiting for the answer, and a workflow task must end well within ten seconds.
ACCEPT = StepPolicy(timedelta(seconds=2), timedelta(seconds=8), _retry(0.1, 2, 1))
# Postings that have to happen.
MUST = StepPolicy(timedelta(seconds=10), None, _retry(1, 2, 30))
# Steps that only count while the network is trusted.
TRUSTED = StepPolicy(timedelta(seconds=10), None, _retry(1, 2, 30, final=FROZEN))
# Questions to a network; whoever asks decides again from rows when there is no answer.
LOOK = StepPolicy(timedelta(seconds=15), timedelta(minutes=2), _retry(1, 2, 15, final=FROZEN))
# The signer; its refusals are final, its absence is waited out.
SIGN = StepPolicy(timedelta(seconds=15), timedelta(minutes=10), _retry(1, 2, 30))
# Stored bytes on their way to nodes.
SEND = StepPolicy(timedelta(seconds=20), None, _retry(1, 2, 30, final=FROZEN))
# Searches through rows; one that was not finished in time is finished by the next.
SCAN = StepPolicy(timedelta(minutes=10), timedelta(minutes=30), _retry(5, 2, 60), timedelta(seconds=30))
# Endless loops that hand over by themselves after a shift; one heartbeat after a death another worker does.
FOLLOW = StepPolicy(timedelta(hours=1), None, _retry(1, 1.5, 10), timedelta(seconds=15))

# The chain's signals drive every wait; these timers only catch a lost one.
CHAIN_FALLBACK = timedelta(minutes=10)
# A borrowed address is looked at this often until its energy is there, and until its time is over.
ENERGY_LOOK = timedelta(seconds=3)
LENT_FALLBACK = timedelta(minutes=1)
# A waiting reason (outage, liquidity) is tried again by itself after this time.
BLOCKED_RETRY = timedelta(minutes=5)
# Reviews: a reminder after four hours, the money back after three days.
REVIEW_REMINDER = timedelta(hours=4)
REVIEW_END = timedelta(hours=72)
PERSON_FALLBACK = timedelta(hours=1)
