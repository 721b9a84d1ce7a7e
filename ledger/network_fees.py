"""What the network took for a send of ours, failed attempts included, once it is final."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection


@dataclass(frozen=True, slots=True)
class PaidFee:
    """The fee of one transaction of ours, in native units."""

    txid: bytes
    units: int


async def fees_of(session: AsyncConnection, send_id: UUID) -> list[PaidFee]:
    """The fees of a send's ended attempts, in attempt order; what cost nothing is left out."""
    rows = await session.execute(_FEES, {"send_id": send_id})
    return [PaidFee(txid=row.txid, units=int(row.fee)) for row in rows]


async def fee_of(session: AsyncConnection, network: str, txid: bytes) -> int:
    """What a transaction of a wallet of ours cost in the block that stands, in native units; 0 if unknown."""
    return int(await session.scalar(_FEE, {"network": network, "txid": txid}) or 0)


_FEE = text("""
    SELECT o.fee
      FROM chain.own_txs o
      JOIN chain.headers h ON h.chain_id = o.chain_id AND h.hash = o.block_hash AND h.canonical
     WHERE o.chain_id = :network AND o.txid = :txid
""")

_FEES = text("""
    SELECT o.txid, o.fee
      FROM chain.attempts t
      JOIN chain.own_txs o ON (o.chain_id, o.txid, o.block_hash) = (t.chain_id, t.landed_txid, t.block_hash)
     WHERE t.send_id = :send_id AND t.outcome IS NOT NULL AND o.fee > 0
     ORDER BY t.attempt
""")
