"""Many callers at once: the slot lock decides, and nothing waits in a circle."""

import asyncio
from random import Random

import pytest

from domain.accounts import Guard, Purpose
from domain.errors import LedgerUnavailable
from domain.ids import slot_of
from domain.kinds import Kind, Result
from domain.postings import Command, Outcome
from ledger.balances import player_balances
from ledger.opening import open_missing
from ledger.posting import accounts_of, post, post_opening
from ledger.session import Sessions
from tests.support.ledger_chance import draw_batch, world_accounts
from tests.support.ledger_database import LedgerDatabase
from tests.support.ledger_journal import ASSET, OPERATOR, Actor, decisions_for

PAIRS = 100
HAMMERS = 6
BATCHES = 20
BATCH_MAX = 30


async def _post(sessions: Sessions, *commands: Command) -> list[Outcome]:
    return await post_opening(sessions, commands, decisions_for(*commands))


async def _race(
    sessions: Sessions, chance: Random, pairs: list[tuple[Command, Command]]
) -> list[tuple[Outcome, Outcome]]:
    """Both commands of each pair at the same time, either first."""

    async def one(command: Command, delay: float) -> Outcome:
        await asyncio.sleep(delay)
        [outcome] = await _post(sessions, command)
        return outcome

    async def both(left: Command, right: Command) -> tuple[Outcome, Outcome]:
        return await asyncio.gather(one(left, chance.random() / 500), one(right, chance.random() / 500))

    return [await both(left, right) for left, right in pairs]


async def test_a_bet_and_its_rollback_have_two_outcomes_only(
    ledger_database: LedgerDatabase, chance: Random
) -> None:
    """Either the bet is taken and refunded, or it is blocked for ever; the player loses nothing."""
    sessions = ledger_database.sessions()
    ann = Actor(1)
    await _post(sessions, ann.deposits(10), ann.bets(1, "warm"), ann.voids("warm"))
    pairs = [(ann.bets(10, f"{n}"), ann.voids(f"{n}")) for n in range(PAIRS)]
    outcomes = await _race(sessions, chance, pairs)
    seen = {(bet.result, void.result) for bet, void in outcomes}
    assert seen == {(Result.POSTED, Result.POSTED), (Result.TOMBSTONE, Result.POSTED)}
    async with sessions.begin() as session:
        assert (await player_balances(session, ann.player)).units(ASSET) == 10
    assert await ledger_database.broken() == {}


async def test_a_settle_and_a_void_exclude_each_other(
    ledger_database: LedgerDatabase, chance: Random
) -> None:
    """One of them closes the bet, the other is told by whom."""
    sessions = ledger_database.sessions()
    ann = Actor(1)
    bets = [ann.bets(1, f"{n}") for n in range(PAIRS)]
    await _post(sessions, ann.deposits(PAIRS), *bets)
    pairs = [(ann.settles(3, f"{n}"), ann.voids(f"{n}")) for n in range(PAIRS)]
    outcomes = await _race(sessions, chance, pairs)
    seen = {(settle.result, void.result) for settle, void in outcomes}
    assert seen == {(Result.POSTED, Result.ALREADY_CLOSED), (Result.ALREADY_CLOSED, Result.POSTED)}
    for settle, void in outcomes:
        assert {settle.closed_by, void.closed_by} in ({None, Kind.BET_SETTLED}, {None, Kind.BET_VOIDED})
    won = sum(settle.result is Result.POSTED for settle, _ in outcomes)
    async with sessions.begin() as session:
        assert (await player_balances(session, ann.player)).units(ASSET) == PAIRS + 2 * won
    assert await ledger_database.broken() == {}


async def test_a_closed_account_takes_no_bet_that_comes_later(ledger_database: LedgerDatabase) -> None:
    """A guard change waits for the slot; bets before it are posted, bets after it are refused."""
    sessions = ledger_database.sessions()
    ann = Actor(1)
    await _post(sessions, ann.deposits(100), ann.bets(1, "first"), ann.voids("first"))
    with ledger_database.raw("croupier_ops") as operator, operator.transaction():
        operator.execute("SELECT FROM ledger.slots WHERE slot = %s FOR NO KEY UPDATE", [ann.slot])
        waiting = asyncio.create_task(_post(sessions, ann.bets(5, "late")))
        await ledger_database.waiter()
        operator.execute(
            "UPDATE ledger.balances SET guard = %s WHERE slot = %s AND account_id = %s",
            [int(Guard.CLOSED), ann.slot, ann.account(Purpose.AVAILABLE)],
        )
    [outcome] = await waiting
    assert outcome.result is Result.ACCOUNT_CLOSED
    assert await ledger_database.broken() == {}


async def test_a_lock_that_is_not_given_in_time_is_unavailable(ledger_database: LedgerDatabase) -> None:
    """Two seconds of waiting mean: nothing happened, send the same again."""
    sessions = ledger_database.sessions()
    ann = Actor(1)
    await _post(sessions, ann.deposits(100))
    with ledger_database.raw("croupier_ops") as operator, operator.transaction():
        operator.execute("SELECT FROM ledger.slots WHERE slot = %s FOR NO KEY UPDATE", [ann.slot])
        with pytest.raises(LedgerUnavailable):
            await _post(sessions, ann.bets(5))
    [outcome] = await _post(sessions, ann.bets(5))
    assert outcome.result is Result.INSUFFICIENT or outcome.fresh


async def test_a_cut_connection_is_unavailable_and_the_resend_answers(
    ledger_database: LedgerDatabase,
) -> None:
    """After a lost COMMIT the same ids give the same answers, once."""
    sessions = ledger_database.sessions(pool_size=1)
    ann = Actor(1)
    await _post(sessions, ann.deposits(100))
    with pytest.raises(LedgerUnavailable):  # noqa: PT012 - the error may come from each of them
        async with sessions.begin() as session:
            await open_missing(session, accounts_of([ann.bets(5)]))
            pid = (await session.exec_driver_sql("SELECT pg_backend_pid()")).scalar_one()
            with ledger_database.raw() as killer:
                killer.execute("SELECT pg_terminate_backend(%s)", [pid])
            await post(session, [ann.bets(5)], decisions=decisions_for(ann.bets(5)))
    first = await _post(sessions, ann.bets(5))
    again = await _post(sessions, ann.bets(5))
    assert [first[0].fresh, again[0].fresh] == [True, False]
    async with sessions.begin() as session:
        assert (await player_balances(session, ann.player)).units(ASSET) == 95


async def test_callers_that_collide_everywhere_never_deadlock(
    ledger_database: LedgerDatabase, seed: int
) -> None:
    """Batches over overlapping slots in random order, ids from one pool: the books hold and all agree."""
    sessions = ledger_database.sessions(pool_size=HAMMERS)
    async with sessions.begin() as session:
        await open_missing(session, world_accounts())
    answers: dict[tuple[int, object], set[tuple[object, ...]]] = {}

    async def hammer(number: int) -> int:
        chance = Random(f"{seed}/{number}")
        posted = 0
        for age in range(BATCHES):
            commands = draw_batch(chance, BATCH_MAX, age)
            async with sessions.begin() as session:
                outcomes = await post(session, commands, decisions=decisions_for(*commands))
            for command, outcome in zip(commands, outcomes, strict=True):
                posted += outcome.result is Result.POSTED and outcome.fresh
                if outcome.result.is_stored:
                    stored = (outcome.result, outcome.no, outcome.first_seq, outcome.last_seq)
                    answers.setdefault((command.slot, command.posting_id), set()).add(stored)
        return posted

    counts = await asyncio.gather(*(hammer(number) for number in range(HAMMERS)))
    assert min(counts) > 0
    assert all(len(given) == 1 for given in answers.values())
    assert await ledger_database.broken() == {}


async def test_slots_do_not_wait_for_each_other(ledger_database: LedgerDatabase) -> None:
    """While one slot is locked, a posting in another goes through: no house row is shared."""
    sessions = ledger_database.sessions()
    ann, bob = Actor(1), Actor(2)
    assert slot_of(OPERATOR, 1) != slot_of(OPERATOR, 2)
    await _post(sessions, ann.deposits(5), bob.deposits(5))
    async with sessions.begin() as session:
        await post(session, [ann.deposits(6, txid="bb")])
        [outcome] = await _post(sessions, bob.deposits(6, txid="bb"))
    assert outcome.result is Result.POSTED
