"""What the rows know about a send, gathered into the facts a workflow continues from."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.errors import NotFound
from domain.sends import AttemptFacts, AttemptOutcome, AttemptState, SendFacts, TxPurpose
from ledger.chain_records import signed_txs
from ledger.levels import recall_places


@dataclass(frozen=True, slots=True)
class SignedVariant:
    """One signed transaction of an attempt."""

    attempt: int
    variant: int
    purpose: TxPurpose
    txid: bytes


async def recall_send(session: AsyncConnection, send_id: UUID) -> SendFacts:
    """Everything the rows know about a send; raises NotFound."""
    found = await recall_sends(session, (send_id,))
    if send_id not in found:
        raise NotFound("send", str(send_id))
    return found[send_id]


async def recall_sends(session: AsyncConnection, send_ids: Iterable[UUID]) -> dict[UUID, SendFacts]:
    """The facts of several sends by two questions; unknown ids are left out."""
    wanted = list(send_ids)
    if not wanted:
        return {}
    tried: dict[UUID, list[AttemptFacts]] = {}
    for row in await session.execute(_ATTEMPTS, {"ids": wanted}):
        tried.setdefault(row.send_id, []).append(
            AttemptFacts(
                attempt=row.attempt,
                state=AttemptState(row.state),
                outcome=None if row.outcome is None else AttemptOutcome(row.outcome),
                wallet=row.wallet,
                nonce=row.nonce,
                txid=row.txid,
                variants=row.variants,
                block_height=row.block_height,
                purpose=None if row.purpose is None else TxPurpose(row.purpose),
                is_next=row.is_next,
                waited_blocks=row.waited_blocks,
                patience_blocks=row.patience_blocks,
                patience_seconds=row.patience_seconds,
                why=row.why,
            )
        )
    rows = (await session.execute(_SENDS, {"ids": wanted})).all()
    places = await recall_places(session, {row.send_id: row.chain_id for row in rows if row.place})
    return {
        row.send_id: SendFacts(
            send_id=row.send_id,
            wallet=row.wallet,
            place_in_queue=row.place,
            queue=places.get(row.send_id),
            attempts=tuple(tried.get(row.send_id, ())),
            is_released=row.is_released,
            frozen=row.frozen,
        )
        for row in rows
    }


async def hashes_of(session: AsyncConnection, send_id: UUID) -> list[SignedVariant]:
    """Every transaction that was ever signed for a send and copied, in the order of attempts and variants."""
    rows = await session.execute(
        select(signed_txs.c.attempt, signed_txs.c.variant, signed_txs.c.purpose, signed_txs.c.txid)
        .where(signed_txs.c.send_id == send_id)
        .order_by(signed_txs.c.attempt, signed_txs.c.variant)
    )
    return [SignedVariant(row.attempt, row.variant, TxPurpose(row.purpose), row.txid) for row in rows]


_SENDS = text("""
    SELECT s.send_id, s.chain_id, g.wallet, s.released_at IS NOT NULL AS is_released,
           CASE WHEN w.state = 'frozen' THEN coalesce(w.why, 'nobody said why') END AS frozen,
           CASE WHEN g.wallet IS NULL AND g.released_at IS NULL AND g.send_id IS NOT NULL THEN
             (SELECT count(*) FROM chain.grants o
               WHERE o.chain_id = g.chain_id AND o.asset_id = g.asset_id AND o.wallet IS NULL
                 AND o.released_at IS NULL AND (o.asked_at, o.send_id) <= (g.asked_at, g.send_id))
           END AS place
      FROM chain.sends s
      LEFT JOIN chain.grants g ON g.send_id = s.send_id
      LEFT JOIN chain.wallets w ON w.chain_id = g.chain_id AND w.address = g.wallet
     WHERE s.send_id = ANY(:ids)
""")

_ATTEMPTS = text("""
    SELECT t.send_id, t.attempt, t.state, t.outcome, t.wallet, t.nonce, t.block_height, t.why,
           coalesce(t.landed_txid, newest.txid) AS txid, coalesce(newest.variant, 0) AS variants,
           newest.purpose,
           greatest(0, coalesce(c.height - greatest((newest.terms->>'height')::bigint,
             before.block_height), 0)) AS waited_blocks,
           coalesce((newest.terms->>'patience_blocks')::int, 3) AS patience_blocks,
           coalesce((newest.terms->>'patience_seconds')::int, 45) AS patience_seconds,
           t.nonce IS NOT NULL AND NOT EXISTS (
             SELECT 1 FROM chain.attempts o
              WHERE o.chain_id = t.chain_id AND o.wallet = t.wallet AND o.nonce < t.nonce
                AND o.outcome IS NULL AND o.state <> 'included') AS is_next
      FROM chain.attempts t
      LEFT JOIN chain.chains c ON c.chain_id = t.chain_id
      LEFT JOIN LATERAL (SELECT x.txid, x.variant, x.purpose, x.terms FROM chain.signed_txs x
                          WHERE x.send_id = t.send_id AND x.attempt = t.attempt
                          ORDER BY x.variant DESC LIMIT 1) newest ON true
      LEFT JOIN LATERAL (SELECT o.block_height FROM chain.attempts o
                          WHERE o.chain_id = t.chain_id AND o.wallet = t.wallet AND o.nonce < t.nonce
                          ORDER BY o.nonce DESC LIMIT 1) before ON true
     WHERE t.send_id = ANY(:ids)
     ORDER BY t.send_id, t.attempt
""")
