"""The tables in Python are the tables in the database, and each role may touch only what is its own."""

import psycopg
import pytest

from ledger import chain_records, records
from tests.support.ledger_database import LedgerDatabase

FORBIDDEN = [
    ("croupier_api", "SELECT server_seed FROM ledger.seed_pairs"),
    ("croupier_api", "SELECT raw FROM chain.signed_txs"),
    ("croupier_api", "UPDATE ledger.withdrawals SET state = 'approved'"),
    ("croupier_api", "INSERT INTO ledger.operators (operator, name) VALUES (9, 'x')"),
    ("croupier_money", "INSERT INTO chain.evidence VALUES (gen_random_uuid(), 'paid', '{}', now())"),
    ("croupier_money", "UPDATE chain.attempts SET outcome = 'dead'"),
    ("croupier_money", "UPDATE chain.deposits SET state = 'final'"),
    ("croupier_money", "UPDATE chain.chains SET mode = 'open'"),
    ("croupier_money", "UPDATE ledger.withdrawals SET payee = decode(repeat('00', 20), 'hex')"),
    ("croupier_money", "DELETE FROM ledger.bets"),
    ("croupier_money", "UPDATE ledger.approvals SET person = 'somebody else'"),
    ("croupier_money", "SELECT raw FROM chain.signed_txs"),
    ("croupier_chain", "INSERT INTO ledger.postings (slot) VALUES (1)"),
    ("croupier_chain", "SELECT * FROM ledger.withdrawals"),
    ("croupier_chain", "UPDATE chain.deposits SET credits = 1"),
    ("croupier_chain", "UPDATE chain.sends SET state = 'settled'"),
    ("croupier_chain", "UPDATE chain.floats SET committed = 0"),
    ("croupier_chain", "DELETE FROM chain.events"),
    ("croupier_ops", "UPDATE chain.events SET state = 'final'"),
    ("croupier_ops", "SELECT server_seed FROM ledger.seed_pairs"),
    (
        "croupier_ops",
        "INSERT INTO chain.events (chain_id, kind, subject, state) VALUES ('x', 'deposit', 'x', 'x')",
    ),
    ("croupier_signer", "SELECT * FROM chain.sends"),
    ("croupier_signer", "SELECT * FROM ledger.postings"),
    ("croupier_verifier", "SELECT server_seed FROM ledger.seed_pairs"),
]
KEPT_FOR_EVER = [
    "ledger.decisions",
    "ledger.approvals",
    "ledger.verbs",
    "chain.effects",
    "chain.own_txs",
    "chain.signed_txs",
    "chain.broadcasts",
    "chain.evidence",
]


@pytest.mark.parametrize("metadata", [records.metadata, chain_records.metadata], ids=["ledger", "chain"])
async def test_tables_name_the_columns_of_the_database(
    shared_ledger: LedgerDatabase, metadata: object
) -> None:
    """Every column of a table in Python exists in the database, and every one there is named in Python."""
    tables = metadata.tables  # type: ignore[attr-defined]  # MetaData of either module
    with shared_ledger.raw() as connection:
        for table in tables.values():
            rows = connection.execute(
                "SELECT column_name FROM information_schema.columns"
                " WHERE table_schema = %s AND table_name = %s",
                [table.schema, table.name],
            ).fetchall()
            assert {row[0] for row in rows} == {column.name for column in table.columns}, table


@pytest.mark.parametrize(("role", "statement"), FORBIDDEN)
async def test_a_role_may_not_touch_what_belongs_to_another(
    shared_ledger: LedgerDatabase, role: str, statement: str
) -> None:
    """What one role writes no other may write, and secrets are read by nobody who does not need them."""
    with shared_ledger.raw(role) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(statement.encode())


@pytest.mark.parametrize("table", KEPT_FOR_EVER)
async def test_what_proves_something_is_never_truncated(shared_ledger: LedgerDatabase, table: str) -> None:
    """Not even the owner of everything empties a table of proofs."""
    with (
        shared_ledger.raw() as connection,
        pytest.raises(psycopg.errors.IntegrityConstraintViolation, match="append-only"),
    ):
        connection.execute(f"TRUNCATE {table} CASCADE".encode())
