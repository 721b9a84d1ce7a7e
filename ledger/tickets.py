"""Tickets of the staff: written down by the door before they are delivered, and what became of each.

A ticket is the audit row of a verb. The workflow's own row proves that it was honoured; this one says who was
recognised, what they said, how often it was delivered, and why it was refused.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.errors import Conflict
from domain.ids import slot_of_player
from domain.repairs import Mark
from domain.tickets import Ticket
from domain.wishes import SupportVerb
from domain.withdrawals import ReviewVerb
from ledger.records import AnyRow, approvals, tickets, verbs


@dataclass(frozen=True, slots=True)
class TicketRow:
    """A ticket and its story: when it was asked, how often delivered, when answered; `code` if refused."""

    ticket: Ticket
    asked_at: datetime
    deliveries: int
    answered_at: datetime | None
    code: str | None
    sentence: str | None


async def write_down(session: AsyncConnection, ticket: Ticket, now: datetime) -> TicketRow:
    """Keep a ticket once, before anybody is told of it; returns what stands.

    Raises Conflict if its name stands for another verb, person, content or cap.
    """
    await session.execute(
        insert(tickets)
        .values(
            slot=slot_of_player(ticket.player),
            withdrawal_id=ticket.withdrawal_id,
            ticket=ticket.ticket,
            player=ticket.player,
            verb=ticket.verb.value,
            person=ticket.person,
            words=ticket.words,
            content_hash=ticket.content_hash,
            cap=ticket.cap,
            asked_at=now,
        )
        .on_conflict_do_nothing()
    )
    row = (await session.execute(select(tickets).where(*_at(ticket)))).one()
    known = _known(row)
    for field in ("verb", "person", "content_hash", "cap"):
        if getattr(known.ticket, field) != getattr(ticket, field):
            raise Conflict(field)
    return known


async def begin_delivery(session: AsyncConnection, ticket: Ticket, now: datetime) -> int | None:
    """Count one more delivery and return how many there were before; None if it is answered already."""
    deliveries = await session.scalar(
        update(tickets)
        .where(*_at(ticket), tickets.c.answered_at.is_(None))
        .values(deliveries=tickets.c.deliveries + 1, delivered_at=now)
        .returning(tickets.c.deliveries)
    )
    return None if deliveries is None else int(deliveries) - 1


async def answer(
    session: AsyncConnection,
    ticket: Ticket,
    now: datetime,
    *,
    code: str | None = None,
    sentence: str | None = None,
) -> None:
    """Note, once, that a ticket was honoured, or the code and sentence it was refused with."""
    await session.execute(
        update(tickets)
        .where(*_at(ticket), tickets.c.answered_at.is_(None))
        .values(answered_at=now, code=code, sentence=sentence)
    )


async def is_honoured(session: AsyncConnection, ticket: Ticket) -> bool:
    """Whether the withdrawal's workflow has recorded what this ticket says."""
    kept = verbs if isinstance(ticket.verb, SupportVerb) else approvals
    found = await session.scalar(
        select(kept.c.ticket).where(
            kept.c.slot == slot_of_player(ticket.player),
            kept.c.withdrawal_id == ticket.withdrawal_id,
            kept.c.ticket == ticket.ticket,
        )
    )
    return found is not None


async def tickets_of(session: AsyncConnection, player: int, withdrawal_id: UUID) -> list[TicketRow]:
    """Everything the staff said of a withdrawal, oldest first."""
    rows = await session.execute(
        select(tickets)
        .where(tickets.c.slot == slot_of_player(player), tickets.c.withdrawal_id == withdrawal_id)
        .order_by(tickets.c.asked_at, tickets.c.ticket)
    )
    return [_known(row) for row in rows]


async def unanswered(
    session: AsyncConnection, silent_since: datetime, after: Mark | None, limit: int
) -> list[tuple[Mark, Ticket]]:
    """Tickets without an answer that were asked and delivered before this moment, oldest first.

    Each with its mark; `after` is the last mark of the page before.
    """
    query = (
        select(tickets)
        .where(
            tickets.c.answered_at.is_(None),
            tickets.c.asked_at < silent_since,
            or_(tickets.c.delivered_at.is_(None), tickets.c.delivered_at < silent_since),
        )
        .order_by(tickets.c.asked_at, tickets.c.withdrawal_id, tickets.c.ticket)
        .limit(limit)
    )
    if after is not None:
        query = query.where(tuple_(tickets.c.asked_at, tickets.c.withdrawal_id) > (after.at, after.id))
    return [
        (Mark(at=row.asked_at, id=row.withdrawal_id), _known(row).ticket)
        for row in await session.execute(query)
    ]


def _known(row: AnyRow) -> TicketRow:
    verb = SupportVerb(row.verb) if row.verb in set(SupportVerb) else ReviewVerb(row.verb)
    return TicketRow(
        ticket=Ticket(
            withdrawal_id=row.withdrawal_id,
            player=row.player,
            ticket=row.ticket,
            verb=verb,
            person=row.person,
            words=row.words,
            content_hash=row.content_hash,
            cap=row.cap,
        ),
        asked_at=row.asked_at,
        deliveries=row.deliveries,
        answered_at=row.answered_at,
        code=row.code,
        sentence=row.sentence,
    )


def _at(ticket: Ticket) -> tuple[Any, ...]:
    return (
        tickets.c.slot == slot_of_player(ticket.player),
        tickets.c.withdrawal_id == ticket.withdrawal_id,
        tickets.c.ticket == ticket.ticket,
    )
