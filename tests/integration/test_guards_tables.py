"""What the code calls a table is the table that the migration made."""

import pytest
from sqlalchemy import Table, create_engine, inspect
from sqlalchemy.pool import NullPool

from ledger.migrating import upgrade
from ledger.tables import metadata
from tests.support.ledger_database import LedgerDatabase


@pytest.mark.parametrize("table", metadata.sorted_tables, ids=lambda table: str(table.name))
def test_a_table_has_the_columns_the_code_names(shared_ledger: LedgerDatabase, table: Table) -> None:
    """Same names, order, types, nullability and primary key, and no column the code does not know."""
    engine = create_engine(
        shared_ledger.dsn().replace("postgresql://", "postgresql+psycopg://"), poolclass=NullPool
    )
    with engine.connect() as connection:
        found = inspect(connection)
        columns = found.get_columns(table.name, schema="ledger")
        key = found.get_pk_constraint(table.name, schema="ledger")["constrained_columns"]
    assert [column["name"] for column in columns] == [column.name for column in table.columns]
    assert set(key) == {column.name for column in table.primary_key}
    for given, named in zip(columns, table.columns, strict=True):
        assert isinstance(given["type"], named.type.as_generic().__class__) or (
            type(given["type"]).__name__.upper() == type(named.type).__name__.upper()
            or str(given["type"]) == named.type.compile(engine.dialect)
        ), named
        assert given["nullable"] == named.nullable, named


def test_a_second_migration_changes_nothing(shared_ledger: LedgerDatabase) -> None:
    """Running it again is safe on a filled database."""
    upgrade(shared_ledger.dsn())
    with shared_ledger.raw() as connection:
        found = connection.execute("SELECT count(*) FROM migrations.ledger_version").fetchone()
    assert found == (1,)
