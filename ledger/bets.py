"""Bet rows: one row per bet that shows everything its player may ask about it later."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, insert, literal, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.bets import BetInput, BetResult, BetState, Game
from domain.errors import NotFound
from domain.ids import slot_of_player
from domain.repairs import Mark
from ledger.records import AnyRow, bets, seed_pairs


@dataclass(frozen=True, slots=True)
class BetOutcome:
    """What a bet drew, from which seed pair and nonce; roll in hundredths, payout in the stake's units."""

    pair: int
    nonce: int
    roll: int
    multiplier: int
    payout: int


@dataclass(frozen=True, slots=True)
class BetAcceptance:
    """How a bet began: RESERVED with its posting's id and its draw, or DECLINED with code and sentence."""

    state: BetState
    decision_id: UUID | None = None
    reserve_id: UUID | None = None
    outcome: BetOutcome | None = None
    version: int | None = None
    code: str | None = None
    sentence: str | None = None


async def insert_bet(session: AsyncConnection, bet: BetInput, acceptance: BetAcceptance) -> None:
    """Write the row of a new bet, in the transaction of its reservation."""
    outcome = acceptance.outcome
    drawn = (
        {}
        if outcome is None
        else {
            "pair": outcome.pair,
            "nonce": outcome.nonce,
            "roll": outcome.roll,
            "multiplier": outcome.multiplier,
            "payout": outcome.payout,
        }
    )
    await session.execute(
        insert(bets).values(
            slot=slot_of_player(bet.player),
            bet_id=bet.bet_id,
            player=bet.player,
            asset_id=bet.asset_id,
            game=bet.game.value,
            stake=bet.stake,
            under=bet.under,
            state=acceptance.state.value,
            code=acceptance.code,
            sentence=acceptance.sentence,
            decision_id=acceptance.decision_id,
            reserve_id=acceptance.reserve_id,
            version=acceptance.version,
            client_key=bet.client_key,
            request_id=bet.request_id,
            received_at=bet.received_at,
            **drawn,
        )
    )


async def recall_bet(session: AsyncConnection, player: int, bet_id: UUID) -> BetResult | None:
    """The bet as its rows show it, None if there is none under this id."""
    row = (await session.execute(_shown(player).where(bets.c.bet_id == bet_id))).one_or_none()
    return None if row is None else _result(row)


async def differing_field(session: AsyncConnection, bet: BetInput) -> str | None:
    """The first business field in which a repeat differs from the stored bet; None if it is the same bet.

    Raises NotFound if no bet is stored under this id.
    """
    row = (
        await session.execute(
            select(bets.c.asset_id, bets.c.game, bets.c.stake, bets.c.under).where(
                bets.c.slot == slot_of_player(bet.player), bets.c.bet_id == bet.bet_id
            )
        )
    ).one_or_none()
    if row is None:
        raise NotFound("bet", str(bet.bet_id))
    asked = {"asset": bet.asset_id, "game": bet.game.value, "stake": bet.stake, "under": bet.under}
    stored = {"asset": row.asset_id, "game": row.game, "stake": row.stake, "under": row.under}
    return next((field for field, value in asked.items() if stored[field] != value), None)


async def mark_settled(  # noqa: PLR0913, PLR0917 - the end of one row
    session: AsyncConnection,
    player: int,
    bet_id: UUID,
    state: BetState,
    settle_id: UUID,
    version: int | None,
    now: datetime,
) -> None:
    """End a reserved bet in the transaction of the posting `settle_id`; a repeat is silent."""
    assert not state.is_open, state
    await session.execute(
        update(bets)
        .where(
            bets.c.slot == slot_of_player(player),
            bets.c.bet_id == bet_id,
            bets.c.state == BetState.RESERVED.value,
        )
        .values(state=state.value, settle_id=settle_id, settled_at=now, version=version)
    )


async def list_bets(
    session: AsyncConnection, player: int, before: tuple[datetime, UUID] | None, limit: int
) -> list[tuple[datetime, BetResult]]:
    """The player's bets, newest first, each with its time; `before` is the last row of the page before."""
    query = _shown(player).order_by(bets.c.received_at.desc(), bets.c.bet_id.desc()).limit(limit)
    if before is not None:
        query = query.where(tuple_(bets.c.received_at, bets.c.bet_id) < before)
    return [(row.received_at, _result(row)) for row in await session.execute(query)]


async def unfinished_bets(
    session: AsyncConnection, received_before: datetime, after: Mark | None, limit: int
) -> list[tuple[Mark, BetInput]]:
    """Reserved bets received before this moment, oldest first, as the inputs of their workflows.

    Each with its mark; `after` is the last mark of the page before.
    """
    reserved = literal(BetState.RESERVED.value, literal_execute=True)  # a partial index is over this word
    query = (
        select(bets)
        .where(bets.c.state == reserved, bets.c.received_at < received_before)
        .order_by(bets.c.received_at, bets.c.bet_id)
        .limit(limit)
    )
    if after is not None:
        query = query.where(tuple_(bets.c.received_at, bets.c.bet_id) > (after.at, after.id))
    return [(Mark(at=row.received_at, id=row.bet_id), _input(row)) for row in await session.execute(query)]


def _input(row: AnyRow) -> BetInput:
    return BetInput(
        bet_id=row.bet_id,
        player=row.player,
        asset_id=row.asset_id,
        game=Game(row.game),
        stake=row.stake,
        under=row.under,
        client_key=row.client_key,
        request_id=row.request_id,
        received_at=row.received_at,
    )


def _shown(player: int) -> Select[Any]:
    # The secret itself is not among the columns: the door's role may not read it.
    pair = and_(
        seed_pairs.c.slot == bets.c.slot,
        seed_pairs.c.player == bets.c.player,
        seed_pairs.c.pair == bets.c.pair,
    )
    return (
        select(bets, seed_pairs.c.commit_hash, seed_pairs.c.client_seed)
        .select_from(bets.outerjoin(seed_pairs, pair))
        .where(bets.c.slot == slot_of_player(player), bets.c.player == player)
    )


def _result(row: AnyRow) -> BetResult:
    return BetResult(
        bet_id=row.bet_id,
        state=BetState(row.state),
        asset_id=row.asset_id,
        stake=row.stake,
        under=row.under,
        code=row.code,
        sentence=row.sentence,
        roll=row.roll,
        multiplier=row.multiplier,
        payout=row.payout,
        seed_pair=row.pair,
        nonce=row.nonce,
        commit=row.commit_hash,
        client_seed=row.client_seed,
        version=row.version,
        request_id=row.request_id,
        repeat=True,
    )
