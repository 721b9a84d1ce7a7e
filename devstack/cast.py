"""Who appears in the demo's story."""

from dataclasses import dataclass, field
from typing import Any

from devstack.callers import BackOffice, PlayerClient
from devstack.local_chains import LocalChain, SeededNetwork
from devstack.seeding import SeededHouse
from domain.assets import Asset

OUTSIDE = bytes.fromhex("c0ffee" * 6 + "c0ff")


@dataclass(slots=True)
class Account:
    """One player of the story on one network, and the asset this player plays with there."""

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

    @property
    def label(self) -> str:
        return f"{self.name} on {self.asset.network}"


@dataclass(frozen=True, slots=True)
class Cast:
    """Alice brings the coin of a chain, Bob the token of another, Carol one currency on two families."""

    alice: Account
    bob: Account
    carol: Account
    carol_on_tron: Account

    @property
    def accounts(self) -> tuple[Account, ...]:
        return self.alice, self.bob, self.carol, self.carol_on_tron

    def close(self) -> None:
        for account in (self.alice, self.bob, self.carol):
            account.client.close()


def gather(house: SeededHouse, office: BackOffice, player_url: str) -> Cast:
    """Let the players in; each has an address of their own outside the house."""
    first, second = house.evm
    assert house.tron is not None, "the story is told on both families"
    tron = house.tron
    alice, bob, carol = (office.enter(name, player_url) for name in ("alice", "bob", "carol"))
    return Cast(
        Account("Alice", alice, first, first.coin, 5 * 10**18, _outside(first, 1)),
        Account("Bob", bob, second, second.token, 2_000 * 10**6, _outside(second, 2)),
        Account("Carol", carol, first, first.token, 250 * 10**6, _outside(first, 3)),
        Account("Carol", carol, tron, tron.token, 750 * 10**6, _outside(tron, 4)),
    )


def _outside(seeded: SeededNetwork[LocalChain], number: int) -> str:
    return seeded.chain.show_address(OUTSIDE[:-1] + bytes([number]))
