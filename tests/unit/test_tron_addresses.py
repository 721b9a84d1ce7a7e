"""Tron addresses: the table of refusals row by row, and text forms that come back."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tronpy.keys import to_base58check_address

from chains.codecs.address_forms import BURN_ADDRESSES
from chains.codecs.address_reasons import SENTENCES, AddressReason, refused
from chains.codecs.addresses import address_book, show_address
from chains.codecs.base58 import encode_check
from chains.codecs.evm_addresses import EVM_SENTENCES, EvmAddressBook
from chains.codecs.tron_addresses import TRON_SENTENCES, TronAddressBook, base58_text
from domain.errors import AddressInvalid, AssetUnknown

GOOD = "TJCnKsPa7y5okkXvQAidZBzqx3QyQ6sxMW"
RAW = bytes.fromhex("5a523b449890854c8fc460ab602df9f31fe4293f")
USDT = "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t"
LISTED = bytes.fromhex("a614f803b6fd780986a42c78ec9c7f77e6ded13c")
BOOK = TronAddressBook({LISTED})
EVM = "0xd8dA6BF26964aF9D7eEd9e03E53415D37aA96045"
BECH32 = "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"


@pytest.mark.parametrize(
    "text", [pytest.param(GOOD, id="as shown"), pytest.param(f"  {GOOD}\r\n\t", id="outer blanks")]
)
def test_the_one_good_form_is_an_address(text: str) -> None:
    """Base58Check alone is accepted, outer blanks are trimmed."""
    assert BOOK.parse(text) == RAW
    assert BOOK.show(BOOK.parse(text)) == GOOD


@given(st.binary(min_size=20, max_size=20).filter(lambda raw: int.from_bytes(raw, "big") > 2**32))
def test_shown_addresses_come_back(raw: bytes) -> None:
    """C10: parse(show(a)) is a, and the text is that of another library."""
    book = TronAddressBook()
    assert book.show(raw) == to_base58check_address("41" + raw.hex())
    if raw not in BURN_ADDRESSES:
        assert book.parse(book.show(raw)) == raw


ROWS: list[tuple[str, str, AddressReason]] = [
    ("nothing", "", AddressReason.EMPTY),
    ("only blanks", " \t\n", AddressReason.EMPTY),
    ("a novel", "T" + "a" * 200, AddressReason.TOO_LONG),
    ("inner blank", GOOD[:10] + " " + GOOD[10:], AddressReason.BAD_CHARACTER),
    ("invisible character", GOOD[:10] + "\u200b" + GOOD[10:], AddressReason.BAD_CHARACTER),
    ("invisible character in front", "\ufeff" + GOOD, AddressReason.BAD_CHARACTER),
    ("cyrillic letter", GOOD.replace("a", "\u0430", 1), AddressReason.BAD_CHARACTER),
    ("a NUL", GOOD + "\x00", AddressReason.BAD_CHARACTER),
    ("zero for a letter", GOOD[:-1] + "0", AddressReason.BAD_CHARACTER),
    ("capital o", GOOD[:-1] + "O", AddressReason.BAD_CHARACTER),
    ("capital i", GOOD[:-1] + "I", AddressReason.BAD_CHARACTER),
    ("small l", GOOD[:-1] + "l", AddressReason.BAD_CHARACTER),
    ("EVM address", EVM, AddressReason.LOOKS_LIKE_EVM),
    ("EVM address in small letters", EVM.lower(), AddressReason.LOOKS_LIKE_EVM),
    ("EVM address with a broken checksum", EVM[:-1] + "6", AddressReason.LOOKS_LIKE_EVM),
    ("EVM address without 0x", EVM[2:], AddressReason.LOOKS_LIKE_EVM),
    ("Bitcoin, first form", "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", AddressReason.LOOKS_LIKE_BITCOIN),
    ("Bitcoin, script", encode_check(b"\x05" + RAW), AddressReason.LOOKS_LIKE_BITCOIN),
    ("Bitcoin, bech32", BECH32, AddressReason.LOOKS_LIKE_BITCOIN),
    ("41-hex", "41" + RAW.hex(), AddressReason.TRON_HEX_FORM),
    ("41-hex in capitals", "41" + RAW.hex().upper(), AddressReason.TRON_HEX_FORM),
    ("41-hex after 0x", "0x41" + RAW.hex(), AddressReason.TRON_HEX_FORM),
    ("42-hex", "42" + RAW.hex(), AddressReason.WRONG_PREFIX),
    ("42-hex after 0x", "0x42" + RAW.hex(), AddressReason.WRONG_PREFIX),
    ("42-prefix with its checksum", encode_check(b"\x42" + RAW), AddressReason.WRONG_PREFIX),
    ("prefix of a test network", encode_check(b"\xa0" + RAW), AddressReason.WRONG_PREFIX),
    ("chain in front", "tron:" + GOOD, AddressReason.WRONG_PREFIX),
    ("a transaction id", "0x" + "ab" * 32, AddressReason.WRONG_PREFIX),
    ("broken bech32", BECH32[:-1] + "q", AddressReason.WRONG_PREFIX),
    ("a word", "hello", AddressReason.WRONG_PREFIX),
    ("all in small letters", GOOD.lower(), AddressReason.CASE_LOST),
    ("all in capitals", GOOD.upper(), AddressReason.CASE_LOST),
    ("the token in small letters", USDT.lower(), AddressReason.CASE_LOST),
    ("small letters with a zero", GOOD.lower()[:-1] + "0", AddressReason.BAD_CHARACTER),
    ("a small letter in front", "t" + GOOD[1:], AddressReason.WRONG_PREFIX),
    ("one character short", GOOD[:-1], AddressReason.BAD_LENGTH),
    ("one character more", GOOD + "a", AddressReason.BAD_LENGTH),
    ("only the letter", "T", AddressReason.BAD_LENGTH),
    ("good Base58Check of twenty bytes", encode_check(RAW), AddressReason.BAD_LENGTH),
    ("a character changed", GOOD[:-1] + "X", AddressReason.BAD_CHECKSUM),
    ("two characters swapped", "TCJ" + GOOD[3:], AddressReason.BAD_CHECKSUM),
    ("one letter in the wrong case", GOOD[:-1] + "w", AddressReason.BAD_CHECKSUM),
    ("a name", "vitalik.trx", AddressReason.NAME_NOT_ADDRESS),
    ("a mail address", "player@example.com", AddressReason.NAME_NOT_ADDRESS),
    ("zero", "T9yD14Nj9j7xAB4dbGeiX9h8unkKHxuWwb", AddressReason.ZERO_OR_BURN),
    ("the black hole of the genesis", "TLsV52sRDL79HXGGm9yzwKibb6BeruhUzy", AddressReason.ZERO_OR_BURN),
    ("dead", base58_text(bytes(18) + b"\xde\xad"), AddressReason.ZERO_OR_BURN),
    ("first precompile", base58_text(bytes(19) + b"\x01"), AddressReason.PRECOMPILE),
    ("a precompile of Tron alone", base58_text(bytes(16) + b"\x01\x00\x00\x05"), AddressReason.PRECOMPILE),
    ("a listed token", USDT, AddressReason.TOKEN_CONTRACT),
]


@pytest.mark.parametrize(("text", "reason"), [pytest.param(text, why, id=name) for name, text, why in ROWS])
def test_every_row_has_its_own_reason(text: str, reason: AddressReason) -> None:
    """C10, N9: a refused destination has a stable code and the sentence of its row."""
    with pytest.raises(AddressInvalid) as caught:
        BOOK.parse(text)
    assert caught.value.reason == reason
    assert TRON_SENTENCES[reason] in caught.value.sentence


@pytest.mark.parametrize("sentences", [SENTENCES, EVM_SENTENCES, TRON_SENTENCES])
def test_no_two_reasons_of_a_network_share_their_words(sentences: dict[AddressReason, str]) -> None:
    """A player who reads one sentence knows which rule it was."""
    assert len(set(sentences.values())) == len(sentences)
    assert all(refused(reason, sentences).reason == reason for reason in sentences)


def test_every_reason_has_words_on_some_network() -> None:
    """No code is without words, and what is said of another network names both."""
    assert set(EVM_SENTENCES) | set(TRON_SENTENCES) == set(AddressReason)
    assert {"EVM", "Tron"} <= set(TRON_SENTENCES[AddressReason.LOOKS_LIKE_EVM].split())
    assert {"EVM", "Tron"} <= set(EVM_SENTENCES[AddressReason.LOOKS_LIKE_TRON].split())


@given(st.text(max_size=150))
def test_any_text_is_an_address_or_refused(text: str) -> None:
    """Whatever is pasted ends in 20 bytes or in AddressInvalid."""
    with suppress(AddressInvalid):
        assert len(BOOK.parse(text)) == 20


@given(st.binary(min_size=20, max_size=20).filter(lambda raw: int.from_bytes(raw, "big") > 2**32))
def test_no_network_takes_the_address_of_the_other(raw: bytes) -> None:
    """The same 20 bytes have one text per family, and each book refuses the other's by its name."""
    for book, text, reason in (
        (EvmAddressBook(), show_address("tron:0x2b6653dc", raw), AddressReason.LOOKS_LIKE_TRON),
        (TronAddressBook(), show_address("eip155:1", raw), AddressReason.LOOKS_LIKE_EVM),
    ):
        with pytest.raises(AddressInvalid) as caught:
            book.parse(text)
        assert caught.value.reason == reason


def test_the_family_of_a_network_chooses_its_book() -> None:
    """A network is read by the word in front of its colon; an unknown word is no network here."""
    assert address_book("tron:0x2b6653dc", [LISTED]).parse(GOOD) == RAW
    assert show_address("eip155:31337", RAW) == EvmAddressBook().show(RAW)
    with pytest.raises(AddressInvalid):
        address_book("tron:0x2b6653dc", [LISTED]).parse(USDT)
    with pytest.raises(AssetUnknown):
        address_book("solana:mainnet")
