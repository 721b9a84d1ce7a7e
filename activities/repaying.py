"""Debts of players, for deposits that a network took back: repaid out of what is not locked, first of all."""

from sqlalchemy.ext.asyncio import AsyncConnection

from activities.booking import book
from activities.provenance import provenance
from domain.assets import Asset, Catalogue
from domain.crediting import Restraints, repayment
from domain.debts import receivable_repaid
from domain.errors import RecordMismatch
from domain.kinds import Result
from ledger.crediting import restraints


async def repay(  # noqa: PLR0913, PLR0917 - whose debt, and the event it is repaid at
    session: AsyncConnection, catalogue: Catalogue, player: int, asset: Asset, key: str, number: int = 1
) -> Restraints:
    """Repay what the balance of this asset can, under the slot's lock; return what holds it back then.

    `key` and `number` name the event at which it is repaid, once.
    """
    held = await restraints(session, player, asset, catalogue)
    units = repayment(held.debts.get(asset.code, 0), held.available, held.locked)
    if units == 0:
        return held
    command = receivable_repaid(
        player=player,
        asset_id=asset.asset_id,
        units=units,
        key=key,
        number=number,
        ref=key,
        provenance=provenance(),
    )
    outcome = await book(session, command)
    if outcome.result is not Result.POSTED:
        raise RecordMismatch(f"the repayment of {units} at {key} was {outcome.result.name}")
    return await restraints(session, player, asset, catalogue)
