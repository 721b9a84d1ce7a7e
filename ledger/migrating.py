"""Bring a database to the newest schema; safe to repeat, one runner at a time."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.pool import NullPool

MIGRATOR = "croupier_migrator"
VERSION_SCHEMA = "migrations"
VERSION_TABLE = "ledger_version"

_SCRIPTS = Path(__file__).parent / "migrations"
_ONE_RUNNER = 7_262_019_841
"""Key of the advisory lock that makes a second runner wait for the first."""


def upgrade(dsn: str, revision: str = "head") -> None:
    """Run all missing revisions up to `revision` in one transaction.

    `dsn` names a superuser, or a role with CREATEROLE that may become croupier_migrator.
    """
    engine = create_engine(make_url(dsn).set(drivername="postgresql+psycopg"), poolclass=NullPool)
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS))
    config.set_main_option("path_separator", "os")
    with engine.connect() as connection:
        connection.exec_driver_sql(f"SELECT pg_advisory_lock({_ONE_RUNNER})")
        connection.commit()
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
    engine.dispose()


def become_migrator(connection: Connection) -> None:
    """Let the rest of the transaction run as the owner of everything, who is created when missing."""
    connection.exec_driver_sql(create_role(MIGRATOR))
    database = connection.exec_driver_sql("SELECT quote_ident(current_database())").scalar_one()
    connection.exec_driver_sql(f"GRANT CREATE ON DATABASE {database} TO {MIGRATOR}")
    connection.exec_driver_sql(f"CREATE SCHEMA IF NOT EXISTS {VERSION_SCHEMA} AUTHORIZATION {MIGRATOR}")
    connection.exec_driver_sql(f"SET LOCAL ROLE {MIGRATOR}")


def create_role(name: str, *, login: bool = False) -> str:
    """SQL that creates a role unless it is there; roles belong to the whole cluster, not to one database."""
    kind = "LOGIN" if login else "NOLOGIN"
    return f"""
        DO $$ BEGIN
          IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{name}') THEN CREATE ROLE {name} {kind}; END
            IF;
        EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
        END $$"""


def expected_revision() -> str:
    """The newest revision this release knows."""
    head = ScriptDirectory(str(_SCRIPTS)).get_current_head()
    assert head is not None, "there are no migrations"
    return head


async def schema_revision(session: AsyncConnection) -> str:
    """The revision a database stands at; every role may ask."""
    row = await session.exec_driver_sql(f"SELECT version_num FROM {VERSION_SCHEMA}.{VERSION_TABLE}")  # noqa: S608 - constants of this file
    return str(row.scalar_one())
