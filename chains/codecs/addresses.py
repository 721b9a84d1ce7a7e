"""The text form of an address by its network's family; inside the product an address is 20 raw bytes."""

from collections.abc import Callable, Collection

from chains.codecs.evm_addresses import EvmAddressBook
from chains.codecs.tron_addresses import TronAddressBook
from domain.errors import AssetUnknown

EVM_FAMILY = "eip155"
TRON_FAMILY = "tron"
FAMILY_SEPARATOR = ":"

TextForms = EvmAddressBook | TronAddressBook

_BOOKS: dict[str, Callable[[Collection[bytes]], TextForms]] = {
    EVM_FAMILY: EvmAddressBook,
    TRON_FAMILY: TronAddressBook,
}


def address_book(network: str, listed_contracts: Collection[bytes] = ()) -> TextForms:
    """The book of a network's family; raises AssetUnknown for a family that has none."""
    book = _BOOKS.get(network.partition(FAMILY_SEPARATOR)[0])
    if book is None:
        raise AssetUnknown(f"on network {network}")
    return book(listed_contracts)


def show_address(network: str, address: bytes) -> str:
    """The text of an address as people of this network write it."""
    return address_book(network).show(address)
