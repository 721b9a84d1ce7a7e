"""Who a player is: the casino's own name for a person, and the number that every account carries."""

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.errors import NotFound
from domain.ids import operator_of_player, player_of, player_text, slot_of_player
from domain.players import PlayerInput, PlayerRecord
from ledger.records import operators, registrations
from ledger.tables import players


async def ensure_operator(session: AsyncConnection, operator: int, name: str) -> None:
    """Record a casino brand under its number (1 to 2047); an existing one keeps its name."""
    await session.execute(
        insert(operators)
        .values(operator=operator, name=name)
        .on_conflict_do_nothing(index_elements=["operator"])
    )


async def register(session: AsyncConnection, player: PlayerInput, now: datetime) -> PlayerRecord:
    """Give a person of an operator a number; the same (operator, external id) is the same player for ever.

    Raises NotFound for an operator nobody recorded.
    """
    known = await _find(session, player.operator, player.external_id)
    if known is not None:
        return known
    operator = await session.scalar(
        select(operators.c.operator).where(operators.c.operator == player.operator).with_for_update()
    )
    if operator is None:
        raise NotFound("operator", str(player.operator))
    known = await _find(session, player.operator, player.external_id)
    if known is not None:
        return known
    return await _insert(session, player, now)


async def recall_player(session: AsyncConnection, player: int) -> PlayerRecord:
    """The player behind a number; raises NotFound."""
    row = (await session.execute(select(registrations).where(registrations.c.player == player))).one_or_none()
    if row is None:
        raise NotFound("player", player_text(player))
    return PlayerRecord(
        player=row.player,
        operator=row.operator,
        external_id=row.external_id,
        created_at=row.created_at,
        request_id=row.request_id,
        repeat=True,
    )


async def is_active(session: AsyncConnection, player: int) -> bool:
    """Whether the player may begin new business; raises NotFound."""
    state = await session.scalar(select(registrations.c.state).where(registrations.c.player == player))
    if state is None:
        raise NotFound("player", player_text(player))
    return bool(state == "active")


async def _find(session: AsyncConnection, operator: int, external_id: str) -> PlayerRecord | None:
    player = await session.scalar(
        select(registrations.c.player).where(
            registrations.c.operator == operator, registrations.c.external_id == external_id
        )
    )
    return None if player is None else await recall_player(session, player)


async def _insert(session: AsyncConnection, player: PlayerInput, now: datetime) -> PlayerRecord:
    owner = await session.scalar(
        update(operators)
        .where(operators.c.operator == player.operator)
        .values(last_owner=operators.c.last_owner + 1)
        .returning(operators.c.last_owner)
    )
    assert owner is not None, player.operator
    number = player_of(player.operator, owner)
    await session.execute(
        insert(registrations).values(
            player=number,
            operator=operator_of_player(number),
            external_id=player.external_id,
            request_id=player.request_id,
            created_at=now,
        )
    )
    await session.execute(
        insert(players).values(slot=slot_of_player(number), player=number).on_conflict_do_nothing()
    )
    return PlayerRecord(
        player=number,
        operator=player.operator,
        external_id=player.external_id,
        created_at=now,
        request_id=player.request_id,
    )
