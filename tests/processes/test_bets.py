"""A bet moves money once, however often it is asked for and whatever happens in between."""

import asyncio

import pytest

from domain.accounts import Purpose
from domain.bets import BetInput, BetState
from domain.ids import operator_of_player
from tests.support.world import World
from tests.support.world_house import ETHER
from tests.support.world_people import People
from workflows.names import bet_workflow_id


def workflow_of(bet: BetInput) -> str:
    return bet_workflow_id(operator_of_player(bet.player), bet.bet_id)


async def test_a_bet_is_won_or_lost_and_paid(people: People) -> None:
    """What a bet answers is what the balance shows: the stake is gone, the payout is there."""
    player = await people.rich_player()
    before = await people.units(player)
    results = [await people.play(people.bet(player, f"b-{number}")) for number in range(12)]
    assert {result.state for result in results} == {BetState.WON, BetState.LOST}
    paid = sum(result.payout for result in results)
    assert await people.units(player) == before - 12 * 10**6 + paid
    assert await people.units(player, Purpose.IN_PLAY) == 0


async def test_fifty_equal_requests_are_one_bet(people: People) -> None:
    """The same request fifty times at once reserves once and gives fifty equal answers."""
    player = await people.rich_player()
    before = await people.units(player)
    bet = people.bet(player)
    answers = await asyncio.gather(*(people.play(bet) for _ in range(50)))
    assert len({answer.model_copy(update={"repeat": False}) for answer in answers}) == 1
    assert await people.units(player) == before - bet.stake + answers[0].payout
