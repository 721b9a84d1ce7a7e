"""Engines and transactions: the only place that opens a connection to the ledger."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from ledger.failures import ledger_errors

CONNECT_TIMEOUT_SECONDS = 5
CHECKOUT_TIMEOUT_SECONDS = 5.0


def create_ledger_engine(
    dsn: str,
    *,
    pool_size: int = 4,
    application_name: str = "croupier",
    checkout_timeout_seconds: float = CHECKOUT_TIMEOUT_SECONDS,
) -> AsyncEngine:
    """An engine with a pool of `pool_size` connections and no overflow; nothing is connected yet.

    Statement, lock and idle timeouts and the planner's settings belong to the role (revision 0002).
    Statements are prepared at their first use.
    """
    return create_async_engine(
        make_url(dsn).set(drivername="postgresql+psycopg"),
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=checkout_timeout_seconds,
        use_native_hstore=False,
        connect_args={
            "application_name": application_name,
            "connect_timeout": CONNECT_TIMEOUT_SECONDS,
            "prepare_threshold": 0,
        },
    )


class Sessions:
    """Transactions over one engine; every driver error leaves as an error of the domain."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.engine = engine

    @asynccontextmanager
    async def begin(self) -> AsyncGenerator[AsyncConnection]:
        """One transaction, READ COMMITTED; commits at the end of the block, rolls back when it raises."""
        with ledger_errors():
            async with self.engine.begin() as session:
                yield session

    @asynccontextmanager
    async def snapshot(self) -> AsyncGenerator[AsyncConnection]:
        """One read-only transaction that sees a single moment (REPEATABLE READ)."""
        with ledger_errors():
            async with self.engine.connect() as connection:
                session = await connection.execution_options(
                    isolation_level="REPEATABLE READ", postgresql_readonly=True
                )
                async with session.begin():
                    yield session

    async def close(self) -> None:
        await self.engine.dispose()
