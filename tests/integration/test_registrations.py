"""A person of an operator becomes one player, once."""

import asyncio

import pytest

from domain.errors import NotFound
from domain.ids import operator_of_player, player_of, slot_of_player
from domain.players import PlayerInput
from ledger.registrations import ensure_operator, is_active, recall_player, register
from tests.support.ledger_database import LedgerDatabase
from tests.support.records import NOW, OPERATOR, later


def _input(external_id: str, operator: int = OPERATOR, request_id: str = "r-1") -> PlayerInput:
    return PlayerInput(operator=operator, external_id=external_id, request_id=request_id, received_at=NOW)


async def test_the_same_name_is_the_same_player_for_ever(ledger_database: LedgerDatabase) -> None:
    """A second registration answers with the first one's number, time and request."""
    sessions = ledger_database.sessions()
    async with sessions.begin() as session:
        await ensure_operator(session, OPERATOR, "House")
        first = await register(session, _input("anna"), NOW)
        other = await register(session, _input("bert"), NOW)
    async with sessions.begin() as session:
        again = await register(session, _input("anna", request_id="r-2"), later(60))
    assert (first.repeat, again.repeat) == (False, True)
    assert (again.player, again.created_at, again.request_id) == (first.player, NOW, "r-1")
    assert other.player != first.player
    assert operator_of_player(first.player) == OPERATOR


async def test_a_new_player_has_a_version_row_in_its_slot(ledger_database: LedgerDatabase) -> None:
    """The player's stream begins at version 0, in the slot that the number says."""
    async with ledger_database.sessions().begin() as session:
        await ensure_operator(session, OPERATOR, "House")
        record = await register(session, _input("anna"), NOW)
    with ledger_database.raw() as connection:
        rows = connection.execute("SELECT slot, player, version FROM ledger.players").fetchall()
    assert rows == [(slot_of_player(record.player), record.player, 0)]


async def test_two_operators_may_use_one_name(ledger_database: LedgerDatabase) -> None:
    """A name belongs to its operator."""
    async with ledger_database.sessions().begin() as session:
        await ensure_operator(session, 1, "House")
        await ensure_operator(session, 2, "Other house")
        one = await register(session, _input("anna", 1), NOW)
        two = await register(session, _input("anna", 2), NOW)
    assert (one.player, two.player) == (player_of(1, 1), player_of(2, 1))


async def test_registering_at_once_makes_one_player(ledger_database: LedgerDatabase) -> None:
    """Ten requests for one name at the same moment agree on one number and use up one."""
    sessions = ledger_database.sessions(pool_size=10)
    async with sessions.begin() as session:
        await ensure_operator(session, OPERATOR, "House")

    async def one() -> int:
        async with sessions.begin() as session:
            return (await register(session, _input("anna"), NOW)).player

    assert set(await asyncio.gather(*(one() for _ in range(10)))) == {player_of(OPERATOR, 1)}
    with ledger_database.raw() as connection:
        assert connection.execute("SELECT last_owner FROM ledger.operators").fetchall() == [(1,)]


async def test_unknown_operators_and_players_are_not_found(ledger_database: LedgerDatabase) -> None:
    """Nobody is registered for a brand that does not exist, and nobody is made up."""
    sessions = ledger_database.sessions()
    async with sessions.begin() as session:
        with pytest.raises(NotFound):
            await register(session, _input("anna", operator=77), NOW)
        with pytest.raises(NotFound):
            await recall_player(session, player_of(77, 1))
        with pytest.raises(NotFound):
            await is_active(session, player_of(77, 1))


async def test_a_blocked_player_is_not_active(ledger_database: LedgerDatabase) -> None:
    """The state of the row decides whether new business begins."""
    sessions = ledger_database.sessions()
    async with sessions.begin() as session:
        await ensure_operator(session, OPERATOR, "House")
        player = (await register(session, _input("anna"), NOW)).player
        assert await is_active(session, player)
    with ledger_database.raw() as connection:
        connection.execute("UPDATE ledger.registrations SET state = 'blocked'")
    async with sessions.begin() as session:
        assert not await is_active(session, player)
