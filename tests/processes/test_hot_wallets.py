"""Coins that people send to a hot wallet serve who waits for them, without another word from anybody."""

from uuid import UUID

import pytest

from chains.codecs.addresses import show_address
from domain.levels import HotWalletInput, Level
from domain.own_transfers import TransferFacts, TransferInput, TransferState
from domain.sends import SendKind, Told
from domain.withdrawals import WithdrawalInput, WithdrawalState
from ledger.nonce_lanes import FloatLimits, set_float_limits
from tests.support.chain_rigs import key_of
from tests.support.ledger_database import COIN, NETWORK
from tests.support.world import Terms, World
from tests.support.world_buttons import attribute, sentence, terminate
from tests.support.world_house import COLD, ETHER, FEE_CAP
from tests.support.world_people import RICHES, People
from tests.support.world_repairs import restarted
from tests.support.world_transfers import ended, float_of
from tests.support.world_turns import outgrow
from tests.support.world_waits import stands, workflow_of
from workflows.names import NEEDS_HUMAN, REASON, STATE, SignalName, hot_wallet_workflow_id

FEE = 500
DIME = ETHER // 10
POOR = Terms(wallets=1, coins=ETHER)
KEEPER = hot_wallet_workflow_id(NETWORK, COIN.symbol)
LACKING = 5 * ETHER + FEE_CAP - ETHER
"""What one wallet with one coin lacks for a payment of five."""


async def is_at(world: World, level: str) -> None:
    """Wait until an operator finds the keeper of coins at this level."""

    async def says_so() -> bool:
        return await attribute(world.money, KEEPER, STATE) == level

    await world.until(says_so, f"the level {level}")


async def needs_human(world: World) -> bool | None:
    """Whether the keeper of coins calls for people."""
    described = await world.money.get_workflow_handle(KEEPER).describe()
    return described.typed_search_attributes.get(NEEDS_HUMAN)


async def wait_for_coins(world: World, people: People) -> WithdrawalInput:
    """A withdrawal of five coins that finds one."""
    wish = people.wish(await people.rich_player(), 5 * ETHER)
    await people.withdraw(wish)
    await stands(world, wish, "LIQUIDITY")
    return wish


@pytest.mark.parametrize("own_world", [POOR], indirect=True)
async def test_a_final_top_up_serves_the_queue_by_itself(own_world: World) -> None:
    """The wallet that is asked for gets exactly what is asked; once final the withdrawal is paid, once."""
    people = People(own_world, stock=1)
    await is_at(own_world, "level")
    assert not await needs_human(own_world)
    wish = await wait_for_coins(own_world, people)
    said = await sentence(own_world.money, workflow_of(wish))
    assert "place 1 of 1 in the queue; missing up to here: 4.01 ETH@eip155:31337" in said
    await is_at(own_world, "dry")
    assert await needs_human(own_world)
    assert await attribute(own_world.money, KEEPER, REASON) == "LIQUIDITY"
    wallet = own_world.keys.wallets[0]
    assert f"Send 4.01 {COIN.code} to {show_address(NETWORK, wallet)}." in await sentence(
        own_world.money, KEEPER
    )
    assert LACKING == 401 * 10**16
    own_world.is_still = True
    people.pay_in(wallet, LACKING - 1)
    own_world.chain.mine(12)
    await is_asked_for(own_world, "0.000000000000000001")
    facts = await people.withdrawal(wish)
    assert facts is not None
    assert facts.send is not None
    assert facts.send.wallet is None
    people.pay_in(wallet, 1)
    own_world.is_still = False
    await people.ended(wish, WithdrawalState.SETTLED)
    assert (people.payments(wish), people.received(wish)) == (1, 5 * ETHER)
    assert await people.units(wish.player) == RICHES - 5 * ETHER - FEE
    await is_at(own_world, "low")


async def is_asked_for(world: World, coins: str) -> None:
    """Wait until the keeper asks people for exactly this."""

    async def says_so() -> bool:
        return f"Send {coins} {COIN.code} to 0x" in await sentence(world.money, KEEPER)

    await world.until(says_so, f"a request for {coins}")


@pytest.mark.parametrize("own_world", [POOR], indirect=True)
async def test_a_keeper_that_was_terminated_serves_what_came_meanwhile(own_world: World) -> None:
    """It holds nothing but rows: started again, it grants what the signal it missed was about."""
    people = People(own_world, stock=1)
    wish = await wait_for_coins(own_world, people)
    await is_at(own_world, "dry")
    await terminate(own_world.money, KEEPER)
    await people.credited(people.pay_in(own_world.keys.wallets[0], LACKING))
    await restarted(own_world.money, KEEPER)
    await people.ended(wish, WithdrawalState.SETTLED)
    assert people.payments(wish) == 1


@pytest.mark.parametrize("own_world", [POOR], indirect=True)
async def test_what_is_above_a_ceiling_goes_to_cold_and_people_bring_it_back(own_world: World) -> None:
    """The wallet keeps its target; who lacks coins later has them from cold, and the books follow both."""
    people, wallet = People(own_world, stock=1), own_world.keys.wallets[0]
    await limit(own_world, wallet, floor=DIME, ceiling=2 * ETHER, target=ETHER)
    await people.credited(people.pay_in(wallet, 2 * ETHER))
    move = await only_move(own_world, SendKind.TO_COLD)
    assert (move.source, move.payee, move.amount) == (wallet, COLD, 2 * ETHER)
    assert own_world.chain.latest.after.held[b"", COLD] == 2 * ETHER
    await is_at(own_world, "level")
    assert not await needs_human(own_world)
    wish = people.wish(await people.rich_player(), 2 * ETHER)
    await people.withdraw(wish)
    await stands(own_world, wish, "LIQUIDITY")
    people.pay_in(wallet, ETHER + 2 * FEE_CAP, by=key_of("cold"))
    await people.ended(wish, WithdrawalState.SETTLED)
    assert people.payments(wish) == 1
    with own_world.database.raw() as connection:
        (row,) = connection.execute(
            "SELECT state, credits FROM chain.deposits WHERE reason = 'FROM_COLD'"
        ).fetchall()
    assert row == ("ignored", 1)


@pytest.mark.parametrize("own_world", [Terms(wallets=2, coins=ETHER)], indirect=True)
async def test_what_is_above_a_ceiling_fills_who_is_below_the_floor(own_world: World) -> None:
    """A wallet of the set that lacks coins has them from its neighbour, and nobody is called."""
    rich, poor = own_world.keys.wallets
    for wallet, ceiling, floor in ((rich, 9 * DIME, DIME), (poor, 20 * DIME, 11 * DIME)):
        await limit(own_world, wallet, floor=floor, target=ceiling - DIME, ceiling=ceiling)
    await own_world.money.get_workflow_handle(KEEPER).signal(SignalName.FUNDS_CHANGED, Told(number=10**6))
    move = await only_move(own_world, SendKind.REFILL)
    assert (move.source, move.payee, move.amount) == (rich, poor, 2 * DIME)
    assert (await float_of(own_world, poor)).confirmed == 12 * DIME


async def limit(world: World, wallet: bytes, *, floor: int, target: int, ceiling: int) -> None:
    """Say how much of the coin a wallet should hold."""
    async with world.rows.begin() as session:
        await set_float_limits(
            session, NETWORK, wallet, COIN.asset_id, FloatLimits(floor=floor, target=target, ceiling=ceiling)
        )


async def only_move(world: World, kind: SendKind) -> TransferFacts:
    """Wait until the one move of this kind has ended as settled, and return it."""
    found: list[TransferInput] = []

    async def is_planned() -> bool:
        with world.database.raw() as connection:
            rows = connection.execute("SELECT transfer_id, kind FROM chain.own_transfers").fetchall()
        found[:] = [
            TransferInput(transfer_id=UUID(str(transfer_id)), kind=SendKind(str(planned)), network=NETWORK)
            for transfer_id, planned in rows
        ]
        return bool(found)

    await world.until(is_planned, f"a move, {kind}")
    (move,) = found
    assert move.kind is kind
    return await ended(world, move, TransferState.SETTLED)


async def test_a_keeper_goes_on_in_a_new_run(world: World) -> None:
    """A history that has grown is ended; the next run knows level and since when from the one before."""
    handle = world.money.get_workflow_handle(KEEPER)
    await outgrow(world, handle, SignalName.DEMAND_CHANGED)

    async def has_looked() -> bool:
        return "open hot wallets" in await sentence(world.money, KEEPER)

    await world.until(has_looked, "a look of the new run")
    history = await handle.fetch_history()
    started = history.events[0].workflow_execution_started_event_attributes
    (carried,) = await world.money.data_converter.decode(started.input.payloads, [HotWalletInput])
    assert (carried.network, carried.asset_id, carried.level) == (NETWORK, COIN.asset_id, Level.LEVEL)
    assert carried.since is not None


async def test_a_wallet_with_code_is_frozen_when_the_feed_begins(own_world: World) -> None:
    """A wallet whose account was delegated pays nothing; the others of the set do."""
    people = People(own_world, stock=4)
    wishes = [people.wish(await people.rich_player()) for _ in range(4)]
    bad, *good = own_world.keys.wallets
    own_world.chain.refusing |= {bad}
    await own_world.stop("feed")
    await own_world.start("feed")

    async def is_frozen() -> bool:
        with own_world.database.raw() as connection:
            row = connection.execute(
                "SELECT state, why FROM chain.wallets WHERE address = %s", [bad]
            ).fetchone()
        return row is not None and row[0] == "frozen" and str(row[1]).startswith("it has code, 0xfe")

    await own_world.until(is_frozen, "a frozen wallet")
    for wish in wishes:
        await people.withdraw(wish)
        facts = await people.ended(wish, WithdrawalState.SETTLED)
        assert facts.send is not None
        assert facts.send.wallet in good
