"""What is lent by our rows, who can lend and who borrows: what rounds and estimates start from."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.delegations import LENT_SECONDS_MAX, DelegationInput, DelegationPurpose


@dataclass(frozen=True, slots=True)
class OpenDelegation:
    """One that is not back by its row; `is_shown` says that a final block has it and none took it back."""

    delegation: DelegationInput
    purpose: DelegationPurpose
    sweep_id: UUID | None
    giver: bytes
    receiver: bytes
    sun: int
    is_shown: bool
    is_overdue: bool


async def open_delegations(session: AsyncConnection, network: str) -> list[OpenDelegation]:
    """Everything of a network that is not back by its row, oldest first."""
    rows = await session.execute(_OPEN, {"network": network, "seconds": LENT_SECONDS_MAX})
    return [
        OpenDelegation(
            delegation=DelegationInput(delegation_id=row.delegation_id, network=network),
            purpose=DelegationPurpose(row.purpose),
            sweep_id=row.sweep_id,
            giver=row.giver,
            receiver=row.receiver,
            sun=int(row.sun),
            is_shown=row.is_shown,
            is_overdue=row.is_overdue,
        )
        for row in rows
    ]


async def givers_of(session: AsyncConnection, network: str) -> dict[bytes, int]:
    """The open energy wallets of a network, each with the stake that is about to leave it, in sun."""
    rows = await session.execute(_GIVERS, {"network": network})
    return {row.address: int(row.leaving) for row in rows}


async def borrowers_of(session: AsyncConnection, network: str) -> list[bytes]:
    """The open hot wallets of a network, which are lent energy for good."""
    return list(await session.scalars(_BORROWERS, {"network": network}))


async def was_returned(session: AsyncConnection, network: str, receiver: bytes, since: datetime) -> bool:
    """Whether a delegation to this receiver has ended since a moment."""
    arguments = {"network": network, "receiver": receiver, "since": since}
    return bool(await session.scalar(_RETURNED, arguments))


_OPEN = text("""
    SELECT d.delegation_id, d.purpose, d.sweep_id, d.giver, d.receiver, d.sun,
           d.state = 'open' OR d.state = 'returning' AND NOT EXISTS (
             SELECT FROM chain.attempts t WHERE t.send_id = d.return_id
                AND (t.block_hash IS NOT NULL OR t.outcome = 'paid')) AS is_shown,
           d.purpose = 'sweep' AND d.opened_at IS NOT NULL
             AND d.opened_at < clock_timestamp() - make_interval(secs => :seconds) AS is_overdue
      FROM chain.delegations d
     WHERE d.chain_id = :network AND d.state <> 'returned'
     ORDER BY d.planned_at, d.delegation_id
""")

_GIVERS = text("""
    SELECT w.address, coalesce((SELECT sum(d.sun::numeric) FROM chain.delegations d
             WHERE d.chain_id = w.chain_id AND d.giver = w.address
               AND d.state IN ('planned', 'delegating') AND d.purpose <> 'leftover'), 0) AS leaving
      FROM chain.wallets w
     WHERE w.chain_id = :network AND w.role = 'energy' AND w.state = 'open'
     ORDER BY w.address
""")


_BORROWERS = text("""
    SELECT address FROM chain.wallets
     WHERE chain_id = :network AND role = 'hot' AND state = 'open' ORDER BY address
""")

_RETURNED = text("""
    SELECT EXISTS (SELECT 1 FROM chain.delegations
                    WHERE chain_id = :network AND receiver = :receiver AND returned_at >= :since)
""")
