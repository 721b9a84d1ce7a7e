"""Provably fair seeds: a nonce is used once, and the next commitment is known before a secret is revealed."""

import asyncio
import hashlib

import pytest

from domain.errors import Busy, NotFound, RequestInvalid
from domain.fairness import commitment
from ledger.seeds import (
    SealedSeed,
    ensure_pair,
    pair_of,
    recall_rotation,
    rotate,
    seed_status,
    shown_pairs,
    take_nonce,
)
from ledger.session import Sessions
from tests.support.ledger_database import LedgerDatabase
from tests.support.records import NOW, new_player

CLIENT_SEED = "first-seed"


def _secret(number: int) -> str:
    return hashlib.sha256(f"secret {number}".encode()).hexdigest()


def _sealed(number: int) -> SealedSeed:
    return SealedSeed(sealed=b"sealed " + _secret(number).encode(), commit=commitment(_secret(number)))


async def _player_with_seeds(sessions: Sessions) -> int:
    player = await new_player(sessions)
    async with sessions.begin() as session:
        await ensure_pair(session, player, _sealed(1), _sealed(2), CLIENT_SEED, NOW)
    return player


async def test_the_first_pairs_are_made_once(ledger_database: LedgerDatabase) -> None:
    """A second call keeps the seeds that are there, whatever it brings."""
    sessions = ledger_database.sessions()
    player = await _player_with_seeds(sessions)
    async with sessions.begin() as session:
        await ensure_pair(session, player, _sealed(8), _sealed(9), "another", NOW)
        status = await seed_status(session, player)
        assert status is not None
        assert (status.current.pair, status.current.commit, status.current.client_seed) == (
            1,
            commitment(_secret(1)),
            CLIENT_SEED,
        )
        assert (status.next_pair, status.next_commit) == (2, commitment(_secret(2)))
        assert status.sealed == _sealed(1).sealed
        assert await shown_pairs(session, player) == (status.current, status.next_commit)


async def test_no_nonce_is_taken_twice(ledger_database: LedgerDatabase) -> None:
    """Twenty draws at the same moment use the nonces 0 to 19."""
    sessions = ledger_database.sessions(pool_size=8)
    player = await _player_with_seeds(sessions)

    async def draw() -> int:
        async with sessions.begin() as session:
            drawn = await take_nonce(session, player)
        assert (drawn.pair, drawn.client_seed, drawn.sealed) == (1, CLIENT_SEED, _sealed(1).sealed)
        return drawn.nonce

    assert sorted(await asyncio.gather(*(draw() for _ in range(20)))) == list(range(20))


async def test_a_draw_that_is_rolled_back_burns_no_nonce(ledger_database: LedgerDatabase) -> None:
    """The nonce belongs to the transaction of its bet."""
    sessions = ledger_database.sessions()
    player = await _player_with_seeds(sessions)

    async def draw_and_fail() -> None:
        async with sessions.begin() as session:
            await take_nonce(session, player)
            await pair_of(session, player, 7)

    with pytest.raises(NotFound):
        await draw_and_fail()
    async with sessions.begin() as session:
        assert (await take_nonce(session, player)).nonce == 0


async def test_a_rotation_reveals_the_old_seed_and_shows_the_next_commitment(
    ledger_database: LedgerDatabase,
) -> None:
    """The pair in use becomes public, the announced one comes into use, a third is committed to."""
    sessions = ledger_database.sessions()
    player = await _player_with_seeds(sessions)
    async with sessions.begin() as session:
        await take_nonce(session, player)
        done = await rotate(session, player, "k-1", "second-seed", _secret(1), _sealed(3), NOW)
    assert not done.repeat
    assert (done.revealed.server_seed, done.revealed.next_nonce) == (_secret(1), 1)
    assert (done.current.pair, done.current.client_seed, done.current.server_seed) == (2, "second-seed", None)
    assert done.next_commit == commitment(_secret(3))
    async with sessions.begin() as session:
        drawn = await take_nonce(session, player)
        assert (drawn.pair, drawn.nonce, drawn.client_seed) == (2, 0, "second-seed")
        assert (await pair_of(session, player, 1)).server_seed == _secret(1)
        assert (await pair_of(session, player, 2)).server_seed is None


async def test_a_repeated_rotation_gives_the_old_answer(ledger_database: LedgerDatabase) -> None:
    """The same key turns the seeds once, also after a later rotation and after bets on the new pair."""
    sessions = ledger_database.sessions()
    player = await _player_with_seeds(sessions)
    async with sessions.begin() as session:
        first = await rotate(session, player, "k-1", "second-seed", _secret(1), _sealed(3), NOW)
        await take_nonce(session, player)
        await rotate(session, player, "k-2", "third-seed", _secret(2), _sealed(4), NOW)
    async with sessions.begin() as session:
        again = await rotate(session, player, "k-1", "anything", _secret(9), _sealed(9), NOW)
        assert await recall_rotation(session, player, "k-9") is None
    assert again == first.model_copy(update={"repeat": True})


async def test_a_played_client_seed_never_comes_back(ledger_database: LedgerDatabase) -> None:
    """A used (client seed, nonce) is refused; a client seed nobody bet on may be kept."""
    sessions = ledger_database.sessions()
    player = await _player_with_seeds(sessions)
    async with sessions.begin() as session:
        unplayed = await rotate(session, player, "k-1", CLIENT_SEED, _secret(1), _sealed(3), NOW)
        assert unplayed.current.client_seed == CLIENT_SEED
        await take_nonce(session, player)
        with pytest.raises(RequestInvalid):
            await rotate(session, player, "k-2", CLIENT_SEED, _secret(2), _sealed(4), NOW)
        with pytest.raises(RequestInvalid):
            await rotate(session, player, "k-2", "no blanks please", _secret(2), _sealed(4), NOW)
        assert (await take_nonce(session, player)).pair == 2


async def test_a_secret_that_is_not_the_current_one_reveals_nothing(ledger_database: LedgerDatabase) -> None:
    """A rotation that lost a race asks its caller to read again."""
    sessions = ledger_database.sessions()
    player = await _player_with_seeds(sessions)
    async with sessions.begin() as session:
        with pytest.raises(Busy):
            await rotate(session, player, "k-1", "second-seed", _secret(2), _sealed(3), NOW)
        assert (await pair_of(session, player, 1)).server_seed is None


async def test_nobody_draws_without_a_pair(ledger_database: LedgerDatabase) -> None:
    """A player without seeds has nothing to draw from, to show or to turn."""
    sessions = ledger_database.sessions()
    player = await new_player(sessions)
    async with sessions.begin() as session:
        assert await seed_status(session, player) is None
        assert await shown_pairs(session, player) is None
        for question in (
            take_nonce(session, player),
            pair_of(session, player, 1),
            rotate(session, player, "k", "seed", _secret(1), _sealed(3), NOW),
        ):
            with pytest.raises(NotFound):
                await question
