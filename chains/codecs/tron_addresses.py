"""Text forms of Tron addresses: Base58Check of 0x41 and 20 bytes, with a reason for every refusal.

The forms that nodes speak among themselves (41-hex, EVM hexadecimal) are refused, because a destination is
accepted only in the one form that carries a checksum. The door imports this file, so it needs no elliptic
curve.
"""

from collections.abc import Collection

from chains.codecs.address_forms import (
    ADDRESS_BYTES,
    BASE58_ADDRESS_BYTES,
    BURN_ADDRESSES,
    TRON_LETTER,
    TRON_PREFIX,
    is_bitcoin,
    is_evm,
    is_tron_hex,
    trim,
)
from chains.codecs.address_reasons import SENTENCES, AddressReason, Sentences, refused
from chains.codecs.base58 import ALPHABET, decode_check, encode_check

TEXT_LENGTH = 34
PRECOMPILE_MAX = 0xFFFF_FFFF
BLACK_HOLE = bytes.fromhex("77944d19c052b73ee2286823aa83f8138cb7032f")
"""The account of the genesis block that takes what is burnt; nobody has its key."""
TRON_SENTENCES: Sentences = {
    **SENTENCES,
    AddressReason.BAD_CHARACTER: (
        "it contains a blank or a character that no Tron address has, such as 0, O, I or l"
    ),
    AddressReason.LOOKS_LIKE_EVM: (
        "it is an address of an EVM network such as Ethereum, not of the Tron network"
    ),
    AddressReason.LOOKS_LIKE_BITCOIN: "it is an address of the Bitcoin network, not of the Tron network",
    AddressReason.TRON_HEX_FORM: "it is the inner form of a Tron address; give the one that starts with T",
    AddressReason.CASE_LOST: "its capital and small letters were lost; copy it again as it is shown",
    AddressReason.BAD_LENGTH: "a Tron address has exactly 34 characters",
    AddressReason.BAD_CHECKSUM: "a character is wrong or two are swapped; copy it again",
    AddressReason.WRONG_PREFIX: "it is no Tron address, which starts with T",
}
_LETTERS = frozenset(ALPHABET)
_LOWER = frozenset(ALPHABET.lower())
_UPPER = frozenset(ALPHABET.upper())


class TronAddressBook:
    """Addresses of every Tron network; `listed_contracts` are token contracts, which nobody is paid at."""

    def __init__(self, listed_contracts: Collection[bytes] = ()) -> None:
        self._listed_contracts = frozenset(listed_contracts)

    def parse(self, text: str) -> bytes:
        """Raw 20 bytes of a payee, without 0x41; raises AddressInvalid with a code of AddressReason."""
        trimmed = trim(text, TRON_SENTENCES)
        _refuse_other_form(trimmed)
        address = _base58(trimmed)
        if address in BURN_ADDRESSES or address == BLACK_HOLE:
            raise refused(AddressReason.ZERO_OR_BURN)
        if int.from_bytes(address, "big") <= PRECOMPILE_MAX:
            raise refused(AddressReason.PRECOMPILE)
        if address in self._listed_contracts:
            raise refused(AddressReason.TOKEN_CONTRACT)
        return address

    def show(self, address: bytes) -> str:
        """The text that begins with T."""
        return base58_text(address)


def base58_text(address: bytes) -> str:
    """Text of 20 raw bytes, which begins with T."""
    assert len(address) == ADDRESS_BYTES, address
    return encode_check(bytes([TRON_PREFIX]) + address)


def _refuse_other_form(text: str) -> None:
    if is_tron_hex(text):
        raise refused(AddressReason.TRON_HEX_FORM, TRON_SENTENCES)
    if is_evm(text):
        raise refused(AddressReason.LOOKS_LIKE_EVM, TRON_SENTENCES)
    if is_bitcoin(text):
        raise refused(AddressReason.LOOKS_LIKE_BITCOIN, TRON_SENTENCES)
    if "." in text or "@" in text:
        raise refused(AddressReason.NAME_NOT_ADDRESS)


def _base58(text: str) -> bytes:
    payload = decode_check(text)
    if payload is None:
        raise refused(_unreadable(text), TRON_SENTENCES)
    if len(payload) != BASE58_ADDRESS_BYTES:
        raise refused(AddressReason.BAD_LENGTH, TRON_SENTENCES)
    if payload[0] != TRON_PREFIX:
        raise refused(AddressReason.WRONG_PREFIX, TRON_SENTENCES)
    return payload[1:]


def _unreadable(text: str) -> AddressReason:
    """Why a text is no Base58Check at all."""
    is_one_case = text in (text.lower(), text.upper())
    if is_one_case and len(text) == TEXT_LENGTH and text[0].upper() == TRON_LETTER:
        letters = _LOWER if text == text.lower() else _UPPER
        return AddressReason.CASE_LOST if letters.issuperset(text) else AddressReason.BAD_CHARACTER
    if not text.startswith(TRON_LETTER):
        return AddressReason.WRONG_PREFIX
    if not _LETTERS.issuperset(text):
        return AddressReason.BAD_CHARACTER
    return AddressReason.BAD_LENGTH if len(text) != TEXT_LENGTH else AddressReason.BAD_CHECKSUM
