"""A round of planning own transfers: how often, how many at once, and what it came to."""

from uuid import UUID

from domain.wire import Message


class PlannerTerms(Message):
    """How a house plans: a round every so many seconds, at most so many sweeps under way.

    What was skipped is looked at again after `again_after_seconds`, or after another deposit.
    """

    every_seconds: int = 300
    open_max: int = 50
    again_after_seconds: int = 21_600


class PlanRound(Message):
    """One round of the planner, for all networks of the house."""


class PlanReport(Message):
    """The transfers that a round planned."""

    planned: tuple[UUID, ...] = ()
