"""RedeliveringActivities: what the staff said and nobody answered is delivered again until it is."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

from temporalio import activity

from domain.errors import Rejected, TemporalUnavailable, TooLate
from domain.repairs import PageRepairs, StuckPage
from domain.tickets import Ticket
from ledger.session import Sessions
from ledger.tickets import answer, begin_delivery, is_honoured, unanswered
from ledger.withdrawals import recall_withdrawal

ROWS_IN_A_PAGE = 200
TOLD_AT_ONCE = 10


@dataclass(frozen=True, slots=True)
class Refusal:
    """A ticket that its workflow refused, with the code and the sentence it said."""

    code: str
    sentence: str


class Messenger(Protocol):
    """Says verbs to workflows; activities cannot see workflows."""

    async def tell(self, ticket: Ticket, deliveries_before: int) -> Refusal | bool:
        """Deliver a ticket: its refusal, True once it is taken, False if no run is there to take it.

        Raises TemporalUnavailable while it is not known whether it arrived.
        """
        ...


@dataclass(frozen=True, slots=True)
class RedeliveringActivities:
    """The door writes a ticket down before it delivers it; this is what finds the delivery that got lost."""

    sessions: Sessions
    messenger: Messenger

    @activity.defn
    async def deliver_tickets(self, page: StuckPage) -> PageRepairs:
        """Deliver tickets that have been silent for the page's grace; those still without answer stay."""
        silent_since = datetime.now(UTC) - timedelta(seconds=page.grace_seconds)
        async with self.sessions.begin() as session:
            rows = await unanswered(session, silent_since, page.after, ROWS_IN_A_PAGE)
        told: list[str | None] = []
        for at in range(0, len(rows), TOLD_AT_ONCE):
            activity.heartbeat(f"tickets: delivered {at} of {len(rows)}")
            told += await asyncio.gather(
                *(self._deliver(ticket) for _, ticket in rows[at : at + TOLD_AT_ONCE])
            )
        return PageRepairs(
            looked_at=len(rows),
            restarted=tuple(name for name in told if name is not None),
            next=rows[-1][0] if len(rows) == ROWS_IN_A_PAGE else None,
        )

    async def _deliver(self, ticket: Ticket) -> str | None:
        """Deliver one ticket and note its answer; the name of what was answered, None while it is silent."""
        async with self.sessions.begin() as session:
            before = await begin_delivery(session, ticket, datetime.now(UTC))
        if before is None:
            return None
        try:
            refusal = await self._refusal(ticket, before)
        except TemporalUnavailable as error:
            activity.logger.warning("ticket %s is still unanswered: %s", ticket.ticket, error.sentence)
            return None
        async with self.sessions.begin() as session:
            code, sentence = (refusal.code, refusal.sentence) if refusal else (None, None)
            await answer(session, ticket, datetime.now(UTC), code=code, sentence=sentence)
        return f"{ticket.withdrawal_id}/{ticket.ticket}"

    async def _refusal(self, ticket: Ticket, before: int) -> Refusal | None:
        """Why a ticket is refused, None if it is honoured; raises TemporalUnavailable while that is open."""
        said = await self.messenger.tell(ticket, before)
        if isinstance(said, Refusal):
            return said
        async with self.sessions.begin() as session:
            if said or await is_honoured(session, ticket):
                return None
            facts = await recall_withdrawal(session, ticket.player, ticket.withdrawal_id)
        if facts is None or facts.state.is_open:
            raise TemporalUnavailable("nobody works on this withdrawal at the moment")
        late: Rejected = TooLate(ticket.verb.word, facts.state.value)
        return Refusal(late.code, late.sentence)
