"""Seed pairs of provably fair games: the secret sealed at rest, its commitment, and the nonces it has used.

The next pair always exists before the current one is revealed, so its commitment can be shown first.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.errors import Busy, NotFound, RequestInvalid
from domain.fairness import commitment, is_client_seed
from domain.ids import player_text, slot_of_player
from domain.players import SeedPairRecord, SeedRotationRecord
from ledger.records import AnyRow, seed_pairs
from ledger.tables import players

FIRST_PAIR = 1


@dataclass(frozen=True, slots=True)
class SealedSeed:
    """A server seed under the field cipher, and the SHA-256 of its text in hexadecimal."""

    sealed: bytes
    commit: str


@dataclass(frozen=True, slots=True)
class SeedDraw:
    """What one bet is drawn from; the server seed is still sealed."""

    pair: int
    nonce: int
    client_seed: str
    commit: str
    sealed: bytes


@dataclass(frozen=True, slots=True)
class SeedStatus:
    """The pair in use, its sealed secret, and the commitment of the one after it."""

    current: SeedPairRecord
    sealed: bytes
    next_pair: int
    next_commit: str


async def ensure_pair(  # noqa: PLR0913, PLR0917 - two seeds, one default and the time
    session: AsyncConnection,
    player: int,
    current: SealedSeed,
    following: SealedSeed,
    client_seed: str,
    now: datetime,
) -> None:
    """Give the player pairs 1 (in use) and 2 (next), sealed for those numbers, unless there are some."""
    await _lock(session, player)
    pairs = ((FIRST_PAIR, current, "current", client_seed), (FIRST_PAIR + 1, following, "next", None))
    if await session.scalar(select(seed_pairs.c.pair).where(*_of(player)).limit(1)) is not None:
        return
    for pair, seed, state, text in pairs:
        await _insert_pair(session, player, pair, seed, state, text, now)


async def take_nonce(session: AsyncConnection, player: int) -> SeedDraw:
    """Use up one nonce of the current pair; the caller has posted first and so holds the slot.

    Raises NotFound if the player has no pair yet.
    """
    row = (
        await session.execute(
            update(seed_pairs)
            .where(*_of(player), seed_pairs.c.state == "current")
            .values(next_nonce=seed_pairs.c.next_nonce + 1)
            .returning(seed_pairs)
        )
    ).one_or_none()
    if row is None:
        raise NotFound("seed pair of player", player_text(player))
    return SeedDraw(
        pair=row.pair,
        nonce=row.next_nonce - 1,
        client_seed=row.client_seed,
        commit=row.commit_hash,
        sealed=row.server_seed,
    )


async def pair_of(session: AsyncConnection, player: int, pair: int) -> SeedPairRecord:
    """One pair as the player may see it; raises NotFound."""
    row = (
        await session.execute(select(*_VISIBLE).where(*_of(player), seed_pairs.c.pair == pair))
    ).one_or_none()
    if row is None:
        raise NotFound("seed pair", f"{player_text(player)}/{pair}")
    return _record(row)


async def seed_status(session: AsyncConnection, player: int) -> SeedStatus | None:
    """The pair in use and the next commitment; None before the player's first pair."""
    found = await _unrevealed(session, player, *_VISIBLE, seed_pairs.c.server_seed)
    if not found:
        return None
    current, following = found
    return SeedStatus(_record(current), current.server_seed, following.pair, following.commit_hash)


async def shown_pairs(session: AsyncConnection, player: int) -> tuple[SeedPairRecord, str] | None:
    """The pair in use and the next commitment, read without touching a secret; None before the first pair."""
    found = await _unrevealed(session, player, *_VISIBLE)
    if not found:
        return None
    current, following = found
    return _record(current), following.commit_hash


async def recall_rotation(
    session: AsyncConnection, player: int, client_key: str
) -> SeedRotationRecord | None:
    """The answer a rotation under this client key was given, if it happened."""
    revealed = (
        await session.execute(select(*_VISIBLE).where(*_of(player), seed_pairs.c.rotated_by == client_key))
    ).one_or_none()
    if revealed is None:
        return None
    rows = await session.execute(
        select(*_VISIBLE)
        .where(*_of(player), seed_pairs.c.pair.in_((revealed.pair + 1, revealed.pair + 2)))
        .order_by(seed_pairs.c.pair)
    )
    current, following = rows.all()
    started = _record(current).model_copy(update={"server_seed": None, "next_nonce": 0})
    return SeedRotationRecord(
        revealed=_record(revealed), current=started, next_commit=following.commit_hash, repeat=True
    )


async def rotate(  # noqa: PLR0913, PLR0917 - the wish, the opened secret, the new one and the time
    session: AsyncConnection,
    player: int,
    client_key: str,
    client_seed: str,
    opened: str,
    following: SealedSeed,
    now: datetime,
) -> SeedRotationRecord:
    """Reveal the current pair and go on with the next one under a new client seed, once per client key.

    `opened` is the current pair's server seed in clear, `following` the sealed seed of pair current + 2.
    Raises RequestInvalid for a client seed that is malformed or whose nonces were used before, NotFound
    without a pair, Busy when another rotation came between opening the seed and this call.
    """
    await _lock(session, player)
    known = await recall_rotation(session, player, client_key)
    if known is not None:
        return known
    status = await seed_status(session, player)
    if status is None:
        raise NotFound("seed pair of player", player_text(player))
    await _check_client_seed(session, player, client_seed)
    if commitment(opened) != status.current.commit:
        raise Busy("The seed pair")
    pair = status.current.pair
    await _set(session, player, pair, state="revealed", revealed_seed=opened, rotated_by=client_key)
    await _set(session, player, pair + 1, state="current", client_seed=client_seed)
    await _insert_pair(session, player, pair + 2, following, "next", None, now)
    done = await recall_rotation(session, player, client_key)
    assert done is not None, (player, client_key)
    return done.model_copy(update={"repeat": False})


_VISIBLE = (
    seed_pairs.c.player,
    seed_pairs.c.pair,
    seed_pairs.c.commit_hash,
    seed_pairs.c.client_seed,
    seed_pairs.c.next_nonce,
    seed_pairs.c.revealed_seed,
)


async def _unrevealed(
    session: AsyncConnection, player: int, *columns: ColumnElement[Any]
) -> Sequence[AnyRow]:
    """The pair in use and the next one, in this order; nothing before the player's first pair."""
    rows = await session.execute(
        select(*columns)
        .where(*_of(player), seed_pairs.c.state.in_(("current", "next")))
        .order_by(seed_pairs.c.pair)
    )
    return rows.all()


async def _check_client_seed(session: AsyncConnection, player: int, client_seed: str) -> None:
    """A used (client seed, nonce) must never come back; every pair starts at nonce 0."""
    if not is_client_seed(client_seed):
        raise RequestInvalid("A client seed has 1 to 64 letters, digits, dots, dashes and underscores.")
    used = await session.scalar(
        select(seed_pairs.c.pair)
        .where(*_of(player), seed_pairs.c.client_seed == client_seed, seed_pairs.c.next_nonce > 0)
        .limit(1)
    )
    if used is not None:
        raise RequestInvalid("This client seed was already played with; choose another one.")


async def _lock(session: AsyncConnection, player: int) -> None:
    """Serialise on the player's version row, which every posting of the player locks as well."""
    slot = slot_of_player(player)
    found = await session.scalar(
        select(players.c.player)
        .where(players.c.slot == slot, players.c.player == player)
        .with_for_update(key_share=True)
    )
    if found is None:
        raise NotFound("player", player_text(player))


async def _set(session: AsyncConnection, player: int, pair: int, **values: str) -> None:
    await session.execute(update(seed_pairs).where(*_of(player), seed_pairs.c.pair == pair).values(**values))


async def _insert_pair(  # noqa: PLR0913, PLR0917 - one row's columns
    session: AsyncConnection,
    player: int,
    pair: int,
    seed: SealedSeed,
    state: str,
    client_seed: str | None,
    now: datetime,
) -> None:
    await session.execute(
        insert(seed_pairs).values(
            slot=slot_of_player(player),
            player=player,
            pair=pair,
            commit_hash=seed.commit,
            server_seed=seed.sealed,
            client_seed=client_seed,
            state=state,
            created_at=now,
        )
    )


def _of(player: int) -> tuple[Any, Any]:
    return seed_pairs.c.slot == slot_of_player(player), seed_pairs.c.player == player


def _record(row: AnyRow) -> SeedPairRecord:
    return SeedPairRecord(
        player=row.player,
        pair=row.pair,
        commit=row.commit_hash,
        client_seed=row.client_seed or "",
        next_nonce=row.next_nonce,
        server_seed=row.revealed_seed,
    )
