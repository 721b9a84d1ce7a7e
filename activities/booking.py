"""Booking: one command inside a transaction of business rows, with the accounts it needs opened beside it."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection

from domain.answers import refusal
from domain.errors import InsufficientFunds, InvariantBroken, Rejected
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
    """The transaction met an account that is not open: roll it back, open the accounts, run it again."""

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
    error = refusal(command, outcome)
    assert error is not None, outcome
    raise error


async def in_books(sessions: Sessions, work: Callable[[AsyncConnection], Awaitable[Answer]]) -> Answer:
    """Run one transaction of postings and business rows; open accounts it misses and run it again.

    What the database refused is looked at once more: two runs of one step may have met, and who came second
    then reads what the first one wrote. Books that are broken refuse the second time too.
    """
    opened: frozenset[tuple[int, int]] = frozenset()
    has_met_another = False
    while True:
        try:
            async with sessions.begin() as session:
                return await work(session)
        except NeedsAccounts as missing:
            if missing.accounts <= opened:
                raise
            async with sessions.begin() as session:
                await open_missing(session, missing.accounts)
            opened |= missing.accounts
        except InvariantBroken:
            if has_met_another:
                raise
            has_met_another = True


def declined(command: Command, outcome: Outcome, asset_code: str) -> Rejected | None:
    """Why a reservation did not stand, in the player's words; None if it did."""
    if outcome.result is Result.INSUFFICIENT:
        return InsufficientFunds(asset_code)
    error = refusal(command, outcome)
    assert error is None or isinstance(error, Rejected), error
    return error
