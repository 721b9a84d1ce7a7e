"""A house ready to open: schema and roles, wallets with coins on each chain, opening balances in the books."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql
from pydantic import SecretStr

from devstack.anvil import Anvil
from devstack.key_material import ROLES, KeyMaterial
from devstack.postgres import Postgres
from devstack.tokens.deploying import deploy_plain, send_tokens, tokens_of
from domain.assets import Asset, AssetKind, NetworkId
from domain.deposits import WalletRole
from domain.ids import SLOTS
from domain.journal import bankroll_in
from domain.postings import Command
from ledger.floats import set_float
from ledger.migrating import upgrade as upgrade_ledger
from ledger.nonce_lanes import FloatLimits, register_wallet, set_float_limits
from ledger.opening import register_assets
from ledger.posting import post_opening
from ledger.registrations import ensure_operator
from ledger.session import Sessions, create_ledger_engine
from signer.keystore_keys import Keystore
from signer.migrating import upgrade as upgrade_signer
from signer.registering import register_wallet as register_lane

OPERATOR = 1
FAMILY = "eip155"
COIN_FUNDING = 50 * 10**18
TOKEN_FUNDING = 500_000 * 10**6
SCRYPT_COST = 2**14
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

    @property
    def network(self) -> NetworkId:
        return self.coin.network


@dataclass(frozen=True, slots=True)
class SeededHouse:
    """What the processes of a house are pointed at."""

    house_file: Path
    policy_file: Path
    networks: tuple[SeededNetwork, ...]


def migrate(postgres: Postgres, secrets: KeyMaterial) -> None:
    """Bring both schemas up and give every login role its drawn password."""
    upgrade_ledger(postgres.dsn())
    upgrade_signer(postgres.dsn())
    with psycopg.connect(postgres.dsn(), autocommit=True) as connection:
        for role in ROLES:
            password = secrets.password_file(role).read_text(encoding="ascii")
            statement = sql.SQL("ALTER ROLE {} LOGIN PASSWORD {}").format(
                sql.Identifier(role), sql.Literal(password)
            )
            connection.execute(statement)


def seed(
    directory: Path, postgres: Postgres, chains: Sequence[Anvil], secrets: KeyMaterial, *, wallets: int = 2
) -> SeededHouse:
    """Draw keys, fund hot wallets on chain, and book what they hold as bankroll."""
    keystore = Keystore(
        secrets.keystore,
        SecretStr(secrets.keystore_password_file.read_text(encoding="ascii")),
        scrypt_cost=SCRYPT_COST,
    )
    xpub = keystore.create_account(FAMILY, 0)
    networks = tuple(
        _fund(chain, number, tuple(keystore.create_wallet() for _ in range(wallets)))
        for number, chain in enumerate(chains)
    )
    for seeded in networks:
        for wallet in seeded.wallets:
            register_lane(postgres.dsn(), seeded.network, wallet, 0)
    asyncio.run(_enter(postgres, networks))
    house = SeededHouse(directory / "house.toml", directory / "signer_policy.toml", networks)
    house.house_file.write_text(_house_toml(networks, xpub), encoding="utf-8")
    house.policy_file.write_text(_policy_toml(networks), encoding="utf-8")
    return house


def _fund(chain: Anvil, number: int, wallets: tuple[bytes, ...]) -> SeededNetwork:
    """Deploy the token, fund the wallets, and wait until the block that shows it is final."""
    network = NetworkId(f"{FAMILY}:{chain.chain_id}")
    treasury = chain.accounts()[0]
    contract = deploy_plain(chain, deployer=treasury)
    for wallet in wallets:
        chain.rpc("eth_sendTransaction", {"from": treasury, "to": _text(wallet), "value": hex(COIN_FUNDING)})
        send_tokens(chain, contract, treasury, _text(wallet), TOKEN_FUNDING)
    chain.mine(1)
    start = int(str(chain.rpc("eth_blockNumber")), 16)
    while _final_height(chain) < start:
        chain.mine(1)
    first_id = 1 + 2 * number
    coin = Asset(first_id, "ETH", network, AssetKind.NATIVE, 18)
    token = Asset(
        first_id + 1, "TUSD", network, AssetKind.TOKEN, 6, bytes.fromhex(contract.removeprefix("0x"))
    )
    return SeededNetwork(chain, coin, token, wallets, start)


def _final_height(chain: Anvil) -> int:
    block = chain.rpc("eth_getBlockByNumber", "finalized", False)
    assert isinstance(block, dict)
    return int(str(block["number"]), 16)


async def _enter(postgres: Postgres, networks: Sequence[SeededNetwork]) -> None:
    """Register brand, assets and wallets, and post the opening balances."""
    sessions = Sessions(create_ledger_engine(postgres.dsn()))
    try:
        async with sessions.begin() as session:
            await ensure_operator(session, OPERATOR, "Demo Casino")
            await register_assets(
                session, [asset for seeded in networks for asset in (seeded.coin, seeded.token)]
            )
        for seeded in networks:
            await _enter_wallets(sessions, seeded)
    finally:
        await sessions.close()


async def _enter_wallets(sessions: Sessions, seeded: SeededNetwork) -> None:
    for wallet in seeded.wallets:
        held = {
            seeded.coin: int(
                str(seeded.chain.rpc("eth_getBalance", _text(wallet), hex(seeded.start_height))), 16
            ),
            seeded.token: tokens_of(seeded.chain, _text(seeded.token.contract), _text(wallet)),
        }
        async with sessions.begin() as session:
            await register_wallet(session, seeded.network, wallet, WalletRole.HOT)
            for asset, units in held.items():
                limits = FloatLimits(floor=units // 4, target=units, ceiling=2 * units)
                await set_float_limits(session, seeded.network, wallet, asset.asset_id, limits)
                await set_float(session, seeded.network, wallet, asset.asset_id, units, seeded.start_height)
        await post_opening(
            sessions, [_opening(seeded, wallet, asset, units) for asset, units in held.items()]
        )


def _opening(seeded: SeededNetwork, wallet: bytes, asset: Asset, units: int) -> Command:
    """What a wallet held when it was registered is the house's own money."""
    key = f"opening/{seeded.network}/{_text(wallet)}/{asset.asset_id}"
    return bankroll_in(
        operator=OPERATOR, slot=wallet[-1] % SLOTS, asset_id=asset.asset_id, units=units, key=key, ref=key
    )


def _house_toml(networks: Sequence[SeededNetwork], xpub: str) -> str:
    parts = [f"operator = {OPERATOR}"]
    for seeded in networks:
        parts.append(
            f'[[networks]]\nnetwork = "{seeded.network}"\nnodes = ["{seeded.chain.url}"]\nblock_seconds = 1\n'
            f"is_devnet = true\nstart_height = {seeded.start_height}"
        )
        parts.append(
            f'[[assets]]\nid = {seeded.coin.asset_id}\nsymbol = "ETH"\nnetwork = "{seeded.network}"\ndecimals = 18'
        )
        parts.append(
            f'[[assets]]\nid = {seeded.token.asset_id}\nsymbol = "TUSD"\nnetwork = "{seeded.network}"\ndecimals = 6\n'
            f'contract = "{_text(seeded.token.contract)}"'
        )
    parts.append(f'[[addresses]]\nfamily = "{FAMILY}"\nxpub = "{xpub}"\naccount = 0\nready = 20')
    parts.append("[policy]\nversion = 1")
    for seeded in networks:
        parts += [_asset_policy(seeded.coin, 10**18), _asset_policy(seeded.token, 10**6)]
    return "\n\n".join(parts) + "\n"


def _asset_policy(asset: Asset, one: int) -> str:
    """Tiers, fees and bounds of one asset; `one` is a whole coin in its units."""
    number = asset.asset_id
    return (
        f'[[policy.withdrawal_tiers]]\nasset_id = {number}\nallow = "{1000 * one}"\nreview = "{10_000 * one}"\n'
        f'[[policy.withdrawal_terms]]\nasset_id = {number}\nminimum = "{one // 1000}"\nfee = "{one // 1000}"\n'
        f'network_fee_cap = "{FEE_CAP_WEI}"\n'
        f'[[policy.deposit_terms]]\nasset_id = {number}\nminimum = "{one // 1000}"\n'
        f'[[policy.stake_bounds]]\nasset_id = {number}\nminimum = "1"\nmaximum = "{100 * one}"'
    )


def _policy_toml(networks: Sequence[SeededNetwork]) -> str:
    parts = []
    for seeded in networks:
        wallets = ", ".join(f'{{ address = "{_text(wallet)}", role = "hot" }}' for wallet in seeded.wallets)
        parts.append(
            f'[[networks]]\nnetwork = "{seeded.network}"\ngas_limit_max = {GAS_LIMIT_MAX}\nfee_cap_max = "{FEE_CAP_WEI}"\n'
            f"assets = [{{ id = {seeded.coin.asset_id} }}, "
            f'{{ id = {seeded.token.asset_id}, contract = "{_text(seeded.token.contract)}" }}]\nwallets = [{wallets}]'
        )
    return "\n\n".join(parts) + "\n"


def _text(address: bytes) -> str:
    return "0x" + address.hex()
