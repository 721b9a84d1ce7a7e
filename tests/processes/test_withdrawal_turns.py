"""A withdrawal that waits for long goes on in a new run: its rows, its wait and its callers go with it."""

import asyncio
from functools import partial

import pytest

from domain.wishes import SupportVerb
from domain.withdrawals import ReviewVerb, WithdrawalFacts, WithdrawalInput, WithdrawalState
from tests.support.world import World
from tests.support.world_house import ETHER
from tests.support.world_people import RICHES, People
from tests.support.world_support import asked_again, attempts_of, said_by, say, sent_and_still
from tests.support.world_turns import PADDING, outgrow
from tests.support.world_waits import stands
from workflows.names import SignalName, withdrawal_workflow_id


async def grow(world: World, wish: WithdrawalInput) -> None:
    """Let a withdrawal go on in a new run."""
    handle = world.money.get_workflow_handle(withdrawal_workflow_id(wish.withdrawal_id))
    await outgrow(world, handle, SignalName.OBSERVED)


async def test_a_review_that_lasts_keeps_its_beginning(world: World, people: People) -> None:
    """The new run says since when people are waited for, and their word counts."""
    player = await people.rich_player()
    wish = people.wish(player, 11 * ETHER)
    await people.withdraw(wish)
    await stands(world, wish, "REVIEW")
    before = await said_by(world, wish)
    await grow(world, wish)

    async def says_the_same() -> bool:
        after = await said_by(world, wish)
        return (after.since, after.sentence) == (before.since, before.sentence)

    await world.until(says_the_same, "the same sentence, since the same moment")
    await people.review(wish, ReviewVerb.APPROVE)
    await people.ended(wish, WithdrawalState.SETTLED)
    assert people.payments(wish) == 1


async def test_what_is_said_around_the_turn_is_heard(world: World, people: People) -> None:
    """The same request and the staff's verbs are answered while one run hands over to the next."""
    wish = await sent_and_still(world, people)
    turn = asyncio.ensure_future(grow(world, wish))
    heard = [
        asyncio.ensure_future(
            asked_again(partial(say, world, wish, SupportVerb.CHECK_NOW, ticket=f"around-{number}"))
        )
        for number in range(6)
    ]
    again = await asked_again(partial(people.withdraw, wish))
    await asyncio.gather(turn, *heard)
    assert not isinstance(again, WithdrawalFacts) or again.withdrawal_id == wish.withdrawal_id
    facts = await people.facts(wish)
    assert sorted(wanted.ticket for wanted in facts.wishes) == [f"around-{number}" for number in range(6)]
    world.is_still = False
    facts = await people.ended(wish, WithdrawalState.SETTLED)
    assert [one.variants for one in attempts_of(facts)] == [1]
    assert people.payments(wish) == 1


@pytest.mark.parametrize("is_late", [False, True])
async def test_a_cancel_is_not_lost_at_a_turn(world: World, people: People, is_late: bool) -> None:  # noqa: FBT001 - a column
    """A player's cancel before or after the turn gives the money back once."""
    player = await people.rich_player()
    wish = people.wish(player, 11 * ETHER)
    await people.withdraw(wish)
    await stands(world, wish, "REVIEW")
    if is_late:
        await grow(world, wish)
        await people.cancel(wish)
    else:
        await asyncio.gather(_grow_in_vain(world, wish), asked_again(partial(people.cancel, wish)))
    await people.ended(wish, WithdrawalState.CANCELLED)
    assert await people.units(player) == RICHES


async def _grow_in_vain(world: World, wish: WithdrawalInput) -> None:
    handle = world.money.get_workflow_handle(withdrawal_workflow_id(wish.withdrawal_id))
    for number in range(4):
        await handle.signal(SignalName.OBSERVED, {"number": number, "padding": PADDING})
