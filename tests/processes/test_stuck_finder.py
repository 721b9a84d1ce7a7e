"""Whatever was terminated or lost while something is owed comes back, and nothing is paid or booked twice."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial

import pytest
from temporalio.client import Client
from temporalio.testing import ActivityEnvironment

from api.asking import NoAnswer
from api.questions import bet_question
from domain.deposits import DepositState
from domain.errors import TemporalUnavailable
from domain.ids import operator_of_player
from domain.send_steps import SendStep, next_send_step
from domain.withdrawals import ReviewVerb, WithdrawalFacts, WithdrawalInput, WithdrawalState
from ledger.bets import recall_bet
from tests.support.ledger_database import COIN, NETWORK
from tests.support.world import SIGNER, Terms, World
from tests.support.world_buttons import cancel, terminate
from tests.support.world_checks import is_running
from tests.support.world_house import ETHER, FAMILY
from tests.support.world_people import RICHES, PaidIn, People
from tests.support.world_repairs import restarted, run_id
from tests.support.world_waits import stands, workflow_of
from workflows.names import (
    address_pool_workflow_id,
    bet_workflow_id,
    feed_workflow_id,
    hot_wallet_workflow_id,
)

UNITS = 10**9
FEE = 500
POOR = Terms(wallets=1, coins=ETHER)


async def paid_once(people: People, wish: WithdrawalInput) -> None:
    """See the withdrawal end as paid: once on chain, once in the books."""
    await people.ended(wish, WithdrawalState.SETTLED)
    assert (people.payments(wish), people.received(wish)) == (1, wish.amount)
    assert await people.units(wish.player) == RICHES - wish.amount - FEE


async def test_a_withdrawal_in_review_comes_back_and_is_paid_once(world: World, people: People) -> None:
    """The new run waits for the same word."""
    wish = people.wish(await people.rich_player(), 11 * ETHER)
    await people.withdraw(wish)
    await stands(world, wish, "REVIEW")
    await terminate(world.money, workflow_of(wish))
    await restarted(world.money, workflow_of(wish))
    await stands(world, wish, "REVIEW")
    await people.review(wish, ReviewVerb.APPROVE)
    await paid_once(people, wish)


async def test_a_withdrawal_that_temporal_does_not_remember_is_paid_once(
    world: World, people: People
) -> None:
    """Its row is all there is: so it is after a loss of Temporal's whole database."""
    wish = people.wish(await people.rich_player())
    money = world.assembly("croupier_money")
    await ActivityEnvironment().run(money.accepting.accept_withdrawal, wish)
    assert await run_id(world.money, workflow_of(wish)) is None
    await restarted(world.money, workflow_of(wish))
    await paid_once(people, wish)


@pytest.mark.parametrize("own_world", [POOR], indirect=True)
async def test_a_withdrawal_that_waits_for_liquidity_comes_back_in_its_place(own_world: World) -> None:
    """The queue is rows: the new run waits where the old one stood and is paid once after a top-up."""
    people = People(own_world, stock=1)
    wish = people.wish(await people.rich_player(), 5 * ETHER)
    await people.withdraw(wish)
    await stands(own_world, wish, "LIQUIDITY")
    await terminate(own_world.money, workflow_of(wish))
    await people.credited(people.pay_in(own_world.keys.wallets[0], 10 * ETHER))
    await people.withdrawal_until(wish, _is_granted, "a wallet for who is not there")
    await restarted(own_world.money, workflow_of(wish))
    await paid_once(people, wish)


async def test_a_committed_withdrawal_without_a_signer_comes_back(world: World, people: People) -> None:
    """Nothing was signed when it was ended: the new run asks the signer once it is there again."""
    wish = people.wish(await people.rich_player())
    await world.stop(SIGNER)
    try:
        await people.withdraw(wish)
        await people.withdrawal_until(
            wish, lambda facts: facts.state is WithdrawalState.COMMITTED, "the commitment"
        )
        await terminate(world.money, workflow_of(wish))
        await restarted(world.money, workflow_of(wish))
    finally:
        await world.start(SIGNER)
    await paid_once(people, wish)


async def test_a_withdrawal_on_its_way_comes_back_with_the_same_transaction(
    world: World, people: People
) -> None:
    """With the bytes at the nodes the new run signs nothing: the transaction that was sent pays."""
    world.is_still = True
    wish = people.wish(await people.rich_player())
    await people.withdraw(wish)
    before = await people.withdrawal_until(wish, _is_watching, "a transaction with the nodes")
    await terminate(world.money, workflow_of(wish))
    await restarted(world.money, workflow_of(wish))
    world.is_still = False
    await paid_once(people, wish)
    after = await people.withdrawal(wish)
    assert _txids(after) == _txids(before)


@pytest.mark.parametrize("state", [DepositState.CONFIRMING, DepositState.FINAL])
async def test_a_terminated_deposit_is_credited_once(
    world: World, people: People, state: DepositState
) -> None:
    """Also when the news that it is final found nobody to listen."""
    player = await people.register()
    address = await people.address(player)
    world.is_still = True
    paid = people.pay_in(address, UNITS)
    world.chain.mine(2)
    await people.deposit_until(paid, lambda facts: facts.state is DepositState.CONFIRMING)
    await world.until(lambda: is_running(world.money, paid.workflow_id), "the deposit's workflow")
    await terminate(world.money, paid.workflow_id)
    if state is DepositState.FINAL:
        world.chain.mine(5)
        await people.deposit_until(paid, lambda facts: facts.is_final)
        await world.until(lambda: _is_delivered(world, paid), "the news, delivered to nobody")
    await restarted(world.money, paid.workflow_id)
    world.is_still = False
    facts = await people.credited(paid)
    await world.money.get_workflow_handle(paid.workflow_id).result()
    assert (facts.state, facts.credits, facts.returns) == (DepositState.CREDITED, 1, 0)
    assert await people.units(player) == UNITS


async def test_a_terminated_bet_is_settled_once(world: World, people: People) -> None:
    """A reserved stake does not stay in play: the new run pays what was drawn."""
    player = await people.rich_player()
    bet = people.bet(player)
    workflow_id = bet_workflow_id(operator_of_player(player), bet.bet_id)
    hold = world.mischief.hold(workflow_id, "settle_bet")
    asking = asyncio.ensure_future(world.asker.ask(bet_question(bet, COIN)))
    await world.reached(hold)
    await terminate(world.bets, workflow_id)
    with suppress(TemporalUnavailable):
        assert await asking is NoAnswer.RECORDED
    await restarted(world.bets, workflow_id)
    hold.let_go()
    await world.bets.get_workflow_handle(workflow_id).result()
    async with world.rows.begin() as session:
        result = await recall_bet(session, player, bet.bet_id)
    assert result is not None
    assert not result.state.is_open
    assert await people.units(player) == RICHES - bet.stake + result.payout


@pytest.mark.parametrize(
    "workflow_id",
    [
        feed_workflow_id(NETWORK),
        address_pool_workflow_id(FAMILY),
        hot_wallet_workflow_id(NETWORK, COIN.symbol),
    ],
    ids=["feed", "pool of addresses", "hot wallets"],
)
@pytest.mark.parametrize("press", [terminate, cancel], ids=["terminated", "cancelled"])
async def test_an_endless_workflow_that_was_ended_comes_back(
    world: World, people: People, workflow_id: str, press: Callable[[Client, str], Awaitable[None]]
) -> None:
    """No row names it: the house file says that it has to run, and it goes on where it stood."""
    await press(world.money, workflow_id)
    await world.until(partial(_has_ended, world.money, workflow_id), "the end of the run")
    await restarted(world.money, workflow_id)
    player = await people.register()
    await people.credited(people.pay_in(await people.address(player), UNITS))
    assert await people.units(player) == UNITS


async def _has_ended(client: Client, workflow_id: str) -> bool:
    return not await is_running(client, workflow_id)


def _is_watching(facts: WithdrawalFacts) -> bool:
    return facts.send is not None and next_send_step(facts.send) is SendStep.WATCH


def _txids(facts: WithdrawalFacts | None) -> list[bytes | None]:
    assert facts is not None
    assert facts.send is not None
    return [attempt.txid for attempt in facts.send.attempts]


def _is_granted(facts: WithdrawalFacts) -> bool:
    return facts.send is not None and facts.send.wallet is not None


async def _is_delivered(world: World, paid: PaidIn) -> bool:
    with world.database.raw() as connection:
        row = connection.execute(
            "SELECT count(*) FROM chain.events WHERE subject = %s AND delivered_at IS NULL",
            [str(paid.deposit.deposit_id)],
        ).fetchone()
    return row == (0,)
