"""What reaches an address of ours is booked once it is final, once, and to whom it belongs."""

import asyncio
from dataclasses import replace

import pytest
from temporalio.common import WorkflowIDReusePolicy

from chains.memory_blocks import MemoryChain
from domain.assets import Asset, AssetKind
from domain.deposits import DepositReason, DepositState
from domain.errors import NotFound
from tests.support.ledger_database import COIN, NETWORK, TOKEN
from tests.support.world import World
from tests.support.world_buttons import cancel, reset_to_start, sentence, terminate
from tests.support.world_checks import is_running
from tests.support.world_house import UNLISTED
from tests.support.world_people import PaidIn, People
from workflows.deposits import DepositWorkflow
from workflows.names import MONEY_QUEUE

UNITS = 10**9
HOLLOW = Asset(9, "FAKE", NETWORK, AssetKind.TOKEN, 6, UNLISTED)


async def ended(world: World, paid: PaidIn) -> None:
    """Wait until the deposit's workflow has ended."""
    await world.money.get_workflow_handle(paid.workflow_id).result()


@pytest.mark.parametrize("asset", [COIN, TOKEN], ids=["coin", "token"])
async def test_a_deposit_is_credited_once_final_and_not_before(
    world: World, people: People, asset: Asset
) -> None:
    """A block alone gives nothing; the block that makes it final gives exactly the amount."""
    player = await people.register()
    address = await people.address(player)
    world.is_still = True
    paid = people.pay_in(address, UNITS, asset)
    world.chain.mine(4)
    seen = await people.deposit_until(paid, lambda facts: facts.state is DepositState.CONFIRMING)
    assert (seen.credits, seen.is_final, await people.units(player, asset=asset)) == (0, False, 0)

    async def says_when() -> bool:
        return await is_running(world.money, paid.workflow_id) and "Credited when final" in await sentence(
            world.money, paid.workflow_id
        )

    await world.until(says_when, "the sentence that says when")
    world.chain.mine()
    facts = await people.credited(paid)
    await ended(world, paid)
    assert (facts.state, facts.player, facts.credits, facts.returns) == (DepositState.CREDITED, player, 1, 0)
    assert await people.units(player, asset=asset) == UNITS


async def test_every_payment_to_one_address_is_a_deposit_of_its_own(people: People) -> None:
    """Ten equal payments in one block are ten deposits."""
    player = await people.register()
    address = await people.address(player)
    for paid in [people.pay_in(address, UNITS) for _ in range(10)]:
        await people.credited(paid)
    assert await people.units(player) == 10 * UNITS


ODD: dict[str, tuple[Asset, int, DepositState, DepositReason]] = {
    "dust": (COIN, 999, DepositState.IGNORED, DepositReason.DUST),
    "system wallet": (COIN, UNITS, DepositState.REVIEW, DepositReason.TO_SYSTEM_WALLET),
    "unassigned": (TOKEN, UNITS, DepositState.REVIEW, DepositReason.ADDRESS_NOT_ASSIGNED),
}


@pytest.mark.parametrize("case", ODD)
async def test_an_odd_deposit_is_booked_and_credited_to_nobody(
    world: World, people: People, case: str
) -> None:
    """What arrived stands in the books as owed to nobody so far, and its row says why."""
    asset, units, state, reason = ODD[case]
    player = await people.register()
    address = await people.address(player)
    receiver = {
        "dust": address,
        "system wallet": world.keys.wallets[0],
        "unassigned": unassigned_address(world),
    }[case]
    paid = people.pay_in(receiver, units, asset)
    facts = await people.credited(paid)
    await ended(world, paid)
    assert (facts.state, facts.reason, facts.credits) == (state, reason, 1)
    assert await people.units(player, asset=asset) == 0


@pytest.mark.parametrize(
    ("asset", "units"),
    [(HOLLOW, UNITS), (COIN, 0), (TOKEN, 10**31)],
    ids=["unlisted token", "zero value", "reverted transfer"],
)
async def test_what_moved_nothing_of_ours_is_no_deposit(
    world: World, people: People, asset: Asset, units: int
) -> None:
    """An unlisted token, a payment of nothing and a reverted call leave their verdict and open no deposit."""
    player = await people.register()
    address = await people.address(player)
    paid = people.pay_in(address, units, asset)
    behind = people.pay_in(address, UNITS)
    await people.credited(behind)
    assert world.chain.find(paid.txid) is not None
    with pytest.raises(NotFound):
        await people.deposit(paid)
    assert await people.units(player) == UNITS


@pytest.mark.parametrize("units", [UNITS, UNITS // 2], ids=["unchanged", "with another amount"])
async def test_an_orphaned_deposit_waits_and_is_credited_when_it_comes_back(
    own_world: World, units: int
) -> None:
    """Its block left the chain: another block has to hold it, and what moved there is what counts."""
    people = People(own_world)
    player = await people.register()
    address = await people.address(player)
    own_world.is_still = True
    paid = people.pay_in(address, UNITS, TOKEN)
    own_world.chain.mine(2)
    await people.deposit_until(paid, lambda facts: facts.state is DepositState.CONFIRMING)
    own_world.chain.reorg(3, reinject=True)
    gone = await people.deposit_until(paid, lambda facts: facts.state is DepositState.ORPHANED)
    assert (gone.credits, await people.units(player, asset=TOKEN)) == (0, 0)

    async def says_so() -> bool:
        return "its block left the chain" in await sentence(own_world.money, paid.workflow_id)

    await own_world.until(says_so, "the sentence of an orphan")
    own_world.chain.mine()
    execute_otherwise(own_world.chain, paid, units)
    own_world.is_still = False
    facts = await people.credited(paid)
    await ended(own_world, paid)
    assert (facts.amount, facts.credits, facts.returns) == (units, 1, 0)
    assert await people.units(player, asset=TOKEN) == units


@pytest.mark.parametrize("step", ["recall_deposit", "post_deposit"])
async def test_a_lost_answer_credits_once(world: World, people: People, step: str) -> None:
    """A step that took effect and could not say so runs again and adds nothing."""
    player = await people.register()
    paid = people.pay_in(await people.address(player), UNITS)
    world.mischief.lose_answer(paid.workflow_id, step)
    await people.credited(paid)
    await ended(world, paid)
    assert world.mischief.lost[paid.workflow_id, step] == 1
    assert await people.units(player) == UNITS


async def test_a_terminated_deposit_started_again_credits_once(world: World, people: People) -> None:
    """The old posting still runs beside the new run; the ledger lets one of them in."""
    player = await people.register()
    paid = people.pay_in(await people.address(player), UNITS)
    hold = world.mischief.hold(paid.workflow_id, "post_deposit")
    await world.reached(hold)
    await terminate(world.money, paid.workflow_id)
    await world.money.start_workflow(
        DepositWorkflow.run,
        paid.deposit,
        id=paid.workflow_id,
        task_queue=MONEY_QUEUE,
        id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY,
    )
    hold.let_go()
    await ended(world, paid)
    facts = await people.deposit(paid)
    assert (facts.state, facts.credits) == (DepositState.CREDITED, 1)
    assert await people.units(player) == UNITS


async def test_reset_and_cancel_change_nothing_about_a_deposit(world: World, people: People) -> None:
    """A cancel is ignored while it waits; a reset after the end reads that it was credited."""
    player = await people.register()
    world.is_still = True
    paid = people.pay_in(await people.address(player), UNITS)
    world.chain.mine()
    await people.deposit_until(paid, lambda facts: facts.state is DepositState.SEEN)
    await world.until(lambda: is_running(world.money, paid.workflow_id), "the deposit's workflow")
    await cancel(world.money, paid.workflow_id)
    world.is_still = False
    await people.credited(paid)
    await ended(world, paid)
    await reset_to_start(world.money, paid.workflow_id)
    await ended(world, paid)
    assert (await people.deposit(paid)).credits == 1
    assert await people.units(player) == UNITS


async def test_fifty_deposits_at_once_are_all_credited(people: People) -> None:
    """A full block is worked off without losing one."""
    players = await asyncio.gather(*(people.register() for _ in range(10)))
    addresses = await asyncio.gather(*(people.address(player) for player in players))
    for paid in [people.pay_in(address, UNITS + number) for number in range(5) for address in addresses]:
        await people.credited(paid)
    assert {await people.units(player) for player in players} == {5 * UNITS + 10}


def execute_otherwise(chain: MemoryChain, paid: PaidIn, units: int) -> None:
    """Let the newest payment move this much, as a contract does whose transfers depend on its state."""
    found = chain.find(paid.txid)
    assert found is not None
    block, _ = found
    assert block is chain.latest
    (effect,) = block.effects
    held = dict(block.after.held)
    held[effect.contract, effect.receiver] += units - effect.amount
    held[effect.contract, effect.sender] -= units - effect.amount
    chain.blocks[block.header.ref.hash] = replace(
        block, effects=(replace(effect, amount=units),), after=replace(block.after, held=held)
    )


def unassigned_address(world: World) -> bytes:
    """The deposit address that is given out last."""
    with world.database.raw() as connection:
        row = connection.execute(
            "SELECT address FROM chain.watched WHERE role = 'deposit' AND player IS NULL"
            " ORDER BY address_index DESC LIMIT 1"
        ).fetchone()
    assert row is not None
    assert isinstance(row[0], bytes)
    return row[0]
