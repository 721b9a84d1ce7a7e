"""Settings, read once at a process's start and only here.

Connections and secrets come from the environment; what the house is (networks, assets, policy) comes from one
TOML file without secrets, so that it can be reviewed and versioned like code.
"""

import tomllib
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from chains.codecs.address_forms import HEX_PREFIX
from chains.codecs.addresses import FAMILY_SEPARATOR, TRON_FAMILY, read_address
from domain.assets import Asset, AssetKind, Catalogue, NetworkId
from domain.deposits import COIN_FACE, WalletRole
from domain.errors import AddressInvalid, AssetUnknown
from domain.planning import PlannerTerms
from domain.rules import Policy
from domain.wire import Hex, Units


class DatabaseSettings(BaseSettings):
    """Where PostgreSQL is and which role this process has there."""

    model_config = SettingsConfigDict(env_prefix="CROUPIER_DATABASE_")

    host: str = "127.0.0.1"
    port: int = 5432
    name: str = "croupier"
    role: str
    password_file: Path
    pool_size: int = 10

    @property
    def dsn(self) -> SecretStr:
        password = self.password_file.read_text(encoding="utf-8").strip()
        return SecretStr(
            f"postgresql+psycopg://{self.role}:{password}@{self.host}:{self.port}/{self.name}",
        )


class MigrationSettings(DatabaseSettings):
    """The role that owns the schema; only the migration job is given it."""

    model_config = SettingsConfigDict(env_prefix="CROUPIER_MIGRATION_")


class TemporalSettings(BaseSettings):
    """Where the Temporal frontend is."""

    model_config = SettingsConfigDict(env_prefix="CROUPIER_TEMPORAL_")

    address: str = "127.0.0.1:7233"


class DoorSettings(BaseSettings):
    """Key material of the door: the private key that signs player tokens, and the hashes of operator keys."""

    model_config = SettingsConfigDict(env_prefix="CROUPIER_DOOR_")

    token_key_file: Path
    operator_keys_file: Path
    token_issuer: str = "croupier"  # noqa: S105 - a name, not a password
    token_seconds: int = 300


class SeedSettings(BaseSettings):
    """The key under which game seeds are sealed at rest."""

    model_config = SettingsConfigDict(env_prefix="CROUPIER_SEEDS_")

    key_file: Path


class WorkerSettings(BaseSettings):
    """Where a worker shows that it serves: a file it touches every few seconds and removes when it ends."""

    model_config = SettingsConfigDict(env_prefix="CROUPIER_WORKER_")

    health_file: Path | None = None


class _HousePart(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


def _as_written(value: object, info: ValidationInfo) -> object:
    """An address in the text of its network as raw bytes; hexadecimal digits are left to the field."""
    if not isinstance(value, str) or value.startswith(HEX_PREFIX) or "network" not in info.data:
        return value
    try:
        return read_address(info.data["network"], value)
    except (AddressInvalid, AssetUnknown) as error:
        raise ValueError(error.sentence) from error


class AssetEntry(_HousePart):
    """One listed coin or token; assets of one `currency` are added up in a player's totals."""

    id: int
    symbol: str
    network: str
    decimals: int
    contract: Hex = b""
    currency: str = ""

    _of_its_network = field_validator("contract", mode="before")(_as_written)

    @field_validator("contract")
    @classmethod
    def _is_a_token(cls, contract: bytes) -> bytes:
        if contract == COIN_FACE:
            message = "this contract is the face of the network's own coin and no token"
            raise ValueError(message)
        return contract

    def asset(self) -> Asset:
        return Asset(
            asset_id=self.id,
            symbol=self.symbol,
            network=NetworkId(self.network),
            kind=AssetKind.TOKEN if self.contract else AssetKind.NATIVE,
            decimals=self.decimals,
            contract=self.contract,
            currency=self.currency,
        )


class NetworkEntry(_HousePart):
    """One network: its nodes, its pace, where a first start begins to read, and when it counts as stalled.

    `websocket` (EVM) or `hints` (a ZeroMQ queue on Tron) is where a node tells its new heads: they come
    sooner then; without it nodes are only polled. `solidity_nodes` name where each Tron node serves its final
    blocks, in the order of `nodes`, if that is another address. Nothing new is sent while its newest block is
    older than `head_seconds_max`, or its final block more than `final_seconds_max` older than the newest.

    Where contract calls run on staked energy, `burn_day_max` sun may be burnt instead in 24 hours, and every
    hot wallet is lent `standing_sun` for good.
    """

    network: str
    nodes: tuple[str, ...] = Field(min_length=1)
    block_seconds: int = Field(gt=0)
    genesis: Hex | None = None
    is_devnet: bool = False
    start_height: int | None = None
    websocket: str = ""
    solidity_nodes: tuple[str, ...] = ()
    hints: str = ""
    head_seconds_max: int | None = Field(default=None, gt=0)
    final_seconds_max: int | None = Field(default=None, gt=0)
    burn_day_max: Units = 0
    standing_sun: Units = 0


class AddressesEntry(_HousePart):
    """Deposit addresses of one key family: the account's extended public key and how many are kept ready."""

    family: str
    xpub: str
    account: int = 0
    ready: int = Field(default=50, gt=0)


class FloatEntry(_HousePart):
    """How much of one asset a wallet should hold, in its units; the ceiling is what a stolen key costs."""

    asset_id: int
    floor: Units
    target: Units
    ceiling: Units


class WalletEntry(_HousePart):
    """A wallet of ours on one network; it is entered before anything is sent to it."""

    network: str
    address: Hex
    role: WalletRole
    floats: tuple[FloatEntry, ...]

    _of_its_network = field_validator("address", mode="before")(_as_written)


class HouseFile(_HousePart):
    """Everything that makes one house different from another."""

    operator: int
    name: str
    assets: tuple[AssetEntry, ...]
    networks: tuple[NetworkEntry, ...]
    addresses: tuple[AddressesEntry, ...]
    wallets: tuple[WalletEntry, ...]
    policy: Policy
    planner: PlannerTerms = PlannerTerms()

    @field_validator("policy")
    @classmethod
    def _lends_less_for_less(cls, policy: Policy) -> Policy:
        for terms in policy.deposit_terms:
            tiers = sorted(terms.early, key=lambda tier: tier.up_to)
            depths = [tier.confirmations for tier in tiers]
            if depths != sorted(depths) or min(depths, default=1) < 1:
                message = f"asset {terms.asset_id}: a larger early tier needs at least as many confirmations"
                raise ValueError(message)
        return policy

    @field_validator("policy")
    @classmethod
    def _lends_on_proven_blocks(cls, policy: Policy, info: ValidationInfo) -> Policy:
        """Nothing in a Tron header binds what its block did, so below final one node could tell gifts."""
        assets: tuple[AssetEntry, ...] = info.data.get("assets", ())
        told = {one.id for one in assets if one.network.partition(FAMILY_SEPARATOR)[0] == TRON_FAMILY}
        for terms in policy.deposit_terms:
            if terms.early and terms.asset_id in told:
                message = f"asset {terms.asset_id}: deposits on Tron wait for their final block"
                raise ValueError(message)
        return policy

    @property
    def catalogue(self) -> Catalogue:
        return Catalogue(entry.asset() for entry in self.assets)

    def network(self, network: str) -> NetworkEntry:
        return next(entry for entry in self.networks if entry.network == network)


class HouseSettings(BaseSettings):
    """Where the house file lies."""

    model_config = SettingsConfigDict(env_prefix="CROUPIER_HOUSE_")

    file: Path

    def read(self) -> HouseFile:
        """The house file, checked; raises ValueError naming the entry that is wrong."""
        return HouseFile.model_validate(tomllib.loads(self.file.read_text(encoding="utf-8")))


class ProcessSettings(BaseModel):
    """What every door and worker process needs."""

    database: DatabaseSettings
    temporal: TemporalSettings
    house: HouseFile

    @classmethod
    def from_environment(cls) -> Self:
        return cls(
            database=DatabaseSettings(),
            temporal=TemporalSettings(),
            house=HouseSettings().read(),
        )
