"""A bet moves money once, however often it is asked for and whatever happens in between."""

import asyncio
from contextlib import suppress

import pytest
from temporalio.common import WorkflowIDReusePolicy

from api.asking import NoAnswer
from api.questions import bet_question
from domain.accounts import Guard, Purpose, player_account
from domain.bets import BetInput, BetResult, BetState
from domain.errors import InvariantBroken, TemporalUnavailable
from domain.ids import operator_of_player
from ledger.bets import recall_bet
from tests.support.ledger_database import COIN
from tests.support.world import World
from tests.support.world_buttons import cancel, sentence, terminate
from tests.support.world_house import ETHER
from tests.support.world_people import People
from workflows.bets import BetWorkflow
from workflows.names import BETS_QUEUE, bet_workflow_id

ENDED = {BetState.WON, BetState.LOST}


def workflow_of(bet: BetInput) -> str:
    """Return the id of the bet's workflow."""
    return bet_workflow_id(operator_of_player(bet.player), bet.bet_id)


async def ended(world: World, bet: BetInput) -> BetResult:
    """Wait until the bet's workflow has ended, and return its row."""
    await world.bets.get_workflow_handle(workflow_of(bet)).result()
    async with world.rows.begin() as session:
        result = await recall_bet(session, bet.player, bet.bet_id)
    assert result is not None
    return result


async def test_bets_are_won_or_lost_and_paid(people: People) -> None:
    """What bets answer is what the balance shows: stakes gone, payouts there, nothing left in play."""
    player = await people.rich_player()
    before = await people.units(player)
    results = []
    for first in range(0, 40, 5):  # what is asked at once must be answered within the door's patience
        asked = [people.bet(player, f"b-{number}") for number in range(first, first + 5)]
        results += await asyncio.gather(*(people.play(bet) for bet in asked))
    assert {result.state for result in results} == ENDED
    assert all((result.payout > 0) == (result.state is BetState.WON) for result in results)
    assert sorted(result.nonce for result in results if result.nonce is not None) == list(range(40))
    assert await people.units(player) == before - 40 * 10**6 + sum(result.payout for result in results)
    assert await people.units(player, Purpose.IN_PLAY) == 0


@pytest.mark.parametrize(
    ("stake", "under", "code"),
    [
        (ETHER // 2, 5000, "INSUFFICIENT_FUNDS"),
        (99, 5000, "REFUSED_BY_RULES"),
        (ETHER + 1, 5000, "REFUSED_BY_RULES"),
        (100, 99, "LIMIT_EXCEEDED"),
        (100, 9801, "LIMIT_EXCEEDED"),
    ],
    ids=["funds", "below the smallest stake", "above the largest stake", "target too low", "target too high"],
)
async def test_a_declined_bet_is_stored_and_stays_declined(
    people: People, world: World, stake: int, under: int, code: str
) -> None:
    """A refusal is an answer: the same request is refused the same way, and no money and no nonce is used."""
    player = await people.register()
    bet = people.bet(player, stake=stake, under=under)
    declined = await people.play(bet)
    assert (declined.state, declined.code, declined.nonce) == (BetState.DECLINED, code, None)
    assert declined.sentence
    assert (await ended(world, bet)).code == code
    assert (await people.play(bet)).code == code
    assert await people.units(player) == 0


async def test_fifty_equal_requests_are_one_bet(people: People) -> None:
    """The same request fifty times at once reserves once and gives fifty equal answers."""
    player = await people.rich_player()
    before = await people.units(player)
    bet = people.bet(player)
    answers = await asyncio.gather(*(people.play(bet) for _ in range(50)))
    assert len({answer.model_copy(update={"repeat": False}) for answer in answers}) == 1
    assert await people.units(player) == before - bet.stake + answers[0].payout


@pytest.mark.parametrize("step", ["accept_bet", "settle_bet"])
async def test_a_lost_answer_is_one_bet(world: World, people: People, step: str) -> None:
    """A step that took effect and could not say so runs again and changes nothing."""
    player = await people.rich_player()
    before = await people.units(player)
    bet = people.bet(player)
    world.mischief.lose_answer(workflow_of(bet), step)
    result = await people.play(bet)
    assert world.mischief.lost[workflow_of(bet), step] == 1
    assert result.state in ENDED
    assert result.nonce == 0
    assert await people.units(player) == before - bet.stake + result.payout


async def test_a_bet_whose_acceptance_never_came_is_declined_for_ever(world: World, people: People) -> None:
    """Nothing was reserved and nobody was told: the id is used up, the stake was never taken."""
    player = await people.rich_player()
    before = await people.units(player)
    bet = people.bet(player)
    world.mischief.fail(workflow_of(bet), "accept_bet", InvariantBroken("a test says so"))
    declined = await people.play(bet)
    assert (declined.state, declined.code) == (BetState.DECLINED, "EXPIRED")
    assert (await people.play(bet)).state is BetState.DECLINED
    assert await people.units(player) == before


async def test_a_bet_whose_acceptance_came_too_late_is_voided(world: World, people: People) -> None:
    """The stake was reserved without anybody hearing of it: it comes back and the bet is over."""
    player = await people.rich_player()
    before = await people.units(player)
    bet = people.bet(player)
    world.mischief.lose_for_good(workflow_of(bet), "accept_bet")
    result = await people.play(bet)
    assert result.state is BetState.VOIDED
    assert await people.units(player) == before
    assert await people.units(player, Purpose.IN_PLAY) == 0


async def test_a_settlement_goes_on_after_the_ledger_was_away(world: World, people: People) -> None:
    """The role loses the database before the settlement; when it is back the bet ends by itself."""
    player = await people.rich_player()
    before = await people.units(player)
    bet = people.bet(player)
    hold = world.mischief.hold(workflow_of(bet), "settle_bet")
    asking = asyncio.ensure_future(world.asker.ask(bet_question(bet, COIN)))
    await world.reached(hold)
    _close_door(world)
    try:
        hold.let_go()
        await asking
    finally:
        _open_door(world)
    result = await ended(world, bet)
    assert result.state in ENDED
    assert world.mischief.calls[workflow_of(bet), "settle_bet"] > 1
    assert await people.units(player) == before - bet.stake + result.payout


async def test_a_bet_that_cannot_be_settled_waits_with_its_stake(world: World, people: People) -> None:
    """An error that is final does not end the workflow: it stands and says so, and a new look settles."""
    player = await people.rich_player()
    before = await people.units(player)
    bet = people.bet(player)
    broken = InvariantBroken("a test says so")
    world.mischief.fail(workflow_of(bet), "settle_bet", broken)
    with suppress(TemporalUnavailable):
        assert isinstance(await world.asker.ask(bet_question(bet, COIN)), NoAnswer)

    async def stands() -> bool:
        return "INVARIANT_BROKEN" in await sentence(world.bets, workflow_of(bet))

    await world.until(stands, "the sentence of a bet that stands")
    assert await people.units(player, Purpose.IN_PLAY) == bet.stake
    await terminate(world.bets, workflow_of(bet))
    await world.bets.start_workflow(
        BetWorkflow.run,
        bet,
        id=workflow_of(bet),
        task_queue=BETS_QUEUE,
        id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY,
    )
    result = await ended(world, bet)
    assert await people.units(player) == before - bet.stake + result.payout


async def test_a_closed_account_declines_a_bet(world: World, people: People) -> None:
    """The ledger's refusal is the bet's answer, in its own words."""
    player = await people.rich_player()
    account = player_account(player, COIN.asset_id, Purpose.AVAILABLE)
    close = "UPDATE ledger.balances SET guard = %s WHERE account_id = %s"
    with world.database.raw() as connection:
        connection.execute(close, [int(Guard.CLOSED), account])
    declined = await people.play(people.bet(player))
    with world.database.raw() as connection:
        connection.execute(close, [int(Guard.CREDITS_COVER), account])
    assert (declined.state, declined.code) == (BetState.DECLINED, "BLOCKED")


async def test_a_cancel_from_outside_changes_nothing(world: World, people: People) -> None:
    """A bet whose stake is reserved is played to its end, whoever presses Cancel."""
    player = await people.rich_player()
    before = await people.units(player)
    bet = people.bet(player)
    hold = world.mischief.hold(workflow_of(bet), "settle_bet")
    asking = asyncio.ensure_future(world.asker.ask(bet_question(bet, COIN)))
    await world.reached(hold)
    await cancel(world.bets, workflow_of(bet))
    hold.let_go()
    with suppress(TemporalUnavailable):
        await asking
    result = await ended(world, bet)
    assert result.state in ENDED
    assert await people.units(player) == before - bet.stake + result.payout


async def test_a_bet_terminated_and_started_again_ends_once(world: World, people: People) -> None:
    """The new run reads what was drawn and pays exactly that, beside a settlement that still runs."""
    player = await people.rich_player()
    before = await people.units(player)
    bet = people.bet(player)
    hold = world.mischief.hold(workflow_of(bet), "settle_bet")
    asking = asyncio.ensure_future(world.asker.ask(bet_question(bet, COIN)))
    await world.reached(hold)
    await terminate(world.bets, workflow_of(bet))
    with suppress(TemporalUnavailable):
        assert await asking is NoAnswer.RECORDED
    await world.bets.start_workflow(
        BetWorkflow.run,
        bet,
        id=workflow_of(bet),
        task_queue=BETS_QUEUE,
        id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY,
    )
    hold.let_go()
    result = await ended(world, bet)
    assert result.state in ENDED
    assert await people.units(player) == before - bet.stake + result.payout


def _close_door(world: World) -> None:
    """The role of the bet workers can no longer log in, and its connections are gone."""
    with world.database.raw() as connection:
        connection.execute("ALTER ROLE croupier_money NOLOGIN")
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'croupier_money'"
        )


def _open_door(world: World) -> None:
    with world.database.raw() as connection:
        connection.execute("ALTER ROLE croupier_money LOGIN")
