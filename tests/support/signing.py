"""A signer over a real database whose view of the ledger is a table, so that a test can say what is owed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
from pydantic import SecretStr

from devstack.postgres import Postgres
from domain.rules import Verdict
from domain.sends import SendKind, TxPurpose
from domain.signing import SigningIntent
from signer.keystore_keys import Keystore
from signer.migrating import upgrade
from signer.obligations import Obligation
from signer.policy import NetworkTerms, WalletRole
from signer.records import SignerDatabase
from signer.registering import register_wallet
from signer.signing import SigningActivities, Vault

NETWORK = "eip155:31337"
CHAIN_ID = 31337
NATIVE_ID, TOKEN_ID = 1, 2
TOKEN = bytes.fromhex("5fbdb2315678afecb367f032d93f642f64180aa3")
PAYEE = bytes.fromhex("9f8f72aa9304c8b593d555f12ef6589cc3a579a2")
NOW_MS = 1_790_000_000_000
GWEI = 10**9
FEE_CAP = 10**16
SCRYPT_COST_IN_TESTS = 2**14
PASSWORD = SecretStr("a password of this test run")
GAS_DAY_MAX = 3 * FEE_CAP
FIRST_NONCE = 7

VIEWS = """
CREATE SCHEMA signer_view;
CREATE TABLE signer_view.owed (
  send_id uuid, kind text, chain_id text, asset_id int, contract bytea, payee bytea, amount numeric,
  fee_cap numeric, wallet bytea, decision_verdict smallint, approvals bigint, withdrawal_payee bytea,
  withdrawal_amount numeric, withdrawal_network text, withdrawal_asset_id int);
CREATE TABLE signer_view.attempts (send_id uuid, attempt smallint, outcome text, evidence_id uuid);
CREATE TABLE signer_view.owed_transfers (
  send_id uuid, kind text, chain_id text, asset_id int, contract bytea, payee bytea, amount numeric,
  fee_cap numeric, wallet bytea, source bytea, transfer_payee bytea, posted_amount numeric,
  transfer_network text, transfer_asset_id int);
CREATE TABLE signer_view.watched (
  family text, address bytea, role text, account int, address_index int);
CREATE TABLE signer_view.raised_caps (send_id uuid, fee_cap numeric);
CREATE TABLE signer_view.frozen_wallets (chain_id text, address bytea);
GRANT USAGE ON SCHEMA signer_view TO croupier_signer;
GRANT SELECT ON ALL TABLES IN SCHEMA signer_view TO croupier_signer;
"""
OWED_COLUMNS = (
    "send_id, kind, chain_id, asset_id, contract, payee, amount, fee_cap, wallet, decision_verdict,"
    " approvals, withdrawal_payee, withdrawal_amount, withdrawal_network, withdrawal_asset_id"
)


def make_vault(directory: Path, wallets: int = 2) -> Vault:
    """Make keys in a real keystore, with the cheapest key derivation that it accepts."""
    keystore = Keystore(directory, PASSWORD, scrypt_cost=SCRYPT_COST_IN_TESTS)
    for _ in range(wallets):
        keystore.create_wallet()
    keystore.create_account("eip155", 0)
    return Vault(wallets=keystore.wallets(), accounts=keystore.accounts())


def make_terms(
    wallets: Sequence[bytes], *, gas: Sequence[bytes] = (), cold: Sequence[bytes] = ()
) -> NetworkTerms:
    """Return a network with its coin, one token and these wallets; the first are hot."""
    return NetworkTerms(
        network=NETWORK,
        chain_id=CHAIN_ID,
        contracts={NATIVE_ID: b"", TOKEN_ID: TOKEN},
        wallets=dict.fromkeys(wallets, WalletRole.HOT) | dict.fromkeys(gas, WalletRole.GAS),
        gas_limit_max=200_000,
        fee_cap_max=FEE_CAP,
        cold=frozenset(cold),
        gas_day_max=GAS_DAY_MAX,
    )


def make_obligation(wallet: bytes, /, **changes: Any) -> Obligation:  # noqa: ANN401 - any field of the row
    """Return a withdrawal of 20 tokens that is owed, allowed and granted to this wallet."""
    obligation = Obligation(
        send_id=uuid4(),
        kind="withdrawal",
        chain_id=NETWORK,
        asset_id=TOKEN_ID,
        contract=TOKEN,
        payee=PAYEE,
        amount=20_000_000,
        fee_cap=FEE_CAP,
        wallet=wallet,
        verdict=Verdict.ALLOW,
        approvals=0,
        withdrawal_payee=PAYEE,
        withdrawal_amount=20_000_000,
        withdrawal_network=NETWORK,
        withdrawal_asset_id=TOKEN_ID,
    )
    return replace(obligation, **changes)


def make_intent(
    send_id: UUID,
    wallet: bytes,
    /,
    **changes: Any,  # noqa: ANN401 - any field of the intent
) -> SigningIntent:
    """Return a fresh wish for the first variant of the first attempt."""
    fields: dict[str, Any] = {
        "kind": SendKind.WITHDRAWAL,
        "send_id": send_id,
        "attempt": 1,
        "variant": 1,
        "purpose": TxPurpose.PAY,
        "network": NETWORK,
        "wallet": wallet,
        "gas_limit": 60_000,
        "max_fee": 16 * GWEI,
        "max_priority_fee": 8 * GWEI,
        "fee_cap": FEE_CAP,
        "planned_at_ms": NOW_MS - 1_000,
    }
    return SigningIntent(**(fields | changes))


@dataclass(slots=True)
class SigningHouse:
    """A database with schema signer, what is owed in it, and signers that work on it."""

    admin_dsn: str
    signer_dsn: str
    vault: Vault
    now_ms: int = NOW_MS

    @property
    def wallets(self) -> list[bytes]:
        return sorted(self.vault.wallets)

    @property
    def wallet(self) -> bytes:
        return self.wallets[0]

    def execute(
        self, statement: str, parameters: Sequence[Any] | Mapping[str, Any] = ()
    ) -> list[tuple[Any, ...]]:
        """Run a statement as the superuser and return its rows."""
        with psycopg.connect(self.admin_dsn) as connection:
            cursor = connection.execute(statement.encode(), parameters)
            return cursor.fetchall() if cursor.description else []

    def count(self, table: str) -> int:
        return int(self.execute(f"SELECT count(*) FROM {table}")[0][0])

    def owe(self, **changes: Any) -> Obligation:  # noqa: ANN401 - any field of the row
        """Write an obligation where the signer reads it."""
        wallet = changes.pop("wallet") if "wallet" in changes else self.wallet
        owed = make_obligation(wallet, **changes)
        values = (
            *(owed.send_id, owed.kind, owed.chain_id, owed.asset_id, owed.contract, owed.payee, owed.amount),
            *(
                owed.fee_cap,
                owed.wallet,
                None if owed.verdict is None else owed.verdict.value,
                owed.approvals,
            ),
            *(
                owed.withdrawal_payee,
                owed.withdrawal_amount,
                owed.withdrawal_network,
                owed.withdrawal_asset_id,
            ),
        )
        places = ", ".join(["%s"] * len(values))
        self.execute(f"INSERT INTO signer_view.owed ({OWED_COLUMNS}) VALUES ({places})", values)
        return owed

    def intent(
        self,
        owed: Obligation,
        **changes: Any,  # noqa: ANN401 - any field of the intent
    ) -> SigningIntent:
        return make_intent(owed.send_id, changes.pop("wallet", self.wallet), **changes)

    def signer(self, database: SignerDatabase, stop_file: Path | None = None) -> SigningActivities:
        terms = {NETWORK: make_terms(self.wallets)}
        return SigningActivities(database, self.vault, terms, lambda: self.now_ms, stop_file)


def build_house(postgres: Postgres, database: str, vault: Vault) -> SigningHouse:
    """Migrate an empty database and open a nonce lane for every wallet."""
    admin_dsn = postgres.dsn(database=database)
    upgrade(admin_dsn)
    role, password = f"signer_of_{database}", "only for this test"
    with psycopg.connect(admin_dsn) as connection:
        connection.execute(VIEWS.encode())
        connection.execute(f"DROP ROLE IF EXISTS {role}".encode())
        connection.execute(f"CREATE ROLE {role} LOGIN PASSWORD '{password}' IN ROLE croupier_signer".encode())
    for wallet in vault.wallets:
        register_wallet(admin_dsn, NETWORK, wallet, FIRST_NONCE)
    return SigningHouse(admin_dsn, postgres.dsn(role, password, database=database), vault)
