"""Deposit rows: what the posting side knows of a deposit, and the marks it leaves.

The follower owns the state of a row and the posting side counts its postings; CREDITED is read from both.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, literal, or_, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.deposits import (
    DepositFacts,
    DepositInput,
    DepositReason,
    DepositState,
    WalletRole,
    is_booked,
)
from domain.errors import NotFound
from domain.repairs import Mark
from ledger.chain_records import chains, deposits
from ledger.records import AnyRow, assets


@dataclass(frozen=True, slots=True)
class DepositLine:
    """One deposit in a player's list; `confirmations` counts its own block, 0 once it left the chain."""

    facts: DepositFacts
    network: str
    txid: bytes
    position: str
    receiver: bytes
    seen_at: datetime
    posted_at: datetime | None
    confirmations: int


async def recall_deposit(session: AsyncConnection, deposit: DepositInput) -> DepositFacts:
    """One deposit as its rows show it; raises NotFound."""
    row = (await session.execute(_shown().where(deposits.c.deposit_id == deposit.deposit_id))).one_or_none()
    if row is None:
        raise NotFound("deposit", f"{deposit.network}/{deposit.txid}/{deposit.position}")
    return _facts(row)


async def mark_credited(session: AsyncConnection, deposit_id: UUID, number: int, now: datetime) -> None:
    """Count credit posting `number` of a deposit, in the transaction of that posting; a repeat is silent."""
    await session.execute(
        update(deposits)
        .where(
            deposits.c.deposit_id == deposit_id,
            deposits.c.credits == number - 1,
            deposits.c.returns == number - 1,
        )
        .values(credits=number, posted_at=now, unlocked_at=now)
    )


async def mark_returned(session: AsyncConnection, deposit_id: UUID, number: int) -> None:
    """Count the posting that took credit `number` back, in its transaction; a repeat is silent."""
    await session.execute(
        update(deposits)
        .where(
            deposits.c.deposit_id == deposit_id,
            deposits.c.credits == number,
            deposits.c.returns == number - 1,
        )
        .values(returns=number, posted_at=None, unlocked_at=None)
    )


async def list_deposits(
    session: AsyncConnection, player: int, before: tuple[datetime, UUID] | None, limit: int
) -> list[DepositLine]:
    """The player's deposits, newest first; `before` is (seen_at, deposit_id) of the last row of a page."""
    query = (
        _shown()
        .where(deposits.c.player == player)
        .order_by(deposits.c.seen_at.desc(), deposits.c.deposit_id.desc())
        .limit(limit)
    )
    if before is not None:
        query = query.where(tuple_(deposits.c.seen_at, deposits.c.deposit_id) < before)
    return [_line(row) for row in await session.execute(query)]


async def unfinished_deposits(
    session: AsyncConnection, seen_before: datetime, after: Mark | None, limit: int
) -> list[tuple[Mark, DepositInput]]:
    """Deposits seen before this moment that still wait or want a posting, oldest first, as workflow inputs.

    Each with its mark; `after` is the last mark of the page before. Unfinished is what `next_step` does not
    call done: orphaned, or not posted and either not final so far or to be booked.
    """
    orphaned = literal(DepositState.ORPHANED.value, literal_execute=True)  # a partial index is over this word
    query = (
        select(
            deposits.c.chain_id,
            deposits.c.txid,
            deposits.c.position,
            deposits.c.deposit_id,
            deposits.c.seen_at,
        )
        .where(
            deposits.c.seen_at < seen_before,
            or_(deposits.c.state == orphaned, deposits.c.credits == deposits.c.returns),
            or_(
                deposits.c.state == orphaned,
                deposits.c.met_at.is_(None),
                deposits.c.reason.is_(None),
                deposits.c.reason.in_(_BOOKED),
            ),
        )
        .order_by(deposits.c.seen_at, deposits.c.deposit_id)
        .limit(limit)
    )
    if after is not None:
        query = query.where(tuple_(deposits.c.seen_at, deposits.c.deposit_id) > (after.at, after.id))
    return [
        (
            Mark(at=row.seen_at, id=row.deposit_id),
            DepositInput(
                network=row.chain_id,
                txid="0x" + row.txid.hex(),
                position=row.position,
                deposit_id=row.deposit_id,
            ),
        )
        for row in await session.execute(query)
    ]


_BOOKED = [reason.value for reason in DepositReason if is_booked(reason)]


def _shown() -> Select[Any]:
    return select(
        deposits,
        assets.c.code.label("asset_code"),
        chains.c.height.label("head"),
        chains.c.final_height,
        chains.c.mode,
    ).select_from(
        deposits.join(chains, chains.c.chain_id == deposits.c.chain_id).outerjoin(
            assets, assets.c.asset_id == deposits.c.asset_id
        )
    )


def _facts(row: AnyRow) -> DepositFacts:
    state = DepositState(row.state)
    is_posted = row.credits > row.returns
    if state is DepositState.FINAL and is_posted:
        state = DepositState.CREDITED if row.swept_at is None else DepositState.SWEPT
    return DepositFacts(
        deposit_id=row.deposit_id,
        state=state,
        reason=None if row.reason is None else DepositReason(row.reason),
        asset_id=row.asset_id,
        asset_code=row.asset_code,
        amount=row.amount,
        player=row.player,
        slot=row.slot,
        height=row.height,
        final_height=row.final_height,
        receiver_role=WalletRole(row.role),
        credits=row.credits,
        returns=row.returns,
        is_final=row.met_at is not None,
        chain_is_open=row.mode == "open",
    )


def _line(row: AnyRow) -> DepositLine:
    facts = _facts(row)
    is_on_chain = facts.state is not DepositState.ORPHANED
    return DepositLine(
        facts=facts,
        network=row.chain_id,
        txid=row.txid,
        position=row.position,
        receiver=row.receiver,
        seen_at=row.seen_at,
        posted_at=row.posted_at,
        confirmations=row.head - row.height + 1 if is_on_chain else 0,
    )
