"""A player's whole account at one version, whatever networks it came from."""

from collections.abc import Collection
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.accounts import Purpose
from domain.holdings import Holding
from ledger.balances import player_balances
from ledger.chain_records import credits_


class PlayerHoldings(NamedTuple):
    """Asset id to what is held; `version` is one number for all of them."""

    version: int
    assets: dict[int, Holding]


async def player_holdings(snapshot: AsyncConnection, player: int) -> PlayerHoldings:
    """Everything one player has; version 0 and nothing for a player without accounts.

    `snapshot` is a transaction of `Sessions.snapshot`: locks and balances are read by two statements. Each
    network's credits are postings of the same player, which the lock of the slot puts in one order; so the
    version counts them all, and an answer with a higher one is newer.
    """
    balances = await player_balances(snapshot, player)
    locked = await locked_units(snapshot, player, balances.assets)
    return PlayerHoldings(
        balances.version,
        {
            asset_id: Holding(
                available=balances.units(asset_id, Purpose.AVAILABLE),
                locked=locked.get(asset_id, 0),
                in_play=balances.units(asset_id, Purpose.IN_PLAY),
                pending_withdrawal=balances.units(asset_id, Purpose.PENDING_WITHDRAWAL),
                owed=balances.units(asset_id, Purpose.RECEIVABLE),
            )
            for asset_id in balances.assets
        },
    )


async def locked_units(session: AsyncConnection, player: int, asset_ids: Collection[int]) -> dict[int, int]:
    """Units of these assets whose deposits are not withdrawable so far; an asset without any is missing."""
    rows = await session.execute(
        select(credits_.c.asset_id, func.sum(credits_.c.amount).label("units"))
        .where(
            credits_.c.asset_id.in_(asset_ids),
            credits_.c.player == player,
            credits_.c.unlocked_at.is_(None),
            credits_.c.returned_at.is_(None),
        )
        .group_by(credits_.c.asset_id)
    )
    return {row.asset_id: int(row.units) for row in rows}
