"""Deposits that may be played with before they are final, and networks that take back, stall or break."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from devstack.postgres import Postgres
from domain.accounts import Purpose
from domain.deposit_words import player_sentence
from domain.deposits import DepositState
from domain.rules import CreditTier
from domain.withdrawals import WithdrawalFacts, WithdrawalState
from ledger.observed import read_cursor
from tests.processes.test_deposits import ended, execute_otherwise
from tests.support.ledger_database import NETWORK
from tests.support.world import Terms, World, running_world
from tests.support.world_buttons import sentence
from tests.support.world_checks import broken_rules, differences, is_running, unreplayable
from tests.support.world_house import ETHER
from tests.support.world_people import PaidIn, People
from tests.support.world_turns import outgrow
from workflows.names import SignalName, withdrawal_workflow_id

STAKE = ETHER // 10
DEPTH = 6
EARLY = Terms(
    early=(CreditTier(up_to=ETHER, confirmations=3),), finality_depth=DEPTH, final_seconds_max=3 * DEPTH
)


@pytest_asyncio.fixture(scope="module")
async def borrowers(postgres: Postgres, run_directory: Path) -> AsyncIterator[People]:
    """The players of a world that lends, for the tests that leave its chain whole."""
    async with running_world(postgres, run_directory, EARLY) as world:
        yield People(world, stock=1)
        assert await unreplayable(world) == {}


@pytest_asyncio.fixture
async def lent(borrowers: People) -> AsyncIterator[People]:
    """The same, their world judged after the test."""
    yield borrowers
    world = _memory(borrowers)
    world.is_still = False
    assert await broken_rules(world) == {}
    assert await differences(world) == []


def _memory(people: People) -> World:
    assert isinstance(people.world, World)
    return people.world


async def _lent(world: World, people: People) -> tuple[int, PaidIn]:
    """A player who has been credited a coin three blocks deep."""
    player = await people.register()
    world.is_still = True
    paid = people.pay_in(await people.address(player), ETHER)
    world.chain.mine(2)
    seen = await people.deposit_until(paid, lambda facts: facts.state is DepositState.CONFIRMING)
    assert (seen.credits, await people.units(player)) == (0, 0)
    world.chain.mine()
    await people.credited(paid)
    return player, paid


async def _refused(people: People, player: int, key: str) -> WithdrawalFacts:
    wish = people.wish(player, ETHER // 2, key=key)
    facts = await people.withdraw(wish)
    assert isinstance(facts, WithdrawalFacts)
    return facts


async def _mode(world: World) -> str:
    async with world.rows.begin() as session:
        return (await read_cursor(session, NETWORK)).mode


async def test_an_early_deposit_is_played_with_and_withdrawn_once_final(lent: People) -> None:
    """Before its final block bets are taken and withdrawals refused; afterwards it is money like any."""
    own_world, people = _memory(lent), lent
    player, paid = await _lent(own_world, people)
    facts = await people.deposit(paid)
    assert (facts.state, facts.is_locked, await people.units(player)) == (
        DepositState.PROVISIONAL,
        True,
        ETHER,
    )
    assert "locked until" in await sentence(own_world.money, paid.workflow_id)
    played = await people.play(people.bet(player, stake=STAKE))
    assert played.code is None
    refused = await _refused(people, player, "too early")
    assert (refused.state, refused.code) == (WithdrawalState.DECLINED, "FUNDS_LOCKED")
    own_world.is_still = False
    await people.deposit_until(paid, lambda found: not found.is_locked)
    await ended(own_world, paid)
    wish = people.wish(player, ETHER // 2, key="final")
    await people.withdraw(wish)
    await people.ended(wish, WithdrawalState.SETTLED)
    assert people.payments(wish) == 1


@pytest.mark.parametrize("own_world", [EARLY], indirect=True)
async def test_a_deposit_that_is_taken_back_is_owed_and_credited_again(own_world: World) -> None:
    """N22: reversed with its block, credited anew with what moved then, kept when finality breaks."""
    people = People(own_world)
    player, paid = await _lent(own_world, people)
    played = await people.play(people.bet(player, stake=STAKE))
    assert played.code is None
    won = await people.units(player) - ETHER
    own_world.chain.reorg(3, reinject=True)
    gone = await people.deposit_until(paid, lambda facts: facts.returns == 1)
    owed = await people.units(player, Purpose.RECEIVABLE)
    assert gone.state is DepositState.ORPHANED
    assert await people.units(player) - owed == won
    assert "took its block back" in player_sentence(gone, 0)
    refused = await _refused(people, player, "owes")
    assert refused.code == ("DEBT_OPEN" if owed else "INSUFFICIENT_FUNDS")
    own_world.chain.mine()
    execute_otherwise(own_world.chain, paid, ETHER // 2)
    own_world.chain.mine(4)
    again = await people.deposit_until(paid, lambda facts: facts.state is DepositState.CONFIRMING)
    assert (again.amount, again.credits, again.returns) == (ETHER // 2, 1, 1)
    own_world.chain.mine(2)
    final = await people.deposit_until(paid, lambda facts: facts.credits == 2)
    await ended(own_world, paid)
    assert (final.state, final.is_locked) == (DepositState.CREDITED, False)
    assert (await people.units(player), await people.units(player, Purpose.RECEIVABLE)) == (
        ETHER // 2 + won,
        0,
    )
    await _break_finality(own_world, people, player, paid)


async def _break_finality(world: World, people: People, player: int, paid: PaidIn) -> None:
    """The network takes back what was final: credits stay, and nothing is paid out there."""
    before = await people.units(player)
    world.chain.reorg(9, reinject=True)
    world.chain.mine()
    execute_otherwise(world.chain, paid, ETHER // 2)

    async def is_frozen() -> bool:
        return await _mode(world) == "frozen"

    await world.until(is_frozen, "a frozen network")
    assert (await people.deposit(paid)).state is DepositState.CREDITED
    assert await people.units(player) == before
    wish = people.wish(player, ETHER // 4, key="on a frozen network")
    await people.withdraw(wish)
    held = await people.withdrawal_until(wish, lambda facts: facts.send is not None, "a request for coins")
    assert held.send is not None
    assert (held.state, held.send.wallet) == (WithdrawalState.APPROVED, None)
    await people.cancel(wish)
    await people.ended(wish, WithdrawalState.CANCELLED)
    assert (people.payments(wish), await people.units(player)) == (0, before)


async def test_a_stalled_network_is_sent_nothing_new_until_it_advances(lent: People) -> None:
    """Reading and final credits go on, what is new waits unsigned, and it ends by itself."""
    own_world, people = _memory(lent), lent
    player = await people.rich_player()
    own_world.is_still = True
    own_world.chain.fall_behind(4 * DEPTH)

    async def is_stalled() -> bool:
        return await _mode(own_world) == "stalled"

    await own_world.until(is_stalled, "a stalled network")
    wish = people.wish(player)
    await people.withdraw(wish)
    step = (withdrawal_workflow_id(wish.withdrawal_id), "simulate_send")

    async def has_tried() -> bool:
        return own_world.mischief.calls[step] > 0

    await own_world.until(has_tried, "a rehearsal")
    facts = await people.withdrawal(wish)
    assert facts is not None
    assert facts.state is WithdrawalState.APPROVED
    assert people.payments(wish) == 0
    own_world.chain.finality_depth = DEPTH
    own_world.is_still = False
    await people.ended(wish, WithdrawalState.SETTLED)
    assert (people.payments(wish), await _mode(own_world)) == (1, "open")


async def test_a_deposit_that_waits_for_long_goes_on_in_a_new_run(lent: People) -> None:
    """A history that has grown is ended; the next run reads the rows, and the credit comes once."""
    world, people = _memory(lent), lent
    player = await people.register()
    world.is_still = True
    paid = people.pay_in(await people.address(player), ETHER)
    world.chain.mine()
    await people.deposit_until(paid, lambda facts: facts.state is DepositState.SEEN)
    handle = world.money.get_workflow_handle(paid.workflow_id)

    async def is_known() -> bool:
        return await is_running(world.money, paid.workflow_id) and "Credited when final" in await sentence(
            world.money, paid.workflow_id
        )

    await world.until(is_known, "the deposit's workflow")
    await outgrow(world, handle, SignalName.OBSERVED, state="seen")
    world.is_still = False
    facts = await people.deposit_until(paid, lambda facts: facts.state is DepositState.CREDITED)
    await ended(world, paid)
    assert (facts.credits, await people.units(player)) == (1, ETHER)
