"""What is owed although nobody works on it, and what to do about each: start it again, or tell people.

Whoever repairs starts workflows and never posts: a started workflow reads its rows and goes on from there.
"""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from domain.bets import BetInput
from domain.delegations import DelegationInput
from domain.deposits import DepositInput
from domain.levels import HotWalletInput
from domain.own_transfers import TransferInput
from domain.players import PoolInput
from domain.sends import FeedInput
from domain.wire import Message
from domain.withdrawals import WithdrawalInput

GRACE_SECONDS = 60
"""A younger row may still be on its way to its first run."""
FINDINGS_MAX = 100
"""Findings that one report carries; each is in the log too."""

Restartable = (
    BetInput
    | WithdrawalInput
    | DepositInput
    | TransferInput
    | DelegationInput
    | FeedInput
    | PoolInput
    | HotWalletInput
)
"""What a workflow that stands for something owed is started with."""


class Owed(StrEnum):
    """Kinds of business that must have an open workflow until it is finished."""

    ENDLESS = "endless"
    WITHDRAWAL = "withdrawal"
    DEPOSIT = "deposit"
    TRANSFER = "transfer"
    DELEGATION = "delegation"
    BET = "bet"
    TICKET = "ticket"


class RunState(StrEnum):
    """What Temporal knows of the newest run under a workflow id."""

    OPEN = "open"
    BROKEN = "broken"
    COMPLETED = "completed"
    ABSENT = "absent"


class Repair(StrEnum):
    """What an unfinished business needs."""

    NOTHING = "nothing"
    START = "start"
    PERSON = "person"


class Mark(Message):
    """The last row of a page: its time and id; the next page begins behind it."""

    at: datetime
    id: UUID


class StuckPage(Message):
    """One page of unfinished rows of a kind to look at; `after` None is the first page."""

    kind: Owed
    grace_seconds: int = GRACE_SECONDS
    after: Mark | None = None


class PageRepairs(Message):
    """What one page came to: what was started or told again, sentences for people, the next page if any."""

    looked_at: int = 0
    restarted: tuple[str, ...] = ()
    findings: tuple[str, ...] = ()
    next: Mark | None = None


class StuckReport(Message):
    """What a whole search came to."""

    looked_at: int = 0
    restarted: int = 0
    findings: tuple[str, ...] = ()

    def plus(self, page: PageRepairs) -> "StuckReport":
        return StuckReport(
            looked_at=self.looked_at + page.looked_at,
            restarted=self.restarted + len(page.restarted),
            findings=_bounded((*self.findings, *page.findings)),
        )

    def found(self, sentence: str) -> "StuckReport":
        return self.model_copy(update={"findings": _bounded((*self.findings, sentence))})


class StuckSearch(Message):
    """A search through these kinds, in order; `after` and `so_far` carry one on that a run left half done."""

    kinds: tuple[Owed, ...]
    grace_seconds: int = GRACE_SECONDS
    after: Mark | None = None
    so_far: StuckReport = StuckReport()


def repair_of(run: RunState) -> Repair:
    """What unfinished business needs, by its newest run.

    A run that is open goes on by itself. One that was ended from outside, or that nobody remembers, is
    started again. One that completed said that all was done: rows that disagree are for people.
    """
    match run:
        case RunState.OPEN:
            return Repair.NOTHING
        case RunState.BROKEN | RunState.ABSENT:
            return Repair.START
        case RunState.COMPLETED:
            return Repair.PERSON


def _bounded(findings: Iterable[str]) -> tuple[str, ...]:
    return tuple(findings)[:FINDINGS_MAX]
