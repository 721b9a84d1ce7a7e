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

from chains.codecs.addresses import EVM_FAMILY, FAMILY_SEPARATOR, read_address
from chains.codecs.tron import PERMISSION_ID_MAX
from domain.errors import AddressInvalid
from domain.wire import Units
from signer.policy import NetworkTerms, WalletRole

MONEY_NAMESPACE = "croupier-money"
ACTIVE_PERMISSION = 2
"""The first active permission of a Tron account; 0 is its owner's, which belongs to a cold key."""


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
    contract: str = ""


class WalletEntry(_PolicyPart):
    """One wallet, what it is for, and on Tron the permission and the key by which it pays.

    There `permission_id` is that of the first active permission unless it says otherwise, and `key` is the
    address of another key that this permission names; without it the wallet's own key lies in the keystore.
    """

    address: str
    role: WalletRole = WalletRole.HOT
    permission_id: int | None = Field(default=None, ge=0, le=PERMISSION_ID_MAX)
    key: str | None = None


class NetworkEntry(_PolicyPart):
    """One network: what may be paid there, from where, and the most a transaction may cost (native units).

    Addresses are 0x and forty hexadecimal digits, or the text that people of the network write. `cold` are
    the addresses that moves to cold may pay; `gas_day_max` bounds a gas wallet's 24 hours. On Tron an energy
    wallet lends at most `delegation_max` of its stake at once.
    """

    network: str = Field(pattern=r"^(eip155:[0-9]+|tron:0x[0-9a-f]{8})$")
    gas_limit_max: int = Field(gt=0)
    fee_cap_max: Units = Field(gt=0)
    assets: tuple[AssetEntry, ...] = Field(min_length=1)
    wallets: tuple[WalletEntry, ...] = Field(min_length=1)
    cold: tuple[str, ...] = ()
    gas_day_max: Units = 0
    delegation_max: Units = 0

    def terms(self) -> NetworkTerms:
        """Say the same as the checks read it; raises ValueError for an entry that cannot be meant."""
        family, _, reference = self.network.partition(FAMILY_SEPARATOR)
        is_evm = family == EVM_FAMILY
        if is_evm and any(one.key is not None or one.permission_id is not None for one in self.wallets):
            raise ValueError(f"{self.network} knows no permissions: a wallet signs with its own key")
        roles = {wallet.role for wallet in self.wallets}
        if WalletRole.GAS in roles and self.gas_day_max <= 0:
            raise ValueError(f"the gas wallets of {self.network} need a gas_day_max")
        if WalletRole.ENERGY in roles and (is_evm or self.delegation_max <= 0):
            raise ValueError(f"the energy wallets of {self.network} need a delegation_max, and Tron")
        return NetworkTerms(
            network=self.network,
            chain_id=int(reference) if is_evm else None,
            contracts={
                asset.id: self._raw(asset.contract) if asset.contract else b"" for asset in self.assets
            },
            wallets={self._raw(wallet.address): wallet.role for wallet in self.wallets},
            gas_limit_max=self.gas_limit_max,
            fee_cap_max=self.fee_cap_max,
            cold=frozenset(self._raw(address) for address in self.cold),
            gas_day_max=self.gas_day_max,
            delegation_max=self.delegation_max,
            permissions={} if is_evm else self._permissions(),
            keys={self._raw(one.address): self._raw(one.key) for one in self.wallets if one.key is not None},
        )

    def _permissions(self) -> dict[bytes, int]:
        return {
            self._raw(one.address): ACTIVE_PERMISSION if one.permission_id is None else one.permission_id
            for one in self.wallets
        }

    def _raw(self, text: str) -> bytes:
        try:
            return read_address(self.network, text)
        except AddressInvalid as error:
            raise ValueError(f"{text} of {self.network}: {error.sentence}") from error


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
