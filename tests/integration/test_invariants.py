"""Each rule of the catalogue notices the damage it exists for."""

import pytest

from ledger.invariants import INVARIANTS, check_invariants
from ledger.posting import post_opening
from ledger.session import Sessions, create_ledger_engine
from tests.support.ledger_database import LedgerDatabase
from tests.support.ledger_journal import Actor, decisions_for

ANN = Actor(1)
S = ANN.slot
HEAD = f"slot = {S} AND no = (SELECT max(no) FROM ledger.postings WHERE slot = {S})"
LAST = f"slot = {S} AND seq = (SELECT max(seq) FROM ledger.transfers WHERE slot = {S})"

CHECKS_IN_THE_WAY = """
SELECT conrelid::regclass::text AS owner, conname FROM pg_constraint
 WHERE contype = 'c' AND conparentid = 0 AND connamespace = 'ledger'::regnamespace
   AND conrelid IN ('ledger.transfers'::regclass, 'ledger.postings'::regclass, 'ledger.balances'::regclass)
"""
BALANCES = f"UPDATE ledger.balances SET {{}} WHERE slot = {S} AND account_id & 255 = {{}}"
TRANSFERS = f"UPDATE ledger.transfers SET {{}} WHERE slot = {S} AND debit_account & 255 = {{}}"
POSTINGS = f"UPDATE ledger.postings SET {{}} WHERE slot = {S} AND kind = {{}}"
VOID = f"(SELECT no FROM ledger.postings WHERE slot = {S} AND kind = 12 AND first_seq > 0)"
OLD_ROW = """
INSERT INTO ledger.transfers
SELECT slot, seq + 100, posting_no, debit_account, credit_account, amount, code, debit_version,
       credit_version, debit_after, credit_after, '2001-01-01' FROM ledger.transfers LIMIT 1
"""
DAMAGE = [
    ("debits_equal_credits", BALANCES.format("credits = credits + 1", 50)),
    ("order_is_gapless", f"DELETE FROM ledger.transfers WHERE {LAST}"),
    ("order_is_gapless", f"UPDATE ledger.slots SET last_no = last_no + 1 WHERE slot = {S}"),
    ("balances_equal_transfers", BALANCES.format("version = version + 1", 10)),
    ("balances_equal_transfers", f"UPDATE ledger.transfers SET amount = amount + 1 WHERE {LAST}"),
    ("versions_chain", f"UPDATE ledger.transfers SET credit_after = credit_after + 1 WHERE {LAST}"),
    ("versions_chain", f"UPDATE ledger.transfers SET debit_version = debit_version + 1 WHERE {LAST}"),
    ("time_never_falls", f"UPDATE ledger.postings SET posted_at = posted_at - interval '1 day' WHERE {HEAD}"),
    ("postings_tile_transfers", f"UPDATE ledger.postings SET last_seq = last_seq + 1 WHERE {HEAD}"),
    ("guards_never_broken", TRANSFERS.format("debit_after = -1", 10)),
    ("targets_precede_closers", f"DELETE FROM ledger.postings WHERE slot = {S} AND kind = 10 AND no < 4"),
    ("player_versions_run", f"UPDATE ledger.players SET version = version - 1 WHERE slot = {S}"),
    ("player_versions_run", f"UPDATE ledger.postings SET player_version = 99 WHERE slot = {S} AND no = 1"),
    ("accounts_exist", f"DELETE FROM ledger.balances WHERE slot = {S} AND account_id & 255 = 12"),
    ("targets_drained", TRANSFERS.format("amount = amount - 1", 11)),
    ("targets_mirrored", f"UPDATE ledger.transfers SET amount = amount - 1 WHERE posting_no = {VOID}"),
    ("in_play_equals_open_bets", POSTINGS.format("closes = NULL", 11)),
    ("pending_equals_open_withdrawals", POSTINGS.format("kind = 21", 20)),
    ("in_flight_equals_open_sends", POSTINGS.format("kind = 23", 22)),
    ("months_ready", "DROP TRIGGER no_truncate ON ledger.transfers_{month}"),
    ("months_ready", OLD_ROW),
    ("amounts_are_units", f"UPDATE ledger.transfers SET amount = 0.5 WHERE {LAST}"),
]


async def _live(database: LedgerDatabase) -> None:
    commands = [
        ANN.deposits(1000),
        ANN.bets(10, "won"),
        ANN.settles(25, "won"),
        ANN.bets(20, "void"),
        ANN.voids("void"),
        ANN.bets(7, "open"),
        ANN.withdraws(100, 3, "open"),
        ANN.withdraws(50, 3, "flying"),
        ANN.commits("flying"),
        ANN.voids("never"),
        ANN.bets(10**6, "refused"),
        ANN.bets(1, "last"),
        ANN.settles(1, "last"),
    ]
    await post_opening(database.sessions(), commands, decisions_for(*commands))


async def test_an_honest_ledger_breaks_no_rule(ledger_database: LedgerDatabase) -> None:
    """The verifier's role can run the whole catalogue, and all of it holds."""
    await _live(ledger_database)
    async with ledger_database.sessions("croupier_verifier").snapshot() as session:
        found = await check_invariants(session)
    assert found == {name: [] for name in INVARIANTS}


@pytest.mark.parametrize(("name", "damage"), DAMAGE)
async def test_damage_done_with_stolen_rights_is_found(
    shared_ledger: LedgerDatabase, name: str, damage: str
) -> None:
    """Somebody who can switch off triggers and checks is still noticed by the rule that owns the fact."""
    await _live(shared_ledger)
    async with shared_ledger.sessions(None, pool_size=1).engine.connect() as session:
        month = await session.exec_driver_sql("SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYY_MM')")
        await session.exec_driver_sql("SET LOCAL session_replication_role = replica")
        for row in (await session.exec_driver_sql(CHECKS_IN_THE_WAY)).all():
            await session.exec_driver_sql(f"ALTER TABLE {row.owner} DROP CONSTRAINT {row.conname}")
        await session.exec_driver_sql(damage.replace("{month}", str(month.scalar_one())))
        found = await check_invariants(session)
        await session.rollback()
    assert found[name] != []


def test_every_rule_has_its_damage() -> None:
    """A rule that nobody has seen fail is no rule."""
    assert {name for name, _ in DAMAGE} == set(INVARIANTS)


async def test_a_checker_sees_one_moment(ledger_database: LedgerDatabase) -> None:
    """A snapshot does not see what is posted while it reads, so money under way is no alarm."""
    await _live(ledger_database)
    checker = Sessions(create_ledger_engine(ledger_database.dsn("croupier_verifier"), pool_size=1))
    async with checker.snapshot() as session:
        before = await check_invariants(session, ["order_is_gapless"])
        await post_opening(ledger_database.sessions(), [ANN.deposits(5, txid="bb")])
        heads = await session.exec_driver_sql(f"SELECT last_no FROM ledger.slots WHERE slot = {S}")
        last_no = heads.scalar_one()
        after = await check_invariants(session)
        count = await session.exec_driver_sql(f"SELECT count(*) FROM ledger.postings WHERE slot = {S}")
        assert count.scalar_one() == last_no
    await checker.close()
    assert not any([*before.values(), *after.values()])
