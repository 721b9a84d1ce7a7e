"""A person's word on a withdrawal: bound to what was read, counted once, over at the commit."""

import pytest

from api.errors import Refused
from domain.withdrawals import ReviewVerb, WithdrawalFacts, WithdrawalState
from tests.support.world import Terms, World
from tests.support.world_buttons import attribute, sentence
from tests.support.world_house import ETHER
from tests.support.world_people import RICHES, People
from tests.support.world_waits import stands, workflow_of
from workflows.names import REASON


async def test_a_reviewed_withdrawal_waits_for_a_person_and_is_paid(world: World, people: People) -> None:
    """Above the tier it waits, says so where operators look, and is paid after the approval."""
    player = await people.rich_player()
    wish = people.wish(player, 11 * ETHER)
    facts = await people.withdraw(wish)
    assert isinstance(facts, WithdrawalFacts)
    assert facts.state is WithdrawalState.REVIEW

    async def says_so() -> bool:
        return await attribute(world.money, workflow_of(wish), REASON) == "REVIEW"

    await world.until(says_so, "the reason REVIEW")
    said = await sentence(world.money, workflow_of(wish))
    assert said.startswith("Waiting for a person")
    assert said.endswith("Open: approve, reject, check-now.")
    await people.review(wish, ReviewVerb.APPROVE)
    await people.ended(wish, WithdrawalState.SETTLED)
    assert people.payments(wish) == 1


async def test_a_rejected_withdrawal_gives_the_money_back(people: People) -> None:
    """A person's no returns amount and fee at once, and nothing is ever sent."""
    player = await people.rich_player()
    before = await people.units(player)
    wish = people.wish(player, 11 * ETHER)
    await people.withdraw(wish)
    await people.review(wish, ReviewVerb.REJECT)
    facts = await people.ended(wish, WithdrawalState.REJECTED)
    assert facts.code == "REJECTED_BY_REVIEW"
    assert await people.units(player) == before
    assert people.payments(wish) == 0


async def test_an_approval_of_other_content_is_refused(people: People) -> None:
    """A word on something else than what stands in the rows is a conflict; the withdrawal goes on waiting."""
    player = await people.rich_player()
    wish = people.wish(player, 11 * ETHER)
    await people.withdraw(wish)
    with pytest.raises(Refused) as refused:
        await people.review(wish, ReviewVerb.APPROVE, content=bytes(32))
    assert refused.value.code == "CONFLICT"
    facts = await people.withdrawal(wish)
    assert facts is not None
    assert (facts.state, facts.approvals) == (WithdrawalState.REVIEW, 0)
    await people.cancel(wish)


async def test_one_ticket_is_one_word(world: World, people: People) -> None:
    """The same click twice counts once, and after the commit another word comes too late."""
    player = await people.rich_player()
    wish = people.wish(player, 11 * ETHER)
    await people.withdraw(wish)
    world.is_still = True
    first = await people.review(wish, ReviewVerb.APPROVE)
    again = await people.review(wish, ReviewVerb.APPROVE)
    assert isinstance(first, WithdrawalFacts)
    assert first.approvals == 1
    assert not isinstance(again, WithdrawalFacts) or again.approvals == 1
    await people.withdrawal_until(
        wish, lambda facts: facts.state is WithdrawalState.COMMITTED, "the point of no return"
    )
    with pytest.raises(Refused) as refused:
        await people.review(wish, ReviewVerb.REJECT, ticket="t-2")
    assert refused.value.code == "TOO_LATE"
    world.is_still = False
    await people.ended(wish, WithdrawalState.SETTLED)
    assert people.payments(wish) == 1


@pytest.mark.parametrize("own_world", [Terms(wallets=1, coins=ETHER)], indirect=True)
async def test_what_was_approved_is_rejected_until_it_is_committed(own_world: World) -> None:
    """While it waits for coins a person may still take it back: the place in the queue is free again."""
    people = People(own_world, stock=1)
    player = await people.rich_player()
    wish = people.wish(player, 5 * ETHER)
    await people.withdraw(wish)
    await stands(own_world, wish, "LIQUIDITY")
    assert "Open: reject, check-now, resume." in await sentence(own_world.money, workflow_of(wish))
    await people.review(wish, ReviewVerb.REJECT)
    facts = await people.ended(wish, WithdrawalState.REJECTED)
    assert facts.send is not None
    assert facts.send.is_released
    assert await people.units(player) == RICHES
