"""No role can do more with the ledger than the design gives it."""

import psycopg
import pytest

from tests.support.ledger_database import ROLES, LedgerDatabase

CORE = (
    "assets", "slots", "accounts", "balances", "players", "decisions", "postings", "transfers", "claims",
    "blocks", "checkpoints", "cursors",
)  # fmt: skip
READERS = {"croupier_money", "croupier_ops", "croupier_sealer", "croupier_verifier"}
API_READS = {"assets", "decisions"}
"""Tables without money in them: names of assets, and the sentence a player is owed for a refusal."""
INSERTS = {
    "croupier_money": {
        "accounts",
        "balances",
        "players",
        "decisions",
        "postings",
        "transfers",
        "claims",
        "cursors",
    },
    "croupier_sealer": {"blocks", "checkpoints"},
}
UPDATES = {
    "croupier_money": {
        ("balances", "debits"), ("balances", "credits"), ("balances", "version"), ("balances", "last_seq"),
        ("players", "version"), ("slots", "last_no"), ("slots", "last_seq"), ("slots", "last_at"),
        ("cursors", "last_no"),
    },
    "croupier_ops": {("balances", "guard"), ("slots", "open")},
}  # fmt: skip
RIGHTS = """
SELECT has_table_privilege(%(role)s, %(table)s, 'SELECT'), has_table_privilege(%(role)s, %(table)s, 'INSERT'),
       has_table_privilege(%(role)s, %(table)s, 'DELETE'),
       has_table_privilege(%(role)s, %(table)s, 'TRUNCATE'),
       has_table_privilege(%(role)s, %(table)s, 'UPDATE')
"""
HISTORY = ("postings", "transfers", "decisions", "blocks")


@pytest.mark.parametrize("role", ROLES)
def test_table_privileges_are_exactly_those_of_the_design(shared_ledger: LedgerDatabase, role: str) -> None:
    """Select, insert, delete and truncate on every table of the ledger."""
    with shared_ledger.raw() as connection:
        for table in CORE:
            row = connection.execute(RIGHTS, {"role": role, "table": f"ledger.{table}"}).fetchone()
            reads = role in READERS or (role == "croupier_api" and table in API_READS)
            assert row == (reads, table in INSERTS.get(role, set()), False, False, False), table


@pytest.mark.parametrize("role", ROLES)
def test_column_privileges_are_exactly_those_of_the_design(shared_ledger: LedgerDatabase, role: str) -> None:
    """Updates reach counters, heads and guards only, each by the one role that needs it."""
    with shared_ledger.raw() as connection:
        rows = connection.execute(
            "SELECT c.relname, a.attname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid"
            " WHERE c.relnamespace = 'ledger'::regnamespace AND c.relname = ANY (%s) AND a.attnum > 0"
            "   AND NOT a.attisdropped AND has_column_privilege(%s, c.oid, a.attnum, 'UPDATE')",
            [list(CORE), role],
        ).fetchall()
    assert set(rows) == UPDATES.get(role, set())


def test_no_role_holds_a_right_on_a_partition(shared_ledger: LedgerDatabase) -> None:
    """Everything goes through the parent, in months that are made later too."""
    with shared_ledger.raw() as connection:
        connection.execute("SELECT ledger.create_months(4)")
        rows = connection.execute(
            "SELECT r.rolname, i.inhrelid::regclass::text FROM pg_inherits i CROSS JOIN pg_roles r"
            " WHERE i.inhparent = 'ledger.transfers'::regclass AND r.rolname LIKE 'croupier%%'"
            "   AND r.rolname <> 'croupier_migrator'"
            "   AND has_table_privilege(r.rolname, i.inhrelid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE')"
        ).fetchall()
    assert rows == []


def test_nobody_who_can_log_in_owns_anything(shared_ledger: LedgerDatabase) -> None:
    """Tables belong to a role without login."""
    with shared_ledger.raw() as connection:
        rows = connection.execute(
            "SELECT DISTINCT r.rolname, r.rolcanlogin FROM pg_class c JOIN pg_roles r ON r.oid = c.relowner"
            " WHERE c.relnamespace = 'ledger'::regnamespace"
        ).fetchall()
    assert rows == [("croupier_migrator", False)]


@pytest.mark.parametrize("table", HISTORY)
@pytest.mark.parametrize(
    "statement", ["DELETE FROM ledger.{}", "UPDATE ledger.{} SET slot = 1", "TRUNCATE ledger.{}"]
)
def test_the_posting_role_cannot_touch_history(
    shared_ledger: LedgerDatabase, table: str, statement: str
) -> None:
    """The app's role has no update, delete or truncate on history; PostgreSQL says so before any trigger."""
    with (
        shared_ledger.raw("croupier_money") as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute(statement.format(table).encode())


@pytest.mark.parametrize("table", ["balances", "postings", "transfers", "accounts"])
def test_the_api_reads_views_only(shared_ledger: LedgerDatabase, table: str) -> None:
    """The door sees players through views and no table of the ledger."""
    with shared_ledger.raw("croupier_api") as connection:
        connection.execute("SELECT * FROM ledger.player_balances")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(f"SELECT * FROM ledger.{table}".encode())


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("synchronous_commit", "on"),
        ("jit", "off"),
        ("plan_cache_mode", "force_generic_plan"),
        ("enable_seqscan", "off"),
        ("enable_hashjoin", "off"),
        ("enable_mergejoin", "off"),
        ("lock_timeout", "2s"),
        ("statement_timeout", "10s"),
        ("idle_in_transaction_session_timeout", "5s"),
    ],
)
def test_the_posting_role_brings_its_settings(
    shared_ledger: LedgerDatabase, setting: str, value: str
) -> None:
    """Whoever logs in as the money role plans and waits as the design says."""
    with shared_ledger.raw("croupier_money") as connection:
        assert connection.execute(f"SHOW {setting}".encode()).fetchone() == (value,)
