"""Text forms of EVM addresses: strict parsing with a reason for every refusal, and EIP-55 text.

A player who pastes the address of another network learns that, not just that something is wrong. The door
imports this file, so it needs no elliptic curve. Sources: EIP-55, BIP-173, BIP-350.
"""

import string
from collections.abc import Collection
from enum import StrEnum

from chains.codecs.base58 import decode_check
from chains.codecs.keccak import keccak256
from domain.errors import AddressInvalid

ADDRESS_BYTES = 20
HEX_LENGTH = 2 * ADDRESS_BYTES
TEXT_LENGTH_MAX = 128
PREFIX = "0x"
PRECOMPILE_MAX = 0xFFFF
BURN_ADDRESSES = frozenset(
    {
        bytes(ADDRESS_BYTES),
        bytes.fromhex("000000000000000000000000000000000000dead"),
        bytes.fromhex("dead000000000000000042069420694206942069"),
        b"\xee" * ADDRESS_BYTES,
        b"\xff" * ADDRESS_BYTES,
    }
)
TRON_PREFIX = 0x41
TRON_HEX_PREFIX = "41"
TRON_LETTER = "T"
BASE58_ADDRESS_BYTES = 21
BITCOIN_VERSIONS = frozenset({0x00, 0x05})
BECH32_HUMAN_PART = "bc"
BECH32_LETTERS = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
BECH32_GENERATORS = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
BECH32_CONSTANTS = frozenset({1, 0x2BC830A3})
BECH32_LENGTH_MAX = 90
_HEX_DIGITS = frozenset(string.hexdigits)
_VISIBLE_ASCII = frozenset(string.ascii_letters + string.digits + string.punctuation)


class AddressReason(StrEnum):
    """Why a destination is refused; stable codes of the address table."""

    EMPTY = "EMPTY"
    TOO_LONG = "TOO_LONG"
    BAD_CHARACTER = "BAD_CHARACTER"
    LOOKS_LIKE_EVM = "LOOKS_LIKE_EVM"
    LOOKS_LIKE_TRON = "LOOKS_LIKE_TRON"
    LOOKS_LIKE_BITCOIN = "LOOKS_LIKE_BITCOIN"
    TRON_HEX_FORM = "TRON_HEX_FORM"
    CASE_LOST = "CASE_LOST"
    BAD_LENGTH = "BAD_LENGTH"
    BAD_CHECKSUM = "BAD_CHECKSUM"
    WRONG_PREFIX = "WRONG_PREFIX"
    NAME_NOT_ADDRESS = "NAME_NOT_ADDRESS"
    ZERO_OR_BURN = "ZERO_OR_BURN"
    PRECOMPILE = "PRECOMPILE"
    TOKEN_CONTRACT = "TOKEN_CONTRACT"  # noqa: S105 - a reason code, not a password
    CONTRACT_CANNOT_RECEIVE = "CONTRACT_CANNOT_RECEIVE"
    OURS_SYSTEM = "OURS_SYSTEM"
    OURS_DEPOSIT = "OURS_DEPOSIT"


SENTENCES: dict[AddressReason, str] = {
    AddressReason.EMPTY: "it is empty",
    AddressReason.TOO_LONG: "it is too long for an address",
    AddressReason.BAD_CHARACTER: "it contains a blank, an invisible or a foreign character",
    AddressReason.LOOKS_LIKE_EVM: "it is an address of an EVM network such as Ethereum, not of this one",
    AddressReason.LOOKS_LIKE_TRON: "it is an address of the Tron network, not of this EVM network",
    AddressReason.LOOKS_LIKE_BITCOIN: "it is an address of the Bitcoin network, not of this EVM network",
    AddressReason.TRON_HEX_FORM: "it is the inner form of a Tron address; give the one that starts with T",
    AddressReason.CASE_LOST: "its capital letters were lost; copy it again as it is shown",
    AddressReason.BAD_LENGTH: "it needs exactly 40 hexadecimal digits after 0x",
    AddressReason.BAD_CHECKSUM: "its capital letters do not match its checksum; copy it again",
    AddressReason.WRONG_PREFIX: "it does not start with 0x",
    AddressReason.NAME_NOT_ADDRESS: "names are not looked up; give the address itself",
    AddressReason.ZERO_OR_BURN: "nobody holds the key of this address",
    AddressReason.PRECOMPILE: "it belongs to the network itself and nobody would receive the coins",
    AddressReason.TOKEN_CONTRACT: "it is the contract of a token, which would keep the coins for ever",
    AddressReason.CONTRACT_CANNOT_RECEIVE: "it is a contract that refuses these coins",
    AddressReason.OURS_SYSTEM: "it is an address of this house",
    AddressReason.OURS_DEPOSIT: "it is a deposit address of this house; use a transfer between players",
}


def refused(reason: AddressReason) -> AddressInvalid:
    """The error of a refused destination, with the sentence a player understands."""
    return AddressInvalid(reason.value, SENTENCES[reason])


class EvmAddressBook:
    """Addresses of every EVM network; `listed_contracts` are token contracts, which nobody is paid at."""

    def __init__(self, listed_contracts: Collection[bytes] = ()) -> None:
        self._listed_contracts = frozenset(listed_contracts)

    def parse(self, text: str) -> bytes:
        """Raw 20 bytes of a payee; raises AddressInvalid with a code of AddressReason.

        Single-case hexadecimal is accepted; mixed case must satisfy EIP-55.
        """
        trimmed = text.strip(string.whitespace)
        _refuse_wrong_form(trimmed)
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
    return PREFIX + "".join(
        digit.upper() if int(mark, 16) >= 8 else digit  # noqa: PLR2004 - EIP-55: upper case from 8
        for digit, mark in zip(digits, marks, strict=False)
    )


def _refuse_wrong_form(text: str) -> None:
    if not text:
        raise refused(AddressReason.EMPTY)
    if len(text) > TEXT_LENGTH_MAX:
        raise refused(AddressReason.TOO_LONG)
    if not _VISIBLE_ASCII.issuperset(text):
        raise refused(AddressReason.BAD_CHARACTER)


def _refuse_other_network(text: str) -> None:
    digits = text.removeprefix(PREFIX)
    if (
        len(digits) == HEX_LENGTH + 2
        and digits.startswith(TRON_HEX_PREFIX)
        and _HEX_DIGITS.issuperset(digits)
    ):
        raise refused(AddressReason.LOOKS_LIKE_TRON)
    payload = decode_check(text)
    if payload is not None and len(payload) == BASE58_ADDRESS_BYTES:
        if payload[0] == TRON_PREFIX and text.startswith(TRON_LETTER):
            raise refused(AddressReason.LOOKS_LIKE_TRON)
        if payload[0] in BITCOIN_VERSIONS:
            raise refused(AddressReason.LOOKS_LIKE_BITCOIN)
    if _is_bitcoin_bech32(text):
        raise refused(AddressReason.LOOKS_LIKE_BITCOIN)


def _hexadecimal(text: str) -> bytes:
    if not text.startswith(PREFIX):
        is_name = "." in text or "@" in text
        raise refused(AddressReason.NAME_NOT_ADDRESS if is_name else AddressReason.WRONG_PREFIX)
    digits = text.removeprefix(PREFIX)
    if not _HEX_DIGITS.issuperset(digits):
        raise refused(AddressReason.NAME_NOT_ADDRESS if "." in digits else AddressReason.BAD_CHARACTER)
    if len(digits) != HEX_LENGTH:
        raise refused(AddressReason.BAD_LENGTH)
    address = bytes.fromhex(digits)
    is_mixed_case = digits not in (digits.lower(), digits.upper())
    if is_mixed_case and checksum_text(address) != text:
        raise refused(AddressReason.BAD_CHECKSUM)
    return address


def _is_bitcoin_bech32(text: str) -> bool:
    if text not in (text.lower(), text.upper()) or len(text) > BECH32_LENGTH_MAX:
        return False
    human, separator, data = text.lower().rpartition("1")
    if not separator or human != BECH32_HUMAN_PART:
        return False
    values = [BECH32_LETTERS.find(letter) for letter in data]
    return -1 not in values and _bech32_checksum(human, values) in BECH32_CONSTANTS


def _bech32_checksum(human: str, values: list[int]) -> int:
    spread = [ord(letter) >> 5 for letter in human] + [0] + [ord(letter) & 31 for letter in human]
    checksum = 1
    for value in spread + values:
        top = checksum >> 25
        checksum = (checksum & 0x1FFFFFF) << 5 ^ value
        for bit, generator in enumerate(BECH32_GENERATORS):
            if top >> bit & 1:
                checksum ^= generator
    return checksum
