"""Run inside `ledger.migrating.upgrade`: the connection comes from there, nothing is read from files.

Objects belong to croupier_migrator, which nobody can log in as: whoever runs the migration becomes it for as
long as it takes.
"""

from alembic import context
from sqlalchemy import Connection

from ledger.migrating import MIGRATOR, VERSION_SCHEMA, VERSION_TABLE, become_migrator


def run() -> None:
    connection = context.config.attributes["connection"]
    assert isinstance(connection, Connection)
    with connection.begin():
        become_migrator(connection)
        context.configure(
            connection=connection,
            version_table=VERSION_TABLE,
            version_table_schema=VERSION_SCHEMA,
            transaction_per_migration=False,
        )
        with context.begin_transaction():
            context.run_migrations()
        connection.exec_driver_sql(f"/* {MIGRATOR} */ RESET ROLE")


run()
