"""Who appears in the demo's story."""

from dataclasses import dataclass, field
from typing import Any

from devstack.callers import PlayerClient
from devstack.local_chains import LocalChain, SeededNetwork
from domain.assets import Asset


@dataclass(slots=True)
class Account:
    """One player of the story, and the asset this player plays with."""

    name: str
    client: PlayerClient
    seeded: SeededNetwork[LocalChain]
    asset: Asset
    deposit: int
    outside: str
    bets: list[dict[str, Any]] = field(default_factory=list)

    @property
    def one(self) -> int:
        return int(10**self.asset.decimals)
