"""Room for an own transfer: which wallets take part, and what they can promise beside withdrawals.

A withdrawal is granted whatever wallet has room; here the wallet is given, or is the house's gas wallet, and
what it lacks is said in units. A deposit address has no float: what it holds is known from its deposits.
"""

from collections.abc import Mapping

from sqlalchemy import func, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.own_transfers import TransferFacts
from domain.sends import SendKind
from ledger.chain_records import floats, grants, sends
from ledger.events import FUNDS_CHANGED, EventKind, NewEvent, append_events
from ledger.floats import settle_float
from ledger.liquidity import LiquidityRequest


async def take_room(session: AsyncConnection, request: LiquidityRequest, wallet: bytes) -> Mapping[int, int]:
    """Record the send and promise its wallet's coins; or write nothing and return what lacks per asset id.

    The float rows stay locked until the transaction ends.
    """
    missing = await _missing(session, request, wallet) if request.kind is not SendKind.SWEEP else {}
    if missing:
        return missing
    await take_wallet(session, request, wallet)
    if request.kind is not SendKind.SWEEP:
        for asset_id, units in request.needs.items():
            await session.execute(
                update(floats)
                .where(
                    floats.c.chain_id == request.network,
                    floats.c.address == wallet,
                    floats.c.asset_id == asset_id,
                )
                .values(committed=floats.c.committed + units)
            )
    return {}


async def take_wallet(session: AsyncConnection, request: LiquidityRequest, wallet: bytes) -> None:
    """Record the send under a wallet whose coins are promised elsewhere, or not at all."""
    await session.execute(
        insert(sends).values(
            send_id=request.send_id,
            kind=request.kind.value,
            chain_id=request.network,
            asset_id=request.asset_id,
            payee=request.payee,
            amount=request.amount,
            fee_cap=request.fee_cap,
            fee_asset_id=request.fee_asset_id,
            fingerprint=request.fingerprint,
            state="granted",
        )
    )
    await session.execute(
        insert(grants).values(
            send_id=request.send_id,
            chain_id=request.network,
            asset_id=request.asset_id,
            amount=request.amount,
            asked_at=func.clock_timestamp(),
            wallet=wallet,
            granted_at=func.clock_timestamp(),
        )
    )


async def neediest_wallet(session: AsyncConnection, network: str, asset_id: int) -> bytes | None:
    """The open hot wallet that lacks most of an asset, arrivals under way counted; None if there is none."""
    wallet: bytes | None = await session.scalar(_NEEDIEST, {"network": network, "asset": asset_id})
    return wallet


async def fullest_gas_wallet(session: AsyncConnection, network: str, asset_id: int) -> bytes | None:
    """The open gas wallet with most room in the native coin; None if the house has none on this network."""
    wallet: bytes | None = await session.scalar(_FULLEST, {"network": network, "asset": asset_id})
    return wallet


async def is_open_wallet(session: AsyncConnection, network: str, address: bytes) -> bool:
    """Whether a wallet of ours may take part: it is entered, and nobody stopped it."""
    return bool(await session.scalar(_IS_OPEN, {"network": network, "address": address}))


async def settle_room(session: AsyncConnection, facts: TransferFacts, native_id: int) -> None:
    """End the promise of a final transfer, and count its arrival in the payee's float, if that has one.

    Both once, and the keeper of the asset is told; a balance that was read at or after the block already
    shows them. Raises NotYet while no attempt is closed as paid.
    """
    arguments = {
        "network": facts.network,
        "wallets": [facts.source, facts.payee],
        "assets": [facts.asset_id, native_id],
    }
    await session.execute(_LOCK_BOTH, arguments)
    is_settled = await session.scalar(_IS_SETTLED, {"send_id": facts.transfer_id})
    if is_settled:
        return
    await settle_float(session, facts.transfer_id)
    await session.execute(_RAISE, {"send_id": facts.transfer_id})
    news = [NewEvent(EventKind.FLOAT, str(facts.asset_id), FUNDS_CHANGED)]
    await append_events(session, facts.network, news)


_NEEDIEST = text("""
    SELECT f.address
      FROM chain.floats f
      JOIN chain.wallets w ON w.chain_id = f.chain_id AND w.address = f.address
     WHERE f.chain_id = :network AND f.asset_id = :asset AND w.role = 'hot' AND w.state = 'open'
     ORDER BY f.confirmed - f.target + coalesce((
                SELECT sum(t.amount::numeric) FROM chain.own_transfers t
                 WHERE t.chain_id = f.chain_id AND t.payee = f.address AND t.asset_id = f.asset_id
                   AND t.closed_at IS NULL), 0), f.address
     LIMIT 1
""")

_FULLEST = text("""
    SELECT f.address
      FROM chain.floats f
      JOIN chain.wallets w ON w.chain_id = f.chain_id AND w.address = f.address
     WHERE f.chain_id = :network AND f.asset_id = :asset AND w.role = 'gas' AND w.state = 'open'
     ORDER BY f.confirmed - f.committed DESC, f.address
     LIMIT 1
""")

_IS_OPEN = text("""
    SELECT EXISTS (SELECT 1 FROM chain.wallets
                    WHERE chain_id = :network AND address = :address AND state = 'open')
""")

_FREE = text("""
    SELECT asset_id, confirmed - committed AS free FROM chain.floats
     WHERE chain_id = :network AND address = :wallet AND asset_id = ANY(:assets)
     ORDER BY asset_id FOR NO KEY UPDATE
""")

_LOCK_BOTH = text("""
    SELECT 1 FROM chain.floats
     WHERE chain_id = :network AND address = ANY(:wallets) AND asset_id = ANY(:assets)
     ORDER BY address, asset_id FOR NO KEY UPDATE
""")

_IS_SETTLED = text("SELECT state = 'settled' FROM chain.sends WHERE send_id = :send_id")

# The same rule as for what leaves: a balance read at or after the block already has it.
_RAISE = text("""
    UPDATE chain.floats f
       SET confirmed = f.confirmed + s.amount, settled_height = greatest(f.settled_height, t.block_height)
      FROM chain.sends s JOIN chain.attempts t ON t.send_id = s.send_id AND t.outcome = 'paid'
     WHERE s.send_id = :send_id AND f.chain_id = s.chain_id AND f.address = s.payee
       AND f.asset_id = s.asset_id AND f.confirmed_height < t.block_height
""")


async def _missing(session: AsyncConnection, request: LiquidityRequest, wallet: bytes) -> dict[int, int]:
    arguments = {"network": request.network, "wallet": wallet, "assets": sorted(request.needs)}
    free = {row.asset_id: int(row.free) for row in await session.execute(_FREE, arguments)}
    lacking = {asset: units - free.get(asset, 0) for asset, units in request.needs.items()}
    return {asset: units for asset, units in lacking.items() if units > 0}
