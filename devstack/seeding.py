"""A house ready to open: schema and roles, funded wallets on each chain, opening balances in the books."""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from secrets import token_bytes

import psycopg
from psycopg import sql
from pydantic import SecretStr

from bootstrap.migrating import enter
from chains.codecs.address_forms import ADDRESS_BYTES
from devstack.anvil import Anvil
from devstack.house_files import (
    COIN_FUNDING,
    FAMILY,
    GAS_FUNDING,
    TOKEN_FUNDING,
    SeededNetwork,
    hex_text,
    house_toml,
    signer_toml,
)
from devstack.key_material import ROLES, KeyMaterial
from devstack.postgres import Postgres
from devstack.tokens.deploying import deploy_plain, send_tokens, tokens_of
from domain.accounts import Purpose
from domain.assets import Asset, AssetKind, NetworkId
from domain.ids import SLOTS
from domain.journal import bankroll_in
from domain.postings import Command
from ledger.floats import set_float
from ledger.migrating import upgrade as upgrade_ledger
from ledger.posting import post_opening
from ledger.session import Sessions, create_ledger_engine
from signer.keystore_keys import Keystore
from signer.migrating import upgrade as upgrade_signer
from signer.registering import register_wallet as register_lane

OPERATOR = 1
SCRYPT_COST = 2**14
WALLETS_PER_NETWORK = 2


@dataclass(frozen=True, slots=True)
class SeededHouse:
    """What the processes of a house are pointed at."""

    house_file: Path
    policy_file: Path
    networks: tuple[SeededNetwork, ...]


def seed(  # noqa: PLR0913 - the last two have defaults
    directory: Path,
    postgres: Postgres,
    chains: Sequence[Anvil],
    keys: KeyMaterial,
    *,
    wallets_per_network: int = WALLETS_PER_NETWORK,
    dry: Collection[int] = (),
) -> SeededHouse:
    """Draw keys, fund hot wallets on chain, enter the house, and book what its wallets hold as bankroll.

    On the chains whose ids are `dry` the hot wallets get no tokens.
    """
    password = SecretStr(keys.keystore_password_file.read_text(encoding="ascii"))
    keystore = Keystore(keys.keystore, password, scrypt_cost=SCRYPT_COST)
    gas = [_gas_wallet(chain, keystore.create_wallet()) for chain in chains]
    xpub = keystore.create_account(FAMILY, 0)
    networks = tuple(
        _fund(
            chain,
            number,
            tuple(keystore.create_wallet() for _ in range(wallets_per_network)),
            tokens=0 if chain.chain_id in dry else TOKEN_FUNDING,
        )
        for number, chain in enumerate(chains)
    )
    networks = tuple(map(_with_own_addresses, networks, gas))
    house = SeededHouse(directory / "house.toml", directory / "signer_policy.toml", networks)
    house.house_file.write_text(house_toml(networks, xpub, OPERATOR), encoding="utf-8")
    house.policy_file.write_text(signer_toml(networks), encoding="utf-8")
    _migrate(postgres, keys, networks)
    asyncio.run(_enter(postgres, house))
    return house


def _migrate(postgres: Postgres, keys: KeyMaterial, networks: Sequence[SeededNetwork]) -> None:
    """Bring the signer's schema up too, open a lane for each wallet, and give every role its password."""
    upgrade_ledger(postgres.dsn())
    upgrade_signer(postgres.dsn())
    for seeded in networks:
        for wallet in (*seeded.wallets, seeded.gas):
            register_lane(postgres.dsn(), seeded.network, wallet, 0)
    with psycopg.connect(postgres.dsn(), autocommit=True) as connection:
        for role in ROLES:
            password = keys.password_file(role).read_text(encoding="ascii")
            statement = sql.SQL("ALTER ROLE {} LOGIN PASSWORD {}")
            connection.execute(statement.format(sql.Identifier(role), sql.Literal(password)))


def _with_own_addresses(seeded: SeededNetwork, gas: bytes) -> SeededNetwork:
    """The network with its gas wallet, and a cold address whose key nobody has."""
    cold = token_bytes(ADDRESS_BYTES)
    return SeededNetwork(
        seeded.chain, seeded.coin, seeded.token, seeded.wallets, seeded.start_height, gas, cold
    )


def _gas_wallet(chain: Anvil, wallet: bytes) -> bytes:
    """Fund a gas wallet; the blocks that follow make it final."""
    treasury = chain.accounts()[0]
    chain.rpc("eth_sendTransaction", {"from": treasury, "to": hex_text(wallet), "value": hex(GAS_FUNDING)})
    return wallet


def _fund(chain: Anvil, number: int, wallets: tuple[bytes, ...], *, tokens: int) -> SeededNetwork:
    """Deploy the token, fund the wallets, and wait until the block that shows it is final."""
    network = NetworkId(f"{FAMILY}:{chain.chain_id}")
    treasury = chain.accounts()[0]
    contract = deploy_plain(chain, deployer=treasury)
    for wallet in wallets:
        chain.rpc(
            "eth_sendTransaction", {"from": treasury, "to": hex_text(wallet), "value": hex(COIN_FUNDING)}
        )
        if tokens:
            send_tokens(chain, contract, treasury, hex_text(wallet), tokens)
    chain.mine(1)
    start = int(str(chain.rpc("eth_blockNumber")), 16)
    while chain.final_height() < start:
        chain.mine(1)
    first_id = 1 + 2 * number
    coin = Asset(first_id, "ETH", network, AssetKind.NATIVE, 18)
    token = Asset(
        first_id + 1, "TUSD", network, AssetKind.TOKEN, 6, bytes.fromhex(contract.removeprefix("0x"))
    )
    return SeededNetwork(chain, coin, token, wallets, start)


async def _enter(postgres: Postgres, house: SeededHouse) -> None:
    """Enter what the house file lists, as every rollout does, and post the opening balances."""
    dsn = SecretStr(postgres.dsn())
    await enter(dsn, house.house_file)
    sessions = Sessions(create_ledger_engine(dsn.get_secret_value()))
    try:
        for seeded in house.networks:
            for wallet in seeded.wallets:
                await _open_wallet(sessions, seeded, wallet)
            await _open_wallet(sessions, seeded, seeded.gas, Purpose.GAS_TANK)
    finally:
        await sessions.close()


async def _open_wallet(
    sessions: Sessions, seeded: SeededNetwork, wallet: bytes, holder: Purpose = Purpose.HOT_WALLET
) -> None:
    for asset, units in _held(seeded, wallet).items():
        async with sessions.begin() as session:
            await set_float(session, seeded.network, wallet, asset.asset_id, units, seeded.start_height)
        if units:
            await post_opening(sessions, [_opening(seeded, wallet, asset, units, holder)])


def _held(seeded: SeededNetwork, wallet: bytes) -> dict[Asset, int]:
    coins = seeded.chain.rpc("eth_getBalance", hex_text(wallet), hex(seeded.start_height))
    tokens = tokens_of(seeded.chain, hex_text(seeded.token.contract), hex_text(wallet))
    return {seeded.coin: int(str(coins), 16), seeded.token: tokens}


def _opening(seeded: SeededNetwork, wallet: bytes, asset: Asset, units: int, holder: Purpose) -> Command:
    """What a wallet held when it was registered is the house's own money."""
    key = f"opening/{seeded.network}/{hex_text(wallet)}/{asset.asset_id}"
    return bankroll_in(
        operator=OPERATOR,
        slot=wallet[-1] % SLOTS,
        asset_id=asset.asset_id,
        units=units,
        key=key,
        paid_to=holder,
        ref=key,
    )
