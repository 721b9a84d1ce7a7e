"""Decision rows: what the rules said about one call, kept for ever beside the posting they allowed."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.errors import NotFound
from domain.ids import slot_of_player
from domain.rules import Decision, Verdict
from ledger.records import decisions


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


async def recall_decision(session: AsyncConnection, player: int, decision_id: UUID) -> Decision:
    """The decision under this id; raises NotFound."""
    row = (
        await session.execute(
            select(decisions.c.verdict, decisions.c.reasons, decisions.c.rules).where(
                decisions.c.slot == slot_of_player(player), decisions.c.decision_id == decision_id
            )
        )
    ).one_or_none()
    if row is None:
        raise NotFound("decision", str(decision_id))
    return Decision(Verdict(row.verdict), tuple(row.reasons or ()), row.rules)
