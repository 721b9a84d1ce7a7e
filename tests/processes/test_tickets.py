"""Tickets that got lost between the door and the workflow: delivered again until they have an answer."""

from datetime import UTC, datetime

import pytest

from api.errors import Refused
from domain.tickets import Ticket
from domain.wishes import SupportVerb
from domain.withdrawals import ReviewVerb, WithdrawalInput, WithdrawalState
from ledger.tickets import begin_delivery, tickets_of, write_down
from tests.support.world import World
from tests.support.world_buttons import reset_to_start, terminate
from tests.support.world_checks import is_running
from tests.support.world_house import ETHER
from tests.support.world_people import RICHES, People
from tests.support.world_repairs import search
from tests.support.world_support import say, sent_and_still
from tests.support.world_waits import stands
from workflows.names import withdrawal_workflow_id


async def written_down(
    world: World, people: People, wish: WithdrawalInput, verb: SupportVerb | ReviewVerb, *, tries: int = 0
) -> Ticket:
    """A click whose door died after it wrote the ticket, or after it sent it this many times."""
    ticket = Ticket(
        withdrawal_id=wish.withdrawal_id,
        player=wish.player,
        ticket=f"lost-{verb.value}",
        verb=verb,
        person="anna",
        words="and then the door was gone",
        content_hash=await people.content_hash(wish),
    )
    async with world.door.begin() as session:
        await write_down(session, ticket, datetime.now(UTC))
        for _ in range(tries):
            await begin_delivery(session, ticket, datetime.now(UTC))
    return ticket


async def answers(world: World, wish: WithdrawalInput) -> list[tuple[str, bool, str | None, int]]:
    """What became of every ticket of a withdrawal: its name, whether answered, its code, its deliveries."""
    async with world.rows.begin() as session:
        rows = await tickets_of(session, wish.player, wish.withdrawal_id)
    return [(row.ticket.ticket, row.answered_at is not None, row.code, row.deliveries) for row in rows]


@pytest.mark.parametrize("tries", [0, 1])
async def test_a_ticket_that_was_never_answered_is_delivered(
    world: World, people: People, tries: int
) -> None:
    """The approval that was only written down counts after a search, and a second search changes nothing."""
    player = await people.rich_player()
    wish = people.wish(player, 11 * ETHER)
    await people.withdraw(wish)
    await stands(world, wish, "REVIEW")
    await written_down(world, people, wish, ReviewVerb.APPROVE, tries=tries)
    for _ in range(2):
        assert (await search(world.money)).findings == ()
        assert await answers(world, wish) == [("lost-approve", True, None, tries + 1)]
    facts = await people.ended(wish, WithdrawalState.SETTLED)
    assert (facts.approvals, people.payments(wish)) == (1, 1)


async def test_a_ticket_waits_for_its_workflow_and_reaches_the_next_run(world: World, people: People) -> None:
    """Nobody is there to take it: it is neither honoured nor refused until a run reads the rows again."""
    player = await people.rich_player()
    wish = people.wish(player, 11 * ETHER)
    await people.withdraw(wish)
    await stands(world, wish, "REVIEW")
    await terminate(world.money, withdrawal_workflow_id(wish.withdrawal_id))
    with pytest.raises(Exception, match="nobody works on this withdrawal"):
        await say(world, wish, ReviewVerb.REJECT, ticket="early")
    assert await answers(world, wish) == [("early", False, None, 1)]

    async def is_answered() -> bool:
        await search(world.money)
        return (await answers(world, wish))[0][1]

    await world.until(is_answered, "an answer to the ticket")
    await people.ended(wish, WithdrawalState.REJECTED)
    assert await people.units(player) == RICHES


async def test_a_ticket_that_came_too_late_is_refused_once(world: World, people: People) -> None:
    """The withdrawal has ended without it: the refusal is kept and said again to whoever asks."""
    wish = people.wish(await people.rich_player())
    await people.withdraw(wish)
    await people.ended(wish, WithdrawalState.SETTLED)
    ticket = await written_down(world, people, wish, SupportVerb.REJECT_AND_REFUND)
    await search(world.money)
    assert await answers(world, wish) == [(ticket.ticket, True, "TOO_LATE", 1)]
    with pytest.raises(Refused, match="settled"):
        await say(
            world,
            wish,
            SupportVerb.REJECT_AND_REFUND,
            ticket=ticket.ticket,
            person="anna",
            seen=ticket.content_hash,
        )
    assert not await is_running(world.money, withdrawal_workflow_id(wish.withdrawal_id))


async def test_a_ticket_that_a_reset_delivers_again_is_honoured_once(world: World, people: People) -> None:
    """The new run is told the old verb before it has read any row; the row says it was heard."""
    wish = await sent_and_still(world, people)
    await say(world, wish, SupportVerb.BUMP_FEE, ticket="once")
    await people.withdrawal_until(
        wish, lambda facts: bool(facts.send and facts.send.attempts[-1].variants == 2), "a bump"
    )
    await reset_to_start(world.money, withdrawal_workflow_id(wish.withdrawal_id))
    await say(world, wish, SupportVerb.BUMP_FEE, ticket="once")
    assert await answers(world, wish) == [("once", True, None, 1)]
    world.is_still = False
    facts = await people.ended(wish, WithdrawalState.SETTLED)
    assert [wanted.ticket for wanted in facts.wishes] == ["once"]
    assert facts.send is not None
    assert facts.send.attempts[-1].variants == 2
