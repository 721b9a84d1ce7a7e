"""EVM addresses: the table of refusals row by row, and text forms that come back."""

from contextlib import suppress

import pytest
from eth_utils.address import to_checksum_address
from hypothesis import given
from hypothesis import strategies as st

from chains.codecs.address_reasons import AddressReason
from chains.codecs.base58 import encode_check
from chains.codecs.evm_addresses import EVM_SENTENCES, EvmAddressBook
from domain.errors import AddressInvalid

GOOD = "0xd8dA6BF26964aF9D7eEd9e03E53415D37aA96045"
RAW = bytes.fromhex(GOOD[2:])
LISTED = bytes.fromhex("dac17f958d2ee523a2206206994597c13d831ec7")
BOOK = EvmAddressBook({LISTED})
TRON = "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t"
BECH32 = "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"
BECH32M = "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(GOOD, id="checksum"),
        pytest.param(GOOD.lower(), id="lower case"),
        pytest.param("0x" + GOOD[2:].upper(), id="upper case"),
        pytest.param(f"  {GOOD}\r\n\t", id="outer blanks"),
    ],
)
def test_good_forms_are_one_address(text: str) -> None:
    """Single case and EIP-55 are accepted, outer blanks are trimmed, the canonical text is EIP-55."""
    assert BOOK.parse(text) == RAW
    assert BOOK.show(BOOK.parse(text)) == GOOD


@given(st.binary(min_size=20, max_size=20).filter(lambda raw: int.from_bytes(raw, "big") > 2**32))
def test_shown_addresses_come_back(raw: bytes) -> None:
    """C10: parse(show(a)) is a, and the text is that of another library."""
    book = EvmAddressBook()
    assert book.show(raw) == to_checksum_address(raw)
    if raw not in (b"\xee" * 20, b"\xff" * 20):
        assert book.parse(book.show(raw)) == raw


ROWS: list[tuple[str, str, AddressReason]] = [
    ("nothing", "", AddressReason.EMPTY),
    ("only blanks", " \t\n", AddressReason.EMPTY),
    ("a novel", "0x" + "a" * 200, AddressReason.TOO_LONG),
    ("inner blank", GOOD[:10] + " " + GOOD[10:], AddressReason.BAD_CHARACTER),
    ("invisible character", GOOD[:10] + "\u200b" + GOOD[10:], AddressReason.BAD_CHARACTER),
    ("invisible character in front", "\ufeff" + GOOD, AddressReason.BAD_CHARACTER),
    ("full-width digits", "0x" + "\uff11" * 40, AddressReason.BAD_CHARACTER),
    ("cyrillic a", GOOD.replace("a", "\u0430", 1), AddressReason.BAD_CHARACTER),
    ("a NUL", GOOD + "\x00", AddressReason.BAD_CHARACTER),
    ("letter beyond f", GOOD[:-1] + "g", AddressReason.BAD_CHARACTER),
    ("sign in the digits", "0x+" + GOOD[3:], AddressReason.BAD_CHARACTER),
    ("underscore in the digits", "0x_" + GOOD[3:], AddressReason.BAD_CHARACTER),
    ("Tron address", TRON, AddressReason.LOOKS_LIKE_TRON),
    ("Tron in hexadecimal", "41" + GOOD[2:].lower(), AddressReason.LOOKS_LIKE_TRON),
    ("Tron in hexadecimal with 0x", "0x41" + GOOD[2:].lower(), AddressReason.LOOKS_LIKE_TRON),
    ("Bitcoin, first form", "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", AddressReason.LOOKS_LIKE_BITCOIN),
    ("Bitcoin, script", encode_check(b"\x05" + RAW), AddressReason.LOOKS_LIKE_BITCOIN),
    ("Bitcoin, bech32", BECH32, AddressReason.LOOKS_LIKE_BITCOIN),
    ("Bitcoin, bech32 in capitals", BECH32.upper(), AddressReason.LOOKS_LIKE_BITCOIN),
    ("Bitcoin, taproot", BECH32M, AddressReason.LOOKS_LIKE_BITCOIN),
    ("broken bech32", BECH32[:-1] + "q", AddressReason.WRONG_PREFIX),
    ("broken Tron", TRON[:-1] + "u", AddressReason.WRONG_PREFIX),
    ("no prefix", GOOD[2:], AddressReason.WRONG_PREFIX),
    ("capital X", "0X" + GOOD[2:], AddressReason.WRONG_PREFIX),
    ("chain in front", "eth:" + GOOD, AddressReason.WRONG_PREFIX),
    ("one digit short", GOOD[:-1], AddressReason.BAD_LENGTH),
    ("one digit more", GOOD.lower() + "0", AddressReason.BAD_LENGTH),
    ("only the prefix", "0x", AddressReason.BAD_LENGTH),
    ("a transaction id", "0x" + "ab" * 32, AddressReason.BAD_LENGTH),
    (
        "one letter in the wrong case",
        "0xD8dA6BF26964aF9D7eEd9e03E53415D37aA96045",
        AddressReason.BAD_CHECKSUM,
    ),
    ("one digit changed", "0xd8dA6BF26964aF9D7eEd9e03E53415D37aA96046", AddressReason.BAD_CHECKSUM),
    ("a name", "vitalik.eth", AddressReason.NAME_NOT_ADDRESS),
    ("a name that starts like an address", "0xdead.eth", AddressReason.NAME_NOT_ADDRESS),
    ("a mail address", "player@example.com", AddressReason.NAME_NOT_ADDRESS),
    ("zero", "0x" + "0" * 40, AddressReason.ZERO_OR_BURN),
    ("dead", "0x000000000000000000000000000000000000dEaD", AddressReason.ZERO_OR_BURN),
    ("the placeholder of the coin", "0x" + "e" * 40, AddressReason.ZERO_OR_BURN),
    ("first precompile", "0x" + "0" * 39 + "1", AddressReason.PRECOMPILE),
    ("coin contract of Polygon", "0x" + "0" * 36 + "1010", AddressReason.PRECOMPILE),
    ("a listed token", "0xdAC17F958D2ee523a2206206994597C13D831ec7", AddressReason.TOKEN_CONTRACT),
]


@pytest.mark.parametrize(("text", "reason"), [pytest.param(text, why, id=name) for name, text, why in ROWS])
def test_every_row_has_its_own_reason(text: str, reason: AddressReason) -> None:
    """C10: a refused destination has a stable code and the sentence of its row."""
    with pytest.raises(AddressInvalid) as caught:
        BOOK.parse(text)
    assert caught.value.reason == reason
    assert EVM_SENTENCES[reason] in caught.value.sentence


def test_a_token_is_a_payee_where_it_is_not_listed() -> None:
    """Only contracts of the catalogue are refused by the book; others are judged by simulation."""
    assert EvmAddressBook().parse("0xdAC17F958D2ee523a2206206994597C13D831ec7") == LISTED


@given(st.text(max_size=150))
def test_any_text_is_an_address_or_refused(text: str) -> None:
    """Whatever is pasted ends in 20 bytes or in AddressInvalid."""
    with suppress(AddressInvalid):
        assert len(BOOK.parse(text)) == 20
