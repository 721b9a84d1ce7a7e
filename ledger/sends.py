"""Outgoing transactions as rows: attempts, stored bytes, what nodes were asked and what they said.

The order of commits is the whole trick: intent, signed bytes, sending row, network. Whatever dies in between,
the rows lead back to hashes that are already held, and a retry sends the same bytes. No hash is ever deleted.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.errors import BytesMismatch, NotFound, NotYet, RecordMismatch
from domain.sends import (
    AttemptState,
    BroadcastOutcome,
    BroadcastResult,
    SendPlan,
    SignedTx,
)
from ledger.chain_records import attempts, broadcasts, grants, headers, sends, signed_txs

Expiry = Callable[[SignedTx], int | None]
"""The network's time, in ms, from which bytes can never land; None if they never expire."""
SENDING = "sending"
"""Result of a broadcast row that is committed before its node is called."""


async def insert_attempt(  # noqa: PLR0913, PLR0917 - one row's columns
    session: AsyncConnection, send_id: UUID, attempt: int, network: str, wallet: bytes, plan: SendPlan
) -> SendPlan:
    """Store the terms of an attempt before anything is signed, and return those that stand.

    A newer plan replaces an older one until the first signature; afterwards the stored one is final. Raises
    NotFound for an unknown send, RecordMismatch if another wallet was granted, and NotYet while the block
    that the plan refers to is none that we read; the database refuses a second attempt while one is open or
    paid.
    """
    granted = (
        await session.execute(
            select(sends.c.chain_id, grants.c.wallet)
            .select_from(sends.join(grants, grants.c.send_id == sends.c.send_id))
            .where(sends.c.send_id == send_id)
        )
    ).one_or_none()
    if granted is None:
        raise NotFound("send", str(send_id))
    if granted.wallet != wallet or granted.chain_id != network:
        raise RecordMismatch(f"send {send_id} was not granted to wallet 0x{wallet.hex()} of {network}")
    if plan.reference:
        await _must_be_read(session, network, plan.reference)
    document = plan.model_dump(mode="json")
    await session.execute(
        insert(attempts)
        .values(
            send_id=send_id,
            attempt=attempt,
            chain_id=network,
            wallet=wallet,
            plan=document,
            state=AttemptState.LANED.value,
        )
        .on_conflict_do_update(
            index_elements=["send_id", "attempt"],
            set_={"plan": document},
            where=attempts.c.state == AttemptState.LANED.value,
        )
    )
    stored = await session.scalar(select(attempts.c.plan).where(*_at(send_id, attempt)))
    return SendPlan.model_validate(stored)


def never(_: SignedTx) -> None:
    """When bytes expire on a network where none do."""


async def copy_signed(
    session: AsyncConnection, send_id: UUID, attempt: int, variant: int, expiry: Expiry = never
) -> SignedTx:
    """Copy the signer's bytes row to row, so that they never travel through a payload.

    The attempt takes over its nonce, or the time at which `expiry` says that its bytes end, and state SIGNED.
    Raises NotYet while the signer has stored nothing for this variant and BytesMismatch if other bytes were
    copied before.
    """
    row = (
        await session.execute(_SIGNATURE, {"send_id": send_id, "attempt": attempt, "variant": variant})
    ).one_or_none()
    if row is None:
        raise NotYet(f"A signature of send {send_id}, attempt {attempt}, variant {variant}")
    plan = await session.scalar(select(attempts.c.plan).where(*_at(send_id, attempt)))
    await session.execute(
        insert(signed_txs)
        .values(
            chain_id=row.chain_id,
            txid=row.txid,
            send_id=send_id,
            attempt=attempt,
            variant=variant,
            purpose=row.purpose,
            raw=row.raw,
            terms=plan,
        )
        .on_conflict_do_nothing()
    )
    stored = (
        await session.execute(
            select(signed_txs.c.txid, signed_txs.c.raw).where(
                signed_txs.c.send_id == send_id,
                signed_txs.c.attempt == attempt,
                signed_txs.c.variant == variant,
            )
        )
    ).one_or_none()
    if stored is None or stored.txid != row.txid or stored.raw != row.raw:
        raise BytesMismatch(f"send {send_id}, attempt {attempt}, variant {variant}")
    signed = SignedTx(txid=stored.txid, raw=stored.raw)
    await session.execute(
        update(attempts)
        .where(*_at(send_id, attempt), attempts.c.state == AttemptState.LANED.value)
        .values(state=AttemptState.SIGNED.value, **_claim_of(expiry(signed), row.serial))
    )
    return signed


async def replan_attempt(session: AsyncConnection, send_id: UUID, attempt: int, plan: SendPlan) -> None:
    """Store the terms of an open attempt's next variant before it is signed."""
    await session.execute(
        update(attempts)
        .where(*_at(send_id, attempt), attempts.c.outcome.is_(None))
        .values(plan=plan.model_dump(mode="json"))
    )


async def signed_plan(session: AsyncConnection, send_id: UUID, attempt: int) -> SendPlan | None:
    """The terms an attempt was signed under; None while it has no bytes."""
    stored = await session.scalar(
        select(attempts.c.plan).where(*_at(send_id, attempt), attempts.c.state != AttemptState.LANED.value)
    )
    return None if stored is None else SendPlan.model_validate(stored)


async def uncopied_variant(session: AsyncConnection, send_id: UUID, attempt: int) -> int | None:
    """The first variant that the signer has stored and nobody copied; None if all are here."""
    variant: int | None = await session.scalar(_UNCOPIED, {"send_id": send_id, "attempt": attempt})
    return variant


async def uncopied_sends(session: AsyncConnection, network: str) -> list[tuple[UUID, int, int]]:
    """Send, attempt and variant of stored bytes that nobody copied, in nonce order; for the healer."""
    rows = await session.execute(_FORGOTTEN, {"network": network})
    return [(row.send_id, row.attempt, row.variant) for row in rows]


async def newest_variant(session: AsyncConnection, send_id: UUID, attempt: int) -> SignedTx:
    """The stored bytes of the newest variant of an attempt; raises NotYet while nothing is signed."""
    row = (
        await session.execute(
            select(signed_txs.c.txid, signed_txs.c.raw)
            .where(signed_txs.c.send_id == send_id, signed_txs.c.attempt == attempt)
            .order_by(signed_txs.c.variant.desc())
            .limit(1)
        )
    ).one_or_none()
    if row is None:
        raise NotYet(f"A signed transaction of send {send_id}, attempt {attempt}")
    return SignedTx(txid=row.txid, raw=row.raw)


async def record_sending(
    session: AsyncConnection, network: str, txid: bytes, nodes: Sequence[str], now: datetime
) -> None:
    """Commit this before any node is called: from now on the transaction may be on its way."""
    rows = [
        {"chain_id": network, "txid": txid, "node": node, "tried_at": now, "result": SENDING}
        for node in nodes
    ]
    if rows:
        await session.execute(insert(broadcasts).values(rows))
    await _move(session, network, txid, (AttemptState.SIGNED, AttemptState.ORPHANED), AttemptState.SENDING)


async def record_answers(
    session: AsyncConnection, network: str, txid: bytes, result: BroadcastResult, now: datetime
) -> None:
    """Keep what each node said; what some node has becomes ACCEPTED, which is not yet inclusion."""
    rows = [
        {
            "chain_id": network,
            "txid": txid,
            "node": answer.node,
            "tried_at": now,
            "result": answer.outcome.value,
            "detail": answer.detail,
        }
        for answer in result.answers
    ]
    if rows:
        await session.execute(insert(broadcasts).values(rows))
    if result.outcome in {BroadcastOutcome.ACCEPTED, BroadcastOutcome.ALREADY_HAVE}:
        await _move(session, network, txid, (AttemptState.SENDING,), AttemptState.ACCEPTED)


async def _must_be_read(session: AsyncConnection, network: str, block: bytes) -> None:
    """An end by expiry is proven by our own blocks from the reference on: without it none ever could be."""
    known = await session.scalar(
        select(headers.c.height).where(
            headers.c.chain_id == network, headers.c.hash == block, headers.c.canonical
        )
    )
    if known is None:
        raise NotYet(f"Block 0x{block.hex()}, which a plan refers to, among those we read")


_SIGNATURE = text("""
    SELECT g.chain_id, g.txid, g.raw, g.purpose, c.serial
      FROM signer.signatures g JOIN signer.claims c ON c.send_id = g.send_id AND c.attempt = g.attempt
     WHERE g.send_id = :send_id AND g.attempt = :attempt AND g.variant = :variant
""")

_UNCOPIED = text("""
    SELECT min(g.variant) FROM signer.signatures g
     WHERE g.send_id = :send_id AND g.attempt = :attempt
       AND NOT EXISTS (SELECT 1 FROM chain.signed_txs x
                        WHERE x.send_id = g.send_id AND x.attempt = g.attempt AND x.variant = g.variant)
""")

_FORGOTTEN = text("""
    SELECT g.send_id, g.attempt, g.variant
      FROM chain.attempts t
      JOIN signer.signatures g ON g.send_id = t.send_id AND g.attempt = t.attempt
      JOIN signer.claims c ON c.send_id = g.send_id AND c.attempt = g.attempt
     WHERE t.chain_id = :network AND t.outcome IS NULL
       AND NOT EXISTS (SELECT 1 FROM chain.signed_txs x
                        WHERE x.send_id = g.send_id AND x.attempt = g.attempt AND x.variant = g.variant)
       AND NOT EXISTS (SELECT 1 FROM chain.chains f WHERE f.chain_id = t.chain_id AND f.mode = 'frozen')
     ORDER BY t.wallet, c.serial, g.variant
""")


async def _move(
    session: AsyncConnection,
    network: str,
    txid: bytes,
    sources: tuple[AttemptState, ...],
    target: AttemptState,
) -> None:
    """Move the attempt of this hash on, unless it is further already."""
    await session.execute(
        update(attempts)
        .where(
            attempts.c.send_id == signed_txs.c.send_id,
            attempts.c.attempt == signed_txs.c.attempt,
            signed_txs.c.chain_id == network,
            signed_txs.c.txid == txid,
            attempts.c.state.in_([source.value for source in sources]),
        )
        .values(state=target.value)
    )


def _claim_of(expires_ms: int | None, serial: int) -> dict[str, int]:
    """An attempt's claim on the network: a nonce of its wallet's lane, or the time at which it expires.

    Bytes say when they expire, not the plan: it may have been made anew while the signer signed an older one.
    """
    return {"nonce": serial} if expires_ms is None else {"expires_ms": expires_ms}


def _at(send_id: UUID, attempt: int) -> tuple[Any, Any]:
    return attempts.c.send_id == send_id, attempts.c.attempt == attempt
