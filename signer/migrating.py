"""Brings schema `signer` up to date; run by whoever prepares the house, never by the signing process.

The schema belongs to the migrations' role, so that the signer cannot drop the guards over its own rows.
"""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, create_engine
from sqlalchemy.engine import make_url
from sqlalchemy.pool import NullPool

SCHEMA = "signer"
VERSION_TABLE = "version"
MIGRATOR = "croupier_migrator"
LOGIN_ROLES = ("croupier_signer", "croupier_chain")
_ONE_RUNNER = 7_262_019_842
"""Key of the advisory lock that makes a second runner wait for the first."""


def upgrade(dsn: str, revision: str = "head") -> None:
    """Run all missing revisions in one transaction.

    `dsn` names a superuser, or a role with CREATEROLE that may become croupier_migrator. The roles that the
    grants name are created when missing, without a password.
    """
    engine = create_engine(make_url(dsn).set(drivername="postgresql+psycopg"), poolclass=NullPool)
    configuration = Config()
    configuration.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    configuration.set_main_option("path_separator", "os")
    with engine.begin() as connection:
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_ONE_RUNNER})")
        _become_migrator(connection)
        configuration.attributes["connection"] = connection
        command.upgrade(configuration, revision)
        connection.exec_driver_sql("RESET ROLE")
    engine.dispose()


def _become_migrator(connection: Connection) -> None:
    connection.exec_driver_sql(_create_role(MIGRATOR, "NOLOGIN"))
    for role in LOGIN_ROLES:
        connection.exec_driver_sql(_create_role(role, "LOGIN"))
    database = connection.exec_driver_sql("SELECT quote_ident(current_database())").scalar_one()
    connection.exec_driver_sql(f"GRANT CREATE ON DATABASE {database} TO {MIGRATOR}")
    connection.exec_driver_sql(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA} AUTHORIZATION {MIGRATOR}")
    connection.exec_driver_sql(f"SET LOCAL ROLE {MIGRATOR}")


def _create_role(name: str, kind: str) -> str:
    return f"""
        DO $$ BEGIN
          IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{name}') THEN
            CREATE ROLE {name} {kind};
          END IF;
        EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
        END $$"""
