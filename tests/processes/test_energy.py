"""Energy is lent and comes back: whatever dies in between, whoever forgets it, whatever was lent besides."""

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import pytest
import pytest_asyncio

from chains.codecs.tron_contracts import DelegateResource, Resource
from devstack.postgres import Postgres
from domain.delegations import (
    DelegationFacts,
)
from tests.support.world_buttons import cancel, terminate
from tests.support.world_checks import broken_rules, unreplayable
from tests.support.world_lending import (
    STANDING_SUN,
    LendingHouse,
    by_people,
    held,
    lending_house,
    returned,
    workflow_of,
)
from tests.support.world_repairs import restarted
from tests.support.world_tron import SUN
from workflows.names import SignalName

STEPS = (
    "grant_delegation",
    "sign",
    "broadcast",
    "open_delegation",
    "take_back_delegation",
    "close_delegation",
)


@pytest_asyncio.fixture(scope="module")
async def lending_world(postgres: Postgres, run_directory: Path) -> AsyncIterator[LendingHouse]:
    """A house with a hot wallet and one that lends it energy."""
    async with lending_house(postgres, run_directory) as made:
        yield made
        assert await unreplayable(made) == {}


@pytest_asyncio.fixture
async def world(lending_world: LendingHouse) -> AsyncIterator[LendingHouse]:
    """The same: after each test nothing is lent, and all rows agree."""
    yield lending_world
    lending_world.is_still = False
    assert await broken_rules(lending_world) == {}
    assert await lending_world.lent() == {}


async def test_a_hot_wallet_is_lent_its_stake_and_gives_it_back(world: LendingHouse) -> None:
    """Planned once, seen on the network; another size goes back before it is lent anew; none is none."""
    first = await lent(world)
    assert (await world.round()).planned == ()
    assert await world.lent() == {world.hot: STANDING_SUN}
    changed = await world.round(standing_sun=STANDING_SUN // 2)
    assert (changed.planned, changed.asked_back) == ((), (first,))
    await returned(world, first)
    second = await lent(world, STANDING_SUN // 2)
    assert await world.lent() == {world.hot: STANDING_SUN // 2}
    await back(world, second)


async def test_every_answer_is_lost_once(world: LendingHouse) -> None:
    """Each step took effect and its worker died: one transaction there, one back, in spite of a cancel."""
    coming = world.next_delegation(world.hot)
    for step in STEPS:
        world.mischief.lose_answer(workflow_of(coming), step)
    one = await lent(world)
    await cancel(world.money, workflow_of(one))
    facts = await back(world, one)
    assert facts.delegation_id == coming
    assert [len(send.attempts) for send in (facts.send, facts.return_send) if send] == [1, 1]


@pytest.mark.parametrize("step", ["grant_delegation", "open_delegation"])
async def test_one_that_is_terminated_while_it_is_lent_comes_back(world: LendingHouse, step: str) -> None:
    """The run is ended from outside before it takes this step: the next one goes on from the rows."""
    coming = world.next_delegation(world.hot)
    hold = world.mischief.hold(workflow_of(coming), step)
    assert (await world.round()).planned == (coming,)
    await world.reached(hold)
    await terminate(world.money, workflow_of(coming))
    await restarted(world.money, workflow_of(coming))
    hold.let_go()
    await held(world, coming)
    await back(world, coming)


@pytest.mark.parametrize("step", ["close_delegation"])
async def test_one_that_is_terminated_on_its_way_back_arrives(world: LendingHouse, step: str) -> None:
    """So does one whose run is ended while it is taken back."""
    one = await lent(world)
    hold = world.mischief.hold(workflow_of(one), step)
    await world.round(standing_sun=0)
    await world.reached(hold)
    await terminate(world.money, workflow_of(one))
    await restarted(world.money, workflow_of(one))
    hold.let_go()
    await returned(world, one)


async def test_one_that_nobody_needs_any_more_is_buried(world: LendingHouse) -> None:
    """Asked back before the signer was asked: nothing is ever lent, and the evidence says so."""
    coming = world.next_delegation(world.hot)
    hold = world.mischief.hold(workflow_of(coming), "sign")
    await world.round()
    await world.reached(hold)
    with world.database.raw() as connection:
        connection.execute("UPDATE chain.delegations SET wanted_back_at = now() WHERE state <> 'returned'")
    hold.let_go()
    handle = world.money.get_workflow_handle(workflow_of(coming))
    await handle.signal(SignalName.RETRY_NOW, "anna")
    assert not (await returned(world, coming)).was_open


async def test_what_no_row_lent_is_taken_back(world: LendingHouse) -> None:
    """The network shows stake at an account that no row lent it: it goes back, and the wallet stays open."""
    by_people(world, DelegateResource(world.giver, world.keys.gas, 5 * SUN, Resource.ENERGY))
    assert await world.lent() == {world.keys.gas: 5 * SUN}
    (leftover,) = (await world.round(standing_sun=0)).planned
    facts = await returned(world, leftover)
    assert (facts.receiver, facts.sun, facts.send) == (world.keys.gas, 5 * SUN, None)
    assert (await world.round(standing_sun=0)).planned == ()


async def lent(world: LendingHouse, sun: int = STANDING_SUN) -> UUID:
    """A round that plans the hot wallet's standing stake, until it is held."""
    (planned,) = (await world.round(sun)).planned
    await held(world, planned)
    return planned


async def back(world: LendingHouse, delegation_id: UUID) -> DelegationFacts:
    """Ask everything back and wait until it is."""
    assert (await world.round(standing_sun=0)).asked_back == (delegation_id,)
    return await returned(world, delegation_id)
