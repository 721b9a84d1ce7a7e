"""Sweeps on Tron: activated once, lent energy, swept, and everything lent is back however the sweep ends."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from devstack.postgres import Postgres
from domain.accounts import Purpose
from domain.deposits import DepositState
from domain.own_transfers import TransferFacts, TransferInput, TransferState
from domain.sends import SendKind
from ledger.balances import house_balance
from tests.support.world_buttons import attribute, cancel, terminate
from tests.support.world_checks import broken_rules, unreplayable
from tests.support.world_house import OPERATOR
from tests.support.world_lending import LendingHouse, by_issuer, lending_house
from tests.support.world_lending import workflow_of as lending_of
from tests.support.world_people import PaidIn, People
from tests.support.world_repairs import restarted
from tests.support.world_transfers import (
    ended,
    plan_round,
    transfer_of,
    transfer_until,
    transfers_at,
    workflow_of,
)
from tests.support.world_tron import SUN
from workflows.names import REASON

TOKENS = 500 * SUN
SWEEP_STEPS = ("borrow", "post_transfer", "sign", "give_back")
LENDING_STEPS = ("grant_delegation", "open_delegation", "take_back_delegation")


@pytest_asyncio.fixture(scope="module")
async def lending_world(postgres: Postgres, run_directory: Path) -> AsyncIterator[LendingHouse]:
    """A house that lends energy to the addresses it sweeps."""
    async with lending_house(postgres, run_directory) as made:
        yield made
        assert await unreplayable(made) == {}


@pytest_asyncio.fixture
async def world(lending_world: LendingHouse) -> AsyncIterator[LendingHouse]:
    """The same: after each test nothing is lent any more, and all rows agree."""
    yield lending_world
    lending_world.is_still = False

    async def nothing_is_lent() -> bool:
        return await lending_world.lent() == {}

    await lending_world.until(nothing_is_lent, "everything lent is back")
    assert await broken_rules(lending_world) == {}


async def test_a_fresh_address_is_activated_lent_energy_and_swept(world: LendingHouse) -> None:
    """One sun makes it an account, no TRX burns for energy, nothing of ours is a deposit.

    And the answer of every step is lost once: lent once, swept once, back once.
    """
    address, (paid,) = await paid_in(world)
    world.is_still = True
    sweep = await swept(world, address)
    coming = world.next_delegation(address)
    for workflow, steps in ((workflow_of(sweep), SWEEP_STEPS), (lending_of(coming), LENDING_STEPS)):
        for step in steps:
            world.mischief.lose_answer(workflow, step)
    world.is_still = False
    facts = await ended(world, sweep, TransferState.SETTLED)
    assert (facts.amount, facts.payee) == (TOKENS, world.hot)
    assert world.held(world.place.token, address) == 0
    assert world.held(world.place.coin, address) == 1
    assert facts.delegation is not None
    assert facts.delegation.delegation_id == coming
    assert [len(one.attempts) for one in (facts.send, facts.delegation.send) if one] == [1, 1]
    assert used_by(world, facts)["energy"] > 0
    assert "energy_burnt_sun" not in used_by(world, facts)
    assert (await People(world).deposit(paid)).state is DepositState.SWEPT
    assert reasons_at(world, address) == [(None, TOKENS), ("OWN_SEND", 1)]
    (activation,) = await transfers_at(world, SendKind.GAS, address)
    assert "activation_sun" in used_by(world, await transfer_of(world, activation))


async def test_whatever_ends_on_the_way_what_was_lent_comes_back(world: LendingHouse) -> None:
    """One sweep is cancelled while its energy comes; of another both runs are ended before its commit."""
    (one, _), (other, _) = [await paid_in(world) for _ in range(2)]
    await plan_round(world)
    (cancelled,), (terminated,) = [await transfers_at(world, SendKind.SWEEP, at) for at in (one, other)]
    hold = world.mischief.hold(workflow_of(terminated), "post_transfer")
    await transfer_until(
        world, cancelled, lambda facts: facts.state is TransferState.DELEGATING, "energy on its way"
    )
    await cancel(world.money, workflow_of(cancelled))
    await world.reached(hold)
    for run in (workflow_of(terminated), lending_of(world.next_delegation(other, after=0))):
        await terminate(world.money, run)
    await restarted(world.money, workflow_of(terminated))
    hold.let_go()
    assert (await ended(world, cancelled, TransferState.SKIPPED)).code == "CANCELLED"
    await ended(world, terminated, TransferState.SETTLED)


async def test_a_sweep_that_fails_gives_its_energy_back(world: LendingHouse) -> None:
    """The token is paused between signature and block, and stays so: what was lent is back.

    At another address black funds are destroyed: people are called, and the books do not change silently.
    """
    address, (paid,) = await paid_in(world)
    black, (destroyed,) = await paid_in(world)
    books = await deposit_addresses_hold(world)
    for selector in ("addBlackList(address)", "destroyBlackFunds(address)"):
        by_issuer(world, selector, black)
    world.net.solidify()
    await plan_round(world)
    (sweep,), (parked,) = [await transfers_at(world, SendKind.SWEEP, at) for at in (address, black)]
    hold = world.mischief.hold(workflow_of(sweep), "broadcast")
    await world.reached(hold)
    by_issuer(world, "pause()")
    try:
        hold.let_go()
        await stands(world, sweep, "PAYEE_REFUSES")
        await cancel(world.money, workflow_of(sweep))
        await ended(world, sweep, TransferState.RETURNED)
    finally:
        by_issuer(world, "unpause()")
    assert world.held(world.place.token, address) == TOKENS
    await stands(world, parked, "PARKED")
    facts = await transfer_of(world, parked)
    assert (facts.code, facts.delegation) == ("DIFFERENCE", None)
    assert await deposit_addresses_hold(world) == books
    for one in (paid, destroyed):
        assert (await People(world).deposit(one)).state is DepositState.CREDITED
    await cancel(world.money, workflow_of(parked))
    await ended(world, parked, TransferState.SKIPPED)


async def paid_in(world: LendingHouse) -> tuple[bytes, list[PaidIn]]:
    """A new player's address with tokens, credited."""
    people = People(world)
    address = await people.address(await people.register())
    paid = people.pay_in(address, TOKENS, world.place.token)
    await people.credited(paid)
    return address, [paid]


async def swept(world: LendingHouse, address: bytes) -> TransferInput:
    """Plan a round, and return the sweep that it opened at an address."""
    planned = (await plan_round(world)).planned
    sweep = (await transfers_at(world, SendKind.SWEEP, address))[-1]
    assert sweep.transfer_id in planned
    return sweep


async def stands(world: LendingHouse, transfer: TransferInput, reason: str) -> None:
    """Wait until an operator would find the transfer under this reason."""

    async def says_so() -> bool:
        return await attribute(world.money, workflow_of(transfer), REASON) == reason

    await world.until(says_so, f"the reason {reason}")


async def deposit_addresses_hold(world: LendingHouse) -> int:
    """Tokens at deposit addresses, by the books."""
    async with world.rows.snapshot() as session:
        return await house_balance(session, OPERATOR, Purpose.DEPOSIT_ADDRESSES, world.place.token.asset_id)


def used_by(world: LendingHouse, facts: TransferFacts) -> dict[str, int]:
    """What the transaction of a transfer consumed, as its row says."""
    assert facts.send is not None
    assert facts.send.current is not None
    with world.database.raw() as connection:
        row = connection.execute(
            "SELECT detail->'used' FROM chain.own_txs WHERE txid = %s", [facts.send.current.txid]
        ).fetchone()
    assert row is not None
    assert isinstance(row[0], dict)
    return {str(name): int(str(units)) for name, units in row[0].items()}


def reasons_at(world: LendingHouse, address: bytes) -> list[tuple[str | None, int]]:
    """What was seen arriving at an address, in order: the reason why it is no deposit, and its amount."""
    with world.database.raw() as connection:
        rows = connection.execute(
            "SELECT e.reason, e.amount FROM chain.effects e JOIN chain.headers h ON h.hash = e.block_hash"
            " WHERE e.receiver = %s ORDER BY h.height",
            [address],
        ).fetchall()
    return [(None if reason is None else str(reason), int(str(amount))) for reason, amount in rows]
