"""Withdrawals as the staff looks for them: by id alone, and everything that has not ended."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.errors import NotFound
from ledger.records import withdrawals
from ledger.withdrawals import WithdrawalLine, read_lines, withdrawals_of


async def find_withdrawal(session: AsyncConnection, operator: int, withdrawal_id: UUID) -> WithdrawalLine:
    """One withdrawal of any player of an operator; raises NotFound, for another operator's too."""
    query = withdrawals_of(operator).where(withdrawals.c.withdrawal_id == withdrawal_id)
    lines = await read_lines(session, query)
    if not lines:
        raise NotFound("withdrawal", str(withdrawal_id))
    return lines[0]


async def list_unfinished(
    session: AsyncConnection, operator: int, after: tuple[datetime, UUID] | None, limit: int
) -> list[WithdrawalLine]:
    """An operator's open withdrawals, oldest first; `after` is (received_at, id) of the page before."""
    query = (
        withdrawals_of(operator)
        .where(withdrawals.c.closed_at.is_(None))
        .order_by(withdrawals.c.received_at, withdrawals.c.withdrawal_id)
        .limit(limit)
    )
    if after is not None:
        query = query.where(tuple_(withdrawals.c.received_at, withdrawals.c.withdrawal_id) > after)
    return await read_lines(session, query)
