"""The two files that describe a house: networks, assets and policy for all, bounds for the signer."""

from collections.abc import Iterable, Mapping, Sequence

from devstack.local_chains import FamilyTerms, LocalChain, SeededNetwork
from domain.assets import Asset

PLAN_EVERY_SECONDS = 86_400
"""Rounds are triggered by hand here: a run's audit compares books and chains while nothing moves."""
HEAD_SECONDS_MAX = 30
READY_ADDRESSES = 20

Networks = Sequence[SeededNetwork[LocalChain]]


def house_toml(networks: Networks, xpubs: Mapping[str, str], operator: int) -> str:
    """What every process of the house reads; `xpubs` has the public half of each key family."""
    parts = [f'operator = {operator}\nname = "Demo Casino"']
    for seeded in networks:
        parts.append(_network(seeded))
        parts += [_asset(asset) for asset in seeded.assets]
    parts += [
        f'[[addresses]]\nfamily = "{family}"\nxpub = "{xpub}"\naccount = 0\nready = {READY_ADDRESSES}'
        for family, xpub in xpubs.items()
    ]
    for seeded in networks:
        parts += _wallets(seeded)
    parts.append(f"[planner]\nevery_seconds = {PLAN_EVERY_SECONDS}")
    parts.append("[policy]\nversion = 1")
    for seeded in networks:
        parts += [_asset_policy(asset, seeded.terms) for asset in seeded.assets]
    return "\n\n".join(parts) + "\n"


def signer_toml(networks: Networks) -> str:
    """What the signer alone judges by."""
    return "\n\n".join(_signed_network(seeded) for seeded in networks) + "\n"


def hex_text(address: bytes) -> str:
    """An address as both files write it."""
    return "0x" + address.hex()


def _network(seeded: SeededNetwork[LocalChain]) -> str:
    return (
        f'[[networks]]\nnetwork = "{seeded.network}"\nnodes = ["{seeded.chain.url}"]\nblock_seconds = 1\n'
        f"{seeded.connection}\n"
        f"is_devnet = true\nhead_seconds_max = {HEAD_SECONDS_MAX}\nstart_height = {seeded.start_height}\n"
        f'burn_day_max = "{seeded.terms.burn_day_max}"\nstanding_sun = "{seeded.terms.standing}"'
    )


def _asset(asset: Asset) -> str:
    contract = f'\ncontract = "{hex_text(asset.contract)}"' if asset.contract else ""
    return (
        f'[[assets]]\nid = {asset.asset_id}\nsymbol = "{asset.symbol}"\ncurrency = "{asset.currency}"\n'
        f'network = "{asset.network}"\ndecimals = {asset.decimals}{contract}'
    )


def _asset_policy(asset: Asset, terms: FamilyTerms) -> str:
    """Tiers, fees and bounds of one asset, in whole coins of it."""
    number, one = asset.asset_id, 10**asset.decimals
    return (
        f"[[policy.withdrawal_tiers]]\nasset_id = {number}\n"
        f'allow = "{1000 * one}"\nreview = "{10_000 * one}"\n'
        f"[[policy.withdrawal_terms]]\nasset_id = {number}\n"
        f'minimum = "{one // 1000}"\nfee = "{one // 1000}"\n'
        f'network_fee_cap = "{terms.fee_cap}"\n'
        f'[[policy.deposit_terms]]\nasset_id = {number}\nminimum = "{one // 1000}"\n'
        f'[[policy.stake_bounds]]\nasset_id = {number}\nminimum = "1"\nmaximum = "{100 * one}"\n'
        f'[[policy.transfer_terms]]\nasset_id = {number}\nminimum = "{one // 100}"\n'
        f'fee_cap = "{terms.fee_cap}"\ncoin_price = "{terms.coin_price_max if asset.contract else 0}"'
    )


def _wallets(seeded: SeededNetwork[LocalChain]) -> list[str]:
    coin, token, terms = seeded.coin.asset_id, seeded.token.asset_id, seeded.terms
    floats = {"hot": {coin: terms.coin_funding, token: terms.token_funding}}
    parts = [
        _wallet(seeded, wallet, role, floats.get(role, {coin: terms.gas_funding}).items())
        for wallet, role in seeded.spending
    ]
    return [*parts, _wallet(seeded, seeded.cold, "cold", ())]


def _wallet(
    seeded: SeededNetwork[LocalChain], wallet: bytes, role: str, targets: Iterable[tuple[int, int]]
) -> str:
    floats = ", ".join(
        f'{{ asset_id = {asset_id}, floor = "{units // 4}", target = "{units}", ceiling = "{2 * units}" }}'
        for asset_id, units in targets
    )
    return (
        f'[[wallets]]\nnetwork = "{seeded.network}"\naddress = "{hex_text(wallet)}"\nrole = "{role}"\n'
        f"floats = [{floats}]"
    )


def _signed_network(seeded: SeededNetwork[LocalChain]) -> str:
    """One network of the signer's."""
    terms = seeded.terms
    wallets = ", ".join(
        f'{{ address = "{hex_text(wallet)}", role = "{role}" }}' for wallet, role in seeded.spending
    )
    return (
        f'[[networks]]\nnetwork = "{seeded.network}"\n'
        f'gas_limit_max = {terms.gas_limit_max}\nfee_cap_max = "{terms.fee_cap}"\n'
        f"assets = [{{ id = {seeded.coin.asset_id} }}, "
        f'{{ id = {seeded.token.asset_id}, contract = "{hex_text(seeded.token.contract)}" }}]\n'
        f"wallets = [{wallets}]\n"
        f'cold = ["{hex_text(seeded.cold)}"]\ngas_day_max = "{terms.gas_day_max}"\n'
        f'delegation_max = "{terms.delegation_max}"'
    )
