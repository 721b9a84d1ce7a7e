"""The signer's own settings, read once at its start and by nobody else.

Connections come from the environment and secrets from files it names; what may be signed at all comes from
one TOML file without secrets, so that loosening it is a reviewed change.
"""

import tomllib
from pathlib import Path
from typing import Self
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from domain.wire import Hex, Units
from signer.policy import NetworkTerms, WalletRole

MONEY_NAMESPACE = "croupier-money"
EVM_NAMESPACE = "eip155"


class DatabaseSettings(BaseSettings):
    """Where PostgreSQL is and as whom the signer goes there."""

    model_config = SettingsConfigDict(env_prefix="CROUPIER_SIGNER_DATABASE_")

    host: str = "127.0.0.1"
    port: int = 5432
    name: str = "croupier"
    role: str = "croupier_signer"
    password_file: Path

    @property
    def dsn(self) -> SecretStr:
        password = self.password_file.read_text(encoding="utf-8").strip()
        credentials = f"{quote(self.role, safe='')}:{quote(password, safe='')}"
        return SecretStr(f"postgresql://{credentials}@{self.host}:{self.port}/{self.name}")


class KeystoreSettings(BaseSettings):
    """Where the encrypted keys lie and the password that opens them."""

    model_config = SettingsConfigDict(env_prefix="CROUPIER_SIGNER_KEYSTORE_")

    directory: Path
    password_file: Path

    @property
    def password(self) -> SecretStr:
        return SecretStr(self.password_file.read_text(encoding="utf-8").strip())


class SignerSettings(BaseSettings):
    """Where Temporal is, what may be signed, what stops the signer and how it shows that it lives."""

    model_config = SettingsConfigDict(env_prefix="CROUPIER_SIGNER_")

    temporal_address: str = "127.0.0.1:7233"
    temporal_namespace: str = MONEY_NAMESPACE
    policy_file: Path
    stop_file: Path | None = None
    health_file: Path | None = None

    def read_policy(self) -> "PolicyFile":
        """Read and check the policy file; raises ValueError naming the entry that is wrong."""
        return PolicyFile.model_validate(tomllib.loads(self.policy_file.read_text(encoding="utf-8")))


class _PolicyPart(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class AssetEntry(_PolicyPart):
    """One asset that may be paid: its number in the catalogue and its contract, empty for the native coin."""

    id: int
    contract: Hex = b""


class WalletEntry(_PolicyPart):
    """One wallet whose key lies in the keystore, and what it is for."""

    address: Hex
    role: WalletRole = WalletRole.HOT


class NetworkEntry(_PolicyPart):
    """One network: what may be paid there, from where, and the most a transaction may cost (native units).

    `cold` are the addresses that moves to cold may pay; `gas_day_max` bounds a gas wallet's 24 hours.
    """

    network: str
    gas_limit_max: int = Field(gt=0)
    fee_cap_max: Units = Field(gt=0)
    assets: tuple[AssetEntry, ...] = Field(min_length=1)
    wallets: tuple[WalletEntry, ...] = Field(min_length=1)
    cold: tuple[Hex, ...] = ()
    gas_day_max: Units = 0

    def terms(self) -> NetworkTerms:
        """Say the same as the checks read it; raises ValueError for a network that is not an EVM chain."""
        namespace, _, reference = self.network.partition(":")
        if namespace != EVM_NAMESPACE or not reference.isdigit():
            raise ValueError(f"{self.network} is not an EVM network such as eip155:1")
        roles = {wallet.role for wallet in self.wallets}
        if WalletRole.GAS in roles and self.gas_day_max <= 0:
            raise ValueError(f"the gas wallets of {self.network} need a gas_day_max")
        return NetworkTerms(
            network=self.network,
            chain_id=int(reference),
            contracts={asset.id: asset.contract for asset in self.assets},
            wallets={wallet.address: wallet.role for wallet in self.wallets},
            gas_limit_max=self.gas_limit_max,
            fee_cap_max=self.fee_cap_max,
            cold=frozenset(self.cold),
            gas_day_max=self.gas_day_max,
        )


class PolicyFile(_PolicyPart):
    """Everything this signer may ever sign for."""

    networks: tuple[NetworkEntry, ...] = Field(min_length=1)

    def terms(self) -> dict[str, NetworkTerms]:
        """Return the terms of every network; raises ValueError when one stands here twice."""
        terms = {entry.network: entry.terms() for entry in self.networks}
        if len(terms) != len(self.networks):
            raise ValueError("a network stands twice in the policy file")
        return terms


class ProcessSettings(BaseModel):
    """What the running signer needs."""

    database: DatabaseSettings
    keystore: KeystoreSettings
    signer: SignerSettings

    @classmethod
    def from_environment(cls) -> Self:
        return cls(
            database=read_database_settings(),
            keystore=read_keystore_settings(),
            signer=SignerSettings.model_validate({}),
        )


def read_database_settings() -> DatabaseSettings:
    """Read where the database is, for the commands that prepare it under another role."""
    return DatabaseSettings.model_validate({})


def read_keystore_settings() -> KeystoreSettings:
    """Read where the keystore is, for the command that makes keys."""
    return KeystoreSettings.model_validate({})
