"""Whatever happens to a withdrawal while any of its steps is under way, it ends once and pays at most once.

Each case is one withdrawal of a player of its own; all run side by side and each test reads its own end.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
import pytest_asyncio

from domain.withdrawals import WithdrawalState
from tests.support.world import World
from tests.support.world_buttons import cancel, reset_to_start, start_again, terminate
from tests.support.world_house import ETHER
from tests.support.world_people import RICHES, People
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
