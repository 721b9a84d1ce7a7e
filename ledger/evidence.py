"""Evidence: stored proof of how an attempt ended, written only by the role that watches the networks."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID, uuid5

from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.onchain import Dead
from domain.sends import AttemptOutcome, AttemptState
from ledger.chain_records import attempts, evidence

_EVIDENCE = UUID("0f6a3c5e-7f0d-5f58-9f0e-52b0a6d2c7e1")


async def close_attempt(  # noqa: PLR0913, PLR0917 - the end of one row and what proves it
    session: AsyncConnection,
    send_id: UUID,
    attempt: int,
    outcome: AttemptOutcome,
    proof: Mapping[str, str],
    now: datetime,
) -> bool:
    """End an open attempt with its evidence row; False (and nothing written) if it had ended before.

    The evidence id follows from attempt and outcome, so a repeat never makes a second row.
    """
    subject = f"{send_id}/{attempt}"
    evidence_id = uuid5(_EVIDENCE, f"{subject}/{outcome}")
    await session.execute(
        insert(evidence)
        .values(
            evidence_id=evidence_id,
            kind=outcome.value,
            body={"attempt": subject, **proof},
            recorded_at=now,
        )
        .on_conflict_do_nothing()
    )
    closed = await session.execute(
        update(attempts)
        .where(
            attempts.c.send_id == send_id,
            attempts.c.attempt == attempt,
            attempts.c.outcome.is_(None),
        )
        .values(state=AttemptState.CLOSED.value, outcome=outcome.value, evidence_id=evidence_id, why=None)
        .returning(attempts.c.attempt)
    )
    return closed.first() is not None


async def record_death(
    session: AsyncConnection, send_id: UUID, attempt: int, proof: Dead, now: datetime
) -> bool:
    """End an open attempt as `dead`, since none of its transactions can land; False if it had ended."""
    return await close_attempt(session, send_id, attempt, AttemptOutcome.DEAD, proof.evidence, now)
