"""What credits of deposits hold back: room for early ones under their caps, locked money, debts.

Every early credit of one asset takes the lock of one row, so two of them never use the same room. Whoever
takes several locks takes the deposit's row first, then the slot, then this one.
"""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.accounts import Purpose
from domain.assets import Asset, Catalogue
from domain.crediting import EarlyCredit, Restraints
from ledger.balances import player_balances
from ledger.chain_records import credits_, deposits, early_credit
from ledger.holdings import locked_units


@dataclass(frozen=True, slots=True)
class PostedCredit:
    """One credit as it was posted; a later execution of its transaction may say something else."""

    player: int | None
    asset_id: int
    slot: int
    amount: int
    is_early: bool


async def posted_credit(session: AsyncConnection, deposit_id: UUID, number: int) -> PostedCredit:
    """Credit `number` of a deposit, which has to exist."""
    row = (
        await session.execute(
            select(credits_).where(credits_.c.deposit_id == deposit_id, credits_.c.number == number)
        )
    ).one()
    return PostedCredit(row.player, row.asset_id, row.slot, row.amount, row.early)


async def lock_early_credit(session: AsyncConnection, deposit_id: UUID) -> EarlyCredit:
    """What is out early beside this deposit: of its player, in its block, of its asset; locked."""
    deposit = (await session.execute(select(deposits).where(deposits.c.deposit_id == deposit_id))).one()
    await session.execute(
        insert(early_credit)
        .values(chain_id=deposit.chain_id, asset_id=deposit.asset_id)
        .on_conflict_do_nothing()
    )
    units = await session.scalar(
        select(early_credit.c.units)
        .where(early_credit.c.chain_id == deposit.chain_id, early_credit.c.asset_id == deposit.asset_id)
        .with_for_update()
    )
    row = (
        await session.execute(
            _EARLY,
            {"asset": deposit.asset_id, "player": deposit.player, "block": deposit.block_hash},
        )
    ).one()
    return EarlyCredit(player=int(row.of_player), block=int(row.of_block), asset=int(units or 0))


async def change_early_credit(session: AsyncConnection, network: str, asset_id: int, units: int) -> None:
    """Count what was credited early, or with a minus what no longer is; the row exists since the first."""
    await session.execute(
        update(early_credit)
        .where(early_credit.c.chain_id == network, early_credit.c.asset_id == asset_id)
        .values(units=early_credit.c.units + units)
    )


async def wait_for_final(session: AsyncConnection, deposit_id: UUID) -> None:
    """Only its final block makes this deposit playable from now on."""
    await session.execute(
        update(deposits).where(deposits.c.deposit_id == deposit_id).values(confirmations_needed=None)
    )


async def final_lag(session: AsyncConnection, network: str) -> int:
    """Seconds of the network's own time between its final block and its newest one."""
    return int(await session.scalar(_FINAL_LAG, {"network": network}) or 0)


async def restraints(session: AsyncConnection, player: int, asset: Asset, catalogue: Catalogue) -> Restraints:
    """What holds a player's balance of an asset back; under the lock of the slot nothing adds to it."""
    balances = await player_balances(session, player)
    locked = await locked_units(session, player, [asset.asset_id])
    owed = {asset_id: balances.units(asset_id, Purpose.RECEIVABLE) for asset_id in sorted(balances.assets)}
    return Restraints(
        available=balances.units(asset.asset_id),
        locked=locked.get(asset.asset_id, 0),
        debts={catalogue.by_id(asset_id).code: units for asset_id, units in owed.items() if units > 0},
    )


_EARLY = text("""
    SELECT coalesce(sum(amount) FILTER (WHERE player = :player), 0) AS of_player,
           coalesce(sum(amount) FILTER (WHERE block_hash = :block), 0) AS of_block
      FROM chain.credits
     WHERE asset_id = :asset AND early AND unlocked_at IS NULL AND returned_at IS NULL
""")

_FINAL_LAG = text("""
    SELECT extract(epoch FROM h.mined_at - f.mined_at)
      FROM chain.chains c
      JOIN chain.headers h ON h.chain_id = c.chain_id AND h.hash = c.hash
      JOIN chain.headers f ON f.chain_id = c.chain_id AND f.hash = c.final_hash
     WHERE c.chain_id = :network
""")
