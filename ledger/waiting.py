"""Who waits for a wallet, read from the rows of the queue in its order."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.levels import WaitingSend
from domain.liquidity import QueuedSend

BATCH_MAX = 100
"""Requests of one asset looked at in one granting transaction."""


async def waiting(
    session: AsyncConnection, network: str, *, asset_id: int | None = None, limit: int = BATCH_MAX
) -> list[WaitingSend]:
    """Who waits for a wallet, longest waiting first: at most `limit` of each asset, or of one asset."""
    rows = await session.execute(_WAITING, {"network": network, "asset": asset_id, "limit": limit})
    return [
        WaitingSend(
            send=QueuedSend(
                send_id=row.send_id,
                asset_id=row.asset_id,
                needs=needs_of(row.asset_id, int(row.amount), row.fee_asset_id, int(row.fee_cap)),
                waited=row.waited,
                was_passed=row.was_passed,
            ),
            kind=row.kind,
            amount=int(row.amount),
            asked_at=row.asked_at,
        )
        for row in rows
    ]


def needs_of(asset_id: int, amount: int, fee_asset_id: int, fee_cap: int) -> dict[int, int]:
    """Units per asset id: the native coin pays amount and fee from one balance."""
    needed = {asset_id: amount}
    needed[fee_asset_id] = needed.get(fee_asset_id, 0) + fee_cap
    return needed


_WAITING = text("""
    SELECT s.send_id, s.kind, s.asset_id, s.fee_asset_id, s.amount, s.fee_cap, q.asked_at, q.was_passed,
           greatest(clock_timestamp() - q.asked_at, interval '0') AS waited
      FROM (SELECT send_id, asked_at, passed_by IS NOT NULL AS was_passed,
                   row_number() OVER (PARTITION BY asset_id ORDER BY asked_at, send_id) AS place
              FROM chain.grants
             WHERE chain_id = :network AND wallet IS NULL AND released_at IS NULL
               AND (CAST(:asset AS integer) IS NULL OR asset_id = CAST(:asset AS integer))) q
      JOIN chain.sends s ON s.send_id = q.send_id
     WHERE q.place <= :limit
     ORDER BY q.asked_at, q.send_id
""")
