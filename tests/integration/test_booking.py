"""A step that meets another run of itself in the database ends as one of them."""

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.booking import in_books
from domain.bets import BetResult, BetState
from domain.errors import InvariantBroken
from ledger.bets import BetAcceptance, insert_bet, recall_bet
from tests.support.ledger_database import LedgerDatabase
from tests.support.records import new_bet, new_player

DECLINED = BetAcceptance(BetState.DECLINED, code="EXPIRED", sentence="Too late.")


async def test_who_comes_second_reads_what_the_first_wrote(ledger_database: LedgerDatabase) -> None:
    """Both runs saw no row; the slower one is refused by its key, looks again and answers from the row."""
    sessions = ledger_database.sessions()
    bet = new_bet(await new_player(sessions))

    async def accept(session: AsyncConnection) -> BetResult:
        known = await recall_bet(session, bet.player, bet.bet_id)
        if known is not None:
            return known
        async with sessions.begin() as faster:
            await insert_bet(faster, bet, DECLINED)
        await insert_bet(session, bet, DECLINED)
        raise AssertionError("two rows under one key")

    answer = await in_books(sessions, accept)
    assert (answer.state, answer.code) == (BetState.DECLINED, "EXPIRED")


async def test_books_that_are_broken_are_said_to_be(ledger_database: LedgerDatabase) -> None:
    """What the database refuses twice is no race: it is raised."""
    sessions = ledger_database.sessions()
    bet = new_bet(await new_player(sessions))
    looks = 0

    async def write_twice(session: AsyncConnection) -> None:
        nonlocal looks
        looks += 1
        await insert_bet(session, bet, DECLINED)
        await insert_bet(session, bet, DECLINED)

    with pytest.raises(InvariantBroken):
        await in_books(sessions, write_twice)
    assert looks == 2
