"""PostgreSQL 18 from a wheel: a real server on the loopback address, with the ledger's settings."""

import os
import secrets
import signal
import subprocess
import time
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

from devstack.processes import LOCALHOST, Child, ChildFailed, free_port
from devstack.unprivileged import Home, make_home

SUPERUSER = "postgres"
DATABASE = "croupier"
START_ATTEMPTS = 20
RETRY_SECONDS = 0.25

SETTINGS = {
    "listen_addresses": LOCALHOST,
    "unix_socket_directories": "",
    "password_encryption": "scram-sha-256",
    "synchronous_commit": "on",
    "fsync": "on",
    "full_page_writes": "on",
    "commit_delay": "0",
    "wal_compression": "on",  # pglz: the wheel is built without lz4
    "max_wal_size": "4GB",
    "checkpoint_timeout": "15min",
    "shared_buffers": "512MB",
    "max_connections": "200",
    "authentication_timeout": "20s",  # who drops a database waits for every greeting, also a stalled one
    "log_min_messages": "warning",
    "log_line_prefix": "%m [%p] %u@%d ",
}
TAKEN_PORT = "could not bind"
OLD_BACKENDS = ("pre-existing shared memory block", "already exists")  # of a killed server, about to end


class Postgres:
    """One server over one data directory; port and password outlive a restart of the server."""

    def __init__(
        self, directory: Path, *, port: int | None = None, keep: bool = False, in_memory: bool = False
    ) -> None:
        """Use `directory` for data, log and password; with `keep` the data stays for the next start.

        With `in_memory` the data lies in memory where the system offers that, and no disk is waited for.
        """
        self.directory = directory
        self.keep = keep
        self.in_memory = in_memory
        self.port = free_port(port)
        self.superuser = SUPERUSER
        self.password = ""
        self._home: Home | None = None
        self._child: Child | None = None

    def start(self) -> None:
        """Initialise the data directory if it is new, start, and create the database if it is missing.

        Raises ChildFailed when the server does not come up.
        """
        self.directory.mkdir(parents=True, exist_ok=True)
        if self._home is None:
            self._home = make_home(self.directory, keep=self.keep, in_memory=self.in_memory)
        self.password = self._recall_password()
        if not (self._home.data / "PG_VERSION").exists():
            self._initialise(self._home)
        self._run(self._home)
        if not self._has_database(DATABASE):
            self.create_database(DATABASE)

    def stop(self) -> None:
        """Stop in order, without waiting for clients; remove the data unless it is kept."""
        if self._child is not None:
            self._child.stop()
        if not self.keep:
            self.discard()

    def discard(self) -> None:
        """Remove the data of a stopped server, kept or not."""
        if self._home is not None:
            self._home.remove()
            self._home = None

    def kill(self) -> None:
        """End the server without a warning; the data stays for `restart`."""
        assert self._child is not None
        self._child.kill()

    def restart(self) -> None:
        """Start again over the same data and port, after `kill` or while running."""
        assert self._child is not None
        assert self._home is not None
        self._child.stop()
        self._run(self._home)

    def dsn(
        self,
        role: str | None = None,
        password: str | None = None,
        database: str = DATABASE,
        driver: str = "postgresql",
    ) -> str:
        """Return the connection address of a role; without a role that of the superuser."""
        if role is None:
            role, password = self.superuser, self.password
        secret = f":{quote(password, safe='')}" if password else ""
        return f"{driver}://{role}{secret}@{LOCALHOST}:{self.port}/{database}"

    def create_database(self, name: str, template: str | None = None) -> None:
        """Create a database, empty or as a copy of `template`, which must have no connections."""
        statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        self._execute(statement.format(sql.Identifier(name), sql.Identifier(template or "template0")))

    def drop_database(self, name: str) -> None:
        """Drop a database and the connections to it."""
        self._execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def _recall_password(self) -> str:
        """Return the password of this data directory, chosen at its birth."""
        file = self.directory / "password"
        if not file.exists():
            file.touch(mode=0o600)
        if not file.read_text():
            file.write_text(secrets.token_urlsafe(24))
        return file.read_text()

    def _initialise(self, home: Home) -> None:
        """Run initdb beside the data directory and move the result in place: a half-made one never counts."""
        fresh = home.fresh_directory()
        secret = home.data.with_name("initial-password")
        secret.unlink(missing_ok=True)
        secret.touch(mode=0o600)
        secret.write_text(self.password)
        if home.account is not None:
            os.chown(secret, home.account.user_id, home.account.group_id)
        arguments = [
            *(str(home.programs / "initdb"), "--pgdata", str(fresh), "--username", SUPERUSER),
            *("--pwfile", str(secret), "--auth", "scram-sha-256", "--encoding", "UTF8", "--data-checksums"),
            *("--locale-provider", "builtin", "--builtin-locale", "C.UTF-8", "--locale", "C"),
            *("--no-instructions", *(() if self.keep else ("--no-sync",))),
        ]
        done = subprocess.run(
            arguments,
            check=False,
            cwd="/",
            capture_output=True,
            text=True,
            user=home.account.user_id if home.account else None,
            group=home.account.group_id if home.account else None,
            extra_groups=[] if home.account else None,
        )
        secret.unlink()
        if done.returncode != 0:
            raise ChildFailed("initdb", f"ended with code {done.returncode}", done.stdout + done.stderr)
        fresh.rename(home.data)

    def _run(self, home: Home) -> None:
        for attempt in range(START_ATTEMPTS):
            settings = [word for key, value in SETTINGS.items() for word in ("-c", f"{key}={value}")]
            self._child = Child(
                "PostgreSQL",
                [str(home.programs / "postgres"), "-D", str(home.data), "-p", str(self.port), *settings],
                self.directory / "postgres.log",
                directory=Path("/"),
                account=home.account,
                stop_signal=signal.SIGINT,  # fast shutdown: the polite signal would wait for every client
            )
            try:
                self._child.start(self._answers)
            except ChildFailed as failure:
                last = attempt + 1 == START_ATTEMPTS
                if TAKEN_PORT in str(failure) and not last:
                    self.port = free_port()
                elif any(sign in str(failure) for sign in OLD_BACKENDS) and not last:
                    time.sleep(RETRY_SECONDS)
                else:
                    raise
            else:
                return

    def _answers(self) -> bool:
        try:
            self._execute(sql.SQL("SELECT 1"))
        except psycopg.OperationalError:
            return False
        return True

    def _has_database(self, name: str) -> bool:
        with psycopg.connect(self.dsn(database=SUPERUSER)) as connection:
            found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
            return found.fetchone() is not None

    def _execute(self, statement: sql.SQL | sql.Composed) -> None:
        with psycopg.connect(self.dsn(database=SUPERUSER), autocommit=True, connect_timeout=5) as connection:
            connection.execute(statement)
