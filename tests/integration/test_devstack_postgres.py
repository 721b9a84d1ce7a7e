"""The embedded PostgreSQL: its settings, its data after a stop or a kill, and copies of databases."""

from pathlib import Path

import psycopg
import pytest

from devstack.postgres import SETTINGS, Postgres
from devstack.unprivileged import MEMORY


def test_postgres_runs_with_the_settings_of_the_ledger(postgres: Postgres) -> None:
    """Version 18 with checksums; every setting of the table is in force, and only loopback listens."""
    with psycopg.connect(postgres.dsn()) as connection:
        version = connection.execute("SHOW server_version").fetchone()
        checksums = connection.execute("SHOW data_checksums").fetchone()
        ask = "SELECT current_setting(%s)"
        found = {name: connection.execute(ask, [name]).fetchone() for name in SETTINGS}
    assert version is not None
    assert version[0].startswith("18.")
    assert checksums == ("on",)
    expected = {**SETTINGS, "wal_compression": "pglz"}  # what `on` means
    assert found == {name: (value,) for name, value in expected.items()}


def test_data_in_memory_is_gone_after_a_stop(place: Path) -> None:
    """Where the system offers memory as files the data lies there, and nothing of it stays."""
    server = Postgres(place / "postgres", in_memory=True)
    server.start()
    with psycopg.connect(server.dsn()) as connection:
        (directory,) = connection.execute("SHOW data_directory").fetchone() or ("",)
    server.stop()
    assert Path(directory).is_relative_to(MEMORY) == MEMORY.is_dir()
    assert not Path(directory).exists()


def test_postgres_refuses_a_wrong_password(postgres: Postgres) -> None:
    """Nobody is trusted for being local."""
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(postgres.dsn("postgres", "wrong"))


def test_a_committed_row_survives_a_kill_of_postgres(place: Path) -> None:
    """The same port and password lead to the same rows after SIGKILL and a restart."""
    server = Postgres(place / "postgres")
    server.start()
    try:
        before = server.dsn()
        with psycopg.connect(before) as connection:
            connection.execute("CREATE TABLE kept (n int)")
            connection.execute("INSERT INTO kept VALUES (7)")
        server.kill()
        server.restart()
        assert server.dsn() == before
        with psycopg.connect(before) as connection:
            assert connection.execute("SELECT n FROM kept").fetchall() == [(7,)]
    finally:
        server.stop()


@pytest.mark.parametrize("keep", [True, False])
def test_data_stays_after_a_stop_only_when_it_is_kept(place: Path, *, keep: bool) -> None:
    """A server that was told to keep its data finds its rows again; every other begins anew."""
    first, second = Postgres(place, keep=keep), Postgres(place, keep=keep)
    first.start()
    with psycopg.connect(first.dsn()) as connection:
        connection.execute("CREATE TABLE kept (n int)")
    first.stop()
    second.start()
    try:
        with psycopg.connect(second.dsn()) as connection:
            assert connection.execute("SELECT to_regclass('kept') IS NOT NULL").fetchone() == (keep,)
    finally:
        second.stop()
        second.discard()


def test_a_database_can_be_copied_from_a_template(postgres: Postgres, fresh_database: str) -> None:
    """A prepared database is copied whole."""
    with psycopg.connect(postgres.dsn(database=fresh_database)) as connection:
        connection.execute("CREATE TABLE prepared (n int)")
    postgres.create_database("copied", template=fresh_database)
    try:
        with psycopg.connect(postgres.dsn(database="copied")) as connection:
            assert connection.execute("SELECT count(*) FROM prepared").fetchone() == (0,)
    finally:
        postgres.drop_database("copied")
