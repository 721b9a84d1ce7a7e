"""What hot wallets have burnt for energy, may still burn, and have on its way: the rows behind the budget."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection


@dataclass(frozen=True, slots=True)
class BurningBooks:
    """One network's rows: energy that a wallet's transactions on their way may use, and sun of all wallets.

    `burnt` is what blocks since a moment show, `promised` what plans of transactions in no block may burn.
    """

    in_flight: int
    burnt: int
    promised: int


async def hold_budget(session: AsyncConnection, network: str) -> None:
    """Let one plan of a network at a time count its budget, until the transaction ends."""
    await session.execute(_HOLD, {"name": f"burning/{network}"})


async def burning_books(
    session: AsyncConnection, network: str, wallet: bytes, send_id: UUID, since: datetime
) -> BurningBooks:
    """What counts against a new plan of this send; its own earlier plan is left out."""
    row = (
        await session.execute(
            _BOOKS, {"network": network, "wallet": wallet, "send_id": send_id, "since": since}
        )
    ).one()
    return BurningBooks(in_flight=int(row.in_flight), burnt=int(row.burnt), promised=int(row.promised))


_HOLD = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")

_BOOKS = text("""
    SELECT (SELECT coalesce(sum((t.plan->>'gas_limit')::bigint), 0) FROM chain.attempts t
             WHERE t.chain_id = :network AND t.wallet = :wallet AND t.outcome IS NULL
               AND t.block_hash IS NULL AND t.send_id <> :send_id) AS in_flight,
           (SELECT coalesce(sum((t.plan->>'burns')::numeric), 0) FROM chain.attempts t
             WHERE t.chain_id = :network AND t.outcome IS NULL AND t.block_hash IS NULL
               AND t.send_id <> :send_id) AS promised,
           (SELECT coalesce(sum((o.detail->'used'->>'energy_burnt_sun')::numeric), 0)
              FROM chain.own_txs o
              JOIN chain.headers h ON h.chain_id = o.chain_id AND h.hash = o.block_hash AND h.canonical
              JOIN chain.wallets w ON w.chain_id = o.chain_id AND w.address = o.wallet AND w.role = 'hot'
             WHERE o.chain_id = :network AND o.detail->'used' ? 'energy_burnt_sun'
               AND h.mined_at > :since) AS burnt
""")
