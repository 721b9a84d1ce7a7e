"""Where players are paid, by network: each text read by the book of its family, each token refused in all."""

import pytest

from api.destinations import Destinations
from chains.codecs.evm_addresses import checksum_text
from chains.codecs.tron_addresses import base58_text
from domain.assets import Asset, AssetKind, Catalogue, NetworkId
from domain.errors import AddressInvalid, AssetUnknown

EVM, TRON = NetworkId("eip155:1"), NetworkId("tron:0x2b6653dc")
ON_EVM = bytes.fromhex("dac17f958d2ee523a2206206994597c13d831ec7")
ON_TRON = bytes.fromhex("a614f803b6fd780986a42c78ec9c7f77e6ded13c")
PAYEE = bytes.fromhex("5a523b449890854c8fc460ab602df9f31fe4293f")
TEXT = "TJCnKsPa7y5okkXvQAidZBzqx3QyQ6sxMW"
DESTINATIONS = Destinations(
    Catalogue(
        (
            Asset(1, "ETH", EVM, AssetKind.NATIVE, 18),
            Asset(2, "USDT", EVM, AssetKind.TOKEN, 6, ON_EVM),
            Asset(3, "TRX", TRON, AssetKind.NATIVE, 6),
            Asset(4, "USDT", TRON, AssetKind.TOKEN, 6, ON_TRON),
        )
    )
)


def test_one_address_has_the_text_of_each_network() -> None:
    """20 bytes are one address of ours, written as people of the network write it."""
    assert DESTINATIONS.show(TRON, PAYEE) == TEXT
    assert DESTINATIONS.show(EVM, PAYEE) == checksum_text(PAYEE)
    assert DESTINATIONS.parse(TRON, TEXT) == DESTINATIONS.parse(EVM, checksum_text(PAYEE)) == PAYEE
    assert (DESTINATIONS.family(TRON), DESTINATIONS.family(EVM)) == ("tron", "eip155")


@pytest.mark.parametrize(
    ("network", "text", "reason"),
    [
        (TRON, checksum_text(PAYEE), "LOOKS_LIKE_EVM"),
        (TRON, "41" + PAYEE.hex(), "TRON_HEX_FORM"),
        (TRON, "42" + PAYEE.hex(), "WRONG_PREFIX"),
        (TRON, TEXT[:-1] + "X", "BAD_CHECKSUM"),
        (TRON, TEXT.lower(), "CASE_LOST"),
        (TRON, base58_text(ON_TRON), "TOKEN_CONTRACT"),
        (TRON, base58_text(ON_EVM), "TOKEN_CONTRACT"),
        (EVM, TEXT, "LOOKS_LIKE_TRON"),
        (EVM, checksum_text(ON_TRON), "TOKEN_CONTRACT"),
    ],
)
def test_what_people_paste_is_refused_with_its_own_reason(network: str, text: str, reason: str) -> None:
    """N9: the wrong network, the inner forms, a lost checksum, and every listed token on every network."""
    with pytest.raises(AddressInvalid) as caught:
        DESTINATIONS.parse(network, text)
    assert caught.value.reason == reason


def test_a_network_that_is_not_listed_has_no_addresses() -> None:
    """Neither a text is read nor an address shown for it."""
    for unlisted in ("tron:0xcd8690dc", "eip155:10", "solana:mainnet"):
        with pytest.raises(AssetUnknown):
            DESTINATIONS.parse(unlisted, TEXT)
        with pytest.raises(AssetUnknown):
            DESTINATIONS.show(unlisted, PAYEE)
