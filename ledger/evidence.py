"""Evidence: stored proof of how an attempt ended, written only by the role that watches the networks."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID, uuid5

from sqlalchemy import select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.approvals import case_hash
from domain.errors import NotFound, NotYet, TooLate
from domain.sends import AttemptOutcome, AttemptState
from ledger.chain_records import attempts, evidence, sends
from ledger.freezing import hold_unfrozen
from ledger.send_facts import recall_send

UNPAYABLE = "unpayable"
WITHOUT_EFFECT = "no_effect"
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


async def record_no_effect(
    session: AsyncConnection, send_id: UUID, attempt: int, proof: Mapping[str, str], now: datetime
) -> None:
    """Keep, once, what a final block shows of a transaction that succeeded without what it owes."""
    subject = f"{send_id}/{attempt}"
    await session.execute(
        insert(evidence)
        .values(
            evidence_id=uuid5(_EVIDENCE, f"{subject}/{WITHOUT_EFFECT}"),
            kind=WITHOUT_EFFECT,
            body={"attempt": subject, **proof},
            recorded_at=now,
        )
        .on_conflict_do_nothing()
    )


async def close_judged(session: AsyncConnection, send_id: UUID, now: datetime) -> bool:
    """End an attempt without effect as `failed`, on its evidence and the word of two different people.

    They asked for the refund after they saw it stand so, and nothing of the asset had left the wallet. False
    while any of that is missing.
    """
    send = await recall_send(session, send_id)
    current = send.current
    if current is None or current.outcome is not None or not current.moved_nothing:
        return False
    verdicts = await session.execute(_VERDICTS, {"send_id": send_id, "attempt": current.attempt})
    agreed = [row.people for row in verdicts if row.seen == case_hash(row.content_hash, send)]
    if not agreed:
        return False
    subject = f"{send_id}/{current.attempt}"
    evidence_id = uuid5(_EVIDENCE, f"{subject}/judged")
    shown = uuid5(_EVIDENCE, f"{subject}/{WITHOUT_EFFECT}")
    body = {"attempt": subject, "people": ", ".join(agreed[0]), "shown": str(shown)}
    await session.execute(
        insert(evidence)
        .values(evidence_id=evidence_id, kind=AttemptOutcome.FAILED.value, body=body, recorded_at=now)
        .on_conflict_do_nothing()
    )
    await session.execute(
        update(attempts)
        .where(
            attempts.c.send_id == send_id, attempts.c.attempt == current.attempt, attempts.c.outcome.is_(None)
        )
        .values(state=AttemptState.CLOSED.value, outcome=AttemptOutcome.FAILED.value, evidence_id=evidence_id)
    )
    return True


async def record_unpayable(session: AsyncConnection, send_id: UUID, now: datetime) -> UUID:
    """Prove that nothing of a send can pay: the signer's tombstone, and an end for everything before it.

    An attempt that was planned and never signed ends as `dead`. Returns the evidence id, the same on a
    repeat; raises NotYet without a tombstone, TooLate while an attempt is open or paid, ChainFrozen while
    nobody may trust what the network called final, and NotFound for an unknown send.
    """
    network = await session.scalar(select(sends.c.chain_id).where(sends.c.send_id == send_id))
    if network is None:
        raise NotFound("send", str(send_id))
    await hold_unfrozen(session, network)
    tombstone = await session.scalar(_TOMBSTONE, {"send_id": send_id})
    if tombstone is None:
        raise NotYet(f"The signer's tombstone of send {send_id}")
    rows = (
        await session.execute(
            select(attempts.c.attempt, attempts.c.state, attempts.c.outcome, attempts.c.evidence_id)
            .where(attempts.c.send_id == send_id)
            .order_by(attempts.c.attempt)
        )
    ).all()
    ends: dict[str, str] = {}
    for row in rows:
        if row.outcome is None and row.state == AttemptState.LANED.value and row.attempt >= tombstone:
            proof = {"tombstone": str(tombstone)}
            await close_attempt(session, send_id, row.attempt, AttemptOutcome.DEAD, proof, now)
            ends[str(row.attempt)] = AttemptOutcome.DEAD.value
        elif row.outcome is None or row.outcome == AttemptOutcome.PAID.value:
            raise TooLate("give up the send", row.outcome or row.state)
        else:
            ends[str(row.attempt)] = f"{row.outcome} {row.evidence_id}"
    evidence_id = uuid5(_EVIDENCE, f"{send_id}/{UNPAYABLE}")
    await session.execute(
        insert(evidence)
        .values(
            evidence_id=evidence_id,
            kind=UNPAYABLE,
            body={"send": str(send_id), "tombstone": str(tombstone), "attempts": ends},
            recorded_at=now,
        )
        .on_conflict_do_nothing()
    )
    return evidence_id


_VERDICTS = text("""
    SELECT seen, content_hash, people FROM chain.verdicts WHERE send_id = :send_id AND attempt = :attempt
""")

_TOMBSTONE = text("SELECT min(attempt) FROM signer.claims WHERE send_id = :send_id AND serial IS NULL")
