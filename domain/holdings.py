"""One view of what a player has: every asset on its network, and every currency over all its networks.

A total is exact: the units of each network are written with the most decimals that the currency has anywhere,
and added as whole numbers. There is no price and no rounding, so a currency is only added to itself.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, fields

from domain.assets import Asset, Catalogue


@dataclass(frozen=True, slots=True)
class Holding:
    """Whole units on one scale: what a player can play with, what is set aside, what the player owes.

    `locked` units of `available` have to stay until their deposit is final.
    """

    available: int = 0
    locked: int = 0
    in_play: int = 0
    pending_withdrawal: int = 0
    owed: int = 0

    def __add__(self, other: "Holding") -> "Holding":
        return Holding(*(getattr(self, part) + getattr(other, part) for part in _PARTS))

    def finer(self, digits: int) -> "Holding":
        """The same value with so many more decimals; ValueError for fewer, which could lose units."""
        if digits < 0:
            raise ValueError(f"{digits} more decimals")
        return Holding(*(getattr(self, part) * 10**digits for part in _PARTS))


_PARTS = tuple(field.name for field in fields(Holding))


@dataclass(frozen=True, slots=True)
class Held:
    """What a player has of one asset, in its own units."""

    asset: Asset
    holding: Holding


@dataclass(frozen=True, slots=True)
class CurrencyTotal:
    """What a player has of one currency on all networks, in units of 10^-decimals."""

    currency: str
    decimals: int
    networks: tuple[str, ...]
    holding: Holding


def by_asset(holdings: Mapping[int, Holding], catalogue: Catalogue) -> tuple[Held, ...]:
    """Every listed asset with what is held of it, by its number; nothing held is zeros."""
    return tuple(Held(asset, holdings.get(asset.asset_id, Holding())) for asset in catalogue.assets)


def by_currency(holdings: Mapping[int, Holding], catalogue: Catalogue) -> tuple[CurrencyTotal, ...]:
    """Every listed currency with its exact total, in the order of the catalogue.

    The scale is that of the catalogue, not of what is held, so it does not move with a player's balance.
    """
    families: dict[str, list[Held]] = defaultdict(list)
    for held in by_asset(holdings, catalogue):
        families[held.asset.currency].append(held)
    return tuple(_total(currency, members) for currency, members in families.items())


def _total(currency: str, members: list[Held]) -> CurrencyTotal:
    decimals = max(held.asset.decimals for held in members)
    scaled = (held.holding.finer(decimals - held.asset.decimals) for held in members)
    return CurrencyTotal(
        currency, decimals, tuple(held.asset.network for held in members), sum(scaled, start=Holding())
    )
