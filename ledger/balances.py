"""Balances as they stand: of one player, and of the house as a sum over its slots."""

from collections import defaultdict
from typing import NamedTuple

from sqlalchemy.ext.asyncio import AsyncConnection

from domain.accounts import Purpose, Side, house_account, purpose_of
from domain.ids import ASSET_BITS, PURPOSE_BITS, SLOTS, account_parts, slot_of_player

# One statement is one snapshot: version and amounts belong together. The views are all that the API may read.
PLAYER_BALANCES = """
SELECT NULL::bigint AS account_id, NULL::text AS units, version
  FROM ledger.player_versions WHERE slot = %(slot)s AND player = %(player)s
UNION ALL
SELECT account_id, (credits - debits)::text, NULL
  FROM ledger.player_balances WHERE slot = %(slot)s AND account_id BETWEEN %(first)s AND %(last)s
"""

HOUSE_BALANCE = """
SELECT coalesce(sum(b.credits - b.debits), 0)::text
  FROM generate_series(0, %(last_slot)s) AS s (slot), LATERAL (
       SELECT credits, debits FROM ledger.balances WHERE slot = s.slot::smallint AND account_id = %(account)s
         OFFSET 0) b
"""

FAMILY_BALANCES = """
SELECT account_id, sum(credits - debits)::text AS units
  FROM ledger.balances WHERE ((account_id >> 24) & 268435455) = 0 GROUP BY account_id
"""

PLAYER_TOTALS = """
SELECT account_id >> 52 AS operator, (account_id >> 8) & 65535 AS asset_id, account_id & 255 AS purpose,
       sum(credits - debits)::text AS units
  FROM ledger.balances WHERE ((account_id >> 24) & 268435455) <> 0 GROUP BY 1, 2, 3
"""


class PlayerBalances(NamedTuple):
    """A player's whole units at one version: asset id to purpose, each on its account's normal side."""

    version: int
    assets: dict[int, dict[Purpose, int]]

    def units(self, asset_id: int, purpose: Purpose = Purpose.AVAILABLE) -> int:
        return self.assets.get(asset_id, {}).get(purpose, 0)


class Family(NamedTuple):
    """A house account over all slots, or one purpose over all players."""

    operator: int
    asset_id: int
    purpose: Purpose


async def player_balances(session: AsyncConnection, player: int) -> PlayerBalances:
    """All balances of one player; version 0 and nothing else for a player without accounts."""
    low = player << (ASSET_BITS + PURPOSE_BITS)
    high = ((player + 1) << (ASSET_BITS + PURPOSE_BITS)) - 1
    rows = await session.exec_driver_sql(
        PLAYER_BALANCES, {"slot": slot_of_player(player), "player": player, "first": low, "last": high}
    )
    version = 0
    assets: dict[int, dict[Purpose, int]] = defaultdict(dict)
    for row in rows:
        if row.account_id is None:
            version = row.version
            continue
        purpose = purpose_of(row.account_id)
        assets[account_parts(row.account_id).asset_id][purpose] = _on_normal_side(purpose, int(row.units))
    return PlayerBalances(version, dict(assets))


async def house_balance(session: AsyncConnection, operator: int, purpose: Purpose, asset_id: int) -> int:
    """A house family's units over all slots, on its normal side (an asset that is there is positive)."""
    account = house_account(operator, asset_id, purpose)
    units = await session.exec_driver_sql(HOUSE_BALANCE, {"last_slot": SLOTS - 1, "account": account})
    return _on_normal_side(purpose, int(units.scalar_one()))


async def family_balances(session: AsyncConnection) -> dict[Family, int]:
    """Every house family's units over all slots, on its normal side."""
    found: dict[Family, int] = {}
    for row in await session.exec_driver_sql(FAMILY_BALANCES):
        parts = account_parts(row.account_id)
        family = Family(parts.operator, parts.asset_id, Purpose(parts.purpose))
        found[family] = _on_normal_side(family.purpose, int(row.units))
    return found


async def player_totals(session: AsyncConnection) -> dict[Family, int]:
    """What all players together have, per operator, asset and purpose, on its normal side."""
    rows = await session.exec_driver_sql(PLAYER_TOTALS)
    return {
        Family(row.operator, row.asset_id, Purpose(row.purpose)): _on_normal_side(
            Purpose(row.purpose), int(row.units)
        )
        for row in rows
    }


def _on_normal_side(purpose: Purpose, credit_units: int) -> int:
    return credit_units if purpose.normal_side is Side.CREDIT else -credit_units
