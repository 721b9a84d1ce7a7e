"""What a pasted text looks like, whatever network it is meant for: the tests that all books share.

A player who pastes the address of another network learns that, not just that something is wrong. Sources:
BIP-173, BIP-350 for the newer Bitcoin addresses; Base58Check for the older ones and Tron's.
"""

import string

from chains.codecs.address_reasons import SENTENCES, AddressReason, Sentences, refused
from chains.codecs.base58 import decode_check

ADDRESS_BYTES = 20
HEX_LENGTH = 2 * ADDRESS_BYTES
HEX_PREFIX = "0x"
TEXT_LENGTH_MAX = 128
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


def trim(text: str, sentences: Sentences = SENTENCES) -> str:
    """The text without outer blanks; raises AddressInvalid if no network could have such an address."""
    trimmed = text.strip(string.whitespace)
    if not trimmed:
        raise refused(AddressReason.EMPTY, sentences)
    if len(trimmed) > TEXT_LENGTH_MAX:
        raise refused(AddressReason.TOO_LONG, sentences)
    if not _VISIBLE_ASCII.issuperset(trimmed):
        raise refused(AddressReason.BAD_CHARACTER, sentences)
    return trimmed


def is_hexadecimal(digits: str) -> bool:
    """Whether all of these, maybe none, are hexadecimal digits."""
    return _HEX_DIGITS.issuperset(digits)


def is_evm(text: str) -> bool:
    """Whether it has the form of an EVM address, with or without 0x; its capitals are not judged."""
    digits = text.removeprefix(HEX_PREFIX)
    return len(digits) == HEX_LENGTH and is_hexadecimal(digits)


def is_tron(text: str) -> bool:
    """Whether it is a Tron address as people see it: Base58Check, beginning with T."""
    payload = decode_check(text)
    return (
        payload is not None
        and len(payload) == BASE58_ADDRESS_BYTES
        and payload[0] == TRON_PREFIX
        and text.startswith(TRON_LETTER)
    )


def is_tron_hex(text: str) -> bool:
    """Whether it is a Tron address as nodes write it: 41 and forty hexadecimal digits, maybe after 0x."""
    digits = text.removeprefix(HEX_PREFIX)
    has_form = len(digits) == HEX_LENGTH + len(TRON_HEX_PREFIX) and digits.startswith(TRON_HEX_PREFIX)
    return has_form and is_hexadecimal(digits)


def is_bitcoin(text: str) -> bool:
    """Whether it is a Bitcoin address of the main network, in any of its forms."""
    payload = decode_check(text)
    if payload is not None and len(payload) == BASE58_ADDRESS_BYTES and payload[0] in BITCOIN_VERSIONS:
        return True
    return _is_bitcoin_bech32(text)


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
