"""The database refuses by itself, by name, whatever Python would let through."""

from typing import LiteralString

import psycopg
import pytest

from domain.accounts import Purpose
from domain.ids import slot_of
from ledger.posting import post_opening
from tests.support.ledger_database import LedgerDatabase
from tests.support.ledger_journal import OPERATOR, Actor, decisions_for, posting_uuid

ANN = Actor(1)
SLOT = ANN.slot
WRONG_SLOT = (SLOT + 1) % 64
AVAILABLE = ANN.account(Purpose.AVAILABLE)
IN_PLAY = ANN.account(Purpose.IN_PLAY)
WALLET = ANN.account(Purpose.HOT_WALLET)
REVENUE = ANN.account(Purpose.REVENUE)
OTHER_ASSET = Actor(1, asset_id=2).account(Purpose.AVAILABLE)
OTHER_OPERATOR = WALLET + (1 << 52)
DIGEST = "decode(repeat('00', 32), 'hex')"
NOW = "clock_timestamp()"

POSTING = """
INSERT INTO ledger.postings (slot, no, posting_id, kind, result, digest, closes, follows, decision_id,
                             first_seq, last_seq, player, player_version, refused, posted_at) VALUES ({})
"""
TRANSFER = """
INSERT INTO ledger.transfers (slot, seq, posting_no, debit_account, credit_account, amount, code,
                              debit_version, credit_version, debit_after, credit_after, posted_at) VALUES ({})
"""


def _posting(**changed: object) -> str:
    """An insert of a posting that would be fine, with some columns changed."""
    row: dict[str, object] = {
        "slot": SLOT, "no": 900, "posting_id": f"'{posting_uuid('raw')}'", "kind": 1, "result": 0, "digest":
        DIGEST, "closes": "NULL", "follows": "NULL", "decision_id": "NULL", "first_seq": "NULL", "last_seq":
        "NULL", "player": "NULL", "player_version": "NULL", "refused": "NULL", "posted_at": NOW,
    }  # fmt: skip
    assert row.keys() >= changed.keys()
    return POSTING.format(", ".join(str(value) for value in (row | changed).values()))


def _transfer(**changed: object) -> str:
    """An insert of a transfer that would be fine, with some columns changed."""
    row: dict[str, object] = {
        "slot": SLOT, "seq": 900, "posting_no": 900, "debit_account": WALLET, "credit_account": AVAILABLE,
        "amount": 1, "code": 1, "debit_version": 1, "credit_version": 1, "debit_after": -1, "credit_after": 1,
        "posted_at": NOW,
    }  # fmt: skip
    assert row.keys() >= changed.keys()
    return TRANSFER.format(", ".join(str(value) for value in (row | changed).values()))


def _account(slot: int, account: int, asset: int = 1, side: str = "C") -> str:
    return f"INSERT INTO ledger.accounts VALUES ({slot}, {account}, {asset}, 'raw', '{side}')"


def _block(values: str) -> str:
    return f"INSERT INTO ledger.blocks VALUES ({SLOT}, {values})"


def _balance(assignment: str, account: int = AVAILABLE) -> str:
    return f"UPDATE ledger.balances SET {assignment} WHERE slot = {SLOT} AND account_id = {account}"


NEW = ANN.account(Purpose.BONUS_AVAILABLE)
UNKNOWN_ID = f"'{posting_uuid('unknown')}'"
OWN_ID = f"'{posting_uuid('raw')}'"
CHECKS = [
    ("ck_assets_id", "INSERT INTO ledger.assets VALUES (0, 'x', 'x', '', 18)"),
    ("ck_assets_decimals", "INSERT INTO ledger.assets VALUES (9, 'x', 'x', '', 37)"),
    ("uq_assets_code", "INSERT INTO ledger.assets VALUES (9, 'ETH@eip155:31337', 'x', '', 18)"),
    ("uq_assets_chain_contract", "INSERT INTO ledger.assets VALUES (9, 'x', 'eip155:31337', '', 18)"),
    ("ck_slots_slot", "INSERT INTO ledger.slots (slot) VALUES (64)"),
    ("fk_accounts_asset", _account(SLOT, NEW + (6 << 8), asset=7)),
    ("ck_accounts_positive", _account(SLOT, NEW - (1 << 63))),
    ("ck_accounts_asset", _account(SLOT, NEW, asset=2)),
    ("ck_accounts_side", _account(SLOT, NEW, side="X")),
    ("ck_accounts_slot", _account(WRONG_SLOT, NEW)),
    ("accounts_pkey", _account(SLOT, AVAILABLE)),
    ("fk_balances_account", f"INSERT INTO ledger.balances VALUES ({SLOT}, {NEW}, 1)"),
    ("ck_balances_guard", _balance("guard = 4")),
    ("ck_balances_guarded", _balance("guard = 0")),
    ("ck_balances_guarded", _balance("guard = 2, debits = credits")),
    ("ck_balances_floor", _balance("debits = credits + 1")),
    ("ck_balances_ceiling", _balance("guard = 2, credits = debits + 1", REVENUE)),
    ("ck_balances_debits", _balance("debits = 'NaN'", REVENUE)),
    ("ck_balances_debits", _balance("debits = 'Infinity'", REVENUE)),
    ("ck_balances_debits", _balance("debits = 0.5", REVENUE)),
    ("ck_balances_debits", _balance("debits = -1", REVENUE)),
    ("ck_balances_debits", _balance("debits = 1e78", REVENUE)),
    ("ck_balances_credits", _balance("credits = 'NaN'", REVENUE)),
    ("ck_balances_credits", _balance("credits = 1.5", REVENUE)),
    ("ck_balances_credits", _balance("credits = -1", REVENUE)),
    ("ck_balances_credits", _balance("credits = 1e78", REVENUE)),
    ("ck_players_slot", f"INSERT INTO ledger.players VALUES ({WRONG_SLOT}, {ANN.player}, 0)"),
    ("ck_players_slot", f"INSERT INTO ledger.players VALUES (0, {OPERATOR << 28}, 0)"),
    ("ck_players_version", "UPDATE ledger.players SET version = -1"),
    ("ck_postings_result", _posting(result=8, refused="'{}'")),
    ("ck_postings_digest", _posting(digest="'\\x00'")),
    ("ck_postings_tombstone", _posting(result=6)),
    ("ck_postings_tombstone", _posting(kind=0)),
    ("ck_postings_range", _posting(first_seq=5)),
    ("ck_postings_range", _posting(first_seq=5, last_seq=4)),
    ("ck_postings_refused_moves_nothing", _posting(result=1, refused="'{}'", first_seq=5, last_seq=5)),
    ("ck_postings_player", _posting(player=ANN.player, player_version=1)),
    ("ck_postings_player", _posting(player=ANN.player, first_seq=5, last_seq=5)),
    ("ck_postings_refused", _posting(result=1)),
    ("ck_postings_refused", _posting(refused="'{}'")),
    ("ck_postings_one_target", _posting(closes=UNKNOWN_ID, follows=UNKNOWN_ID)),
    ("ck_postings_target_is_another", _posting(closes=OWN_ID)),
    ("ck_postings_target_is_another", _posting(follows=OWN_ID)),
    *[("ck_postings_decided", _posting(kind=kind)) for kind in (10, 13, 20, 25, 27)],
    ("fk_postings_decision", _posting(decision_id=UNKNOWN_ID)),
    ("postings_no", _posting(no=1)),
    ("ck_transfers_amount", _transfer(amount=0)),
    ("ck_transfers_amount", _transfer(amount=-1)),
    ("ck_transfers_amount", _transfer(amount=0.5)),
    ("ck_transfers_amount", _transfer(amount="'NaN'")),
    ("ck_transfers_amount", _transfer(amount="'Infinity'")),
    ("ck_transfers_amount", _transfer(amount="1e78")),
    ("ck_transfers_two_accounts", _transfer(debit_account=AVAILABLE)),
    ("ck_transfers_one_asset", _transfer(debit_account=OTHER_ASSET)),
    ("ck_transfers_one_operator", _transfer(debit_account=OTHER_OPERATOR)),
    ("ck_blocks_positive", _block(f"0, 1, 1, 1, {NOW}, {DIGEST}, {DIGEST}")),
    ("ck_blocks_range", _block(f"1, 2, 1, 1, {NOW}, {DIGEST}, {DIGEST}")),
    ("ck_blocks_hash", _block(f"1, 1, 1, 1, {NOW}, {DIGEST}, ''")),
    ("ck_blocks_prev_hash", _block(f"1, 1, 1, 1, {NOW}, '', {DIGEST}")),
]  # fmt: skip


async def _fill(database: LedgerDatabase) -> None:
    commands = [ANN.deposits(100), ANN.bets(10), ANN.settles(0), ANN.bets(7, "open")]
    await post_opening(database.sessions(), commands, decisions_for(*commands))


def _one_id(connection: "psycopg.Connection[tuple[object, ...]]", query: LiteralString) -> str:
    """An id of the filled slot, quoted for a statement."""
    found = connection.execute(query, [SLOT]).fetchone()
    assert found is not None
    return f"'{found[0]}'"


@pytest.mark.parametrize(("rule", "statement"), CHECKS)
async def test_every_rule_refuses_by_its_own_name(
    shared_ledger: LedgerDatabase, rule: str, statement: str
) -> None:
    """The owner of the tables cannot write what a rule forbids either."""
    await _fill(shared_ledger)
    with shared_ledger.raw() as connection, pytest.raises(psycopg.errors.IntegrityError) as refused:
        connection.execute(statement.encode())
    assert refused.value.diag.constraint_name == rule


async def test_a_posting_is_closed_at_most_once(shared_ledger: LedgerDatabase) -> None:
    """A second closer dies in the unique index, a refused one does not count."""
    await _fill(shared_ledger)
    with shared_ledger.raw() as connection:
        closes = _one_id(connection, "SELECT closes FROM ledger.postings WHERE kind = 11 AND slot = %s")
        with connection.transaction(force_rollback=True):
            connection.execute(_posting(kind=12, result=2, closes=closes, refused="'{}'").encode())
        with pytest.raises(psycopg.errors.UniqueViolation) as refused:
            connection.execute(_posting(kind=12, closes=closes).encode())
    assert refused.value.diag.constraint_name == "postings_closed_once"


async def test_an_id_is_stored_once(shared_ledger: LedgerDatabase) -> None:
    """A second row under the same id dies in the primary key."""
    await _fill(shared_ledger)
    with shared_ledger.raw() as connection:
        taken = _one_id(connection, "SELECT posting_id FROM ledger.postings WHERE no = 1 AND slot = %s")
        with pytest.raises(psycopg.errors.UniqueViolation) as refused:
            connection.execute(_posting(posting_id=taken).encode())
    assert refused.value.diag.constraint_name == "postings_pkey"


@pytest.mark.parametrize("table", ["transfers", "postings", "decisions"])
@pytest.mark.parametrize(
    "statement", ["DELETE FROM ledger.{}", "UPDATE ledger.{} SET slot = slot", "TRUNCATE ledger.{} CASCADE"]
)
async def test_history_is_append_only_for_its_owner(
    shared_ledger: LedgerDatabase, table: str, statement: str
) -> None:
    """Neither edit nor deletion gets past the triggers, superuser or not."""
    await _fill(shared_ledger)
    with shared_ledger.raw() as connection, pytest.raises(psycopg.errors.IntegrityError, match="append-only"):
        connection.execute(statement.format(table).encode())


async def test_every_partition_refuses_to_be_emptied(shared_ledger: LedgerDatabase) -> None:
    """A trigger on the parent would not protect a partition: each brings its own."""
    with shared_ledger.raw() as connection:
        connection.execute("SELECT ledger.create_months(5)")
        rows = connection.execute(
            "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'ledger.transfers'::regclass"
        ).fetchall()
        assert len(rows) == 7
        for (partition,) in rows:
            with pytest.raises(psycopg.errors.IntegrityError, match="append-only"):
                connection.execute(f"TRUNCATE {partition}".encode())


async def test_a_row_finds_its_month(shared_ledger: LedgerDatabase) -> None:
    """Nothing lands in the default partition while the months are made in time."""
    await _fill(shared_ledger)
    with shared_ledger.raw() as connection:
        found = connection.execute(
            "SELECT DISTINCT tableoid::regclass::text FROM ledger.transfers"
        ).fetchall()
        this_month = connection.execute("SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYY_MM')").fetchone()
    assert this_month is not None
    assert found == [(f"ledger.transfers_{this_month[0]}",)]


def test_the_database_knows_the_slot_formula(shared_ledger: LedgerDatabase) -> None:
    """The CHECK's formula gives the slot that `slot_of` gives."""
    formula = "SELECT ((((%s::bigint & 2147483647) * 2654435769) & 4294967295) >> 26)"
    with shared_ledger.raw() as connection:
        for operator, owner in [(1, 1), (1, 2**28 - 1), (7, 4711), (8, 1), (2047, 2**28 - 1)]:
            player = (operator << 28) | owner
            row = connection.execute(formula.encode(), [player]).fetchone()
            assert row == (slot_of(operator, owner),)
