"""A migrated ledger database of a test's own, and the roles that may log in to it."""

import asyncio
import itertools
from collections.abc import AsyncIterator

import psycopg
import pytest
import pytest_asyncio
from psycopg import sql

from devstack.postgres import Postgres
from domain.assets import Asset, AssetKind, NetworkId
from ledger.invariants import check_invariants
from ledger.migrating import upgrade
from ledger.opening import register_assets
from ledger.session import Sessions, create_ledger_engine

ROLES = (
    "croupier_money",
    "croupier_chain",
    "croupier_ops",
    "croupier_sealer",
    "croupier_verifier",
    "croupier_api",
    "croupier_signer",
)
NETWORK = NetworkId("eip155:31337")
COIN = Asset(1, "ETH", NETWORK, AssetKind.NATIVE, 18)
TOKEN = Asset(2, "TUSD", NETWORK, AssetKind.TOKEN, 6, bytes.fromhex("11" * 20))
TEMPLATE = "ledger_template"
WAITER_SECONDS = 2.0
LOOK_SECONDS = 0.01
_names = itertools.count(1)


class LedgerDatabase:
    """One database at the newest revision with two assets; every role's password is its name."""

    def __init__(self, server: Postgres, name: str) -> None:
        self.server = server
        self.name = name
        self._opened: list[Sessions] = []

    def dsn(self, role: str | None = None) -> str:
        """The address for a role; without one that of the superuser."""
        return self.server.dsn(role, role, database=self.name)

    def sessions(self, role: str | None = "croupier_money", *, pool_size: int = 4) -> Sessions:
        """Transactions as a role; closed with the database."""
        opened = Sessions(create_ledger_engine(self.dsn(role), pool_size=pool_size))
        self._opened.append(opened)
        return opened

    def raw(self, role: str | None = None) -> "psycopg.Connection[tuple[object, ...]]":
        """A plain autocommit connection for hand-written SQL."""
        return psycopg.connect(self.dsn(role), autocommit=True)

    def has_waiter(self) -> bool:
        """Whether somebody here stands before a lock that another one holds."""
        with self.raw() as connection:
            row = connection.execute(
                "SELECT EXISTS (SELECT FROM pg_locks l JOIN pg_stat_activity a USING (pid)"
                " WHERE NOT l.granted AND a.datname = current_database())"
            ).fetchone()
        return row == (True,)

    async def waiter(self) -> None:
        """Wait until somebody stands before a lock; TimeoutError if nobody ever does."""
        async with asyncio.timeout(WAITER_SECONDS):
            while not self.has_waiter():  # noqa: ASYNC110 - the waiter is another session of the server
                await asyncio.sleep(LOOK_SECONDS)

    async def broken(self) -> dict[str, list[tuple[object, ...]]]:
        """The invariants that do not hold, with the rows that break them."""
        async with self.sessions("croupier_verifier", pool_size=1).snapshot() as session:
            found = await check_invariants(session)
        return {name: rows for name, rows in found.items() if rows}

    async def close(self) -> None:
        for opened in self._opened:
            await opened.close()
        # In a thread: the server waits for everybody who is about to connect, and some live in this loop.
        await asyncio.to_thread(self.server.drop_database, self.name)


async def _make_template(server: Postgres) -> None:
    server.create_database(TEMPLATE)
    dsn = server.dsn(database=TEMPLATE)
    upgrade(dsn)
    with psycopg.connect(dsn, autocommit=True) as connection:
        for role in ROLES:
            statement = sql.SQL("ALTER ROLE {} PASSWORD {}")
            connection.execute(statement.format(sql.Identifier(role), sql.Literal(role)))
    sessions = Sessions(create_ledger_engine(dsn, pool_size=1))
    async with sessions.begin() as session:
        await register_assets(session, [COIN, TOKEN])
    await sessions.close()


async def new_ledger(server: Postgres) -> LedgerDatabase:
    """A migrated database that is closed by whoever asked for it."""
    with psycopg.connect(server.dsn(database="postgres"), autocommit=True) as connection:
        made = connection.execute("SELECT FROM pg_database WHERE datname = %s", [TEMPLATE]).fetchone()
    if made is None:
        await _make_template(server)
    name = f"ledger_{next(_names)}"
    await asyncio.to_thread(server.create_database, name, template=TEMPLATE)
    return LedgerDatabase(server, name)


@pytest_asyncio.fixture
async def ledger_database(postgres: Postgres) -> AsyncIterator[LedgerDatabase]:
    """A migrated database that lives as long as the test."""
    database = await new_ledger(postgres)
    yield database
    await database.close()


@pytest_asyncio.fixture(scope="module")
async def shared_ledger(postgres: Postgres) -> AsyncIterator[LedgerDatabase]:
    """A migrated database for all tests of a file, which must not count on being alone in it."""
    database = await new_ledger(postgres)
    yield database
    await database.close()


_owners = itertools.count(1)


@pytest.fixture
def owner() -> int:
    """An owner number that no other test of this run uses."""
    return next(_owners)
