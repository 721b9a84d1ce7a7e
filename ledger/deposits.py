"""Deposit rows: what the posting side knows of a deposit, and the marks it leaves.

The follower owns the state of a row and the posting side counts its postings; CREDITED is read from both.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, insert, literal, or_, select, tuple_, update
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
from ledger.chain_records import chains, credits_, deposits
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
    unlocked_at: datetime | None
    confirmations: int


async def recall_deposit(session: AsyncConnection, deposit: DepositInput) -> DepositFacts:
    """One deposit as its rows show it; raises NotFound."""
    row = (await session.execute(_shown().where(deposits.c.deposit_id == deposit.deposit_id))).one_or_none()
    if row is None:
        raise NotFound("deposit", f"{deposit.network}/{deposit.txid}/{deposit.position}")
    return _facts(row)


async def lock_deposit(session: AsyncConnection, deposit: DepositInput) -> DepositFacts:
    """The same with its row held: until this transaction ends no block moves it; raises NotFound."""
    # Two statements: a waiting one keeps the snapshot it began with, the next one sees what was committed.
    await session.execute(
        select(deposits.c.deposit_id)
        .where(deposits.c.deposit_id == deposit.deposit_id)
        .with_for_update(key_share=True)
    )
    return await recall_deposit(session, deposit)


async def mark_credited(  # noqa: PLR0913 - one posting and what it is worth
    session: AsyncConnection,
    deposit_id: UUID,
    number: int,
    now: datetime,
    *,
    is_early: bool = False,
    is_locked: bool = False,
) -> None:
    """Count credit posting `number` of a deposit, in the transaction of that posting; a repeat is silent."""
    counted = await session.scalar(
        update(deposits)
        .where(
            deposits.c.deposit_id == deposit_id,
            deposits.c.credits == number - 1,
            deposits.c.returns == number - 1,
        )
        .values(credits=number, posted_at=now, unlocked_at=None if is_locked else now)
        .returning(deposits.c.deposit_id)
    )
    if counted is None:
        return
    as_posted = select(
        deposits.c.deposit_id,
        deposits.c.credits,
        deposits.c.chain_id,
        deposits.c.block_hash,
        deposits.c.asset_id,
        deposits.c.player,
        deposits.c.slot,
        deposits.c.amount,
        literal(is_early),
        deposits.c.posted_at,
        deposits.c.unlocked_at,
    ).where(deposits.c.deposit_id == deposit_id)
    columns = [column.name for column in credits_.columns if column.name != "returned_at"]
    await session.execute(insert(credits_).from_select(columns, as_posted))


async def mark_returned(session: AsyncConnection, deposit_id: UUID, number: int, now: datetime) -> None:
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
    await session.execute(update(credits_).where(*_open_credit(deposit_id, number)).values(returned_at=now))


async def mark_unlocked(session: AsyncConnection, deposit_id: UUID, number: int, now: datetime) -> None:
    """What credit `number` gave may be withdrawn from now on, for good; a repeat is silent."""
    await session.execute(update(credits_).where(*_open_credit(deposit_id, number)).values(unlocked_at=now))
    await session.execute(
        update(deposits)
        .where(deposits.c.deposit_id == deposit_id, deposits.c.credits == number)
        .values(unlocked_at=now)
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
    call done: orphaned, or not unlocked and either not final so far or to be booked.
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
            or_(deposits.c.state == orphaned, deposits.c.unlocked_at.is_(None)),
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


def _open_credit(deposit_id: UUID, number: int) -> tuple[ColumnElement[bool], ...]:
    return (
        credits_.c.deposit_id == deposit_id,
        credits_.c.number == number,
        credits_.c.unlocked_at.is_(None),
        credits_.c.returned_at.is_(None),
    )


_BOOKED = [reason.value for reason in DepositReason if is_booked(reason)]


def _shown() -> Select[Any]:
    credited_in = (
        select(credits_.c.block_hash)
        .where(credits_.c.deposit_id == deposits.c.deposit_id, credits_.c.number == deposits.c.credits)
        .scalar_subquery()
    )
    return select(
        deposits,
        credited_in.label("credited_in"),
        assets.c.code.label("asset_code"),
        chains.c.height.label("head"),
        chains.c.final_height,
        chains.c.mode,
    ).select_from(
        deposits.join(chains, chains.c.chain_id == deposits.c.chain_id).outerjoin(
            assets, assets.c.asset_id == deposits.c.asset_id
        )
    )


_POSTED = {
    DepositState.SEEN: DepositState.PROVISIONAL,
    DepositState.CONFIRMING: DepositState.PROVISIONAL,
    DepositState.FINAL: DepositState.CREDITED,
}
"""What the state of a row is called once it is credited."""


def _facts(row: AnyRow) -> DepositFacts:
    state = DepositState(row.state)
    is_posted = row.credits > row.returns
    is_uprooted = is_posted and row.credited_in != row.block_hash
    if is_posted and not is_uprooted:
        state = _POSTED.get(state, state)
    if state is DepositState.CREDITED and row.swept_at is not None:
        state = DepositState.SWEPT
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
        chain_is_frozen=row.mode == "frozen",
        confirmations_needed=row.confirmations_needed,
        is_deep_enough=row.reached_at is not None,
        is_uprooted=is_uprooted,
        is_locked=is_posted and row.unlocked_at is None,
        is_ripe=row.ripe_at is not None,
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
        unlocked_at=row.unlocked_at,
        confirmations=row.head - row.height + 1 if is_on_chain else 0,
    )
