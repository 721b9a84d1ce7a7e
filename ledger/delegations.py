"""Delegations as rows: planned once per receiver, moved on by proof, told apart from what a network shows."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, text, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.delegations import (
    LENT_SECONDS_MAX,
    DelegationFacts,
    DelegationInput,
    DelegationPurpose,
    DelegationState,
    delegation_id_of,
    return_id_of,
)
from domain.errors import NotFound
from domain.repairs import Mark
from ledger.delegation_records import delegations
from ledger.records import AnyRow
from ledger.send_facts import recall_sends


@dataclass(frozen=True, slots=True)
class DelegationPlan:
    """A delegation to plan: stake in sun, and the energy that its receiver has to see of it.

    `asset_id` is the network's native coin; `operator` and `slot` say where its fees are booked, `fee_cap`
    bounds each of its transactions.
    """

    purpose: DelegationPurpose
    network: str
    asset_id: int
    operator: int
    slot: int
    giver: bytes
    receiver: bytes
    sun: int
    energy: int
    fee_cap: int
    sweep_id: UUID | None = None


async def plan_delegation(
    session: AsyncConnection, plan: DelegationPlan, now: datetime
) -> DelegationInput | None:
    """Insert the row of a delegation; None while its receiver has another that is not back."""
    known = await session.scalar(
        select(func.count())
        .select_from(delegations)
        .where(delegations.c.chain_id == plan.network, delegations.c.receiver == plan.receiver)
    )
    delegation_id = delegation_id_of(plan.network, plan.receiver, (known or 0) + 1)
    fresh = await session.execute(
        insert(delegations)
        .values(
            delegation_id=delegation_id,
            return_id=return_id_of(delegation_id),
            chain_id=plan.network,
            purpose=plan.purpose.value,
            asset_id=plan.asset_id,
            operator=plan.operator,
            slot=plan.slot,
            sweep_id=plan.sweep_id,
            giver=plan.giver,
            receiver=plan.receiver,
            sun=plan.sun,
            energy=plan.energy,
            fee_cap=plan.fee_cap,
            planned_at=now,
        )
        .on_conflict_do_nothing()
        .returning(delegations.c.delegation_id)
    )
    if fresh.first() is None:
        return None
    return DelegationInput(delegation_id=delegation_id, network=plan.network)


async def recall_delegation(session: AsyncConnection, delegation_id: UUID) -> DelegationFacts:
    """One delegation as its rows show it; raises NotFound."""
    row = (await session.execute(_SHOWN, {"id": delegation_id, "seconds": LENT_SECONDS_MAX})).one_or_none()
    if row is None:
        raise NotFound("delegation", str(delegation_id))
    return await _facts(session, row)


async def lock_delegation(session: AsyncConnection, delegation_id: UUID) -> DelegationFacts:
    """The same, with its row locked until the transaction ends; raises NotFound."""
    await session.execute(_LOCKED, {"id": delegation_id})
    return await recall_delegation(session, delegation_id)


async def newest_delegation(session: AsyncConnection, sweep_id: UUID) -> DelegationFacts | None:
    """The newest delegation that was made for a sweep."""
    found = await session.scalar(_NEWEST, {"sweep": sweep_id})
    return None if found is None else await recall_delegation(session, found)


async def mark_delegation(
    session: AsyncConnection,
    delegation_id: UUID,
    state: DelegationState,
    now: datetime,
    evidence_id: UUID | None = None,
) -> None:
    """Move a delegation on; the database refuses a way that is none, and an end without its proof."""
    moments: dict[str, Any] = {}
    if state is DelegationState.OPEN:
        moments["opened_at"] = now
    if state is DelegationState.RETURNING:
        moments["opened_at"] = func.coalesce(delegations.c.opened_at, now)
        moments["wanted_back_at"] = func.coalesce(delegations.c.wanted_back_at, now)
    if state is DelegationState.RETURNED:
        moments["returned_at"] = now
    await session.execute(
        update(delegations)
        .where(delegations.c.delegation_id == delegation_id, delegations.c.state != state.value)
        .values(state=state.value, evidence_id=evidence_id, **moments)
    )


async def mark_seen(session: AsyncConnection, delegation_id: UUID, now: datetime) -> None:
    """Note that the receiver of an open delegation has the energy."""
    await session.execute(
        update(delegations)
        .where(
            delegations.c.delegation_id == delegation_id,
            delegations.c.state == DelegationState.OPEN.value,
            delegations.c.seen_at.is_(None),
        )
        .values(seen_at=now)
    )


async def want_back(session: AsyncConnection, delegation_ids: Iterable[UUID], now: datetime) -> None:
    """Note that these delegations are not needed any more; the first word stays."""
    await session.execute(
        update(delegations)
        .where(
            delegations.c.delegation_id == func.any(list(delegation_ids)),
            delegations.c.wanted_back_at.is_(None),
            delegations.c.state != DelegationState.RETURNED.value,
        )
        .values(wanted_back_at=now)
    )


async def unfinished_delegations(
    session: AsyncConnection, planned_before: datetime, after: Mark | None, limit: int
) -> Sequence[tuple[Mark, DelegationInput]]:
    """Delegations planned before this moment and not back, oldest first, each with its mark."""
    query = (
        select(delegations.c.planned_at, delegations.c.delegation_id, delegations.c.chain_id)
        .where(
            delegations.c.state != DelegationState.RETURNED.value, delegations.c.planned_at < planned_before
        )
        .order_by(delegations.c.planned_at, delegations.c.delegation_id)
        .limit(limit)
    )
    if after is not None:
        query = query.where(
            tuple_(delegations.c.planned_at, delegations.c.delegation_id) > (after.at, after.id)
        )
    return [
        (
            Mark(at=row.planned_at, id=row.delegation_id),
            DelegationInput(delegation_id=row.delegation_id, network=row.chain_id),
        )
        for row in await session.execute(query)
    ]


_SHOWN = text("""
    SELECT d.*, d.wanted_back_at IS NOT NULL
             OR d.purpose = 'sweep' AND d.opened_at IS NOT NULL
                AND d.opened_at < clock_timestamp() - make_interval(secs => :seconds) AS is_due_back
      FROM chain.delegations d WHERE d.delegation_id = :id
""")

_LOCKED = text("SELECT 1 FROM chain.delegations WHERE delegation_id = :id FOR NO KEY UPDATE")

_NEWEST = text("""
    SELECT delegation_id FROM chain.delegations WHERE sweep_id = :sweep
     ORDER BY planned_at DESC, delegation_id LIMIT 1
""")


async def _facts(session: AsyncConnection, row: AnyRow) -> DelegationFacts:
    sends = await recall_sends(session, (row.delegation_id, row.return_id))
    return DelegationFacts(
        delegation_id=row.delegation_id,
        return_id=row.return_id,
        network=row.chain_id,
        purpose=DelegationPurpose(row.purpose),
        state=DelegationState(row.state),
        asset_id=row.asset_id,
        operator=row.operator,
        slot=row.slot,
        giver=row.giver,
        receiver=row.receiver,
        sun=int(row.sun),
        energy=row.energy,
        fee_cap=int(row.fee_cap),
        sweep_id=row.sweep_id,
        is_due_back=row.is_due_back,
        is_seen=row.seen_at is not None,
        was_open=row.opened_at is not None,
        send=sends.get(row.delegation_id),
        return_send=sends.get(row.return_id),
    )
