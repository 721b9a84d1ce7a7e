"""A search starts what nobody works on, names what people must look at, and leaves all else alone."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import pytest
from temporalio.testing import ActivityEnvironment

from activities import repairing
from activities.repairing import RepairingActivities, Run
from bootstrap.starting import TemporalStarter
from domain.assets import Catalogue
from domain.errors import InvariantBroken
from domain.repairs import GRACE_SECONDS, Owed, Restartable, StuckPage
from domain.withdrawals import ReviewVerb, WithdrawalInput, WithdrawalState
from tests.support.ledger_database import NETWORK
from tests.support.world import World
from tests.support.world_buttons import terminate
from tests.support.world_checks import is_running
from tests.support.world_house import ETHER, FAMILY
from tests.support.world_people import People
from tests.support.world_repairs import restarted, run_id, search
from tests.support.world_waits import stands, workflow_of
from workflows.names import address_pool_workflow_id, feed_workflow_id

WITHDRAWALS = StuckPage(kind=Owed.WITHDRAWAL, grace_seconds=0)


async def test_an_open_run_is_left_alone(world: World, people: People) -> None:
    """Who works on something is not disturbed, and a search finds nothing to say."""
    wish = people.wish(await people.rich_player(), 11 * ETHER)
    await people.withdraw(wish)
    await stands(world, wish, "REVIEW")
    kept = [workflow_of(wish), feed_workflow_id(NETWORK), address_pool_workflow_id(FAMILY)]
    runs = [await run_id(world.money, workflow_id) for workflow_id in kept]
    report = await search(world.money)
    assert report.looked_at >= len(kept)
    assert report.findings == ()
    assert [await run_id(world.money, workflow_id) for workflow_id in kept] == runs
    await people.review(wish, ReviewVerb.REJECT)
    await people.ended(wish, WithdrawalState.REJECTED)


async def test_a_young_row_is_not_looked_at(world: World, people: People) -> None:
    """What has just been written may still be on its way to its first run."""
    wish = people.wish(await people.rich_player(), 11 * ETHER)
    await people.withdraw(wish)
    await stands(world, wish, "REVIEW")
    await terminate(world.money, workflow_of(wish))
    await search(world.money, grace_seconds=GRACE_SECONDS)
    assert not await is_running(world.money, workflow_of(wish))
    await restarted(world.money, workflow_of(wish))
    await people.review(wish, ReviewVerb.REJECT)
    await people.ended(wish, WithdrawalState.REJECTED)


async def test_a_completed_run_with_an_unfinished_row_is_for_people(world: World, people: People) -> None:
    """It said that all was done: it is reported by name and never started again."""
    wish = people.wish(await people.rich_player(), 11 * ETHER)
    await people.withdraw(wish)
    await people.cancel(wish)
    await people.ended(wish, WithdrawalState.CANCELLED)
    before = await run_id(world.money, workflow_of(wish))
    _set_row(world, wish, "state = 'review', closed_at = NULL")
    report = await search(world.money)
    _set_row(world, wish, "state = 'cancelled', closed_at = updated_at")
    assert report.findings == (
        f"Two records disagree: {workflow_of(wish)} completed and its row is unfinished.",
    )
    assert await run_id(world.money, workflow_of(wish)) == before
    assert (await search(world.money)).findings == ()


async def test_every_page_is_looked_at(world: World, people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    """More unfinished rows than a page holds are found all the same."""
    monkeypatch.setattr(repairing, "ROWS_IN_A_PAGE", 1)
    wishes = [people.wish(await people.rich_player(), 11 * ETHER) for _ in range(3)]
    for wish in wishes:
        await people.withdraw(wish)
        await stands(world, wish, "REVIEW")
        await terminate(world.money, workflow_of(wish))
    report = await search(world.money)
    assert report.restarted >= len(wishes)
    for wish in wishes:
        assert await is_running(world.money, workflow_of(wish))
        await people.review(wish, ReviewVerb.REJECT)
        await people.ended(wish, WithdrawalState.REJECTED)


async def test_one_kind_that_cannot_be_searched_hides_no_other(world: World, people: People) -> None:
    """A search that fails is a finding, and what comes after it is still found."""
    wish = people.wish(await people.rich_player(), 11 * ETHER)
    await people.withdraw(wish)
    await stands(world, wish, "REVIEW")
    await terminate(world.money, workflow_of(wish))
    world.mischief.fail("stuckfinder-failing", "restart_stuck", InvariantBroken("a test says so"))
    report = await search(world.money, workflow_id="stuckfinder-failing")
    assert report.findings == ("endless: not searched to the end, INVARIANT_BROKEN",)
    assert await is_running(world.money, workflow_of(wish))
    await people.review(wish, ReviewVerb.REJECT)
    await people.ended(wish, WithdrawalState.REJECTED)


async def test_what_ends_during_a_search_is_no_finding(world: World, people: People) -> None:
    """The rows are read again before anybody is told that they disagree with a completed run."""
    wish = people.wish(await people.rich_player(), 11 * ETHER)
    await people.withdraw(wish)
    await stands(world, wish, "REVIEW")
    built = world.assembly("croupier_ops")

    async def end() -> None:
        await people.cancel(wish)
        await people.ended(wish, WithdrawalState.CANCELLED)

    late = RepairingActivities(built.resources.sessions, _Late(built.starter, end), ())
    repairs = await ActivityEnvironment().run(late.restart_stuck, WITHDRAWALS)
    assert repairs.looked_at >= 1
    assert (repairs.restarted, repairs.findings) == ((), ())


async def test_a_row_that_cannot_be_started_is_for_people(world: World, people: People) -> None:
    """An asset that is not listed any more: the row is named, without its payee."""
    wish = people.wish(await people.rich_player(), 11 * ETHER)
    await people.withdraw(wish)
    unlisting = TemporalStarter(world.bets, world.money, Catalogue([]))
    blind = RepairingActivities(world.assembly("croupier_ops").resources.sessions, unlisting, ())
    repairs = await ActivityEnvironment().run(blind.restart_stuck, WITHDRAWALS)
    (finding,) = [found for found in repairs.findings if str(wish.withdrawal_id) in found]
    assert finding.startswith(f"WithdrawalInput {wish.withdrawal_id} cannot be started again: ")
    assert wish.payee.hex() not in finding
    await people.cancel(wish)
    await people.ended(wish, WithdrawalState.CANCELLED)


@dataclass(frozen=True, slots=True)
class _Late:
    """The real starter, asked only after something has come to its end."""

    starter: TemporalStarter
    end: Callable[[], Awaitable[None]]

    async def run_of(self, owed: Restartable) -> Run:
        await self.end()
        return await self.starter.run_of(owed)

    async def start_again(self, owed: Restartable) -> bool:
        return await self.starter.start_again(owed)


def _set_row(world: World, wish: WithdrawalInput, terms: str) -> None:
    with world.database.raw() as connection:
        statement = f"UPDATE ledger.withdrawals SET {terms} WHERE withdrawal_id = %s"
        connection.execute(statement.encode(), [wish.withdrawal_id])
