"""Booking: one command inside a transaction of business rows, with the accounts it needs opened beside it."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection

from domain.errors import Blocked, Conflict, InvariantBroken, NotYet, SlotClosed
from domain.kinds import Result
from domain.postings import Command, Outcome
from ledger.opening import open_missing
from ledger.posting import accounts_of, post
from ledger.session import Sessions

Answer = TypeVar("Answer")

_DECIDED = frozenset(
    {Result.POSTED, Result.INSUFFICIENT, Result.TOMBSTONE, Result.ALREADY_CLOSED, Result.TARGET_REFUSED}
)


class NeedsAccounts(Exception):
    """The transaction met an account that is not open; it is rolled back, the accounts are opened, and it runs again."""

    def __init__(self, accounts: frozenset[tuple[int, int]]) -> None:
        super().__init__(accounts)
        self.accounts = accounts


async def book(session: AsyncConnection, command: Command) -> Outcome:
    """Post one command and return a decided outcome; everything else raises by its class of error."""
    (outcome,) = await post(session, [command])
    if outcome.result in _DECIDED:
        return outcome
    if outcome.result is Result.ACCOUNT_MISSING:
        raise NeedsAccounts(frozenset(accounts_of([command])))
    raise _error(outcome, command)


async def in_books(sessions: Sessions, work: Callable[[AsyncConnection], Awaitable[Answer]]) -> Answer:
    """Run one transaction of postings and business rows, opening missing accounts and repeating it once."""
    try:
        async with sessions.begin() as session:
            return await work(session)
    except NeedsAccounts as missing:
        async with sessions.begin() as session:
            await open_missing(session, missing.accounts)
    async with sessions.begin() as session:
        return await work(session)


def _error(outcome: Outcome, command: Command) -> Exception:
    if outcome.result is Result.CONFLICT:
        return Conflict(outcome.field or "request")
    if outcome.result is Result.NOT_YET:
        return NotYet(f"the posting that {command.kind.name} refers to")
    if outcome.result is Result.SLOT_CLOSED:
        return SlotClosed(command.slot)
    if outcome.result in {Result.ACCOUNT_CLOSED, Result.BARRED}:
        return Blocked(f"{command.kind.name} of slot {command.slot}")
    return InvariantBroken(f"{command.kind.name} {command.posting_id} was answered {outcome.result.name}")
