"""What doors and workers share: the database, Temporal, the catalogue and the policy."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from temporalio.client import Client

from bootstrap.settings import DoorSettings, ProcessSettings
from bootstrap.temporal import connect
from domain.assets import Catalogue
from domain.rules import Policy
from ledger.session import Sessions, create_ledger_engine
from workflows.names import BETS_NAMESPACE, MONEY_NAMESPACE


@dataclass(frozen=True, slots=True)
class Resources:
    """Connections and configuration that both entry points use."""

    sessions: Sessions
    bets: Client
    money: Client
    catalogue: Catalogue
    policy: Policy


@dataclass(frozen=True, slots=True)
class TokenMaterial:
    """What player tokens are signed with; the key is a P-256 private key in PEM."""

    private_key_pem: bytes
    issuer: str
    lifetime_seconds: int


@dataclass(frozen=True, slots=True)
class OperatorKey:
    """One operator key: whose it is, and the SHA-256 of the key itself."""

    operator: int
    name: str
    key_sha256: bytes


@dataclass(frozen=True, slots=True)
class DoorResources(Resources):
    """What the door has beyond the shared resources."""

    tokens: TokenMaterial
    operator_keys: Mapping[str, OperatorKey]


@asynccontextmanager
async def open_resources(settings: ProcessSettings, *, at_once: bool) -> AsyncIterator[Resources]:
    """Build the shared resources and close them again; `at_once` is for who cannot work without Temporal."""
    engine = create_ledger_engine(
        settings.database.dsn.get_secret_value(), pool_size=settings.database.pool_size
    )
    try:
        yield Resources(
            sessions=Sessions(engine),
            bets=await connect(settings.temporal.address, BETS_NAMESPACE, at_once=at_once),
            money=await connect(settings.temporal.address, MONEY_NAMESPACE, at_once=at_once),
            catalogue=settings.house.catalogue,
            policy=settings.house.policy,
        )
    finally:
        await engine.dispose()


@asynccontextmanager
async def open_door() -> AsyncIterator[DoorResources]:
    """The resources of a door process, from its environment."""
    door = DoorSettings()
    async with open_resources(ProcessSettings.from_environment(), at_once=False) as shared:
        yield DoorResources(
            sessions=shared.sessions,
            bets=shared.bets,
            money=shared.money,
            catalogue=shared.catalogue,
            policy=shared.policy,
            tokens=TokenMaterial(door.token_key_file.read_bytes(), door.token_issuer, door.token_seconds),
            operator_keys=_operator_keys(door),
        )


def _operator_keys(door: DoorSettings) -> dict[str, OperatorKey]:
    """Key id to key, from a JSON object {id: {operator, name, sha256}}."""
    entries = json.loads(door.operator_keys_file.read_text(encoding="utf-8"))
    return {
        key_id: OperatorKey(entry["operator"], entry["name"], bytes.fromhex(entry["sha256"]))
        for key_id, entry in entries.items()
    }
