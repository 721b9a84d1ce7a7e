"""A deposit address is confirmed before it is given out, belongs to one player, and is never reassigned."""

import asyncio

import pytest

from domain.deposits import Receiver, WalletRole
from domain.errors import Busy, NotFound, RecordMismatch
from domain.ids import player_of
from ledger.addresses import (
    address_of,
    assign,
    family_of,
    insert_pool,
    is_ours,
    next_index,
    pool_size,
    receivers,
    watch_wallet,
)
from tests.support.ledger_database import LedgerDatabase
from tests.support.records import NOW, STRANGER, address, new_player

FAMILY = "eip155"


async def test_all_networks_of_a_kind_share_one_family() -> None:
    """One address serves every EVM network."""
    assert family_of("eip155:1") == family_of("eip155:31337") == FAMILY


async def test_the_pool_grows_once_per_index(ledger_database: LedgerDatabase) -> None:
    """A repeated range changes nothing; another address under a used index is a contradiction."""
    sessions = ledger_database.sessions()
    batch = [address(number) for number in range(3)]
    for _ in range(2):
        async with sessions.begin() as session:
            await insert_pool(session, FAMILY, 0, 0, batch, NOW)
    async with sessions.begin() as session:
        assert (await pool_size(session, FAMILY), await next_index(session, FAMILY, 0)) == (3, 3)
        assert (await pool_size(session, "tron"), await next_index(session, FAMILY, 1)) == (0, 0)
    with pytest.raises(RecordMismatch):
        async with sessions.begin() as session:
            await insert_pool(session, FAMILY, 0, 2, [address(99)], NOW)


async def test_a_player_keeps_the_address(ledger_database: LedgerDatabase) -> None:
    """Asking again gives the same address, and it leaves the pool."""
    sessions = ledger_database.sessions()
    player = await new_player(sessions)
    async with sessions.begin() as session:
        await insert_pool(session, FAMILY, 0, 0, [address(1), address(2)], NOW)
        assert await address_of(session, player, FAMILY) is None
        first = await assign(session, player, FAMILY, NOW)
    async with sessions.begin() as session:
        again = await assign(session, player, FAMILY, NOW)
        assert await pool_size(session, FAMILY) == 1
    assert (first.address, first.repeat, again.address, again.repeat) == (address(1), False, address(1), True)


async def test_addresses_given_out_at_once_all_differ(ledger_database: LedgerDatabase) -> None:
    """Eight players at the same moment get eight addresses, and one player asking eight times gets one."""
    sessions = ledger_database.sessions(pool_size=8)
    players = [await new_player(sessions) for _ in range(8)]
    async with sessions.begin() as session:
        await insert_pool(session, FAMILY, 0, 0, [address(number) for number in range(20)], NOW)

    async def give(player: int) -> bytes:
        async with sessions.begin() as session:
            return (await assign(session, player, FAMILY, NOW)).address

    given = await asyncio.gather(*(give(player) for player in players))
    assert len(set(given)) == len(players)
    assert set(await asyncio.gather(*(give(players[0]) for _ in range(8)))) == {given[0]}


async def test_an_empty_pool_and_an_unknown_player_get_no_address(ledger_database: LedgerDatabase) -> None:
    """An empty pool is a reason to come back, an unknown player is not."""
    sessions = ledger_database.sessions()
    player = await new_player(sessions)
    async with sessions.begin() as session:
        with pytest.raises(Busy):
            await assign(session, player, FAMILY, NOW)
        with pytest.raises(NotFound):
            await assign(session, player_of(5, 5), FAMILY, NOW)


async def test_our_addresses_are_told_from_strangers(ledger_database: LedgerDatabase) -> None:
    """One question names the role and player of each address of ours and leaves out all others."""
    sessions = ledger_database.sessions()
    player = await new_player(sessions)
    async with sessions.begin() as session:
        await insert_pool(session, FAMILY, 0, 0, [address(1), address(2)], NOW)
        await assign(session, player, FAMILY, NOW)
        await watch_wallet(session, FAMILY, address(9), WalletRole.HOT)
        await watch_wallet(session, FAMILY, address(9), WalletRole.HOT)
        found = await receivers(session, FAMILY, [address(1), address(2), address(9), STRANGER])
        assert found == {
            address(1): Receiver(WalletRole.DEPOSIT, player),
            address(2): Receiver(WalletRole.DEPOSIT, None),
            address(9): Receiver(WalletRole.HOT, None),
        }
        assert await is_ours(session, FAMILY, address(9)) is WalletRole.HOT
        assert await is_ours(session, FAMILY, STRANGER) is None
        assert await receivers(session, FAMILY, []) == {}
        with pytest.raises(RecordMismatch):
            await watch_wallet(session, FAMILY, address(1), WalletRole.HOT)
