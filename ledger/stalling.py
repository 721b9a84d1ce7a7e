"""Whether a network advances, as its rows show it: open or stalled, and why."""

from datetime import datetime

from sqlalchemy import text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.stalls import Pace, StallBounds, stall_of
from ledger.chain_records import chains

OPEN = "open"
STALLED = "stalled"


async def watch_pace(
    session: AsyncConnection, network: str, bounds: StallBounds, now: datetime
) -> str | None:
    """Put a network's mode to what its blocks say and return why it is stalled; a frozen one stays frozen.

    A network that was never followed has no pace.
    """
    row = (await session.execute(_PACE, {"network": network})).one_or_none()
    if row is None:
        return None
    is_stalled = row.mode == STALLED
    why = stall_of(bounds, Pace(row.head_at, row.final_at), now, is_stalled=is_stalled)
    if is_stalled != (why is not None):
        await session.execute(
            update(chains)
            .where(chains.c.chain_id == network, chains.c.mode == row.mode)
            .values(mode=OPEN if why is None else STALLED, why=why)
        )
    return why


_PACE = text("""
    SELECT c.mode, h.mined_at AS head_at, f.mined_at AS final_at
      FROM chain.chains c
      JOIN chain.headers h ON h.chain_id = c.chain_id AND h.hash = c.hash
      JOIN chain.headers f ON f.chain_id = c.chain_id AND f.hash = c.final_hash
     WHERE c.chain_id = :network AND c.mode <> 'frozen'
""")
