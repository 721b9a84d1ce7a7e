"""What a player has and how it came about: assets, balances, statement."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from api.bodies import StrictRoute
from api.dependencies import (
    Addresses,
    AskedPage,
    Assets,
    Books,
    CallingPlayer,
    NamedPlayer,
    Rules,
)
from api.errors import declared
from api.paging import Page
from api.schemas.accounts import (
    AccountAnswer,
    AccountAsset,
    AccountTotal,
    AssetAnswer,
    AssetsAnswer,
    BalanceAnswer,
    BalancesAnswer,
    StatementAnswer,
    StatementEntry,
)
from api.schemas.amounts import Network, Symbol
from domain.assets import Asset, Catalogue
from domain.holdings import by_asset, by_currency
from domain.ids import player_text
from ledger.balances import player_balances
from ledger.holdings import player_holdings
from ledger.registrations import recall_player
from ledger.session import Sessions
from ledger.statements import statement

router = APIRouter(prefix="/v1", tags=["accounts"], route_class=StrictRoute)
support_router = APIRouter(prefix="/v1/players/{player_id}", tags=["support"], route_class=StrictRoute)


def asset_of(
    assets: Assets, asset: Annotated[Symbol, Query()], network: Annotated[Network, Query()]
) -> Asset:
    """The asset that a query names; raises AssetUnknown."""
    return assets.find(asset, network)


AskedAsset = Annotated[Asset, Depends(asset_of)]


@router.get("/assets", responses=declared("SIGNATURE_INVALID"))
async def list_assets(_: CallingPlayer, assets: Assets, addresses: Addresses, rules: Rules) -> AssetsAnswer:
    """Every asset of the house with its limits and fees; nothing else is credited, staked or paid."""
    return AssetsAnswer(
        items=[AssetAnswer.of(asset, _contract(asset, addresses), rules) for asset in assets.assets]
    )


@router.get("/account", responses=declared("SIGNATURE_INVALID", "NOT_FOUND"))
async def own_account(player: CallingPlayer, assets: Assets, books: Books) -> AccountAnswer:
    """Everything the calling player has, per asset and network, and in total per currency."""
    return await _account(books, assets, player)


@router.get("/balances", responses=declared("SIGNATURE_INVALID", "NOT_FOUND"))
async def own_balances(player: CallingPlayer, assets: Assets, books: Books) -> BalancesAnswer:
    """All balances of the calling player, read together."""
    return await _balances(books, assets, player)


@router.get("/statement", responses=declared("SIGNATURE_INVALID", "NOT_FOUND", "ASSET_UNKNOWN"))
async def own_statement(
    player: CallingPlayer, asset: AskedAsset, books: Books, page: AskedPage
) -> StatementAnswer:
    """The movements on the calling player's available balance of one asset, newest first."""
    return await _statement(books, asset, player, page)


@support_router.get("/account", responses=declared("SIGNATURE_INVALID", "NOT_FOUND"))
async def account_of(player: NamedPlayer, assets: Assets, books: Books) -> AccountAnswer:
    """Everything one player has, per asset and network, and in total per currency."""
    return await _account(books, assets, player)


@support_router.get("/balances", responses=declared("SIGNATURE_INVALID", "NOT_FOUND"))
async def balances_of(player: NamedPlayer, assets: Assets, books: Books) -> BalancesAnswer:
    """All balances of one player."""
    return await _balances(books, assets, player)


@support_router.get("/statement", responses=declared("SIGNATURE_INVALID", "NOT_FOUND", "ASSET_UNKNOWN"))
async def statement_of(
    player: NamedPlayer, asset: AskedAsset, books: Books, page: AskedPage
) -> StatementAnswer:
    """The movements on one player's available balance of one asset, newest first."""
    return await _statement(books, asset, player, page)


async def _account(books: Sessions, assets: Catalogue, player: int) -> AccountAnswer:
    async with books.snapshot() as session:
        await recall_player(session, player)
        held = await player_holdings(session, player)
    return AccountAnswer(
        player_id=player_text(player),
        version=held.version,
        assets=[AccountAsset.of(one) for one in by_asset(held.assets, assets)],
        totals=[AccountTotal.of(total) for total in by_currency(held.assets, assets)],
    )


async def _balances(books: Sessions, assets: Catalogue, player: int) -> BalancesAnswer:
    async with books.snapshot() as session:
        await recall_player(session, player)
        balances = await player_balances(session, player)
    return BalancesAnswer(
        player_id=player_text(player),
        version=balances.version,
        items=[BalanceAnswer.of(asset, balances) for asset in assets.assets],
    )


async def _statement(books: Sessions, asset: Asset, player: int, page: Page) -> StatementAnswer:
    async with books.snapshot() as session:
        await recall_player(session, player)
        found = await statement(session, player, asset.asset_id, cursor=page.cursor, limit=page.limit)
    return StatementAnswer(
        asset=asset.symbol,
        network=asset.network,
        decimals=asset.decimals,
        items=[StatementEntry.of(line) for line in found.lines],
        next=found.next_cursor,
    )


def _contract(asset: Asset, addresses: Addresses) -> str | None:
    return addresses.show(asset.network, asset.contract) if asset.contract else None
