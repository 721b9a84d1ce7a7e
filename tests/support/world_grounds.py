"""What a world stands on before anybody works in it: keys, a database, a Temporal server, its clients."""

import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from temporalio.client import Client
from temporalio.plugin import SimplePlugin

from bootstrap.temporal import croupier_plugin
from devstack.postgres import Postgres
from devstack.temporal import TemporalServer
from tests.support.ledger_database import LedgerDatabase
from tests.support.world_house import Keys, draw_keys, open_database
from tests.support.world_mischief import Mischief
from tests.support.world_place import EVM, Place
from workflows.names import BETS_NAMESPACE, MONEY_NAMESPACE

_directories = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Grounds:
    """What a house stands on before anybody works in it."""

    keys: Keys
    temporal: TemporalServer
    mischief: Mischief
    bets: Client
    money: Client
    database: LedgerDatabase


@asynccontextmanager
async def open_grounds(
    postgres: Postgres, directory: Path, wallets: int, place: Place = EVM
) -> AsyncIterator[Grounds]:
    """Keys, a database, and a Temporal server of its own because names of queues are fixed."""
    own = directory / f"world-{next(_directories)}"
    keys = draw_keys(own / "keystore", wallets, place.family)
    temporal = TemporalServer(own / "temporal", profile="test")
    temporal.start()
    try:
        mischief = Mischief()
        plugins = [croupier_plugin(), SimplePlugin("mischief", interceptors=[mischief])]
        bets, money = [
            await Client.connect(temporal.address, namespace=namespace, plugins=plugins)
            for namespace in (BETS_NAMESPACE, MONEY_NAMESPACE)
        ]
        database = await open_database(postgres, keys, place)
        yield Grounds(keys, temporal, mischief, bets, money, database)
    finally:
        temporal.kill()
