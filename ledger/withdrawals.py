"""Withdrawal rows: what was asked, where it stands, who agreed, and what of it is unfinished."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, func, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.approvals import PaymentContent, content_hash
from domain.errors import NotFound
from domain.ids import OWNER_BITS, OWNER_MASK, slot_of_player
from domain.repairs import Mark
from domain.rules import Verdict
from domain.sends import SendFacts
from domain.wishes import Wish
from domain.withdrawals import ReviewVerb, WithdrawalFacts, WithdrawalInput, WithdrawalState
from ledger.chain_records import chains
from ledger.records import AnyRow, approvals, assets, decisions, withdrawals
from ledger.send_facts import recall_sends
from ledger.wishes import recall_wishes


@dataclass(frozen=True, slots=True)
class WithdrawalAcceptance:
    """How a withdrawal began: fee in asset units, `fee_cap` in native units, its first two postings."""

    state: WithdrawalState
    fee: int
    fee_cap: int
    reserve_id: UUID
    send_posting_id: UUID
    decision_id: UUID | None = None
    version: int | None = None
    code: str | None = None
    sentence: str | None = None


@dataclass(frozen=True, slots=True)
class WithdrawalLine:
    """One withdrawal in a list, and when it was asked for and moved last."""

    facts: WithdrawalFacts
    received_at: datetime
    updated_at: datetime


async def insert_withdrawal(
    session: AsyncConnection, withdrawal: WithdrawalInput, acceptance: WithdrawalAcceptance, now: datetime
) -> None:
    """Write the row of a new withdrawal, in the transaction of its reservation."""
    content = PaymentContent(
        kind="withdrawal",
        subject=withdrawal.withdrawal_id,
        asset_id=withdrawal.asset_id,
        network=withdrawal.network,
        payee=withdrawal.payee,
        amount=withdrawal.amount,
        fee=acceptance.fee,
        decision_id=acceptance.decision_id,
    )
    await session.execute(
        insert(withdrawals).values(
            slot=slot_of_player(withdrawal.player),
            withdrawal_id=withdrawal.withdrawal_id,
            player=withdrawal.player,
            asset_id=withdrawal.asset_id,
            network=withdrawal.network,
            payee=withdrawal.payee,
            amount=withdrawal.amount,
            fee=acceptance.fee,
            fee_cap=acceptance.fee_cap,
            state=acceptance.state.value,
            code=acceptance.code,
            sentence=acceptance.sentence,
            decision_id=acceptance.decision_id,
            reserve_id=acceptance.reserve_id,
            send_posting_id=acceptance.send_posting_id,
            version=acceptance.version,
            client_key=withdrawal.client_key,
            request_id=withdrawal.request_id,
            received_at=withdrawal.received_at,
            updated_at=now,
            closed_at=None if acceptance.state.is_open else now,
            content_hash=content_hash(content),
        )
    )


async def recall_withdrawal(
    session: AsyncConnection, player: int, withdrawal_id: UUID
) -> WithdrawalFacts | None:
    """Everything the rows know about a withdrawal and its send; None if there is none under this id."""
    lines = await read_lines(session, _of_player(player).where(withdrawals.c.withdrawal_id == withdrawal_id))
    return lines[0].facts if lines else None


async def known_withdrawal(session: AsyncConnection, player: int, withdrawal_id: UUID) -> WithdrawalFacts:
    """Everything the rows know about a withdrawal that has to be there; raises NotFound."""
    facts = await recall_withdrawal(session, player, withdrawal_id)
    if facts is None:
        raise NotFound("withdrawal", str(withdrawal_id))
    return facts


async def differing_field(session: AsyncConnection, withdrawal: WithdrawalInput) -> str | None:
    """The first business field in which a repeat differs from the stored withdrawal; None if it is the same.

    Raises NotFound if none is stored under this id.
    """
    row = (
        await session.execute(select(withdrawals).where(*_at(withdrawal.player, withdrawal.withdrawal_id)))
    ).one_or_none()
    if row is None:
        raise NotFound("withdrawal", str(withdrawal.withdrawal_id))
    asked = {
        "asset": withdrawal.asset_id,
        "network": withdrawal.network,
        "to": withdrawal.payee,
        "amount": withdrawal.amount,
    }
    stored = {"asset": row.asset_id, "network": row.network, "to": row.payee, "amount": row.amount}
    return next((field for field, value in asked.items() if stored[field] != value), None)


async def mark(  # noqa: PLR0913 - one row's new state and why
    session: AsyncConnection,
    player: int,
    withdrawal_id: UUID,
    state: WithdrawalState,
    now: datetime,
    *,
    code: str | None = None,
    sentence: str | None = None,
    version: int | None = None,
    evidence_id: UUID | None = None,
) -> None:
    """Move an open withdrawal on, in the transaction of its posting; a closed one stays as it is."""
    values: dict[str, object] = {
        "state": state.value,
        "code": code,
        "sentence": sentence,
        "updated_at": now,
        "closed_at": None if state.is_open else now,
    }
    if version is not None:
        values["version"] = version
    if evidence_id is not None:
        values["evidence_id"] = evidence_id
    await session.execute(
        update(withdrawals)
        .where(*_at(player, withdrawal_id), withdrawals.c.closed_at.is_(None))
        .values(**values)
    )


async def list_withdrawals(
    session: AsyncConnection, player: int, before: tuple[datetime, UUID] | None, limit: int
) -> list[WithdrawalLine]:
    """The player's withdrawals, newest first; `before` is (received_at, id) of the last row of a page."""
    query = (
        _of_player(player)
        .order_by(withdrawals.c.received_at.desc(), withdrawals.c.withdrawal_id.desc())
        .limit(limit)
    )
    if before is not None:
        query = query.where(tuple_(withdrawals.c.received_at, withdrawals.c.withdrawal_id) < before)
    return await read_lines(session, query)


async def unfinished(
    session: AsyncConnection, received_before: datetime, after: Mark | None, limit: int
) -> list[tuple[Mark, WithdrawalInput]]:
    """Open withdrawals received before this moment, oldest first, as the inputs of their workflows.

    Each with its mark; `after` is the last mark of the page before.
    """
    query = (
        select(withdrawals)
        .where(withdrawals.c.closed_at.is_(None), withdrawals.c.received_at < received_before)
        .order_by(withdrawals.c.received_at, withdrawals.c.withdrawal_id)
        .limit(limit)
    )
    if after is not None:
        query = query.where(
            tuple_(withdrawals.c.received_at, withdrawals.c.withdrawal_id) > (after.at, after.id)
        )
    return [
        (Mark(at=row.received_at, id=row.withdrawal_id), _input(row)) for row in await session.execute(query)
    ]


def _input(row: AnyRow) -> WithdrawalInput:
    return WithdrawalInput(
        withdrawal_id=row.withdrawal_id,
        player=row.player,
        asset_id=row.asset_id,
        network=row.network,
        payee=row.payee,
        amount=row.amount,
        client_key=row.client_key,
        request_id=row.request_id,
        received_at=row.received_at,
    )


def _of_player(player: int) -> Select[Any]:
    of_player = (withdrawals.c.slot == slot_of_player(player), withdrawals.c.player == player)
    return withdrawals_of(player >> OWNER_BITS).where(*of_player)


def withdrawals_of(operator: int) -> Select[Any]:
    """The query behind every line: an operator's withdrawals with decision, approvals and network."""
    agreed = (
        select(func.count(approvals.c.person.distinct()))
        .where(
            approvals.c.slot == withdrawals.c.slot,
            approvals.c.withdrawal_id == withdrawals.c.withdrawal_id,
            approvals.c.verb == ReviewVerb.APPROVE.value,
            approvals.c.content_hash == withdrawals.c.content_hash,
        )
        .scalar_subquery()
    )
    decision = and_(
        decisions.c.slot == withdrawals.c.slot, decisions.c.decision_id == withdrawals.c.decision_id
    )
    return (
        select(
            withdrawals,
            assets.c.code.label("asset_code"),
            decisions.c.verdict,
            chains.c.mode,
            agreed.label("approvals"),
        )
        .select_from(
            withdrawals.join(assets, assets.c.asset_id == withdrawals.c.asset_id)
            .outerjoin(decisions, decision)
            .outerjoin(chains, chains.c.chain_id == withdrawals.c.network)
        )
        .where(withdrawals.c.player.between(operator << OWNER_BITS, (operator << OWNER_BITS) | OWNER_MASK))
    )


async def read_lines(session: AsyncConnection, query: Select[Any]) -> list[WithdrawalLine]:
    """The lines of such a query, each with its send and its wishes."""
    rows = (await session.execute(query)).all()
    if not rows:
        return []
    ids = [row.withdrawal_id for row in rows]
    sends = await recall_sends(session, ids)
    wishes = await recall_wishes(session, {row.slot for row in rows}, ids)
    return [
        WithdrawalLine(
            facts=_facts(row, sends.get(row.withdrawal_id), wishes.get(row.withdrawal_id, ())),
            received_at=row.received_at,
            updated_at=row.updated_at,
        )
        for row in rows
    ]


def _facts(row: AnyRow, send: SendFacts | None, wishes: tuple[Wish, ...]) -> WithdrawalFacts:
    return WithdrawalFacts(
        withdrawal_id=row.withdrawal_id,
        state=WithdrawalState(row.state),
        player=row.player,
        asset_id=row.asset_id,
        asset_code=row.asset_code,
        network=row.network,
        payee=row.payee,
        amount=row.amount,
        fee=row.fee,
        fee_cap=row.fee_cap,
        verdict=None if row.verdict is None else Verdict(row.verdict),
        code=row.code,
        sentence=row.sentence,
        approvals=row.approvals,
        version=row.version,
        request_id=row.request_id,
        repeat=True,
        send=send,
        chain_is_open=row.mode == "open",
        wishes=wishes,
        content_hash=row.content_hash,
    )


def _at(player: int, withdrawal_id: UUID) -> tuple[Any, Any]:
    return withdrawals.c.slot == slot_of_player(player), withdrawals.c.withdrawal_id == withdrawal_id
