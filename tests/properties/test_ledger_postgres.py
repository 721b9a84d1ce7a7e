"""PostgreSQL against the pure ledger, whose state is never read again."""

from random import Random

from domain.accounts import Guard
from domain.applying import advance, apply_batch
from domain.kinds import Result
from domain.postings import Balance, State
from ledger.loading import load_state
from ledger.opening import open_missing
from ledger.posting import post
from ledger.session import Sessions
from tests.support.ledger_chance import draw_batch, draw_guard, open_world, split, world_accounts
from tests.support.ledger_database import LedgerDatabase
from tests.support.ledger_journal import decisions_for
from tests.support.ledger_model import NaiveLedger

BATCHES = 120
BATCH_MAX = 40
AGE_STEP = 1


async def _set_guard(database: LedgerDatabase, slot: int, account: int, guard: Guard) -> None:
    with database.raw("croupier_ops") as connection, connection.transaction():
        connection.execute("SELECT FROM ledger.slots WHERE slot = %s FOR NO KEY UPDATE", [slot])
        connection.execute(
            "UPDATE ledger.balances SET guard = %s WHERE slot = %s AND account_id = %s",
            [int(guard), slot, account],
        )


async def _stored_state(sessions: Sessions, state: State) -> State:
    """The whole world as the database knows it, without what a batch has seen."""
    async with sessions.begin() as session:
        heads = await session.exec_driver_sql("SELECT slot, last_no, last_seq FROM ledger.slots")
        wanted = {row.slot: (row.last_no, row.last_seq) for row in heads if row.slot in state}
        found = await load_state(session, wanted, [])
        for row in await session.exec_driver_sql(
            "SELECT slot, account_id, guard, debits::text d, credits::text c, version FROM ledger.balances"
        ):
            found[row.slot].balances[row.account_id] = Balance(
                Guard(row.guard), int(row.d), int(row.c), row.version
            )
        for row in await session.exec_driver_sql("SELECT slot, player, version FROM ledger.players"):
            found[row.slot].players[row.player] = row.version
    return found


async def test_postgresql_answers_like_the_pure_ledger(
    ledger_database: LedgerDatabase, chance: Random
) -> None:
    """Random batches over several slots give the same answers, numbers and balances, however they are cut."""
    sessions = ledger_database.sessions()
    state = open_world(NaiveLedger())
    async with sessions.begin() as session:
        await open_missing(session, world_accounts())
    results = set()
    for number in range(BATCHES):
        if number % 10 == 9:
            slot, account, guard = draw_guard(chance)
            await _set_guard(ledger_database, slot, account, guard)
            old = state[slot].balances[account]
            state[slot].balances[account] = Balance(guard, old.debits, old.credits, old.version)
        commands = draw_batch(chance, chance.randrange(1, BATCH_MAX), number * AGE_STEP)
        for part in split(chance, commands) if commands else []:
            expected, writes = apply_batch(state, part)
            state = advance(state, writes)
            async with sessions.begin() as session:
                given = await post(session, part, decisions=decisions_for(*part))
            assert given == expected
            results |= {outcome.result for outcome in given}
        if number % 40 == 39:
            await _compare(sessions, state)
    assert results >= {
        Result.POSTED,
        Result.INSUFFICIENT,
        Result.ALREADY_CLOSED,
        Result.TARGET_REFUSED,
        Result.CONFLICT,
        Result.NOT_YET,
    }
    assert await ledger_database.broken() == {}


async def _compare(sessions: Sessions, state: State) -> None:
    stored = await _stored_state(sessions, state)
    for slot, known in state.items():
        assert stored[slot].balances == known.balances
        assert stored[slot].players == known.players
        assert (stored[slot].no, stored[slot].seq) == (known.no, known.seq)
