"""The two files that describe a house: networks, assets and policy for all, bounds for the signer."""

from collections.abc import Sequence
from dataclasses import dataclass

from devstack.anvil import Anvil
from domain.assets import Asset, NetworkId

COIN_FUNDING = 50 * 10**18
TOKEN_FUNDING = 500_000 * 10**6
GAS_FUNDING = 5 * 10**18
GAS_DAY_WEI = 10**18
COIN_PRICE_MAX = 5_000 * 10**6
"""Units of the token that one coin is worth at most, where the cost of a sweep is weighed."""
PLAN_EVERY_SECONDS = 86_400
"""Rounds are triggered by hand here: a run's audit compares books and chains while nothing moves."""
FAMILY = "eip155"
GAS_LIMIT_MAX = 300_000
FEE_CAP_WEI = 2 * 10**16


@dataclass(frozen=True, slots=True)
class SeededNetwork:
    """One local chain of the house: its wallets, and from which block on it is followed."""

    chain: Anvil
    coin: Asset
    token: Asset
    wallets: tuple[bytes, ...]
    start_height: int
    gas: bytes = b""
    cold: bytes = b""

    @property
    def network(self) -> NetworkId:
        return self.coin.network


def house_toml(networks: Sequence[SeededNetwork], xpub: str, operator: int) -> str:
    """What every process of the house reads."""
    parts = [f'operator = {operator}\nname = "Demo Casino"']
    for seeded in networks:
        parts.append(
            f'[[networks]]\nnetwork = "{seeded.network}"\nnodes = ["{seeded.chain.url}"]\nblock_seconds = 1\n'
            f'websocket = "{seeded.chain.url.replace("http", "ws", 1)}"\n'
            f"is_devnet = true\nhead_seconds_max = 30\nstart_height = {seeded.start_height}"
        )
        parts.append(
            f'[[assets]]\nid = {seeded.coin.asset_id}\nsymbol = "ETH"\n'
            f'network = "{seeded.network}"\ndecimals = 18'
        )
        parts.append(
            f'[[assets]]\nid = {seeded.token.asset_id}\nsymbol = "TUSD"\n'
            f'network = "{seeded.network}"\ndecimals = 6\n'
            f'contract = "{hex_text(seeded.token.contract)}"'
        )
    parts.append(f'[[addresses]]\nfamily = "{FAMILY}"\nxpub = "{xpub}"\naccount = 0\nready = 20')
    for seeded in networks:
        parts += [_wallet(seeded, wallet) for wallet in seeded.wallets]
        parts += [_gas_wallet(seeded), _cold_wallet(seeded)]
    parts.append(f"[planner]\nevery_seconds = {PLAN_EVERY_SECONDS}")
    parts.append("[policy]\nversion = 1")
    for seeded in networks:
        parts += [_asset_policy(seeded.coin, 10**18), _asset_policy(seeded.token, 10**6)]
    return "\n\n".join(parts) + "\n"


def _asset_policy(asset: Asset, one: int) -> str:
    """Tiers, fees and bounds of one asset; `one` is a whole coin in its units."""
    number = asset.asset_id
    return (
        f"[[policy.withdrawal_tiers]]\nasset_id = {number}\n"
        f'allow = "{1000 * one}"\nreview = "{10_000 * one}"\n'
        f"[[policy.withdrawal_terms]]\nasset_id = {number}\n"
        f'minimum = "{one // 1000}"\nfee = "{one // 1000}"\n'
        f'network_fee_cap = "{FEE_CAP_WEI}"\n'
        f'[[policy.deposit_terms]]\nasset_id = {number}\nminimum = "{one // 1000}"\n'
        f'[[policy.stake_bounds]]\nasset_id = {number}\nminimum = "1"\nmaximum = "{100 * one}"\n'
        f'[[policy.transfer_terms]]\nasset_id = {number}\nminimum = "{one // 100}"\n'
        f'fee_cap = "{FEE_CAP_WEI}"\ncoin_price = "{COIN_PRICE_MAX if asset.contract else 0}"'
    )


def signer_toml(networks: Sequence[SeededNetwork]) -> str:
    """What the signer alone judges by."""
    parts = []
    for seeded in networks:
        wallets = ", ".join(
            f'{{ address = "{hex_text(wallet)}", role = "{role}" }}'
            for wallet, role in (*((wallet, "hot") for wallet in seeded.wallets), (seeded.gas, "gas"))
        )
        parts.append(
            f'[[networks]]\nnetwork = "{seeded.network}"\n'
            f'gas_limit_max = {GAS_LIMIT_MAX}\nfee_cap_max = "{FEE_CAP_WEI}"\n'
            f"assets = [{{ id = {seeded.coin.asset_id} }}, "
            f'{{ id = {seeded.token.asset_id}, contract = "{hex_text(seeded.token.contract)}" }}]\n'
            f"wallets = [{wallets}]\n"
            f'cold = ["{hex_text(seeded.cold)}"]\ngas_day_max = "{GAS_DAY_WEI}"'
        )
    return "\n\n".join(parts) + "\n"


def hex_text(address: bytes) -> str:
    """An address as both files write it."""
    return "0x" + address.hex()


def _wallet(seeded: SeededNetwork, wallet: bytes) -> str:
    floats = ", ".join(
        f'{{ asset_id = {asset.asset_id}, floor = "{units // 4}", '
        f'target = "{units}", ceiling = "{2 * units}" }}'
        for asset, units in ((seeded.coin, COIN_FUNDING), (seeded.token, TOKEN_FUNDING))
    )
    return (
        f'[[wallets]]\nnetwork = "{seeded.network}"\naddress = "{hex_text(wallet)}"\nrole = "hot"\n'
        f"floats = [{floats}]"
    )


def _gas_wallet(seeded: SeededNetwork) -> str:
    return (
        f'[[wallets]]\nnetwork = "{seeded.network}"\naddress = "{hex_text(seeded.gas)}"\nrole = "gas"\n'
        f'floats = [{{ asset_id = {seeded.coin.asset_id}, floor = "{GAS_FUNDING // 5}", '
        f'target = "{GAS_FUNDING}", ceiling = "{2 * GAS_FUNDING}" }}]'
    )


def _cold_wallet(seeded: SeededNetwork) -> str:
    return (
        f'[[wallets]]\nnetwork = "{seeded.network}"\naddress = "{hex_text(seeded.cold)}"\nrole = "cold"\n'
        "floats = []"
    )
