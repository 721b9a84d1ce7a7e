"""Pages of an account's history."""

from itertools import pairwise

import pytest

from domain.accounts import Purpose
from domain.errors import RequestInvalid
from domain.ids import player_of
from domain.kinds import Kind
from ledger.balances import player_balances
from ledger.posting import post_opening
from ledger.statements import StatementLine, statement
from tests.support.ledger_database import LedgerDatabase
from tests.support.ledger_journal import ASSET, OPERATOR, Actor, decisions_for

ANN, BOB = Actor(1), Actor(2)


async def _play(database: LedgerDatabase, actor: Actor, rounds: int, first: int = 0) -> None:
    commands = [actor.deposits(1000, txid=f"{first:04x}")]
    for number in range(first, first + rounds):
        commands += [actor.bets(10, f"{number}"), actor.settles(number % 3 * 10, f"{number}")]
    await post_opening(database.sessions(), commands, decisions_for(*commands))


async def _pages(database: LedgerDatabase, actor: Actor, limit: int) -> list[StatementLine]:
    sessions = database.sessions("croupier_api", pool_size=1)
    lines: list[StatementLine] = []
    cursor = None
    while True:
        async with sessions.begin() as session:
            page = await statement(session, actor.player, ASSET, cursor=cursor, limit=limit)
        lines += page.lines
        if page.next_cursor is None:
            return lines
        assert len(page.lines) == limit
        cursor = page.next_cursor


async def test_pages_of_any_size_give_the_same_history(ledger_database: LedgerDatabase) -> None:
    """Newest first, each line once, and each balance the one before plus its change."""
    await _play(ledger_database, ANN, rounds=6)
    await _play(ledger_database, BOB, rounds=3)
    whole = await _pages(ledger_database, ANN, limit=500)
    assert [line.seq for line in whole] == sorted((line.seq for line in whole), reverse=True)
    assert whole[-1].kind is Kind.DEPOSIT_CREDITED
    assert [line.after for line in whole[:-1]] == [
        before.after + line.change for line, before in pairwise(whole)
    ]
    for limit in (1, 2, 3, 5):
        assert await _pages(ledger_database, ANN, limit) == whole
    async with ledger_database.sessions("croupier_api", pool_size=1).begin() as session:
        balances = await player_balances(session, ANN.player)
    assert (whole[0].after, whole[0].version) == (balances.units(ASSET), balances.version)


async def test_new_postings_do_not_shift_older_pages(ledger_database: LedgerDatabase) -> None:
    """A cursor stands where it stood, whatever is posted meanwhile."""
    await _play(ledger_database, ANN, rounds=4)
    sessions = ledger_database.sessions()
    async with sessions.begin() as session:
        first = await statement(session, ANN.player, ASSET, limit=3)
        second = await statement(session, ANN.player, ASSET, cursor=first.next_cursor, limit=3)
    await _play(ledger_database, ANN, rounds=4, first=100)
    async with sessions.begin() as session:
        assert await statement(session, ANN.player, ASSET, cursor=first.next_cursor, limit=3) == second


async def test_a_stranger_has_an_empty_statement(ledger_database: LedgerDatabase) -> None:
    """No account, no lines, no balance, version 0."""
    nobody = player_of(OPERATOR, 4711)
    async with ledger_database.sessions().begin() as session:
        page = await statement(session, nobody, ASSET)
        balances = await player_balances(session, nobody)
    assert (page.lines, page.next_cursor) == ((), None)
    assert (balances.version, balances.assets) == (0, {})


async def test_a_cursor_serves_its_own_account_only(ledger_database: LedgerDatabase) -> None:
    """Another player's, another purpose's and an invented cursor are refused."""
    await _play(ledger_database, ANN, rounds=2)
    async with ledger_database.sessions().begin() as session:
        cursor = (await statement(session, ANN.player, ASSET, limit=1)).next_cursor
        assert cursor is not None
        for player, purpose, given in [
            (BOB.player, Purpose.AVAILABLE, cursor),
            (ANN.player, Purpose.IN_PLAY, cursor),
            (ANN.player, Purpose.AVAILABLE, cursor[:-2]),
            (ANN.player, Purpose.AVAILABLE, "no cursor"),
            (ANN.player, Purpose.AVAILABLE, "ä"),
            (ANN.player, Purpose.AVAILABLE, ""),
        ]:
            with pytest.raises(RequestInvalid):
                await statement(session, player, ASSET, purpose, cursor=given)


@pytest.mark.parametrize("limit", [0, -1, 501])
async def test_a_page_has_a_sensible_size(shared_ledger: LedgerDatabase, limit: int) -> None:
    """One to five hundred lines."""
    async with shared_ledger.sessions().begin() as session:
        with pytest.raises(RequestInvalid):
            await statement(session, ANN.player, ASSET, limit=limit)
