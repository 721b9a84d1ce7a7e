"""How full the hot wallets are, who waits for them, and what people have to send; it changes nothing."""

from collections.abc import Sequence
from functools import partial

from fastapi import APIRouter

from api.bodies import StrictRoute
from api.dependencies import Addresses, Assets, Books, CallingOperator
from api.destinations import Destinations
from api.errors import declared
from api.schemas.liquidity import (
    AssetLiquidityAnswer,
    HotWalletAnswer,
    LackAnswer,
    LiquidityAnswer,
    TopUpAnswer,
    WaitingAnswer,
)
from domain.assets import Asset, Catalogue
from domain.levels import Liquidity, assess, explain_level, places
from ledger.levels import liquidity_of
from ledger.nonce_lanes import HotWalletRow, hot_wallets

router = APIRouter(prefix="/v1/support", tags=["support"], route_class=StrictRoute)
QUEUE_SHOWN_MAX = 100


@router.get("/liquidity", responses=declared("SIGNATURE_INVALID"))
async def liquidity(
    operator: CallingOperator,  # noqa: ARG001 - whoever asks is one of the staff
    assets: Assets,
    addresses: Addresses,
    books: Books,
) -> LiquidityAnswer:
    """Levels, wallets, queues and top-up requests, network by network and asset by asset."""
    items: list[AssetLiquidityAnswer] = []
    async with books.snapshot() as session:
        for network in assets.networks:
            wallets = await hot_wallets(session, network)
            if wallets:
                seen = await liquidity_of(session, network, wallets)
                items += _of_network(network, seen, wallets, assets, addresses)
    return LiquidityAnswer(items=items)


def _of_network(
    network: str,
    seen: Liquidity,
    wallets: Sequence[HotWalletRow],
    assets: Catalogue,
    addresses: Destinations,
) -> list[AssetLiquidityAnswer]:
    found = []
    for asset in assets.on(network):
        facts = assess(seen, asset.asset_id)
        found.append(
            AssetLiquidityAnswer(
                network=network,
                asset=asset.symbol,
                decimals=asset.decimals,
                level=facts.level,
                sentence=explain_level(facts, partial(addresses.show, network)),
                free=facts.free,
                waiting=facts.waiting,
                wallets=_wallets(seen, wallets, asset, addresses),
                queue=_queue(seen, asset),
                top_ups=[
                    TopUpAnswer(
                        address=addresses.show(network, one.wallet), amount=one.units, incoming=one.arriving
                    )
                    for one in facts.top_ups
                ],
            )
        )
    return found


def _wallets(
    seen: Liquidity, wallets: Sequence[HotWalletRow], asset: Asset, addresses: Destinations
) -> list[HotWalletAnswer]:
    found = []
    for wallet in wallets:
        for held in wallet.floats:
            if held.asset_id != asset.asset_id:
                continue
            coming = seen.arriving.get((held.address, held.asset_id))
            found.append(
                HotWalletAnswer(
                    address=addresses.show(asset.network, held.address),
                    state=wallet.state,
                    why=wallet.why,
                    confirmed=held.confirmed,
                    committed=held.committed,
                    floor=held.floor,
                    target=held.target,
                    ceiling=held.ceiling,
                    incoming=coming.units if coming else 0,
                    unmined=wallet.paying.unmined,
                    takes_sends=wallet.paying.places > 0,
                )
            )
    return found


def _queue(seen: Liquidity, asset: Asset) -> list[WaitingAnswer]:
    standing = places(seen)
    line = [one for one in seen.waiting if one.send.asset_id == asset.asset_id]
    found = []
    for one in line[:QUEUE_SHOWN_MAX]:
        place = standing[one.send.send_id]
        found.append(
            WaitingAnswer(
                id=one.send.send_id,
                kind=one.kind,
                place=place.place,
                amount=one.amount,
                waiting_since=one.asked_at,
                was_passed=one.send.was_passed,
                lacks=[
                    LackAnswer(asset=lack.asset, decimals=lack.decimals, amount=lack.units)
                    for lack in place.lacks
                ],
                hindrance=place.hindrance,
                expected_at=place.expected_at,
            )
        )
    return found
