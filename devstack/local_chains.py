"""A chain on this machine as those see it who are not the house: strangers who pay, and the auditor."""

from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from domain.assets import Asset, NetworkId


class LocalChain(Protocol):
    """One network with a stranger who has more than enough of everything on it.

    Addresses are 20 raw bytes, a contract is empty for the network's coin, and transactions are named as the
    API names them: `0x` and the hash in hexadecimal.
    """

    @property
    def network(self) -> NetworkId: ...

    @property
    def url(self) -> str: ...

    def start(self) -> None: ...

    def stop(self) -> None: ...

    def read_address(self, text: str) -> bytes:
        """The raw bytes of an address as people on this network write it."""
        ...

    def show_address(self, address: bytes) -> str:
        """The text of an address as people on this network write it."""
        ...

    def pay(self, contract: bytes, payee: bytes, units: int) -> str:
        """Let the stranger pay; returns the transaction, which no block has to hold so far."""
        ...

    def endow(self, contract: bytes, payee: bytes, units: int) -> str:
        """Let the treasury pay, whose money is that of the house; returns the transaction."""
        ...

    def held(self, contract: bytes, holder: bytes) -> int:
        """What an address holds, by the node's own words; on Tron with the coins that it has staked."""
        ...

    def block_of(self, txid: str) -> int | None:
        """The height of the block that holds a transaction, if one does."""
        ...

    def final_height(self) -> int:
        """The height of the block that the node calls final."""
        ...


@dataclass(frozen=True, slots=True)
class FamilyTerms:
    """What wallets of one family of networks hold at the start, and what their transactions may cost.

    Fundings are units of coin or token per wallet; `coin_price_max` is the most tokens one coin is worth
    where the cost of a sweep is weighed; `fee_cap` and `gas_day_max` are units of the coin. Where stake pays
    for contract calls, `delegation_max` may be lent at once, every hot wallet is lent `standing` for good,
    and `burn_day_max` may be burnt in its place.
    """

    family: str
    coin_funding: int
    token_funding: int
    gas_funding: int
    gas_day_max: int
    coin_price_max: int
    gas_limit_max: int
    fee_cap: int
    delegation_max: int = 0
    standing: int = 0
    burn_day_max: int = 0


Chain_co = TypeVar("Chain_co", bound=LocalChain, covariant=True)


@dataclass(frozen=True, slots=True)
class SeededNetwork(Generic[Chain_co]):
    """One local chain of the house: its wallets, and from which block on it is followed.

    `connection` are further lines of the network's entry in the house file, and `energy` is the wallet whose
    stake pays for contract calls, where a network has such.
    """

    chain: Chain_co
    terms: FamilyTerms
    coin: Asset
    token: Asset
    wallets: tuple[bytes, ...]
    start_height: int
    gas: bytes
    cold: bytes
    connection: str = ""
    energy: bytes = b""

    @property
    def network(self) -> NetworkId:
        return self.coin.network

    @property
    def assets(self) -> tuple[Asset, Asset]:
        return self.coin, self.token

    @property
    def spending(self) -> tuple[tuple[bytes, str], ...]:
        """Every wallet whose key the signer has, with its role."""
        hot = tuple((wallet, "hot") for wallet in self.wallets)
        return (*hot, (self.gas, "gas"), *(((self.energy, "energy"),) if self.energy else ()))
