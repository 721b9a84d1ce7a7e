"""Where a player deposits, and what has arrived."""

from fastapi import APIRouter, status

from api.asking import NoAnswer
from api.bodies import StrictRoute
from api.dependencies import (
    Addresses,
    AskedPage,
    Assets,
    Books,
    CallingPlayer,
    NamedPlayer,
    Now,
    Workflows,
)
from api.destinations import Destinations
from api.errors import declared
from api.paging import MOMENTS, Page, next_cursor
from api.questions import address_question
from api.sameness import check_same_address
from api.schemas.deposits import AddressAnswer, AddressesAnswer, AddressRequest, DepositAnswer, DepositPage
from domain.assets import Catalogue
from domain.errors import TemporalUnavailable
from domain.players import AddressInput
from ledger.addresses import address_of, family_of
from ledger.deposits import DepositLine, list_deposits
from ledger.session import Sessions

router = APIRouter(prefix="/v1", tags=["deposits"], route_class=StrictRoute)
support_router = APIRouter(prefix="/v1/players/{player_id}", tags=["support"], route_class=StrictRoute)


@router.post(
    "/deposit-addresses",
    status_code=status.HTTP_200_OK,
    responses=declared("SIGNATURE_INVALID", "NOT_FOUND", "ASSET_UNKNOWN", "BUSY", "CONFLICT"),
)
async def give_address(
    body: AddressRequest, player: CallingPlayer, addresses: Addresses, workflows: Workflows, now: Now
) -> AddressAnswer:
    """The player's deposit address on a network; asked again, it is the same one."""
    request = AddressInput(
        player=player,
        family=addresses.family(body.network),
        request_id=now.request_id,
        received_at=now.received_at,
    )
    record = await workflows.ask(address_question(request))
    if isinstance(record, NoAnswer):
        raise TemporalUnavailable("the address gave no answer in time")
    check_same_address(request, record)
    return AddressAnswer(network=body.network, address=addresses.show(body.network, record.address))


@router.get("/deposit-addresses", responses=declared("SIGNATURE_INVALID"))
async def given_addresses(
    player: CallingPlayer, assets: Assets, addresses: Addresses, books: Books
) -> AddressesAnswer:
    """The addresses this player was given, by network."""
    items = []
    async with books.snapshot() as session:
        for network in assets.networks:
            record = await address_of(session, player, family_of(network))
            if record is not None:
                items.append(AddressAnswer(network=network, address=addresses.show(network, record.address)))
    return AddressesAnswer(items=items)


@router.get("/deposits", responses=declared("SIGNATURE_INVALID"))
async def own_deposits(
    *,
    player: CallingPlayer,
    assets: Assets,
    addresses: Addresses,
    books: Books,
    page: AskedPage,
) -> DepositPage:
    """The player's deposits, newest first, from the first block that held them."""
    return await _page(books, assets, addresses, player, page)


@support_router.get("/deposits", responses=declared("SIGNATURE_INVALID", "NOT_FOUND"))
async def player_deposits(
    *,
    player: NamedPlayer,
    assets: Assets,
    addresses: Addresses,
    books: Books,
    page: AskedPage,
) -> DepositPage:
    """One player's deposits, newest first."""
    return await _page(books, assets, addresses, player, page)


async def _page(
    books: Sessions,
    assets: Catalogue,
    addresses: Destinations,
    player: int,
    page: Page,
) -> DepositPage:
    before = MOMENTS.parse(page.cursor)
    async with books.snapshot() as session:
        lines = await list_deposits(session, player, before, page.limit)
    items = [
        DepositAnswer.of(line, _symbol(assets, line), addresses.show(line.network, line.receiver))
        for line in lines
    ]
    return DepositPage(
        items=items,
        next=next_cursor(MOMENTS, lines, page.limit, lambda line: (line.seen_at, line.facts.deposit_id)),
    )


def _symbol(assets: Catalogue, line: DepositLine) -> str | None:
    return None if line.facts.asset_id is None else assets.by_id(line.facts.asset_id).symbol
