"""Where a world stands: one network with its coin and a token, and what things cost there."""

from dataclasses import dataclass

from domain.assets import Asset, NetworkId
from ledger.addresses import family_of
from tests.support.chain_rigs import address_of, key_of
from tests.support.ledger_database import COIN, NETWORK, TOKEN

ETHER = 10**18


@dataclass(frozen=True, slots=True)
class Place:
    """A network, its coin and one token. `whole` is one coin; amounts are units of coins.

    Each hot wallet begins with `coins`, the gas wallet with `gas_coins`, of which it may spend `gas_day_max`
    in a day. `fee_cap` bounds one transaction, `gas_limit_max` its gas or energy, and `permission` is what
    hot wallets sign by where accounts have several.
    """

    network: NetworkId
    coin: Asset
    token: Asset
    whole: int
    coins: int
    gas_coins: int
    gas_day_max: int
    fee_cap: int
    gas_limit_max: int
    permission: int = 0
    cold: bytes = address_of(key_of("cold"))

    @property
    def family(self) -> str:
        return family_of(self.network)

    @property
    def assets(self) -> tuple[Asset, Asset]:
        return self.coin, self.token


EVM = Place(
    network=NETWORK,
    coin=COIN,
    token=TOKEN,
    whole=ETHER,
    coins=1_000 * ETHER,
    gas_coins=10 * ETHER,
    gas_day_max=ETHER,
    fee_cap=10**16,
    gas_limit_max=300_000,
)
