"""What a house file may not say about deposits."""

import pytest
from pydantic import ValidationError

from bootstrap.settings import AssetEntry, HouseFile, WalletEntry
from domain.deposits import COIN_FACE, WalletRole
from domain.rules import CreditTier, DepositTerms, Policy


def house(*tiers: tuple[int, int], network: str = "eip155:1") -> HouseFile:
    """Return a house that lends by these tiers on a network."""
    early = tuple(CreditTier(up_to=up_to, confirmations=depth) for up_to, depth in tiers)
    policy = Policy(version=1, deposit_terms=(DepositTerms(asset_id=1, minimum=1, early=early),))
    coin = AssetEntry(id=1, symbol="COIN", network=network, decimals=6)
    return HouseFile(
        operator=1,
        name="House",
        assets=(coin,),
        networks=(),
        addresses=(),
        wallets=(),
        policy=policy.model_dump(),
    )


@pytest.mark.parametrize("tiers", [(), ((100, 12),), ((2_000, 32), (100, 12)), ((100, 5), (200, 5))])
def test_larger_tiers_wait_longer(tiers: tuple[tuple[int, int], ...]) -> None:
    """The order in the file does not matter."""
    assert len(house(*tiers).policy.deposit_terms[0].early) == len(tiers)


@pytest.mark.parametrize("tiers", [((100, 0),), ((100, 12), (2_000, 11)), ((2_000, 32), (100, 33))])
def test_a_larger_tier_that_waits_less_is_refused(tiers: tuple[tuple[int, int], ...]) -> None:
    """Nothing is lent without a block, and more is never lent for less."""
    with pytest.raises(ValidationError, match="at least as many confirmations"):
        house(*tiers)


def test_nothing_is_lent_on_tron() -> None:
    """Until a block is final only one node's word says what it did."""
    assert not house(network=TRON).policy.deposit_terms[0].early
    with pytest.raises(ValidationError, match="wait for their final block"):
        house((100, 12), network=TRON)


def test_the_face_of_the_coin_cannot_be_listed() -> None:
    """It would count every payment of coins a second time."""
    with pytest.raises(ValidationError, match="no token"):
        AssetEntry(id=9, symbol="POL", network="eip155:137", decimals=18, contract=COIN_FACE)


TRON = "tron:0x2b6653dc"
RAW = bytes.fromhex("5a523b449890854c8fc460ab602df9f31fe4293f")


@pytest.mark.parametrize("text", ["TJCnKsPa7y5okkXvQAidZBzqx3QyQ6sxMW", "0x" + RAW.hex()])
def test_addresses_stand_there_as_people_of_the_network_write_them(text: str) -> None:
    """A wallet and a token of Tron may be written with their T, or in hexadecimal digits as everywhere."""
    fields = {"network": TRON, "address": text, "role": WalletRole.HOT, "floats": ()}
    assert WalletEntry.model_validate(fields).address == RAW
    asset = {"id": 4, "symbol": "USDT", "network": TRON, "decimals": 6, "contract": text}
    assert AssetEntry.model_validate(asset).contract == RAW


@pytest.mark.parametrize(
    ("network", "text"),
    [
        (TRON, "tjcnkspa7y5okkxvqaidzbzqx3qyq6sxmw"),
        (TRON, RAW.hex()),
        ("eip155:1", "TJCnKsPa7y5okkXvQAidZBzqx3QyQ6sxMW"),
        ("solana:mainnet", "TJCnKsPa7y5okkXvQAidZBzqx3QyQ6sxMW"),
    ],
)
def test_an_address_of_another_network_is_refused(network: str, text: str) -> None:
    """The file says which network a wallet is on, and its text has to be of that network."""
    with pytest.raises(ValidationError):
        WalletEntry.model_validate(
            {"network": network, "address": text, "role": WalletRole.HOT, "floats": ()}
        )
