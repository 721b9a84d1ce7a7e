"""Coins of a hot wallet go to another of its set or to the cold address, once, and the books follow them."""

from collections.abc import Awaitable, Callable

import pytest
from temporalio.client import Client

from chains.codecs.addresses import show_address
from domain.ids import SLOTS
from domain.own_transfers import TransferFacts, TransferState
from domain.send_steps import SendStep, next_send_step
from domain.sends import SendKind
from ledger.own_transfers import TransferPlan, plan_transfer
from tests.support.ledger_database import COIN, NETWORK
from tests.support.records import NOW
from tests.support.world import World
from tests.support.world_buttons import attribute, cancel, sentence, terminate
from tests.support.world_checks import is_running
from tests.support.world_house import COINS_IN_A_WALLET, COLD, ETHER, OPERATOR
from tests.support.world_repairs import restarted
from tests.support.world_transfers import ended, float_of, planned, transfer_until, workflow_of
from workflows.names import REASON


def move_of(world: World, kind: SendKind, *, units: int = 3 * ETHER, number: int = 0) -> TransferPlan:
    """A move of coins from one hot wallet to the next, or to the cold address."""
    wallets = world.keys.wallets
    source, following = wallets[number], wallets[(number + 1) % len(wallets)]
    return TransferPlan(
        kind=kind,
        network=NETWORK,
        asset_id=COIN.asset_id,
        operator=OPERATOR,
        slot=source[-1] % SLOTS,
        policy_version=1,
        wanted=units,
        source=source,
        payee=COLD if kind is SendKind.TO_COLD else following,
    )


async def test_a_refill_raises_the_other_float(world: World) -> None:
    """The wallet that receives may promise the coins as soon as they are final."""
    plan = move_of(world, SendKind.REFILL)
    assert plan.payee is not None
    before = await float_of(world, plan.payee)
    facts = await ended(world, await planned(world, plan), TransferState.SETTLED)
    assert (facts.source, facts.payee, facts.amount) == (plan.source, plan.payee, 3 * ETHER)
    after = await float_of(world, plan.payee)
    assert (after.confirmed - before.confirmed, after.committed) == (3 * ETHER, before.committed)


async def test_coins_go_to_cold_and_nowhere_else(world: World) -> None:
    """They stand in the books of the cold address, and nobody is credited with them."""
    before = world.chain.latest.after.held.get((b"", COLD), 0)
    move = await planned(world, move_of(world, SendKind.TO_COLD, number=1))
    await ended(world, move, TransferState.SETTLED)
    assert world.chain.latest.after.held[b"", COLD] == before + 3 * ETHER
    with world.database.raw() as connection:
        judged = connection.execute(
            "SELECT verdict, reason FROM chain.effects WHERE receiver = %s", [COLD]
        ).fetchall()
    assert set(judged) == {("ignored", "OWN_SEND")}


async def test_a_move_without_room_waits_and_can_be_cancelled(world: World) -> None:
    """It says what the wallet lacks; a cancel ends it with nothing promised and nothing posted."""
    plan = move_of(world, SendKind.REFILL, units=5 * COINS_IN_A_WALLET, number=2)
    assert plan.source is not None
    before = await float_of(world, plan.source)
    move = await planned(world, plan)

    async def stands() -> bool:
        return await attribute(world.money, workflow_of(move), REASON) == "LIQUIDITY"

    await world.until(stands, "the reason LIQUIDITY")
    said = await sentence(world.money, workflow_of(move))
    assert f"wallet {show_address(NETWORK, plan.source)} lacks 4" in said
    await cancel(world.money, workflow_of(move))
    facts = await ended(world, move, TransferState.SKIPPED)
    assert (facts.code, facts.send) == ("CANCELLED", None)
    assert (await float_of(world, plan.source)).committed == before.committed


async def test_a_wallet_has_one_open_move_per_asset(world: World) -> None:
    """The database refuses a second one; after the end of the first there may be another, with its own id."""
    plan = move_of(world, SendKind.REFILL, number=3)
    world.is_still = True
    first = await planned(world, plan)
    async with world.rows.begin() as session:
        assert await plan_transfer(session, plan, NOW) is None
    world.is_still = False
    await ended(world, first, TransferState.SETTLED)
    second = await planned(world, plan)
    assert second.transfer_id != first.transfer_id
    await ended(world, second, TransferState.SETTLED)


@pytest.mark.parametrize("press", [terminate, cancel], ids=["terminated", "cancelled"])
async def test_a_committed_move_arrives_whatever_is_pressed(
    world: World, press: Callable[[Client, str], Awaitable[None]]
) -> None:
    """Its transaction is with the nodes: the same one pays, a cancel comes too late."""
    world.is_still = True
    move = await planned(world, move_of(world, SendKind.REFILL))
    before = await transfer_until(world, move, _is_sent, "a transaction with the nodes")
    await press(world.money, workflow_of(move))
    if press is terminate:
        await restarted(world.money, workflow_of(move))
    assert await is_running(world.money, workflow_of(move))
    world.is_still = False
    after = await ended(world, move, TransferState.SETTLED)
    assert _txids(after) == _txids(before)


def _is_sent(facts: TransferFacts) -> bool:
    return facts.send is not None and next_send_step(facts.send) is SendStep.WATCH


def _txids(facts: TransferFacts) -> list[bytes | None]:
    assert facts.send is not None
    return [attempt.txid for attempt in facts.send.attempts]
