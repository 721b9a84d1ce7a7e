"""The posting side counts its postings on a deposit's row; the state itself belongs to the follower."""

import asyncio
from uuid import UUID

import pytest

from domain.deposits import DepositFacts, DepositState, DepositStep, next_step
from domain.errors import NotFound
from ledger.deposits import (
    list_deposits,
    lock_deposit,
    mark_credited,
    mark_returned,
    mark_unlocked,
    recall_deposit,
    unfinished_deposits,
)
from ledger.finality import advance_final
from ledger.observed import apply_block, unapply_block
from ledger.session import Sessions
from tests.support.ledger_database import NETWORK, LedgerDatabase
from tests.support.records import (
    NOW,
    RULES,
    block,
    deposit_input,
    effect,
    header,
    later,
    new_address,
    new_player,
    started_chain,
)


async def _seen(chain: Sessions, money: Sessions, *names: str) -> tuple[int, list[UUID]]:
    """Put one deposit per name into block 1 and return the player and the deposits."""
    start = await started_chain(chain)
    player = await new_player(money)
    target = await new_address(money, player)
    found = block(start, [effect(target, 1_000, name=name) for name in names])
    async with chain.begin() as session:
        assert await apply_block(session, NETWORK, found, RULES, start.ref, NOW)
    return player, [deposit_input(name).deposit_id for name in names]


async def _final(chain: Sessions) -> None:
    async with chain.begin() as session:
        await advance_final(session, NETWORK, block(header(None)).header, NOW)


async def test_a_final_deposit_is_credited_once(ledger_database: LedgerDatabase) -> None:
    """CREDITED is final and posted; the first mark stays."""
    chain, money = (ledger_database.sessions(role) for role in ("croupier_chain", "croupier_money"))
    player, (deposit,) = await _seen(chain, money, "a")
    await _final(chain)
    for moment in (NOW, later(9)):
        async with money.begin() as session:
            await mark_credited(session, deposit, 1, moment)
    async with money.begin() as session:
        facts = await recall_deposit(session, deposit_input("a"))
        (line,) = await list_deposits(session, player, None, 10)
    assert (facts.state, facts.credits, facts.returns) == (DepositState.CREDITED, 1, 0)
    assert (line.posted_at, line.confirmations, line.facts) == (NOW, 1, facts)


async def test_credits_and_returns_alternate(ledger_database: LedgerDatabase) -> None:
    """A second credit counts only after the first one was returned."""
    chain, money = (ledger_database.sessions(role) for role in ("croupier_chain", "croupier_money"))
    _, (deposit,) = await _seen(chain, money, "a")
    counted: list[tuple[int, int]] = []
    acts = [
        (mark_credited, 1),
        (mark_credited, 2),
        (mark_returned, 1),
        (mark_returned, 1),
        (mark_credited, 2),
    ]
    for act, number in acts:
        async with money.begin() as session:
            if act is mark_credited:
                await mark_credited(session, deposit, number, NOW, is_early=True, is_locked=True)
            else:
                await mark_returned(session, deposit, number, NOW)
            facts = await recall_deposit(session, deposit_input("a"))
        counted.append((facts.credits, facts.returns))
    assert counted == [(1, 0), (1, 0), (1, 1), (1, 1), (2, 1)]


async def test_an_orphaned_deposit_has_no_confirmations(ledger_database: LedgerDatabase) -> None:
    """What left the chain is shown as such, credits that it had got included."""
    chain, money = (ledger_database.sessions(role) for role in ("croupier_chain", "croupier_money"))
    player, (deposit,) = await _seen(chain, money, "a")
    async with money.begin() as session:
        await mark_credited(session, deposit, 1, NOW)
    async with chain.begin() as session:
        assert await unapply_block(session, NETWORK, block(header(None)).header)
    async with money.begin() as session:
        (line,) = await list_deposits(session, player, None, 10)
    assert (line.facts.state, line.facts.credits, line.confirmations) == (DepositState.ORPHANED, 1, 0)


async def test_deposits_are_listed_page_by_page(ledger_database: LedgerDatabase) -> None:
    """Each of the player's deposits is on exactly one page; the door may read them."""
    chain, money = (ledger_database.sessions(role) for role in ("croupier_chain", "croupier_money"))
    player, deposits = await _seen(chain, money, *"abcde")
    seen: list[UUID] = []
    before = None
    async with ledger_database.sessions("croupier_api").begin() as session:
        while page := await list_deposits(session, player, before, 2):
            seen += [line.facts.deposit_id for line in page]
            before = (page[-1].seen_at, page[-1].facts.deposit_id)
    assert (set(seen), len(seen)) == (set(deposits), 5)


UNFINISHED = {
    # name: (units, failed when executed again, in a final block, orphaned, credited, unfinished)
    "waits for final": (900, False, False, False, False, True),
    "may come back": (900, False, False, True, False, True),
    "worth nothing so far": (900, True, False, False, False, True),
    "to be credited": (900, False, True, False, False, True),
    "dust to be booked": (9, False, True, False, False, True),
    "credited": (900, False, True, False, True, False),
    "worth nothing for ever": (900, True, True, False, False, False),
}


@pytest.mark.parametrize("case", UNFINISHED)
async def test_a_deposit_is_unfinished_exactly_while_it_has_a_next_step(
    ledger_database: LedgerDatabase, case: str
) -> None:
    """The question to the database and the rule of the domain agree; the answer is the workflow's input."""
    units, fails_again, is_final, is_orphaned, is_credited, expected = UNFINISHED[case]
    chain, money = (ledger_database.sessions(role) for role in ("croupier_chain", "croupier_money"))
    start = await started_chain(chain)
    target = await new_address(money, await new_player(money))
    left = block(start, [effect(target, units, name=case)], name="left")
    again = block(start, [effect(target, units, name=case, succeeded=not fails_again)])
    async with chain.begin() as session:
        assert await apply_block(session, NETWORK, left, RULES, start.ref, NOW)
        assert await unapply_block(session, NETWORK, left.header)
        assert is_orphaned or await apply_block(session, NETWORK, again, RULES, start.ref, NOW)
    if is_final:
        await _final(chain)
    async with money.begin() as session:
        if is_credited:
            await mark_credited(session, deposit_input(case).deposit_id, 1, NOW)
        facts = await recall_deposit(session, deposit_input(case))
        rows = await unfinished_deposits(session, later(1), None, 10)
        assert await unfinished_deposits(session, NOW, None, 10) == []
    assert [deposit for _, deposit in rows] == ([deposit_input(case)] if expected else [])
    assert (next_step(facts) is not DepositStep.DONE) is expected


async def test_a_locked_credit_is_unfinished_until_it_is_unlocked(ledger_database: LedgerDatabase) -> None:
    """What was credited early still wants its unlock, wherever its workflow got lost."""
    chain, money = (ledger_database.sessions(role) for role in ("croupier_chain", "croupier_money"))
    _, (deposit,) = await _seen(chain, money, "a")
    async with money.begin() as session:
        await mark_credited(session, deposit, 1, NOW, is_early=True, is_locked=True)
    await _final(chain)
    async with money.begin() as session:
        facts = await recall_deposit(session, deposit_input("a"))
        assert (next_step(facts), facts.state) == (DepositStep.UNLOCK, DepositState.CREDITED)
        assert len(await unfinished_deposits(session, later(1), None, 10)) == 1
        await mark_unlocked(session, deposit, 1, NOW)
        assert next_step(await recall_deposit(session, deposit_input("a"))) is DepositStep.DONE
        assert await unfinished_deposits(session, later(1), None, 10) == []


async def test_who_waited_for_a_deposit_sees_the_credit_of_who_was_faster(
    ledger_database: LedgerDatabase,
) -> None:
    """Row and credit are read together: a credit that is half seen would be taken for an uprooted one."""
    chain, money = (ledger_database.sessions(role) for role in ("croupier_chain", "croupier_money"))
    _, (deposit,) = await _seen(chain, money, "a")

    async def look() -> DepositFacts:
        async with money.begin() as session:
            return await lock_deposit(session, deposit_input("a"))

    async with money.begin() as session:
        await lock_deposit(session, deposit_input("a"))
        waiting = asyncio.create_task(look())
        with ledger_database.raw() as connection:
            while not connection.execute(_WAITERS).fetchall():  # noqa: ASYNC110 - what is waited for stands in rows
                await asyncio.sleep(0.02)
        await mark_credited(session, deposit, 1, NOW, is_early=True, is_locked=True)
    facts = await waiting
    assert (facts.state, facts.credits, facts.is_uprooted) == (DepositState.PROVISIONAL, 1, False)


_WAITERS = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


async def test_pages_of_unfinished_deposits_hold_each_once(ledger_database: LedgerDatabase) -> None:
    """A page begins behind the last mark of the page before, also among rows of one moment."""
    chain, money = (ledger_database.sessions(role) for role in ("croupier_chain", "croupier_money"))
    _, deposits = await _seen(chain, money, *"abcde")
    seen: list[UUID] = []
    last = None
    async with money.begin() as session:
        while page := await unfinished_deposits(session, later(1), last, 2):
            seen += [deposit.deposit_id for _, deposit in page]
            last = page[-1][0]
    assert sorted(seen) == sorted(deposits)


async def test_an_unknown_deposit_is_not_found(ledger_database: LedgerDatabase) -> None:
    """Nothing is made up for a key nobody saw."""
    async with ledger_database.sessions().begin() as session:
        with pytest.raises(NotFound):
            await recall_deposit(session, deposit_input("nobody"))
