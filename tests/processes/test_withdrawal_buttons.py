"""Whatever happens to a withdrawal while any of its steps is under way, it ends once and pays at most once.

Each case is one withdrawal of a player of its own; all run side by side and each test reads its own end.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
import pytest_asyncio

from domain.errors import InvariantBroken
from domain.wishes import SupportVerb
from domain.withdrawals import ReviewVerb, WithdrawalInput, WithdrawalState
from tests.support.world import World
from tests.support.world_buttons import cancel, reset_to_start, start_again, terminate
from tests.support.world_house import ETHER
from tests.support.world_people import RICHES, People
from tests.support.world_support import attempts_of, say, sent_and_still
from tests.support.world_waits import stands
from workflows.names import withdrawal_workflow_id

pytestmark = pytest.mark.timeout(180)

FEE = 500
LOCAL = ("accept_withdrawal",)
BEFORE_COMMIT = ("request_liquidity", "post_send")
AFTER_COMMIT = ("plan_send", "sign", "broadcast", "look_at_send", "settle_withdrawal")
REMOTE = BEFORE_COMMIT + AFTER_COMMIT
AT_ONCE = 8
"""Cases that run together: more would fill the wallets' queues, and waiting there is another file's story."""

Case = tuple[str, str]
CASES: dict[Case, WithdrawalState] = {
    **{("answer lost", step): WithdrawalState.SETTLED for step in LOCAL + REMOTE},
    **{("terminated", step): WithdrawalState.SETTLED for step in REMOTE},
    **{("reset", step): WithdrawalState.SETTLED for step in REMOTE},
    # The step that stands while the cancel comes is finished first: only what commits after it is given up.
    **{("cancelled", step): WithdrawalState.SETTLED for step in REMOTE},
    ("cancelled", "request_liquidity"): WithdrawalState.CANCELLED,
}


@dataclass(frozen=True, slots=True)
class End:
    """How a case ended: the row's state, payments on chain, what the payee got and the player was charged."""

    state: WithdrawalState
    payments: int
    received: int
    charged: int
    executions: int


@pytest_asyncio.fixture(scope="module")
async def ends(shared_world: World, known_people: People) -> AsyncIterator[dict[Case, "asyncio.Task[End]"]]:
    """Every case, run to its end."""
    width = asyncio.Semaphore(AT_ONCE)
    players = [await known_people.rich_player() for _ in CASES]

    async def bounded(case: Case, player: int) -> End:
        async with width:
            return await _play(shared_world, known_people, player, *case)

    tasks = {
        case: asyncio.ensure_future(bounded(case, player))
        for case, player in zip(CASES, players, strict=True)
    }
    await asyncio.wait(tasks.values())
    yield tasks


@pytest.mark.usefixtures("world")
@pytest.mark.parametrize("case", CASES, ids=" at ".join)
async def test_it_ends_once_and_pays_at_most_once(ends: dict[Case, "asyncio.Task[End]"], case: Case) -> None:
    """Paid exactly once or given back whole, and the step in question did run again where it had to."""
    button, _ = case
    end = await ends[case]
    is_paid = CASES[case] is WithdrawalState.SETTLED
    assert end.state is CASES[case]
    assert end.payments == (1 if is_paid else 0)
    assert end.received == (ETHER if is_paid else 0)
    assert end.charged == (ETHER + FEE if is_paid else 0)
    if button == "answer lost":
        assert end.executions >= 2


async def _play(world: World, people: People, player: int, button: str, step: str) -> End:
    wish = people.wish(player, ETHER)
    workflow_id = withdrawal_workflow_id(wish.withdrawal_id)
    if button == "answer lost":
        world.mischief.lose_answer(workflow_id, step)
        await people.withdraw(wish)
    else:
        hold = world.mischief.hold(workflow_id, step)
        await people.withdraw(wish)
        await world.reached(hold)
        if button == "terminated":
            await terminate(world.money, workflow_id)
            await start_again(world.money, wish)
        elif button == "reset":
            await reset_to_start(world.money, workflow_id)
        else:
            await cancel(world.money, workflow_id)
        hold.let_go()
    await people.ended(wish, CASES[button, step])
    facts = await people.withdrawal(wish)
    assert facts is not None
    return End(
        state=facts.state,
        payments=people.payments(wish),
        received=people.received(wish),
        charged=RICHES - await people.units(player),
        executions=world.mischief.calls[workflow_id, step],
    )


BUTTONS = ("terminated", "reset", "cancelled")


async def _press(world: World, wish: WithdrawalInput, button: str) -> None:
    workflow_id = withdrawal_workflow_id(wish.withdrawal_id)
    if button == "terminated":
        await terminate(world.money, workflow_id)
        await start_again(world.money, wish)
    elif button == "reset":
        await reset_to_start(world.money, workflow_id)
    else:
        await cancel(world.money, workflow_id)


@pytest.mark.parametrize("button", BUTTONS)
async def test_blocked_before_the_commit(world: World, people: People, button: str) -> None:
    """A run blocks again for the same reason; a cancel gives the reservation back."""
    player = await people.rich_player()
    wish = people.wish(player)
    broken = InvariantBroken("a test says so")
    world.mischief.fail(withdrawal_workflow_id(wish.withdrawal_id), "post_send", *[broken] * 40)
    await people.withdraw(wish)
    await stands(world, wish, "CORRUPT")
    await _press(world, wish, button)
    if button == "cancelled":
        await people.ended(wish, WithdrawalState.CANCELLED)
        assert await people.units(player) == RICHES
        return
    await stands(world, wish, "CORRUPT")
    world.mischief.forgive(withdrawal_workflow_id(wish.withdrawal_id), "post_send")
    await say(world, wish, SupportVerb.RESUME)
    await people.ended(wish, WithdrawalState.SETTLED)
    assert people.payments(wish) == 1


@pytest.mark.parametrize("button", BUTTONS)
async def test_blocked_after_the_commit(world: World, people: People, button: str) -> None:
    """Nothing gives the money back but people: the run blocks again, and pays once the switch is gone."""
    player = await people.rich_player()
    with world.database.raw() as connection:
        connection.execute("INSERT INTO signer.switches (scope, why) VALUES ('any', 'a test')")
    wish = people.wish(player)
    await people.withdraw(wish)
    await stands(world, wish, "PAUSED")
    await _press(world, wish, button)
    await stands(world, wish, "PAUSED")
    with world.database.raw() as connection:
        connection.execute("DELETE FROM signer.switches WHERE scope = 'any'")
    await say(world, wish, SupportVerb.RESUME)
    await people.ended(wish, WithdrawalState.SETTLED)
    assert people.payments(wish) == 1
    assert await people.units(player) == RICHES - ETHER - FEE


@pytest.mark.parametrize("button", BUTTONS)
@pytest.mark.parametrize("is_orphaned", [False, True], ids=["included", "orphaned"])
async def test_in_a_block_or_thrown_out_of_one(
    world: World,
    people: People,
    button: str,
    is_orphaned: bool,  # noqa: FBT001 - a column of the table
) -> None:
    """The transaction that stood in a block stays the only one, wherever its block went."""
    wish = await sent_and_still(world, people)
    before = await people.facts(wish)
    world.chain.mine()
    await people.withdrawal_until(
        wish, lambda facts: attempts_of(facts)[-1].block_height is not None, "a block with it"
    )
    if is_orphaned:
        world.chain.reorg(1)
        await people.withdrawal_until(
            wish, lambda facts: attempts_of(facts)[-1].block_height is None, "its block gone"
        )
    await _press(world, wish, button)
    world.is_still = False
    after = await people.ended(wish, WithdrawalState.SETTLED)
    assert [one.txid for one in attempts_of(after)] == [one.txid for one in attempts_of(before)]
    assert people.payments(wish) == 1


@pytest.mark.parametrize("end", [WithdrawalState.REJECTED, WithdrawalState.DECLINED])
async def test_what_has_ended_ends_the_same_again(world: World, people: People, end: WithdrawalState) -> None:
    """A reset reads the row first: no posting, no signature, the same end."""
    player = await people.rich_player()
    units = 11 * ETHER if end is WithdrawalState.REJECTED else 200 * ETHER
    wish = people.wish(player, units)
    await people.withdraw(wish)
    if end is WithdrawalState.REJECTED:
        await people.review(wish, ReviewVerb.REJECT)
    await people.ended(wish, end)
    await reset_to_start(world.money, withdrawal_workflow_id(wish.withdrawal_id))
    await people.ended(wish, end)
    assert await people.units(player) == RICHES
    assert world.mischief.calls[withdrawal_workflow_id(wish.withdrawal_id), "sign"] == 0
