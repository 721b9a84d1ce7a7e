"""Own transfers as rows: planned once per address, made ready, committed, ended; the marks of each step."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, text, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.delegations import DelegationFacts, DelegationState
from domain.errors import NotFound
from domain.ids import posting_id, step
from domain.own_transfers import (
    ReadyTerms,
    TransferFacts,
    TransferInput,
    TransferState,
    transfer_id_of,
    transfer_key,
)
from domain.repairs import Mark
from domain.sends import SendKind
from ledger.delegations import newest_delegation
from ledger.records import AnyRow
from ledger.send_facts import recall_sends
from ledger.transfer_records import own_transfers

OPEN = (TransferState.PLANNED, TransferState.READY, TransferState.COMMITTED, TransferState.PARKED)


@dataclass(frozen=True, slots=True)
class TransferPlan:
    """A transfer to plan. `wanted` is the coins a gas target should hold, or the units a move takes.

    A sweep names its source, a top-up its payee, a move both; what is left open is fixed once it is ready.
    `operator` and `slot` say where it is booked.
    """

    kind: SendKind
    network: str
    asset_id: int
    operator: int
    slot: int
    policy_version: int
    wanted: int = 0
    source: bytes | None = None
    payee: bytes | None = None

    @property
    def anchor(self) -> bytes:
        """The address that may have only one of this kind open."""
        anchor = self.payee if self.kind is SendKind.GAS else self.source
        assert anchor is not None, self
        return anchor


async def plan_transfer(session: AsyncConnection, plan: TransferPlan, now: datetime) -> TransferInput | None:
    """Insert the row of a transfer; None while another one of its kind is open at the same address."""
    anchored = own_transfers.c.payee if plan.kind is SendKind.GAS else own_transfers.c.source
    known = await session.scalar(
        select(func.count())
        .select_from(own_transfers)
        .where(
            own_transfers.c.kind == plan.kind.value,
            own_transfers.c.chain_id == plan.network,
            own_transfers.c.asset_id == plan.asset_id,
            anchored == plan.anchor,
        )
    )
    transfer_id = transfer_id_of(plan.kind, plan.network, plan.anchor, plan.asset_id, (known or 0) + 1)
    fresh = await session.execute(
        insert(own_transfers)
        .values(
            transfer_id=transfer_id,
            kind=plan.kind.value,
            chain_id=plan.network,
            asset_id=plan.asset_id,
            operator=plan.operator,
            slot=plan.slot,
            wanted=plan.wanted,
            source=plan.source,
            payee=plan.payee,
            send_posting_id=posting_id(step(transfer_key(plan.kind, transfer_id), "send")),
            policy_version=plan.policy_version,
            planned_at=now,
            updated_at=now,
        )
        .on_conflict_do_nothing()
        .returning(own_transfers.c.transfer_id)
    )
    if fresh.first() is None:
        return None
    return TransferInput(transfer_id=transfer_id, kind=plan.kind, network=plan.network)


async def open_transfer_at(
    session: AsyncConnection, kind: SendKind, network: str, anchor: bytes
) -> TransferInput | None:
    """The open transfer of a kind at an address: its payee for a top-up, else its source."""
    anchored = own_transfers.c.payee if kind is SendKind.GAS else own_transfers.c.source
    transfer_id = await session.scalar(
        select(own_transfers.c.transfer_id).where(
            own_transfers.c.kind == kind.value,
            own_transfers.c.chain_id == network,
            anchored == anchor,
            own_transfers.c.closed_at.is_(None),
        )
    )
    return None if transfer_id is None else TransferInput(transfer_id=transfer_id, kind=kind, network=network)


async def recall_transfer(session: AsyncConnection, transfer_id: UUID) -> TransferFacts:
    """One own transfer as its rows show it; raises NotFound."""
    return await _facts(session, await _one(session, _SHOWN, transfer_id))


async def lock_transfer(session: AsyncConnection, transfer_id: UUID) -> TransferFacts:
    """The same, with its row locked until the transaction ends; raises NotFound."""
    await _one(session, _LOCKED, transfer_id)
    return await recall_transfer(session, transfer_id)


async def mark_ready(
    session: AsyncConnection, facts: TransferFacts, terms: ReadyTerms, now: datetime
) -> None:
    """Fix source, payee, amount and fee cap of a planned or parked transfer."""
    assert facts.source is not None
    assert facts.payee is not None
    await session.execute(
        update(own_transfers)
        .where(
            own_transfers.c.transfer_id == facts.transfer_id,
            own_transfers.c.state.in_([TransferState.PLANNED.value, TransferState.PARKED.value]),
        )
        .values(
            state=TransferState.READY.value,
            source=facts.source,
            payee=facts.payee,
            amount=terms.amount,
            fee_cap=terms.fee_cap,
            code=None,
            sentence=None,
            updated_at=now,
        )
    )


async def mark_transfer(  # noqa: PLR0913 - a row's new state and everything that belongs to it
    session: AsyncConnection,
    transfer_id: UUID,
    state: TransferState,
    now: datetime,
    *,
    code: str | None = None,
    sentence: str | None = None,
    evidence_id: UUID | None = None,
) -> None:
    """Move an open transfer on; one that has ended stays as it is."""
    assert state not in {TransferState.FUNDING, TransferState.DELEGATING}, "they are read from other rows"
    await session.execute(
        update(own_transfers)
        .where(own_transfers.c.transfer_id == transfer_id, own_transfers.c.closed_at.is_(None))
        .values(
            state=state.value,
            code=code,
            sentence=sentence,
            evidence_id=evidence_id,
            updated_at=now,
            closed_at=None if state in OPEN else now,
        )
    )


async def waiting_sweeps(session: AsyncConnection, top_up: UUID) -> list[TransferInput]:
    """The open sweeps of the address that a top-up is for."""
    rows = await session.execute(_WAITING, {"top_up": top_up})
    return [
        TransferInput(transfer_id=row.transfer_id, kind=SendKind.SWEEP, network=row.chain_id) for row in rows
    ]


async def unfinished_transfers(
    session: AsyncConnection, planned_before: datetime, after: Mark | None, limit: int
) -> Sequence[tuple[Mark, TransferInput]]:
    """Open transfers planned before this moment, oldest first, as workflow inputs, each with its mark."""
    query = (
        select(own_transfers)
        .where(own_transfers.c.closed_at.is_(None), own_transfers.c.planned_at < planned_before)
        .order_by(own_transfers.c.planned_at, own_transfers.c.transfer_id)
        .limit(limit)
    )
    if after is not None:
        query = query.where(
            tuple_(own_transfers.c.planned_at, own_transfers.c.transfer_id) > (after.at, after.id)
        )
    return [
        (
            Mark(at=row.planned_at, id=row.transfer_id),
            TransferInput(transfer_id=row.transfer_id, kind=SendKind(row.kind), network=row.chain_id),
        )
        for row in await session.execute(query)
    ]


_SHOWN = text("""
    SELECT t.*, t.kind = 'sweep' AND t.state = 'planned' AND EXISTS (
             SELECT 1 FROM chain.own_transfers g
              WHERE g.kind = 'gas' AND g.chain_id = t.chain_id AND g.payee = t.source
                AND g.closed_at IS NULL) AS is_funding
      FROM chain.own_transfers t WHERE t.transfer_id = :id
""")

_LOCKED = text("SELECT 1 FROM chain.own_transfers WHERE transfer_id = :id FOR NO KEY UPDATE")

_WAITING = text("""
    SELECT s.transfer_id, s.chain_id
      FROM chain.own_transfers g
      JOIN chain.own_transfers s ON s.kind = 'sweep' AND s.chain_id = g.chain_id AND s.source = g.payee
       AND s.closed_at IS NULL
     WHERE g.transfer_id = :top_up
""")


async def _one(session: AsyncConnection, query: Any, transfer_id: UUID) -> AnyRow:  # noqa: ANN401 - a statement
    row = (await session.execute(query, {"id": transfer_id})).one_or_none()
    if row is None:
        raise NotFound("transfer", str(transfer_id))
    return row


async def _facts(session: AsyncConnection, row: AnyRow) -> TransferFacts:
    sends = await recall_sends(session, (row.transfer_id,))
    is_sweep = row.kind == SendKind.SWEEP.value
    delegation = await newest_delegation(session, row.transfer_id) if is_sweep else None
    return TransferFacts(
        transfer_id=row.transfer_id,
        kind=SendKind(row.kind),
        network=row.chain_id,
        asset_id=row.asset_id,
        state=_state(row, delegation),
        operator=row.operator,
        slot=row.slot,
        wanted=int(row.wanted),
        source=row.source,
        payee=row.payee,
        amount=int(row.amount or 0),
        fee_cap=int(row.fee_cap or 0),
        code=row.code,
        sentence=row.sentence,
        send=sends.get(row.transfer_id),
        delegation=delegation,
    )


def _state(row: AnyRow, delegation: DelegationFacts | None) -> TransferState:
    """What the row says; a planned sweep waits while its gas or energy is on its way, or on its way back."""
    if row.is_funding:
        return TransferState.FUNDING
    state = TransferState(row.state)
    if state is not TransferState.PLANNED or delegation is None or delegation.is_usable:
        return state
    return state if delegation.state is DelegationState.RETURNED else TransferState.DELEGATING
