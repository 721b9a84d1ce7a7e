"""What runs by itself: set up twice it is there once, on today's terms."""

from collections.abc import AsyncIterator
from datetime import timedelta
from functools import partial

import pytest_asyncio
from temporalio.client import (
    Client,
    ScheduleActionExecutionStartWorkflow,
    ScheduleHandle,
    ScheduleOverlapPolicy,
)

from domain.repairs import StuckReport
from tests.support.ledger_database import COIN, NETWORK, TOKEN
from tests.support.world import World
from tests.support.world_house import FAMILY
from tests.support.world_repairs import run_id
from workers.schedules import keep_schedules, start_endless
from workflows.names import (
    BETS_NAMESPACE,
    address_pool_workflow_id,
    feed_workflow_id,
    hot_wallet_workflow_id,
    planner_id,
    stuck_finder_id,
)

SELDOM = timedelta(hours=6)
OFTEN = timedelta(seconds=1)


@pytest_asyncio.fixture
async def schedule(world: World) -> AsyncIterator[ScheduleHandle]:
    """The schedule of the money namespace; gone after the test, so that no other test meets its searches."""
    await keep_schedules(world.assembly("croupier_ops"), every=SELDOM)
    yield world.money.get_schedule_handle(stuck_finder_id())
    for client in (world.bets, world.money):
        await client.get_schedule_handle(stuck_finder_id()).delete()
    await world.money.get_schedule_handle(planner_id()).delete()


async def test_a_schedule_set_up_twice_is_one_with_the_last_terms(
    world: World, schedule: ScheduleHandle
) -> None:
    """A deploy repeats it: each namespace keeps one schedule, and a changed interval takes effect."""
    assert await _every(schedule) == SELDOM
    await keep_schedules(world.assembly("croupier_ops"), every=SELDOM / 2)
    assert await _every(schedule) == SELDOM / 2
    policy = (await schedule.describe()).schedule.policy
    assert policy.overlap is ScheduleOverlapPolicy.SKIP
    assert policy.catchup_window == timedelta(hours=1)
    for client in (world.bets, world.money):
        await world.until(partial(_has_each_once, client), "each schedule once in the list")


async def test_a_schedule_that_people_paused_stays_paused(world: World, schedule: ScheduleHandle) -> None:
    """A deploy does not undo what an operator did."""
    await schedule.pause(note="looking into something")
    await keep_schedules(world.assembly("croupier_ops"), every=SELDOM)
    state = (await schedule.describe()).schedule.state
    assert (state.paused, state.note) == (True, "looking into something")


async def test_a_schedule_searches_by_itself(world: World, schedule: ScheduleHandle) -> None:
    """Nobody triggers it: what it starts is served, goes through every kind, and leaves its report."""
    await keep_schedules(world.assembly("croupier_ops"), every=OFTEN)
    found: list[str] = []

    async def has_searched() -> bool:
        results = (await schedule.describe()).info.recent_actions
        actions = [result.action for result in results]
        found.extend(a.workflow_id for a in actions if isinstance(a, ScheduleActionExecutionStartWorkflow))
        return bool(found)

    await world.until(has_searched, "a search of the schedule")
    assert found[0].startswith(stuck_finder_id())
    handle = world.money.get_workflow_handle(found[0], result_type=StuckReport)
    report = await handle.result()
    assert report.looked_at >= 2
    assert report.findings == ()


async def test_endless_workflows_that_run_are_left_alone(world: World) -> None:
    """Starting them again after a deploy changes nothing and names them all."""
    ids = [
        feed_workflow_id(NETWORK),
        address_pool_workflow_id(FAMILY),
        hot_wallet_workflow_id(NETWORK, COIN.symbol),
        hot_wallet_workflow_id(NETWORK, TOKEN.symbol),
    ]
    runs = [await run_id(world.money, workflow_id) for workflow_id in ids]
    assert await start_endless(world.assembly("croupier_ops")) == ids
    assert [await run_id(world.money, workflow_id) for workflow_id in ids] == runs


async def _every(schedule: ScheduleHandle) -> timedelta:
    (interval,) = (await schedule.describe()).schedule.spec.intervals
    return interval.every


async def _has_each_once(client: Client) -> bool:
    kept = [stuck_finder_id()] if client.namespace == BETS_NAMESPACE else [planner_id(), stuck_finder_id()]
    return sorted([listed.id async for listed in await client.list_schedules()]) == kept
