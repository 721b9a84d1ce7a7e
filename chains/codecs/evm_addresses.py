"""Text forms of EVM addresses: strict parsing with a reason for every refusal, and EIP-55 text.

The door imports this file, so it needs no elliptic curve. Source: EIP-55.
"""

from collections.abc import Collection

from chains.codecs.address_forms import (
    ADDRESS_BYTES,
    BURN_ADDRESSES,
    HEX_LENGTH,
    HEX_PREFIX,
    is_bitcoin,
    is_hexadecimal,
    is_tron,
    is_tron_hex,
    trim,
)
from chains.codecs.address_reasons import SENTENCES, AddressReason, Sentences, refused
from chains.codecs.keccak import keccak256

PRECOMPILE_MAX = 0xFFFF
EVM_SENTENCES: Sentences = {
    **SENTENCES,
    AddressReason.LOOKS_LIKE_TRON: "it is an address of the Tron network, not of this EVM network",
    AddressReason.LOOKS_LIKE_BITCOIN: "it is an address of the Bitcoin network, not of this EVM network",
    AddressReason.BAD_LENGTH: "it needs exactly 40 hexadecimal digits after 0x",
    AddressReason.BAD_CHECKSUM: "its capital letters do not match its checksum; copy it again",
    AddressReason.WRONG_PREFIX: "it does not start with 0x",
}


class EvmAddressBook:
    """Addresses of every EVM network; `listed_contracts` are token contracts, which nobody is paid at."""

    def __init__(self, listed_contracts: Collection[bytes] = ()) -> None:
        self._listed_contracts = frozenset(listed_contracts)

    def parse(self, text: str) -> bytes:
        """Raw 20 bytes of a payee; raises AddressInvalid with a code of AddressReason.

        Single-case hexadecimal is accepted; mixed case must satisfy EIP-55.
        """
        trimmed = trim(text)
        _refuse_other_network(trimmed)
        address = _hexadecimal(trimmed)
        if address in BURN_ADDRESSES:
            raise refused(AddressReason.ZERO_OR_BURN)
        if int.from_bytes(address, "big") <= PRECOMPILE_MAX:
            raise refused(AddressReason.PRECOMPILE)
        if address in self._listed_contracts:
            raise refused(AddressReason.TOKEN_CONTRACT)
        return address

    def show(self, address: bytes) -> str:
        """EIP-55 text."""
        return checksum_text(address)


def checksum_text(address: bytes) -> str:
    """EIP-55 text of 20 raw bytes."""
    assert len(address) == ADDRESS_BYTES, address
    digits = address.hex()
    marks = keccak256(digits.encode("ascii")).hex()
    return HEX_PREFIX + "".join(
        digit.upper() if int(mark, 16) >= 8 else digit  # noqa: PLR2004 - EIP-55: upper case from 8
        for digit, mark in zip(digits, marks, strict=False)
    )


def _refuse_other_network(text: str) -> None:
    if is_tron(text) or is_tron_hex(text):
        raise refused(AddressReason.LOOKS_LIKE_TRON, EVM_SENTENCES)
    if is_bitcoin(text):
        raise refused(AddressReason.LOOKS_LIKE_BITCOIN, EVM_SENTENCES)


def _hexadecimal(text: str) -> bytes:
    if not text.startswith(HEX_PREFIX):
        is_name = "." in text or "@" in text
        raise refused(
            AddressReason.NAME_NOT_ADDRESS if is_name else AddressReason.WRONG_PREFIX, EVM_SENTENCES
        )
    digits = text.removeprefix(HEX_PREFIX)
    if not is_hexadecimal(digits):
        raise refused(AddressReason.NAME_NOT_ADDRESS if "." in digits else AddressReason.BAD_CHARACTER)
    if len(digits) != HEX_LENGTH:
        raise refused(AddressReason.BAD_LENGTH, EVM_SENTENCES)
    address = bytes.fromhex(digits)
    is_mixed_case = digits not in (digits.lower(), digits.upper())
    if is_mixed_case and checksum_text(address) != text:
        raise refused(AddressReason.BAD_CHECKSUM, EVM_SENTENCES)
    return address
