"""Destinations by network: strict text in, canonical text out, and nobody is paid at an address of ours."""

from sqlalchemy.ext.asyncio import AsyncConnection

from chains.codecs.address_reasons import AddressReason, refused
from chains.codecs.addresses import FAMILIES, TextForms, address_book
from domain.assets import Catalogue
from domain.deposits import WalletRole
from domain.errors import AssetUnknown
from ledger.addresses import family_of, is_ours


class Destinations:
    """The address book of each network of the catalogue, by its family."""

    def __init__(self, catalogue: Catalogue) -> None:
        contracts = [asset.contract for asset in catalogue.assets if asset.contract]
        self._books: dict[str, TextForms] = {
            network: address_book(network, contracts) for network in catalogue.networks
        }

    def parse(self, network: str, text: str) -> bytes:
        """Raw bytes of a payee; raises AddressInvalid with a reason, AssetUnknown for an unlisted network."""
        return self._book(network).parse(text)

    def show(self, network: str, address: bytes) -> str:
        """The canonical text of an address."""
        return self._book(network).show(address)

    def family(self, network: str) -> str:
        """The key family of a listed network; raises AssetUnknown."""
        self._book(network)
        return family_of(network)

    def _book(self, network: str) -> TextForms:
        book = self._books.get(network)
        if book is None:
            raise AssetUnknown(f"on network {network}")
        return book


async def check_not_ours(session: AsyncConnection, network: str, address: bytes) -> None:
    """Refuse a payee that is a wallet or a deposit address of this house; raises AddressInvalid.

    The same 20 bytes are an address in every family, and its key is ours in each of them.
    """
    own = family_of(network)
    for family in (own, *(other for other in FAMILIES if other != own)):
        role = await is_ours(session, family, address)
        if role is WalletRole.DEPOSIT:
            raise refused(AddressReason.OURS_DEPOSIT)
        if role is not None:
            raise refused(AddressReason.OURS_SYSTEM)
