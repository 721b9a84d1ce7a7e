"""What a block's finality makes true: deposits are final, attempts end with evidence.

Final moves along our branch only. Anything else stops the network until people agree with it again.
"""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.deposits import DepositState
from domain.errors import FinalityBroken
from domain.onchain import BlockRef, Header
from domain.sends import MOVED_OTHERWISE, NO_EFFECT, AttemptOutcome, TxPurpose
from ledger.chain_records import attempts, chains
from ledger.events import EventKind, NewEvent, append_events
from ledger.evidence import close_attempt, record_no_effect
from ledger.observed import canonical_at, lock_chain
from ledger.records import AnyRow


async def advance_final(session: AsyncConnection, network: str, final: Header, now: datetime) -> bool:
    """Move final to a block of our branch and say what that ends.

    Deposits at or below it become FINAL, attempts in such a block end as paid, failed or cancelled with
    evidence. False if there is nothing new: the block is not read so far, or final is there already, or the
    network is frozen. Raises FinalityBroken if our branch holds another block at that height.
    """
    row = await lock_chain(session, network)
    if row.mode == "frozen" or final.ref.height > row.height:
        return False
    standing = await canonical_at(session, network, final.ref.height)
    if standing is not None and standing.ref.hash != final.ref.hash:
        raise FinalityBroken(network, f"final block {final.ref.height} is 0x{final.ref.hash.hex()}, not ours")
    if final.ref.height <= row.final_height:
        return False
    await session.execute(
        update(chains)
        .where(chains.c.chain_id == network)
        .values(final_height=final.ref.height, final_hash=final.ref.hash)
    )
    news = await _finish_deposits(session, network, final, now)
    news += await _finish_attempts(session, network, final, now)
    await append_events(session, network, news)
    return True


async def above_final(
    session: AsyncConnection, network: str, height: int, limit: int
) -> list[tuple[Header, Mapping[str, str]]]:
    """The first blocks of our branch above final and up to a height, with what proved each complete."""
    rows = await session.execute(_ABOVE_FINAL, {"network": network, "height": height, "limit": limit})
    return [
        (Header(BlockRef(row.height, row.hash), row.parent, row.mined_at), row.completeness) for row in rows
    ]


async def freeze(session: AsyncConnection, network: str, why: str) -> None:
    """Stop a network until people lift it: no block, credit, plan or refund; the first reason stays."""
    await session.execute(
        update(chains)
        .where(chains.c.chain_id == network, chains.c.mode != "frozen")
        .values(mode="frozen", why=why)
    )


_ABOVE_FINAL = text("""
    SELECT h.height, h.hash, h.parent, h.mined_at, h.completeness
      FROM chain.chains c
      JOIN chain.headers h ON h.chain_id = c.chain_id AND h.canonical
       AND h.height > c.final_height AND h.height <= :height
     WHERE c.chain_id = :network
     ORDER BY h.height LIMIT :limit
""")

_DEPOSITS = text("""
    UPDATE chain.deposits
       SET state = CASE WHEN state IN ('seen', 'confirming') THEN 'final' ELSE state END, met_at = :now
     WHERE chain_id = :network AND met_at IS NULL AND height <= :height AND state <> 'orphaned'
    RETURNING deposit_id
""")

_RIPE = text("""
    UPDATE chain.deposits SET ripe_at = :now
     WHERE chain_id = :network AND met_at IS NOT NULL AND ripe_at IS NULL AND height + unlock_after <= :height
    RETURNING deposit_id, unlock_after
""")

_ATTEMPTS = text("""
    SELECT t.send_id, t.attempt, t.why, t.nonce, o.txid, o.block_hash, o.height, o.succeeded, o.effect_ok,
           x.purpose, o.detail->>'moved' AS moved,
           (SELECT string_agg('0x' || encode(s.txid, 'hex'), ' ' ORDER BY s.variant) FROM chain.signed_txs s
             WHERE s.send_id = t.send_id AND s.attempt = t.attempt AND s.txid <> o.txid) AS superseded
      FROM chain.attempts t
      JOIN chain.own_txs o
        ON o.chain_id = t.chain_id AND o.txid = t.landed_txid AND o.block_hash = t.block_hash
      JOIN chain.signed_txs x ON x.chain_id = t.chain_id AND x.txid = t.landed_txid
     WHERE t.chain_id = :network AND t.outcome IS NULL AND t.state = 'included' AND t.block_height <= :height
     ORDER BY t.send_id, t.attempt
""")


async def _finish_deposits(
    session: AsyncConnection, network: str, final: Header, now: datetime
) -> list[NewEvent]:
    """Deposits at or below final, and those that have stood there for as many blocks as their unlock asks."""
    arguments = {"network": network, "height": final.ref.height, "now": now}
    met = await session.scalars(_DEPOSITS, arguments)
    news = [NewEvent(EventKind.DEPOSIT, str(deposit), DepositState.FINAL.value) for deposit in met]
    ripe = await session.execute(_RIPE, arguments)
    return news + [
        NewEvent(EventKind.DEPOSIT, str(row.deposit_id), DepositState.CREDITED.value)
        for row in ripe
        if row.unlock_after
    ]


async def _finish_attempts(
    session: AsyncConnection, network: str, final: Header, now: datetime
) -> list[NewEvent]:
    news: list[NewEvent] = []
    rows = await session.execute(_ATTEMPTS, {"network": network, "height": final.ref.height})
    for row in rows.all():
        outcome = _outcome(row)
        if outcome is None and row.why is not None:
            continue
        if outcome is None:
            await _mark_without_effect(session, row, final, now)
        else:
            await close_attempt(session, row.send_id, row.attempt, outcome, _proof(row, final), now)
        word = "no_effect" if outcome is None else outcome.value
        news.append(NewEvent(EventKind.SEND, str(row.send_id), word))
    return news


def _outcome(row: AnyRow) -> AttemptOutcome | None:
    """How a final transaction of ours ended its attempt; None if it succeeded without the effect it owes."""
    if row.purpose == TxPurpose.CANCEL.value:
        return AttemptOutcome.CANCELLED
    if not row.succeeded:
        return AttemptOutcome.FAILED
    return AttemptOutcome.PAID if row.effect_ok else None


def _proof(row: AnyRow, final: Header) -> dict[str, str]:
    return {
        "txid": "0x" + row.txid.hex(),
        "nonce": str(row.nonce),
        "block": "0x" + row.block_hash.hex(),
        "height": str(row.height),
        "succeeded": str(row.succeeded),
        "effect_ok": str(row.effect_ok),
        "moved": row.moved or "",
        "superseded": row.superseded or "",
        "final_block": "0x" + final.ref.hash.hex(),
        "final_height": str(final.ref.height),
    }


async def _mark_without_effect(session: AsyncConnection, row: AnyRow, final: Header, now: datetime) -> None:
    """Leave the attempt open for people, with what the final block shows of it as evidence."""
    await record_no_effect(session, row.send_id, row.attempt, _proof(row, final), now)
    await session.execute(
        update(attempts)
        .where(attempts.c.send_id == row.send_id, attempts.c.attempt == row.attempt)
        .values(why=NO_EFFECT if row.moved == "0" else MOVED_OTHERWISE)
    )
