"""What support wanted of a withdrawal: one row per ticket, kept for ever, checked against the rows."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.errors import Conflict, NotFound
from domain.ids import slot_of_player
from domain.wishes import SupportAct, SupportVerb, Wish, refusal_of
from domain.withdrawals import WithdrawalState
from ledger.records import verbs, withdrawals
from ledger.send_facts import recall_sends


async def record_wish(session: AsyncConnection, act: SupportAct, now: datetime) -> bool:
    """Keep one person's wish; False if this ticket had said the same before.

    Raises NotFound, Conflict for a ticket with another verb or person, TooLate when the withdrawal or its
    transaction is past the wish, and MayStillLand for a refund while something signed could pay.
    """
    slot = slot_of_player(act.player)
    row = (
        await session.execute(
            select(withdrawals.c.state)
            .where(withdrawals.c.slot == slot, withdrawals.c.withdrawal_id == act.withdrawal_id)
            .with_for_update(key_share=True)
        )
    ).one_or_none()
    if row is None:
        raise NotFound("withdrawal", str(act.withdrawal_id))
    of_ticket = (
        verbs.c.slot == slot,
        verbs.c.withdrawal_id == act.withdrawal_id,
        verbs.c.ticket == act.ticket,
    )
    known = (await session.execute(select(verbs).where(*of_ticket))).one_or_none()
    if known is not None:
        if (known.verb, known.person) != (act.verb.value, act.person):
            raise Conflict("verb" if known.verb != act.verb.value else "person")
        return False
    send = (await recall_sends(session, [act.withdrawal_id])).get(act.withdrawal_id)
    is_committed = row.state == WithdrawalState.COMMITTED.value
    refusal = refusal_of(act.verb, send, row.state, is_committed=is_committed)
    if refusal is not None:
        raise refusal
    current = send.current if send else None
    await session.execute(
        insert(verbs).values(
            slot=slot,
            withdrawal_id=act.withdrawal_id,
            ticket=act.ticket,
            verb=act.verb.value,
            person=act.person,
            words=act.words,
            attempt=current.attempt if current else 0,
            variant=current.variants if current else 0,
            at=now,
        )
    )
    return True


async def recall_wishes(
    session: AsyncConnection, slot: int, withdrawal_ids: Iterable[UUID]
) -> dict[UUID, tuple[Wish, ...]]:
    """The wishes of several withdrawals of one slot, oldest first; those without any are left out."""
    rows = await session.execute(
        select(verbs)
        .where(verbs.c.slot == slot, verbs.c.withdrawal_id.in_(list(withdrawal_ids)))
        .order_by(verbs.c.at, verbs.c.ticket)
    )
    found: dict[UUID, tuple[Wish, ...]] = {}
    for row in rows:
        wish = Wish(verb=SupportVerb(row.verb), attempt=row.attempt, variant=row.variant)
        found[row.withdrawal_id] = (*found.get(row.withdrawal_id, ()), wish)
    return found
