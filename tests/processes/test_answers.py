"""What a caller is told, and what a repeat finds, when something lay between the question and its answer."""

import pytest

from api.errors import Refused
from domain.errors import Conflict
from domain.withdrawals import ReviewVerb, WithdrawalState
from tests.support.world import World
from tests.support.world_buttons import sentence, terminate
from tests.support.world_house import ETHER
from tests.support.world_people import People
from tests.support.world_repairs import restarted
from tests.support.world_waits import stands, workflow_of

pytestmark = pytest.mark.timeout(120)  # a search goes through everything the shared world left open


async def test_a_refusal_is_the_answer_and_no_outage(world: World, people: People) -> None:
    """What no repetition would change is asked once, and nobody reads that the ledger is away."""
    wish = people.wish(await people.rich_player(), 11 * ETHER)
    workflow_id = workflow_of(wish)
    await people.withdraw(wish)
    await stands(world, wish, "REVIEW")
    world.mischief.fail(workflow_id, "record_review", Conflict("content"))
    with pytest.raises(Refused) as refused:
        await people.review(wish, ReviewVerb.REJECT)
    assert refused.value.code == "CONFLICT"
    assert world.mischief.calls[workflow_id, "record_review"] == 1
    assert "does not answer" not in await sentence(world.money, workflow_id)
    await people.review(wish, ReviewVerb.REJECT, ticket="t-2")
    await people.ended(wish, WithdrawalState.REJECTED)


async def test_a_restarted_run_knows_what_was_asked(world: World, people: People) -> None:
    """Another content under the same key conflicts although the run that knew the first was ended."""
    wish = people.wish(await people.rich_player(), 11 * ETHER)
    await people.withdraw(wish)
    await stands(world, wish, "REVIEW")
    first = await world.money.get_workflow_handle(workflow_of(wish)).describe()
    await terminate(world.money, workflow_of(wish))
    await restarted(world.money, workflow_of(wish))
    second = await world.money.get_workflow_handle(workflow_of(wish)).describe()
    assert first.run_id != second.run_id
    assert (await second.memo())["content"] == (await first.memo())["content"]
    await people.review(wish, ReviewVerb.REJECT)
    await people.ended(wish, WithdrawalState.REJECTED)
