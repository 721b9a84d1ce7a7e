"""Accounts are opened where they are missing, without a slot lock; opening twice is the same as once."""

from collections.abc import Iterable

from sqlalchemy.ext.asyncio import AsyncConnection

from domain.accounts import OPENED_WITH_A_PLAYER, owner_text, player_account, purpose_of
from domain.assets import Asset
from domain.errors import RecordMismatch
from domain.ids import account_parts, player_of_account, slot_of_player
from ledger.arrays import numbers, texts

# Keys are sorted, so two openers of the same accounts wait for each other in one order only.
OPEN_ACCOUNTS = """
WITH opened AS (
  INSERT INTO ledger.accounts (slot, account_id, asset_id, owner_key, normal_side)
  SELECT u.slot, u.id, u.asset_id, u.owner_key, u.side
    FROM unnest(%(slots)s::smallint[], %(ids)s::bigint[], %(assets)s::integer[], %(owners)s::text[],
                %(sides)s::text[]) WITH ORDINALITY AS u (slot, id, asset_id, owner_key, side, place)
   ORDER BY u.place
  ON CONFLICT (slot, account_id) DO NOTHING
), balanced AS (
  INSERT INTO ledger.balances (slot, account_id, guard)
  SELECT u.slot, u.id, u.guard
    FROM unnest(%(slots)s::smallint[], %(ids)s::bigint[], %(guards)s::smallint[])
         WITH ORDINALITY AS u (slot, id, guard, place)
   ORDER BY u.place
  ON CONFLICT (slot, account_id) DO NOTHING
)
INSERT INTO ledger.players (slot, player)
SELECT u.slot, u.player
  FROM unnest(%(player_slots)s::smallint[], %(players)s::bigint[]) WITH ORDINALITY AS u (slot, player, place)
 ORDER BY u.place
ON CONFLICT (slot, player) DO NOTHING
"""

REGISTER_ASSET = """
INSERT INTO ledger.assets (asset_id, code, chain, contract, decimals)
VALUES (%(asset_id)s, %(code)s, %(chain)s, %(contract)s, %(decimals)s)
ON CONFLICT DO NOTHING
"""
FIND_ASSET = "SELECT code, chain, contract, decimals FROM ledger.assets WHERE asset_id = %(asset_id)s"


async def open_accounts(session: AsyncConnection, player: int, asset_ids: Iterable[int]) -> None:
    """Open what a player needs to hold these assets, and the player's version row."""
    slot = slot_of_player(player)
    await open_missing(
        session,
        {
            (slot, player_account(player, asset_id, purpose))
            for asset_id in asset_ids
            for purpose in OPENED_WITH_A_PLAYER
        },
    )


async def open_missing(session: AsyncConnection, accounts: Iterable[tuple[int, int]]) -> None:
    """Open accounts, given as slot and account id, and their players' version rows, unless they are open."""
    wanted = sorted(set(accounts))
    ids = [account for _, account in wanted]
    players = sorted(
        {(slot, player) for slot, account in wanted if (player := player_of_account(account)) is not None}
    )
    await session.exec_driver_sql(
        OPEN_ACCOUNTS,
        {
            "slots": numbers(slot for slot, _ in wanted),
            "ids": numbers(ids),
            "assets": numbers(account_parts(account).asset_id for account in ids),
            "owners": texts(owner_text(account) for account in ids),
            "sides": texts(purpose_of(account).normal_side for account in ids),
            "guards": numbers(purpose_of(account).guard for account in ids),
            "player_slots": numbers(slot for slot, _ in players),
            "players": numbers(player for _, player in players),
        },
    )


async def register_assets(session: AsyncConnection, assets: Iterable[Asset]) -> None:
    """Enter the catalogue's assets as the schema's owner; RecordMismatch when a number is another asset's."""
    for asset in assets:
        known = (asset.code, asset.network, asset.contract.hex(), asset.decimals)
        names = ("code", "chain", "contract", "decimals")
        await session.exec_driver_sql(
            REGISTER_ASSET, {"asset_id": asset.asset_id, **dict(zip(names, known, strict=True))}
        )
        row = (await session.exec_driver_sql(FIND_ASSET, {"asset_id": asset.asset_id})).one_or_none()
        if row is None or tuple(row) != known:
            raise RecordMismatch(f"asset {asset.asset_id} is {known} in the catalogue, {row} in the ledger")
