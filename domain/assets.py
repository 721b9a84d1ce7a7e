"""The closed catalogue: which networks exist here, and which assets on them.

Symbols are display text; an asset is its network and its contract. Nothing outside the catalogue is ever
credited or paid.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import NewType

from domain.errors import AssetUnknown

NetworkId = NewType("NetworkId", str)
"""CAIP-2 text, for example `eip155:1`."""

ASSET_ID_MAX = 65_535
DECIMALS_MAX = 36


class AssetKind(StrEnum):
    """What moves: the network's own coin, or a token contract."""

    NATIVE = "native"
    TOKEN = "token"  # noqa: S105 - a kind of asset, not a password


@dataclass(frozen=True, slots=True)
class Asset:
    """One coin or token on one network.

    `contract` is the raw 20-byte address of a token and empty for the native coin; `decimals` place the point
    when an amount is shown, all arithmetic is in whole units. `currency` is what is added up over networks:
    the symbol, unless the house says that two assets of one symbol are two things, or the other way round.
    """

    asset_id: int
    symbol: str
    network: NetworkId
    kind: AssetKind
    decimals: int
    contract: bytes = b""
    currency: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "currency", self.currency or self.symbol)
        assert 0 < self.asset_id <= ASSET_ID_MAX, self
        assert 0 <= self.decimals <= DECIMALS_MAX, self
        assert bool(self.contract) == (self.kind is AssetKind.TOKEN), self

    @property
    def code(self) -> str:
        """Unique readable name, for example `USDT@eip155:1`."""
        return f"{self.symbol}@{self.network}"


class Catalogue:
    """All assets by every key they are asked for; refuses two assets with one identity."""

    def __init__(self, assets: Iterable[Asset]) -> None:
        self.assets = tuple(sorted(assets, key=lambda asset: asset.asset_id))
        self._by_id = {asset.asset_id: asset for asset in self.assets}
        self._by_code = {asset.code: asset for asset in self.assets}
        self._by_contract = {(asset.network, asset.contract): asset for asset in self.assets}
        for index in (self._by_id, self._by_code, self._by_contract):
            if len(index) != len(self.assets):
                msg = "two assets of the catalogue share an id, a code or a contract"
                raise ValueError(msg)

    @property
    def networks(self) -> tuple[NetworkId, ...]:
        return tuple(dict.fromkeys(asset.network for asset in self.assets))

    def by_id(self, asset_id: int) -> Asset:
        """The asset with this number; raises AssetUnknown."""
        asset = self._by_id.get(asset_id)
        if asset is None:
            raise AssetUnknown(str(asset_id))
        return asset

    def find(self, symbol: str, network: str) -> Asset:
        """The asset a caller names by symbol and network; raises AssetUnknown."""
        asset = self._by_code.get(f"{symbol}@{network}")
        if asset is None:
            raise AssetUnknown(f"{symbol} on {network}")
        return asset

    def native(self, network: str) -> Asset:
        """The coin in which this network's fees are paid; raises AssetUnknown."""
        asset = self._by_contract.get((NetworkId(network), b""))
        if asset is None:
            raise AssetUnknown(f"native coin of {network}")
        return asset

    def listed(self, network: str, contract: bytes) -> Asset | None:
        """The asset that this contract (empty: the native coin) is on this network, if it is listed."""
        return self._by_contract.get((NetworkId(network), contract))

    def on(self, network: str) -> tuple[Asset, ...]:
        return tuple(asset for asset in self.assets if asset.network == network)
