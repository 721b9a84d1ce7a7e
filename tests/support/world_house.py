"""The house of a test world: its keys, its policy, its database, and the chain its wallets are funded on."""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import psycopg
from psycopg import sql
from pydantic import SecretStr

from bootstrap.settings import AddressesEntry, AssetEntry, HouseFile, NetworkEntry, WalletEntry
from chains.memory_blocks import MemoryChain
from devstack.postgres import Postgres
from domain.accounts import Purpose
from domain.deposits import WalletRole
from domain.ids import SLOTS
from domain.journal import bankroll_in
from domain.rules import AmountTier, CreditTier, DepositTerms, Policy, StakeBounds, WithdrawalTerms
from domain.sweeping import TransferTerms
from ledger.floats import set_float
from ledger.migrating import upgrade as upgrade_ledger
from ledger.nonce_lanes import FloatLimits, register_wallet, set_float_limits
from ledger.opening import register_assets
from ledger.posting import post_opening
from ledger.registrations import ensure_operator
from ledger.session import Sessions, create_ledger_engine
from signer.keystore_keys import Keystore
from signer.migrating import upgrade as upgrade_signer
from signer.policy import NetworkTerms
from signer.policy import WalletRole as SignerRole
from signer.registering import register_wallet as register_lane
from signer.signing import Vault
from tests.support.chain_rigs import address_of, key_of, stranger
from tests.support.ledger_database import NETWORK, ROLES, TOKEN, LedgerDatabase
from tests.support.world_place import EVM, Place

OPERATOR = 1
ETHER = EVM.whole
TEMPLATE = "world_template"
FAMILY = EVM.family
FEE_CAP = EVM.fee_cap
COINS_IN_A_WALLET = EVM.coins
COINS_FOR_GAS = EVM.gas_coins
SIGNERS_PATIENCE = 4
"""The signer's own cap is that of the house so many times."""
TOKENS_IN_A_WALLET = 10**12
CEILING = 10**30
"""So much no wallet ever holds: what leaves one above its ceiling is told by tests that lower it."""
COLD = EVM.cold
"""The address whose key is in no machine of the house."""
OUTSIDER = key_of("outsider")
"""Somebody out there with more coins than anybody."""
REFUSING = stranger(999)
"""A contract that takes no coins."""
UNLISTED = bytes([0x22]) * 20
"""A token that nobody lists here."""
SCRYPT_COST_IN_TESTS = 2**14
_names = itertools.count(1)


def policy(early: tuple[CreditTier, ...] = (), place: Place = EVM) -> Policy:
    """Up to 10 coins at once, up to 100 after a person agreed; tokens the same in their units.

    `early` tiers are those of coins.
    """
    coin, token, whole = place.coin.asset_id, place.token.asset_id, place.whole
    return Policy(
        version=1,
        withdrawal_tiers=(
            AmountTier(asset_id=coin, allow=10 * whole, review=100 * whole),
            AmountTier(asset_id=token, allow=10**9, review=10**10),
        ),
        withdrawal_terms=(
            WithdrawalTerms(asset_id=coin, minimum=1000, fee=500, network_fee_cap=place.fee_cap),
            WithdrawalTerms(asset_id=token, minimum=1000, fee=50, network_fee_cap=place.fee_cap),
        ),
        deposit_terms=(
            DepositTerms(asset_id=coin, minimum=1000, early=early),
            DepositTerms(asset_id=token, minimum=1000),
        ),
        stake_bounds=(StakeBounds(asset_id=coin, minimum=100, maximum=whole),),
        transfer_terms=(
            TransferTerms(asset_id=coin, minimum=whole // 100, fee_cap=place.fee_cap),
            TransferTerms(asset_id=token, minimum=10**6, fee_cap=place.fee_cap, coin_price=2_000 * 10**6),
        ),
    )


@dataclass(frozen=True, slots=True)
class Keys:
    """The signer's vault of a world, its gas wallet, and the public half of its deposit addresses."""

    vault: Vault
    xpub: str
    gas: bytes

    @property
    def wallets(self) -> tuple[bytes, ...]:
        """The hot wallets."""
        return tuple(sorted(self.vault.wallets.keys() - {self.gas}))


def draw_keys(directory: Path, wallets: int, family: str = FAMILY) -> Keys:
    """Make hot wallets, a gas wallet and one account of a key family in a real keystore."""
    keystore = Keystore(directory, SecretStr("a password of this test run"), scrypt_cost=SCRYPT_COST_IN_TESTS)
    for _ in range(wallets):
        keystore.create_wallet()
    gas = keystore.create_wallet()
    xpub = keystore.create_account(family, 0)
    return Keys(Vault(wallets=keystore.wallets(), accounts=keystore.accounts()), xpub, gas)


def make_chain(
    wallets: Mapping[bytes, int], finality_depth: int, gas: Mapping[bytes, int] = MappingProxyType({})
) -> MemoryChain:
    """A network on which hot wallets hold coins and tokens, gas wallets coins, an outsider plenty of both."""
    outsider = address_of(OUTSIDER)
    chain = MemoryChain(
        NETWORK,
        coins={**wallets, **gas, outsider: 10**30},
        tokens={
            TOKEN.contract: {**dict.fromkeys(wallets, TOKENS_IN_A_WALLET), outsider: 10**30},
            UNLISTED: {outsider: 10**30},
        },
        refusing=frozenset({REFUSING}),
        finality_depth=finality_depth,
    )
    chain.mine(finality_depth + 1)
    return chain


def house_file(
    keys: Keys,
    ready: int,
    early: tuple[CreditTier, ...] = (),
    final_seconds_max: int | None = None,
    place: Place = EVM,
) -> HouseFile:
    """What the house is, as its TOML file would say; its nodes are entered by whoever starts them."""
    network = place.network
    return HouseFile(
        operator=OPERATOR,
        name="House",
        assets=tuple(
            AssetEntry(
                id=asset.asset_id,
                symbol=asset.symbol,
                network=network,
                decimals=asset.decimals,
                contract=asset.contract,
            )
            for asset in place.assets
        ),
        networks=(
            NetworkEntry(
                network=network,
                nodes=("memory",),
                block_seconds=1,
                is_devnet=True,
                final_seconds_max=final_seconds_max,
            ),
        ),
        addresses=(AddressesEntry(family=place.family, xpub=keys.xpub, ready=ready),),
        wallets=(
            *(
                WalletEntry(network=network, address=wallet, role=WalletRole.HOT, floats=())
                for wallet in keys.wallets
            ),
            WalletEntry(network=network, address=keys.gas, role=WalletRole.GAS, floats=()),
            WalletEntry(network=network, address=place.cold, role=WalletRole.COLD, floats=()),
        ),
        policy=policy(early, place),
    )


def signer_terms(keys: Keys, place: Place = EVM) -> dict[str, NetworkTerms]:
    """What the signer may sign for, as its policy file would say."""
    _, _, reference = place.network.partition(":")
    return {
        place.network: NetworkTerms(
            network=place.network,
            chain_id=int(reference) if reference.isdigit() else None,
            contracts={asset.asset_id: asset.contract for asset in place.assets},
            wallets={**dict.fromkeys(keys.wallets, SignerRole.HOT), keys.gas: SignerRole.GAS},
            gas_limit_max=place.gas_limit_max,
            fee_cap_max=SIGNERS_PATIENCE * place.fee_cap,
            cold=frozenset({place.cold}),
            gas_day_max=place.gas_day_max,
            permissions=dict.fromkeys(keys.wallets, place.permission) if place.permission else {},
        )
    }


async def open_database(server: Postgres, keys: Keys, place: Place = EVM) -> LedgerDatabase:
    """Both schemas, roles, assets, and the wallets with what they hold as the house's own money."""
    with psycopg.connect(server.dsn(database="postgres"), autocommit=True) as connection:
        made = connection.execute("SELECT FROM pg_database WHERE datname = %s", [TEMPLATE]).fetchone()
    if made is None:
        await _make_template(server)
    name = f"world_{next(_names)}"
    server.create_database(name, template=TEMPLATE)
    database = LedgerDatabase(server, name)
    for wallet in (*keys.wallets, keys.gas):
        register_lane(database.dsn(), place.network, wallet, 0)
    sessions = database.sessions(None)
    async with sessions.begin() as session:
        await register_assets(session, place.assets)
    network, (coin, token) = place.network, place.assets
    for wallet in keys.wallets:
        held = {coin.asset_id: place.coins, token.asset_id: TOKENS_IN_A_WALLET}
        await _enter_wallet(sessions, network, wallet, WalletRole.HOT, held)
    await _enter_wallet(sessions, network, keys.gas, WalletRole.GAS, {coin.asset_id: place.gas_coins})
    await _enter_wallet(sessions, network, place.cold, WalletRole.COLD, {})
    return database


async def _make_template(server: Postgres) -> None:
    server.create_database(TEMPLATE)
    dsn = server.dsn(database=TEMPLATE)
    upgrade_ledger(dsn)
    upgrade_signer(dsn)
    with psycopg.connect(dsn, autocommit=True) as connection:
        for role in ROLES:
            statement = sql.SQL("ALTER ROLE {} LOGIN PASSWORD {}")
            connection.execute(statement.format(sql.Identifier(role), sql.Literal(role)))
    sessions = Sessions(create_ledger_engine(dsn, pool_size=1))
    async with sessions.begin() as session:
        await ensure_operator(session, OPERATOR, "House")
    await sessions.close()


async def _enter_wallet(
    sessions: Sessions, network: str, wallet: bytes, role: WalletRole, held: Mapping[int, int]
) -> None:
    async with sessions.begin() as session:
        await register_wallet(session, network, wallet, role)
        for asset_id, units in held.items():
            limits = FloatLimits(units // 4, units, CEILING)
            await set_float_limits(session, network, wallet, asset_id, limits)
            await set_float(session, network, wallet, asset_id, units, 0)
    opening = [
        bankroll_in(
            operator=OPERATOR,
            slot=wallet[-1] % SLOTS,
            asset_id=asset_id,
            units=units,
            key=f"opening/{wallet.hex()}/{asset_id}",
            paid_to=Purpose.GAS_TANK if role is WalletRole.GAS else Purpose.HOT_WALLET,
            ref="opening",
        )
        for asset_id, units in held.items()
        if units
    ]
    await post_opening(sessions, opening)
