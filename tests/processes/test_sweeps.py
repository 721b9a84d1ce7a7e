"""Deposits go from their addresses to hot wallets when that pays off; gas is funded once, books follow."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from chains.codecs.addresses import show_address
from devstack.postgres import Postgres
from domain.assets import Asset
from domain.deposits import DepositState
from domain.own_transfers import TransferFacts, TransferInput, TransferState
from domain.send_steps import SendStep, next_send_step
from domain.sends import SendKind
from domain.withdrawals import WithdrawalState
from tests.support.ledger_database import COIN, NETWORK, TOKEN
from tests.support.world import Terms, World, running_world
from tests.support.world_buttons import attribute, cancel, sentence, terminate
from tests.support.world_checks import broken_rules, differences, unreplayable
from tests.support.world_house import ETHER
from tests.support.world_people import PaidIn, People
from tests.support.world_repairs import restarted
from tests.support.world_support import refusing
from tests.support.world_transfers import (
    ended,
    float_of,
    held_at,
    opened_at,
    plan_round,
    transfer_of,
    transfer_until,
    transfers_at,
    workflow_of,
)
from workflows.names import REASON, SignalName

TOKENS = 100 * 10**6
SWEEP_STEPS = ("ready_transfer", "post_transfer", "plan_send", "sign", "broadcast", "settle_transfer")
TOP_UP_STEPS = ("post_transfer", "sign", "broadcast", "settle_transfer", "tell_sweeps")


@pytest_asyncio.fixture(scope="module")
async def sweeping_world(postgres: Postgres, run_directory: Path) -> AsyncIterator[World]:
    """A world whose deposits nobody else makes, so that a round plans what its test pays in."""
    async with running_world(postgres, run_directory, Terms()) as made:
        yield made
        assert await unreplayable(made) == {}


@pytest_asyncio.fixture
async def world(sweeping_world: World) -> AsyncIterator[World]:
    """The same, judged after the test."""
    yield sweeping_world
    sweeping_world.is_still = False
    assert await broken_rules(sweeping_world) == {}
    assert await differences(sweeping_world) == []


@pytest.fixture(scope="module")
def sweeping_people(sweeping_world: World) -> People:
    """Everybody in this world."""
    return People(sweeping_world)


@pytest.fixture
def people(world: World, sweeping_people: People) -> People:
    """The players of this world."""
    assert sweeping_people.world is world
    return sweeping_people


async def paid_in(people: People, *amounts: tuple[Asset, int]) -> tuple[bytes, list[PaidIn]]:
    """A new player's address with these deposits, all credited."""
    address = await people.address(await people.register())
    paid = [people.pay_in(address, units, asset) for asset, units in amounts]
    for one in paid:
        await people.credited(one)
    return address, paid


async def swept(world: World, address: bytes) -> TransferInput:
    """Plan a round, and return the sweep that it opened at an address."""
    planned = (await plan_round(world)).planned
    sweep = (await transfers_at(world, SendKind.SWEEP, address))[-1]
    assert sweep.transfer_id in planned
    return sweep


async def test_coins_pay_their_own_sweep(world: World, people: People) -> None:
    """All but the fee's reserve arrives, the float rises, and the deposit is marked as swept."""
    address, (paid,) = await paid_in(people, (COIN, ETHER))
    before = {wallet: (await float_of(world, wallet)).confirmed for wallet in world.keys.wallets}
    facts = await ended(world, await swept(world, address), TransferState.SETTLED)
    assert facts.payee is not None
    assert facts.amount + facts.fee_cap == ETHER
    assert 0 < held_at(world, address, COIN) < facts.fee_cap
    assert (await float_of(world, facts.payee)).confirmed == before[facts.payee] + facts.amount
    assert (await people.deposit(paid)).state is DepositState.SWEPT
    assert (await plan_round(world)).planned == ()


async def test_tokens_wait_for_their_gas(world: World, people: People) -> None:
    """The top-up is final before the sweep is signed, is no deposit, and leaves a rest for the next."""
    address, (paid,) = await paid_in(people, (TOKEN, TOKENS))
    sweep = await swept(world, address)
    top_up = await opened_at(world, SendKind.GAS, address)
    assert (await transfer_of(world, sweep)).state is TransferState.FUNDING
    funded = await ended(world, top_up, TransferState.SETTLED)
    facts = await ended(world, sweep, TransferState.SETTLED)
    assert (facts.amount, held_at(world, address, TOKEN)) == (TOKENS, 0)
    assert 0 < held_at(world, address, COIN) < funded.amount
    assert (await people.deposit(paid)).state is DepositState.SWEPT
    assert await reasons_at(world, address) == [(None, TOKENS), ("OWN_SEND", funded.amount)]


async def test_a_token_and_a_coin_of_one_address_go_one_after_the_other(world: World, people: People) -> None:
    """The token first, paid with the coins that are there: no top-up is made."""
    address, _ = await paid_in(people, (COIN, ETHER), (TOKEN, TOKENS))
    first = await ended(world, await swept(world, address), TransferState.SETTLED)
    second = await ended(world, await swept(world, address), TransferState.SETTLED)
    assert (first.asset_id, second.asset_id) == (TOKEN.asset_id, COIN.asset_id)
    assert await transfers_at(world, SendKind.GAS, address) == []


async def test_a_sweep_that_costs_too_much_is_skipped_until_more_comes(world: World, people: People) -> None:
    """The row says what it would cost; the next deposit brings another plan."""
    address, _ = await paid_in(people, (TOKEN, 2 * 10**6))
    skipped = await ended(world, await swept(world, address), TransferState.SKIPPED)
    assert skipped.code == "COST"
    assert "moving 2" in str(skipped.sentence)
    assert (await plan_round(world)).planned == ()
    await people.credited(people.pay_in(address, TOKENS, TOKEN))
    facts = await ended(world, await swept(world, address), TransferState.SETTLED)
    assert facts.amount == TOKENS + 2 * 10**6


async def test_an_address_whose_token_refuses_is_parked(world: World, people: People) -> None:
    """Nothing is planned there meanwhile; once it moves again a person's word is enough."""
    address, _ = await paid_in(people, (TOKEN, TOKENS))
    tokens = world.chain.tokens
    world.chain.tokens = frozenset()
    try:
        sweep = await swept(world, address)
        await stands(world, sweep, "PARKED")
        assert (await transfer_of(world, sweep)).code == "REFUSED"
        assert (await plan_round(world)).planned == ()
    finally:
        world.chain.tokens = tokens
    await retry(world, sweep)
    await ended(world, sweep, TransferState.SETTLED)


async def test_a_cancelled_sweep_leaves_its_gas_for_the_next(world: World, people: People) -> None:
    """The top-up goes on; the address is planned again once another deposit came, and is not funded twice."""
    address, _ = await paid_in(people, (TOKEN, TOKENS))
    sweep = await swept(world, address)
    top_up = await opened_at(world, SendKind.GAS, address)
    await cancel(world.money, workflow_of(sweep))
    assert (await ended(world, sweep, TransferState.SKIPPED)).code == "CANCELLED"
    await ended(world, top_up, TransferState.SETTLED)
    await people.credited(people.pay_in(address, TOKENS, TOKEN))
    facts = await ended(world, await swept(world, address), TransferState.SETTLED)
    assert facts.amount == 2 * TOKENS
    assert await transfers_at(world, SendKind.GAS, address) == [top_up]


async def test_every_answer_is_lost_once(world: World, people: People) -> None:
    """Each step took effect and its worker died: one top-up, one sweep, one transaction each."""
    address, _ = await paid_in(people, (TOKEN, TOKENS))
    world.is_still = True
    sweep = await swept(world, address)
    for step in SWEEP_STEPS:
        world.mischief.lose_answer(workflow_of(sweep), step)
    top_up = await opened_at(world, SendKind.GAS, address)
    for step in TOP_UP_STEPS:
        world.mischief.lose_answer(workflow_of(top_up), step)
    world.is_still = False
    facts = await ended(world, sweep, TransferState.SETTLED)
    funded = await ended(world, top_up, TransferState.SETTLED)
    assert [len(one.send.attempts) for one in (facts, funded) if one.send] == [1, 1]
    assert held_at(world, address, TOKEN) == 0


async def test_a_terminated_sweep_comes_back_in_every_state(world: World, people: People) -> None:
    """While it waits for gas and while its transaction is with the nodes: the same one ends it."""
    address, _ = await paid_in(people, (TOKEN, TOKENS))
    sweep = await swept(world, address)
    await opened_at(world, SendKind.GAS, address)
    await terminate(world.money, workflow_of(sweep))
    await restarted(world.money, workflow_of(sweep))
    hold = world.mischief.hold(workflow_of(sweep), "broadcast")
    await world.reached(hold)
    before = await transfer_of(world, sweep)
    assert before.state is TransferState.COMMITTED
    await terminate(world.money, workflow_of(sweep))
    hold.let_go()
    await restarted(world.money, workflow_of(sweep))
    facts = await ended(world, sweep, TransferState.SETTLED)
    assert facts.send is not None
    assert len(facts.send.attempts) == 1


async def test_a_sweep_that_fails_is_given_up_on_proof(world: World, people: People) -> None:
    """The payee refuses it on chain and in the next rehearsal: a cancel buries it, the books are whole."""
    address, (paid,) = await paid_in(people, (COIN, ETHER))
    world.is_still = True
    sweep = await swept(world, address)
    sent = await transfer_until(world, sweep, _is_sent, "a transaction with the nodes")
    assert sent.payee is not None
    with refusing(world, sent.payee):
        world.is_still = False
        await stands(world, sweep, "PAYEE_REFUSES")
        await cancel(world.money, workflow_of(sweep))
        await ended(world, sweep, TransferState.RETURNED)
    assert (await people.deposit(paid)).state is DepositState.CREDITED
    assert (await plan_round(world)).planned == ()


@pytest.mark.parametrize("own_world", [Terms(wallets=1, gas_coins=0, ready=5)], indirect=True)
async def test_an_empty_gas_wallet_is_named_and_filled(own_world: World) -> None:
    """The top-up says which wallet lacks how much, and goes on once coins have arrived there for good."""
    people = People(own_world)
    address, _ = await paid_in(people, (TOKEN, TOKENS))
    sweep = await swept(own_world, address)
    top_up = await opened_at(own_world, SendKind.GAS, address)
    await stands(own_world, top_up, "GAS_TANK_EMPTY")
    said = await sentence(own_world.money, workflow_of(top_up))
    assert f"wallet {show_address(NETWORK, own_world.keys.gas)} lacks 0.000" in said
    people.pay_in(own_world.keys.gas, ETHER)

    async def is_full() -> bool:
        return (await float_of(own_world, own_world.keys.gas)).confirmed == ETHER

    await own_world.until(is_full, "the coins in the gas wallet's float")
    await retry(own_world, top_up)
    await ended(own_world, sweep, TransferState.SETTLED)


@pytest.mark.parametrize("own_world", [Terms(wallets=1, coins=0, ready=5)], indirect=True)
async def test_a_final_sweep_lets_a_waiting_withdrawal_go(own_world: World) -> None:
    """The only coins are those at the address: swept, they are granted to who waits, and paid."""
    people = People(own_world, stock=1)
    player = await people.rich_player()
    wish = people.wish(player)
    await people.withdraw(wish)
    await people.withdrawal_until(
        wish, lambda facts: facts.send is not None and facts.send.place_in_queue == 1, "a place in the queue"
    )
    await ended(own_world, await swept(own_world, await people.address(player)), TransferState.SETTLED)
    await people.ended(wish, WithdrawalState.SETTLED)
    assert people.payments(wish) == 1


async def stands(world: World, transfer: TransferInput, reason: str) -> None:
    """Wait until an operator would find the transfer under this reason."""

    async def says_so() -> bool:
        return await attribute(world.money, workflow_of(transfer), REASON) == reason

    await world.until(says_so, f"the reason {reason}")


async def retry(world: World, transfer: TransferInput) -> None:
    """A person's word that the cause is gone."""
    handle = world.money.get_workflow_handle(workflow_of(transfer))
    await handle.signal(SignalName.RETRY_NOW, "anna")


async def reasons_at(world: World, address: bytes) -> list[tuple[str | None, int]]:
    """What was seen arriving at an address, in order: the reason why it is no deposit, and its amount."""
    with world.database.raw() as connection:
        rows = connection.execute(
            "SELECT e.reason, e.amount FROM chain.effects e JOIN chain.headers h ON h.hash = e.block_hash"
            " WHERE e.receiver = %s ORDER BY h.height",
            [address],
        ).fetchall()
    return [(None if reason is None else str(reason), int(str(amount))) for reason, amount in rows]


def _is_sent(facts: TransferFacts) -> bool:
    return facts.send is not None and next_send_step(facts.send) is SendStep.WATCH
