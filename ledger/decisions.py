"""What the rules said about one call, and what people said about it; both are kept for ever."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.errors import Conflict, NotFound, TooLate
from domain.ids import slot_of_player
from domain.rules import Decision
from domain.verbs import REVIEW_VERBS
from domain.withdrawals import ReviewAct, WithdrawalState
from ledger.records import approvals, decisions, withdrawals


@dataclass(frozen=True, slots=True)
class DecidedCall:
    """Which call was decided: a `bet` or a `withdrawal`; a re-check of the same subject is a new revision."""

    player: int
    call: str
    subject: UUID
    decision_id: UUID
    revision: int = 1


async def record_decision(
    session: AsyncConnection, call: DecidedCall, decision: Decision, facts: dict[str, Any], now: datetime
) -> None:
    """Write the decision row that a posting of this transaction will name; a repeat keeps the first answer.

    `facts` are what the rules looked at, as JSON values (units as text).
    """
    await session.execute(
        insert(decisions)
        .values(
            slot=slot_of_player(call.player),
            decision_id=call.decision_id,
            verdict=decision.verdict.value,
            rules=decision.policy_version,
            reasons=list(decision.reasons),
            decided_at=now,
            call=call.call,
            subject=call.subject,
            revision=call.revision,
            facts=facts,
        )
        .on_conflict_do_nothing(index_elements=["slot", "decision_id"])
    )


async def record_review(session: AsyncConnection, act: ReviewAct, now: datetime) -> bool:
    """Keep one person's word on a withdrawal; False if this ticket had said the same before.

    Raises NotFound, Conflict for a ticket with another word or for a content that has changed since the
    person read it, and TooLate once the withdrawal is past this word.
    """
    row = (
        await session.execute(
            select(withdrawals.c.slot, withdrawals.c.state, withdrawals.c.content_hash)
            .where(
                withdrawals.c.slot == slot_of_player(act.player),
                withdrawals.c.withdrawal_id == act.withdrawal_id,
            )
            .with_for_update(key_share=True)
        )
    ).one_or_none()
    if row is None:
        raise NotFound("withdrawal", str(act.withdrawal_id))
    known = (
        await session.execute(
            select(approvals).where(
                approvals.c.slot == row.slot,
                approvals.c.withdrawal_id == act.withdrawal_id,
                approvals.c.ticket == act.ticket,
            )
        )
    ).one_or_none()
    if known is not None:
        if (known.verb, known.person) != (act.verb.value, act.person):
            raise Conflict("verb" if known.verb != act.verb.value else "person")
        return False
    if row.content_hash != act.content_hash:
        raise Conflict("content")
    if act.verb not in REVIEW_VERBS.get(WithdrawalState(row.state), ()):
        raise TooLate(act.verb.word, row.state)
    await session.execute(
        insert(approvals).values(
            slot=row.slot,
            withdrawal_id=act.withdrawal_id,
            ticket=act.ticket,
            verb=act.verb.value,
            person=act.person,
            words=act.words,
            content_hash=act.content_hash,
            at=now,
        )
    )
    return True
