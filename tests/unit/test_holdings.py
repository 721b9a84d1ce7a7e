"""Totals over networks: exact, on the finest scale of a currency, and never across currencies."""

import pytest

from domain.assets import Asset, AssetKind, Catalogue, NetworkId
from domain.holdings import CurrencyTotal, Holding, by_asset, by_currency

EVM, BSC, TRON = NetworkId("eip155:1"), NetworkId("eip155:56"), NetworkId("tron:0x2b6653dc")


def token(asset_id: int, symbol: str, network: NetworkId, decimals: int, currency: str = "") -> Asset:
    """A token of the catalogue with a contract of its own."""
    return Asset(asset_id, symbol, network, AssetKind.TOKEN, decimals, bytes([asset_id]) * 20, currency)


COIN = Asset(1, "ETH", EVM, AssetKind.NATIVE, 18)
CATALOGUE = Catalogue(
    [
        COIN,
        token(2, "USDT", EVM, 6),
        token(3, "USDT", BSC, 18),
        token(4, "USDT", TRON, 6),
        token(5, "USDC.e", BSC, 6, "USDC"),
        token(6, "USDC", TRON, 6, "USDC of Tron"),
    ]
)


def test_a_currency_is_added_up_on_its_finest_scale() -> None:
    """1.5 and 2 with six decimals and one unit of eighteen are 3.500000000000000001."""
    held = {2: Holding(1_500_000), 3: Holding(1), 4: Holding(2_000_000, locked=2_000_000)}
    assert by_currency(held, CATALOGUE)[1] == CurrencyTotal(
        "USDT", 18, (EVM, BSC, TRON), Holding(3_500_000_000_000_000_001, locked=2 * 10**18)
    )


def test_every_part_is_added_for_itself() -> None:
    """What is set aside or owed on one network is no balance on another."""
    parts = Holding(available=1, locked=2, in_play=3, pending_withdrawal=4, owed=5)
    [_, total, *_] = by_currency({2: parts, 4: parts}, CATALOGUE)
    scale = 2 * 10**12
    assert total.holding == Holding(scale, 2 * scale, 3 * scale, 4 * scale, 5 * scale)


def test_the_house_says_what_is_one_currency() -> None:
    """Two symbols may be one currency, and one symbol two; nothing else is ever added together."""
    totals = by_currency({5: Holding(7), 6: Holding(8)}, CATALOGUE)
    assert [(total.currency, total.holding.available) for total in totals] == [
        ("ETH", 0),
        ("USDT", 0),
        ("USDC", 7),
        ("USDC of Tron", 8),
    ]


def test_whoever_has_nothing_has_zeros_on_the_same_scale() -> None:
    """Lines and scales are those of the catalogue, so they do not move with a balance."""
    empty, full = by_currency({}, CATALOGUE), by_currency({4: Holding(1)}, CATALOGUE)
    assert [(total.currency, total.decimals) for total in empty] == [
        (total.currency, total.decimals) for total in full
    ]
    assert [held.asset for held in by_asset({}, CATALOGUE)] == list(CATALOGUE.assets)
    assert {held.holding for held in by_asset({}, CATALOGUE)} == {Holding()}


def test_nothing_is_ever_written_with_fewer_decimals() -> None:
    """That could lose units."""
    with pytest.raises(ValueError, match="-1 more decimals"):
        Holding(10).finer(-1)
