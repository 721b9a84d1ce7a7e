"""A house ready to open: schema and roles, funded wallets on each chain, opening balances in the books."""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql
from pydantic import SecretStr

from bootstrap.migrating import enter
from devstack.evm_network import LocalEvm, found_evm
from devstack.house_files import hex_text, house_toml, signer_toml
from devstack.key_material import ROLES, KeyMaterial
from devstack.local_chains import LocalChain, SeededNetwork
from devstack.postgres import Postgres
from devstack.tron_network import LocalTron, found_tron
from domain.accounts import Purpose
from domain.assets import Asset
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
ASSETS_PER_NETWORK = 2
HELD_AS = {"hot": Purpose.HOT_WALLET, "gas": Purpose.GAS_TANK, "energy": Purpose.GAS_TANK}


@dataclass(frozen=True, slots=True)
class SeededHouse:
    """What the processes of a house are pointed at."""

    house_file: Path
    policy_file: Path
    evm: tuple[SeededNetwork[LocalEvm], ...]
    tron: SeededNetwork[LocalTron] | None

    @property
    def networks(self) -> tuple[SeededNetwork[LocalChain], ...]:
        return self.evm if self.tron is None else (*self.evm, self.tron)


def seed(  # noqa: PLR0913 - the last two have defaults
    directory: Path,
    postgres: Postgres,
    chains: Sequence[LocalEvm],
    tron: LocalTron | None,
    keys: KeyMaterial,
    *,
    wallets_per_network: int = WALLETS_PER_NETWORK,
    dry: Collection[int] = (),
) -> SeededHouse:
    """Draw keys, fund wallets on chain, enter the house, and book what its wallets hold as bankroll.

    On the chains whose ids are `dry` the hot wallets get no tokens.
    """
    password = SecretStr(keys.keystore_password_file.read_text(encoding="ascii"))
    keystore = Keystore(keys.keystore, password, scrypt_cost=SCRYPT_COST)
    evm = tuple(
        found_evm(
            chain,
            1 + ASSETS_PER_NETWORK * number,
            keystore,
            wallets_per_network,
            is_dry=chain.chain_id in dry,
        )
        for number, chain in enumerate(chains)
    )
    first_id = 1 + ASSETS_PER_NETWORK * len(evm)
    house = SeededHouse(
        directory / "house.toml",
        directory / "signer_policy.toml",
        evm,
        None if tron is None else found_tron(tron, first_id, keystore, wallets_per_network),
    )
    families = dict.fromkeys(seeded.terms.family for seeded in house.networks)
    xpubs = {family: keystore.create_account(family, 0) for family in families}
    house.house_file.write_text(house_toml(house.networks, xpubs, OPERATOR), encoding="utf-8")
    house.policy_file.write_text(signer_toml(house.networks), encoding="utf-8")
    _migrate(postgres, keys, house.networks)
    asyncio.run(_enter(postgres, house))
    return house


def _migrate(postgres: Postgres, keys: KeyMaterial, networks: Sequence[SeededNetwork[LocalChain]]) -> None:
    """Bring the signer's schema up too, open a lane for each wallet, and give every role its password."""
    upgrade_ledger(postgres.dsn())
    upgrade_signer(postgres.dsn())
    for seeded in networks:
        for wallet, _ in seeded.spending:
            register_lane(postgres.dsn(), seeded.network, wallet, 0)
    with psycopg.connect(postgres.dsn(), autocommit=True) as connection:
        for role in ROLES:
            password = keys.password_file(role).read_text(encoding="ascii")
            statement = sql.SQL("ALTER ROLE {} LOGIN PASSWORD {}")
            connection.execute(statement.format(sql.Identifier(role), sql.Literal(password)))


async def _enter(postgres: Postgres, house: SeededHouse) -> None:
    """Enter what the house file lists, as every rollout does, and post the opening balances."""
    dsn = SecretStr(postgres.dsn())
    await enter(dsn, house.house_file)
    sessions = Sessions(create_ledger_engine(dsn.get_secret_value()))
    try:
        for seeded in house.networks:
            for wallet, role in seeded.spending:
                for asset in seeded.assets:
                    await _open(sessions, seeded, wallet, HELD_AS[role], asset)
    finally:
        await sessions.close()


async def _open(
    sessions: Sessions, seeded: SeededNetwork[LocalChain], wallet: bytes, holder: Purpose, asset: Asset
) -> None:
    """Book what a wallet holds; nothing has moved it since the block from which the network is followed."""
    units = seeded.chain.held(asset.contract, wallet)
    async with sessions.begin() as session:
        await set_float(session, seeded.network, wallet, asset.asset_id, units, seeded.start_height)
    if units:
        await post_opening(sessions, [_opening(seeded, wallet, asset, units, holder)])


def _opening(
    seeded: SeededNetwork[LocalChain], wallet: bytes, asset: Asset, units: int, holder: Purpose
) -> Command:
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
