"""Buttons pressed on a withdrawal that waits or has ended: the rows say where it goes on."""

import pytest
from temporalio.client import Client

from api.asking import NoAnswer
from domain.errors import InvariantBroken, RefusedBySigner
from domain.signing import Refusal
from domain.withdrawals import ReviewVerb, WithdrawalInput, WithdrawalState
from tests.support.world import Terms, World
from tests.support.world_buttons import cancel, reset_to_start, sentence, start_again, terminate
from tests.support.world_house import ETHER
from tests.support.world_people import RICHES, People
from tests.support.world_waits import is_watching, stands, workflow_of
from workflows.names import SignalName

FEE = 500
POOR = Terms(wallets=1, coins=ETHER)


async def press(button: str, client: Client, wish: WithdrawalInput) -> None:
    """Terminate and start again, reset, or cancel."""
    if button == "terminate":
        await terminate(client, workflow_of(wish))
        await start_again(client, wish)
    elif button == "reset":
        await reset_to_start(client, workflow_of(wish))
    else:
        await cancel(client, workflow_of(wish))


@pytest.mark.parametrize("button", ["terminate", "reset"])
async def test_a_review_outlives_its_workflow(world: World, people: People, button: str) -> None:
    """A new run waits for the same word, under the same reason, and the word counts."""
    wish = people.wish(await people.rich_player(), 11 * ETHER)
    await people.withdraw(wish)
    await stands(world, wish, "REVIEW")
    await press(button, world.money, wish)
    await stands(world, wish, "REVIEW")
    await people.review(wish, ReviewVerb.APPROVE)
    await people.ended(wish, WithdrawalState.SETTLED)
    assert people.payments(wish) == 1


async def test_a_cancel_from_outside_in_review_gives_the_money_back(world: World, people: People) -> None:
    """Before the commit Temporal's cancel is what the player's would be."""
    player = await people.rich_player()
    wish = people.wish(player, 11 * ETHER)
    await people.withdraw(wish)
    await stands(world, wish, "REVIEW")
    await press("cancel", world.money, wish)
    await people.ended(wish, WithdrawalState.CANCELLED)
    assert await people.units(player) == RICHES


@pytest.mark.parametrize("button", ["terminate", "reset", "cancel"])
async def test_a_transaction_on_its_way_stays_the_only_one(world: World, people: People, button: str) -> None:
    """With the bytes at the nodes, whatever is pressed, the same transaction pays."""
    player = await people.rich_player()
    world.is_still = True
    wish = people.wish(player)
    await people.withdraw(wish)
    before = await people.withdrawal_until(wish, is_watching, "a transaction with the nodes")
    await press(button, world.money, wish)
    world.is_still = False
    after = await people.ended(wish, WithdrawalState.SETTLED)
    assert people.payments(wish) == 1
    assert before.send is not None
    assert after.send is not None
    assert [attempt.txid for attempt in after.send.attempts] == [
        attempt.txid for attempt in before.send.attempts
    ]
    assert await people.units(player) == RICHES - ETHER - FEE


async def test_an_acceptance_that_cannot_be_waits_and_goes_on(world: World, people: People) -> None:
    """An error that is final does not end the workflow: a person looks, and the wish is accepted and paid."""
    wish = people.wish(await people.rich_player())
    broken = InvariantBroken("a test says so")
    world.mischief.fail(workflow_of(wish), "accept_withdrawal", broken)
    assert await people.withdraw(wish) is NoAnswer.PENDING
    await stands(world, wish, "CORRUPT")
    await world.money.get_workflow_handle(workflow_of(wish)).signal(SignalName.RETRY_NOW, "a person")
    await people.ended(wish, WithdrawalState.SETTLED)
    assert people.payments(wish) == 1


async def test_a_plan_that_is_stale_again_is_no_endless_loop(world: World, people: People) -> None:
    """One stale plan is made anew at once; a second one in a row stands until somebody looks."""
    wish = people.wish(await people.rich_player())
    stale = RefusedBySigner(Refusal.PLAN_STALE.value, "a test says so")
    world.mischief.fail(workflow_of(wish), "sign", stale, stale)
    await people.withdraw(wish)
    await stands(world, wish, "SIGNER_DOWN")
    assert world.mischief.calls[workflow_of(wish), "sign"] == 2
    await world.money.get_workflow_handle(workflow_of(wish)).signal(SignalName.RETRY_NOW, "a person")
    await people.ended(wish, WithdrawalState.SETTLED)
    assert people.payments(wish) == 1


async def test_a_paid_withdrawal_reset_signs_and_posts_nothing(world: World, people: People) -> None:
    """A reset after the end reads the rows and ends the same way."""
    player = await people.rich_player()
    wish = people.wish(player)
    await people.withdraw(wish)
    await people.ended(wish, WithdrawalState.SETTLED)
    signed = world.mischief.calls[workflow_of(wish), "sign"]
    await press("reset", world.money, wish)
    await people.ended(wish, WithdrawalState.SETTLED)
    assert world.mischief.calls[workflow_of(wish), "sign"] == signed
    assert people.payments(wish) == 1
    assert await people.units(player) == RICHES - ETHER - FEE


async def test_an_approved_and_paid_withdrawal_reset_pays_nothing_more(world: World, people: People) -> None:
    """The approval that the reset delivers again changes nothing."""
    player = await people.rich_player()
    wish = people.wish(player, 11 * ETHER)
    await people.withdraw(wish)
    await people.review(wish, ReviewVerb.APPROVE)
    await people.ended(wish, WithdrawalState.SETTLED)
    await press("reset", world.money, wish)
    await people.ended(wish, WithdrawalState.SETTLED)
    assert people.payments(wish) == 1
    assert await people.units(player) == RICHES - 11 * ETHER - FEE


async def test_a_cancelled_withdrawal_reset_stays_cancelled(world: World, people: People) -> None:
    """Nothing brings a voided reservation back to life."""
    player = await people.rich_player()
    wish = people.wish(player, 11 * ETHER)
    await people.withdraw(wish)
    await people.cancel(wish)
    await people.ended(wish, WithdrawalState.CANCELLED)
    await press("reset", world.money, wish)
    await people.ended(wish, WithdrawalState.CANCELLED)
    assert await people.units(player) == RICHES
    assert people.payments(wish) == 0


async def test_a_replaced_worker_goes_on_where_the_history_stands(world: World, people: People) -> None:
    """The process that ran the workflow is gone with all it remembered; another one finishes the payment."""
    wish = people.wish(await people.rich_player())
    hold = world.mischief.hold(workflow_of(wish), "broadcast")
    await people.withdraw(wish)
    await world.reached(hold)
    await world.stop("money")
    await world.start("money")
    hold.let_go()
    await people.ended(wish, WithdrawalState.SETTLED)
    assert people.payments(wish) == 1


@pytest.mark.parametrize("own_world", [POOR], indirect=True)
async def test_without_liquidity_requests_queue_and_go_on_after_a_top_up(own_world: World) -> None:
    """Lack of coins is a queue: a cancel leaves it, other buttons keep the place, a top-up serves."""
    people = People(own_world, stock=3)
    first, second, third = [await people.rich_player() for _ in range(3)]
    ahead, behind, last = (
        people.wish(first, 5 * ETHER),
        people.wish(second, 6 * ETHER),
        people.wish(third, 7 * ETHER),
    )
    for place, wish in ((1, ahead), (2, behind), (3, last)):
        await people.withdraw(wish)
        await stands(own_world, wish, "LIQUIDITY")
        said = await sentence(own_world.money, workflow_of(wish))
        assert f"place {place} of {place} in the queue" in said
        assert "Goes on by itself" in said
    for button in ("terminate", "reset"):
        await press(button, own_world.money, behind)
        await stands(own_world, behind, "LIQUIDITY")
        assert "place 2 of 3 in the queue" in await sentence(own_world.money, workflow_of(behind))
    await press("cancel", own_world.money, last)
    await people.ended(last, WithdrawalState.CANCELLED)
    assert await people.units(third) == RICHES
    await people.cancel(ahead)
    await people.ended(ahead, WithdrawalState.CANCELLED)
    await people.credited(people.pay_in(own_world.keys.wallets[0], 10 * ETHER))
    await people.ended(behind, WithdrawalState.SETTLED)
    assert people.payments(behind) == 1
    assert await people.units(first) == RICHES
