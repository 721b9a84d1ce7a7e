"""What support wanted of a withdrawal: one row per ticket, kept for ever, in the order it was said."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.errors import Conflict, NotFound
from domain.ids import slot_of_player
from domain.wishes import SupportAct, SupportVerb, Wish
from ledger.records import tickets, verbs, withdrawals


async def lock_withdrawal(session: AsyncConnection, player: int, withdrawal_id: UUID) -> None:
    """Let one person speak after the other; raises NotFound."""
    found = await session.scalar(
        select(withdrawals.c.withdrawal_id)
        .where(withdrawals.c.slot == slot_of_player(player), withdrawals.c.withdrawal_id == withdrawal_id)
        .with_for_update(key_share=True)
    )
    if found is None:
        raise NotFound("withdrawal", str(withdrawal_id))


async def is_recorded(session: AsyncConnection, act: SupportAct) -> bool:
    """Whether this ticket has said the same before; raises Conflict if it said something else.

    Raises NotFound if the door never wrote the ticket down, Conflict if it did for another verb or person.
    """
    slot = slot_of_player(act.player)
    written = (
        await session.execute(
            select(tickets.c.verb, tickets.c.person, verbs.c.ticket)
            .select_from(
                tickets.outerjoin(
                    verbs,
                    (verbs.c.slot == tickets.c.slot)
                    & (verbs.c.withdrawal_id == tickets.c.withdrawal_id)
                    & (verbs.c.ticket == tickets.c.ticket),
                )
            )
            .where(
                tickets.c.slot == slot,
                tickets.c.withdrawal_id == act.withdrawal_id,
                tickets.c.ticket == act.ticket,
            )
        )
    ).one_or_none()
    if written is None:
        raise NotFound("ticket", act.ticket)
    if (written[0], written[1]) != (act.verb.value, act.person):
        raise Conflict("verb" if written[0] != act.verb.value else "person")
    return written[2] is not None


async def insert_wish(session: AsyncConnection, act: SupportAct, wish: Wish) -> None:
    """Keep one person's wish; the database refuses one whose ticket the door never wrote down."""
    await session.execute(
        insert(verbs).values(
            slot=slot_of_player(act.player),
            withdrawal_id=act.withdrawal_id,
            ticket=act.ticket,
            verb=act.verb.value,
            person=act.person,
            words=act.words,
            attempt=wish.attempt,
            variant=wish.variant,
            content_hash=wish.content_hash,
            cap=wish.cap,
            people=wish.people,
            at=wish.at,
        )
    )


async def recall_wishes(
    session: AsyncConnection, slots: Iterable[int], withdrawal_ids: Iterable[UUID]
) -> dict[UUID, tuple[Wish, ...]]:
    """The wishes of several withdrawals of these slots, oldest first; those without any are left out."""
    rows = await session.execute(
        select(verbs)
        .where(verbs.c.slot == func.any(list(slots)), verbs.c.withdrawal_id == func.any(list(withdrawal_ids)))
        .order_by(verbs.c.at, verbs.c.ticket)
    )
    found: dict[UUID, tuple[Wish, ...]] = {}
    for row in rows:
        wish = Wish(
            verb=SupportVerb(row.verb),
            attempt=row.attempt,
            variant=row.variant,
            ticket=row.ticket,
            person=row.person,
            content_hash=row.content_hash,
            cap=row.cap,
            people=row.people,
            at=row.at,
        )
        found[row.withdrawal_id] = (*found.get(row.withdrawal_id, ()), wish)
    return found
