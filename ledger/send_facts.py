"""What the rows know about a send, gathered into the facts a workflow continues from."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.errors import NotFound
from domain.sends import AttemptFacts, AttemptOutcome, AttemptState, SendFacts, TxPurpose
from ledger.levels import recall_places
from ledger.records import AnyRow


@dataclass(frozen=True, slots=True)
class SignedVariant:
    """One signed transaction of an attempt.

    Once a block holds it, `fee` is what the network took for it in native units, and `used` says what for.
    """

    attempt: int
    variant: int
    purpose: TxPurpose
    txid: bytes
    fee: int | None = None
    used: Mapping[str, int] = field(default_factory=dict[str, int])


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
                pays=row.pays,
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
    return [
        SignedVariant(
            attempt=row.attempt,
            variant=row.variant,
            purpose=TxPurpose(row.purpose),
            txid=row.txid,
            fee=None if row.fee is None else int(row.fee),
            used=_used(row),
        )
        for row in await session.execute(_HASHES, {"id": send_id})
    ]


def _used(row: AnyRow) -> dict[str, int]:
    """What a transaction consumed, which its row keeps as text."""
    used: dict[str, str] = row.used or {}
    return {name: int(units) for name, units in used.items()}


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

_HASHES = text("""
    SELECT x.attempt, x.variant, x.purpose, x.txid, o.fee, o.detail->'used' AS used
      FROM chain.signed_txs x
      JOIN chain.attempts t ON t.send_id = x.send_id AND t.attempt = x.attempt
      LEFT JOIN chain.own_txs o
        ON (o.chain_id, o.txid, o.block_hash) = (x.chain_id, t.landed_txid, t.block_hash) AND o.txid = x.txid
     WHERE x.send_id = :id
     ORDER BY x.attempt, x.variant
""")

_ATTEMPTS = text("""
    SELECT t.send_id, t.attempt, t.state, t.outcome, t.wallet, t.nonce, t.block_height, t.why,
           coalesce(t.landed_txid, newest.txid) AS txid, coalesce(newest.variant, 0) AS variants,
           newest.purpose,
           EXISTS (SELECT 1 FROM chain.own_txs o
                    WHERE o.chain_id = t.chain_id AND o.txid = t.landed_txid AND o.block_hash = t.block_hash
                      AND o.succeeded AND o.effect_ok) AS pays,
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
