"""Following a network: every block once, whoever reads it; only what is not final may change."""

import pytest
from temporalio.common import SearchAttributePair, TypedSearchAttributes

from domain.deposits import DepositState
from domain.sends import FeedInput
from ledger.finality import freeze
from ledger.observed import read_cursor
from tests.support.ledger_database import NETWORK
from tests.support.world import World
from tests.support.world_buttons import attribute, sentence, terminate
from tests.support.world_people import People
from workflows.chain_feed import ChainFeedWorkflow
from workflows.names import CHAIN, MONEY_QUEUE, NEEDS_HUMAN, REASON, STATE, SignalName, feed_workflow_id

UNITS = 10**9
FEED = feed_workflow_id(NETWORK)


async def caught_up(world: World) -> None:
    """Wait until the cursor stands on the newest block."""

    async def stands_there() -> bool:
        async with world.rows.begin() as session:
            cursor = await read_cursor(session, NETWORK)
        return cursor.hash == world.chain.latest.header.ref.hash

    await world.until(stands_there, "the cursor at the newest block")


def count(world: World, table: str, condition: str = "true") -> int:
    """Count rows of a table of the chain's schema."""
    with world.database.raw() as connection:
        row = connection.execute(f"SELECT count(*) FROM chain.{table} WHERE {condition}".encode()).fetchone()
    assert row is not None
    return int(str(row[0]))


async def test_two_followers_at_once_apply_every_block_once(own_world: World) -> None:
    """A follower that outlived its run reads the same blocks and changes nothing twice."""
    people = People(own_world)
    player = await people.register()
    address = await people.address(player)
    await own_world.money.start_workflow(
        ChainFeedWorkflow.run,
        FeedInput(network=NETWORK),
        id=f"{FEED}/second",
        task_queue=MONEY_QUEUE,
        search_attributes=TypedSearchAttributes([SearchAttributePair(CHAIN, NETWORK)]),
    )
    paid = []
    for _ in range(8):
        paid.append(people.pay_in(address, UNITS))
        own_world.chain.mine(3)
        await caught_up(own_world)
    for one in paid:
        await people.credited(one)
    await terminate(own_world.money, f"{FEED}/second")
    own_world.is_still = True
    await caught_up(own_world)
    assert await people.units(player) == 8 * UNITS
    first = count(own_world, "headers", "true")
    assert count(own_world, "headers", "canonical") == first
    assert count(own_world, "deposits") == 8
    assert count(own_world, "events", "kind = 'deposit' AND state = 'seen'") == 8


async def test_a_reorganisation_above_final_is_walked_back_and_forward(own_world: World) -> None:
    """The branch that was left stays on record, the new one is applied, and no money was moved."""
    people = People(own_world)
    own_world.is_still = True
    player = await people.register()
    paid = people.pay_in(await people.address(player), UNITS)
    own_world.chain.mine(3)
    await people.deposit_until(paid, lambda facts: facts.state is DepositState.CONFIRMING)
    own_world.chain.reorg(3)
    own_world.chain.mine(1)
    await caught_up(own_world)
    assert count(own_world, "headers", "NOT canonical") == 3
    assert (await people.deposit(paid)).state is DepositState.ORPHANED
    own_world.chain.mine(6)
    await caught_up(own_world)
    assert await people.units(player) == 0


async def test_a_broken_finality_freezes_the_network_and_credits_nothing(own_world: World) -> None:
    """A network that takes back a final block is frozen, says so, and nothing of it is believed."""
    people = People(own_world)
    own_world.is_still = True
    player = await people.register()
    address = await people.address(player)
    own_world.chain.mine(6)
    await caught_up(own_world)
    own_world.chain.reorg(6)
    paid = people.pay_in(address, UNITS)
    own_world.chain.mine(6)

    async def is_frozen() -> bool:
        async with own_world.rows.begin() as session:
            return (await read_cursor(session, NETWORK)).mode == "frozen"

    await own_world.until(is_frozen, "a frozen network")

    async def says_so() -> bool:
        return await attribute(own_world.money, FEED, REASON) == "CHAIN_FROZEN"

    await own_world.until(says_so, "the reason CHAIN_FROZEN")
    assert "frozen after it took back a final block" in await sentence(own_world.money, FEED)
    own_world.chain.mine(6)
    assert count(own_world, "deposits", f"txid = decode('{paid.txid.hex()}', 'hex')") == 0
    assert await people.units(player) == 0
    own_world.chain.reorg(12)  # the branch nobody believes goes, so that what is left equals the books


@pytest.mark.parametrize("kind", ["failed_calls", "withheld_receipts"])
async def test_a_node_that_fails_delays_and_loses_nothing(world: World, people: People, kind: str) -> None:
    """Calls without answer and blocks without receipts are asked for again; the cursor never passes them."""
    player = await people.register()
    paid = people.pay_in(await people.address(player), UNITS)
    setattr(world.faults, kind, 4)
    await people.credited(paid)
    assert getattr(world.faults, kind) == 0
    assert await people.units(player) == UNITS


async def test_a_replaced_follower_goes_on_at_the_cursor(world: World, people: People) -> None:
    """While nobody follows, nothing is seen; whoever comes next reads every block in between."""
    player = await people.register()
    address = await people.address(player)
    await world.stop("feed")
    paid = [people.pay_in(address, UNITS)]
    world.chain.mine(5)
    paid.append(people.pay_in(address, UNITS))
    world.chain.mine(5)
    await world.start("feed")
    for one in paid:
        await people.credited(one)
    assert await people.units(player) == 2 * UNITS


async def test_a_freeze_that_people_lifted_is_over_for_everybody(own_world: World) -> None:
    """While it stands a person is called; afterwards the feed says that it follows, and reads every block."""
    async with own_world.rows.begin() as session:
        await freeze(session, NETWORK, "a test")

    async def calls_somebody() -> bool:
        reason = await attribute(own_world.money, FEED, REASON)
        described = await own_world.money.get_workflow_handle(FEED).describe()
        return reason == "CHAIN_FROZEN" and described.typed_search_attributes.get(NEEDS_HUMAN) is True

    await own_world.until(calls_somebody, "a call for people")
    with own_world.database.raw() as connection:
        connection.execute("UPDATE chain.chains SET mode = 'open', why = NULL")
    await own_world.money.get_workflow_handle(FEED).signal(SignalName.RETRY_NOW, "anna")

    async def follows() -> bool:
        state = await attribute(own_world.money, FEED, STATE)
        return state == "following" and await attribute(own_world.money, FEED, REASON) is None

    await own_world.until(follows, "the state following")
    assert (await sentence(own_world.money, FEED)).startswith(f"Follows {NETWORK}")
    own_world.is_still = True
    await caught_up(own_world)
