"""Signed attempts that stand in no block: those whose bytes are sent again, and those whose time is over."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.sends import AttemptState, AttemptView, SignedTx


@dataclass(frozen=True, slots=True)
class OpenSend:
    """An attempt whose bytes may have to go out again; `tried_at` is the last time any node was called."""

    send_id: UUID
    attempt: int
    state: AttemptState
    wallet: bytes
    nonce: int | None
    expires_ms: int | None
    tx: SignedTx
    tried_at: datetime | None


@dataclass(frozen=True, slots=True)
class OutlivedSend:
    """An attempt that our final block, at `final_height`, has outlived, and what a proof of its end needs."""

    send_id: UUID
    attempt: int
    view: AttemptView
    final_height: int


async def open_sends(session: AsyncConnection, network: str) -> list[OpenSend]:
    """Signed attempts of this network that stand in no block, in nonce order per wallet; for the healer.

    None of a frozen network or wallet: until people trust it again nothing is sent there. None whose time is
    over by the network's final block either: no node takes it any more.
    """
    rows = await session.execute(_OPEN, {"network": network})
    return [
        OpenSend(
            send_id=row.send_id,
            attempt=row.attempt,
            state=AttemptState(row.state),
            wallet=row.wallet,
            nonce=row.nonce,
            expires_ms=row.expires_ms,
            tx=SignedTx(txid=row.txid, raw=row.raw),
            tried_at=row.tried_at,
        )
        for row in rows
    ]


async def outlived_sends(session: AsyncConnection, network: str) -> list[OutlivedSend]:
    """Signed attempts in no block whose expiry is not after the time of our final block, the oldest first.

    None of a frozen network. A reference block that we never read counts as height 0: nothing is proven then.
    """
    rows = await session.execute(_OUTLIVED, {"network": network})
    return [
        OutlivedSend(
            send_id=row.send_id,
            attempt=row.attempt,
            view=AttemptView(
                wallet=row.wallet,
                nonce=None,
                txids=tuple(row.txids),
                expires_ms=row.expires_ms,
                reference_height=row.reference_height,
            ),
            final_height=row.final_height,
        )
        for row in rows
    ]


_OPEN = text("""
    SELECT t.send_id, t.attempt, t.state, t.wallet, t.nonce, t.expires_ms, newest.txid, newest.raw,
           (SELECT max(b.tried_at) FROM chain.broadcasts b
             WHERE b.chain_id = t.chain_id AND b.txid = newest.txid) AS tried_at
      FROM chain.attempts t
      JOIN LATERAL (SELECT x.txid, x.raw FROM chain.signed_txs x
                     WHERE x.send_id = t.send_id AND x.attempt = t.attempt
                     ORDER BY x.variant DESC LIMIT 1) newest ON true
     WHERE t.chain_id = :network AND t.outcome IS NULL
       AND t.state IN ('signed', 'sending', 'accepted', 'orphaned')
       AND NOT EXISTS (SELECT 1 FROM chain.chains c WHERE c.chain_id = t.chain_id AND c.mode = 'frozen')
       AND NOT EXISTS (SELECT 1 FROM chain.chains c
                         JOIN chain.headers f ON f.chain_id = c.chain_id AND f.hash = c.final_hash
                        WHERE c.chain_id = t.chain_id
                          AND t.expires_ms <= extract(epoch FROM f.mined_at) * 1000)
       AND NOT EXISTS (SELECT 1 FROM chain.wallets w
                        WHERE w.chain_id = t.chain_id AND w.address = t.wallet AND w.state = 'frozen')
     ORDER BY t.wallet, t.nonce, t.expires_ms
""")

_OUTLIVED = text("""
    SELECT t.send_id, t.attempt, t.wallet, t.expires_ms, c.final_height,
           coalesce(r.height, 0) AS reference_height,
           ARRAY(SELECT x.txid FROM chain.signed_txs x
                  WHERE x.send_id = t.send_id AND x.attempt = t.attempt ORDER BY x.variant) AS txids
      FROM chain.chains c
      JOIN chain.headers f ON f.chain_id = c.chain_id AND f.hash = c.final_hash
      JOIN chain.attempts t ON t.chain_id = c.chain_id AND t.outcome IS NULL
       AND t.state IN ('signed', 'sending', 'accepted', 'orphaned')
       AND t.expires_ms <= extract(epoch FROM f.mined_at) * 1000
      LEFT JOIN chain.headers r ON r.chain_id = c.chain_id AND r.canonical
       AND r.hash = decode(substr(t.plan->>'reference', 3), 'hex')
     WHERE c.chain_id = :network AND c.mode <> 'frozen'
     ORDER BY t.expires_ms, t.send_id
""")
