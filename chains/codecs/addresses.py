"""The text form of an address by its network's family; inside the product an address is 20 raw bytes."""

import re
from collections.abc import Callable, Collection

from chains.codecs.address_forms import HEX_LENGTH, HEX_PREFIX
from chains.codecs.evm_addresses import EvmAddressBook
from chains.codecs.tron_addresses import TronAddressBook
from domain.errors import AssetUnknown

EVM_FAMILY = "eip155"
TRON_FAMILY = "tron"
FAMILY_SEPARATOR = ":"
RAW_FORM = re.compile(rf"{HEX_PREFIX}[0-9a-fA-F]{{{HEX_LENGTH}}}")

TextForms = EvmAddressBook | TronAddressBook

_BOOKS: dict[str, Callable[[Collection[bytes]], TextForms]] = {
    EVM_FAMILY: EvmAddressBook,
    TRON_FAMILY: TronAddressBook,
}
FAMILIES = tuple(_BOOKS)


def address_book(network: str, listed_contracts: Collection[bytes] = ()) -> TextForms:
    """The book of a network's family; raises AssetUnknown for a family that has none."""
    book = _BOOKS.get(network.partition(FAMILY_SEPARATOR)[0])
    if book is None:
        raise AssetUnknown(f"on network {network}")
    return book(listed_contracts)


def read_address(network: str, text: str) -> bytes:
    """An address as files of the house write it: 0x and forty digits, or as people of the network do.

    Raises AddressInvalid.
    """
    if RAW_FORM.fullmatch(text):
        return bytes.fromhex(text.removeprefix(HEX_PREFIX))
    return address_book(network).parse(text)


def show_address(network: str, address: bytes) -> str:
    """The text of an address as people of this network write it."""
    return address_book(network).show(address)
