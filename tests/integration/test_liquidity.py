"""The queue for coins as rows: who waits, who was passed, who is told, and what people have to send."""

from datetime import timedelta

import psycopg
import pytest

from domain.deposits import WalletRole
from domain.levels import Level, assess
from domain.liquidity import Hindrance, Lack
from domain.sends import AttemptState, SendKind
from ledger.levels import read_liquidity
from ledger.nonce_lanes import FloatLimits, register_wallet, set_float_limits
from ledger.own_transfers import TransferPlan, plan_transfer
from tests.support.following import apply, finish
from tests.support.lanes import HOT, SECOND, opened_lanes, send_of
from tests.support.ledger_database import COIN, NETWORK, TOKEN, LedgerDatabase
from tests.support.records import NOW, address, block, effect, started_chain
from tests.support.sending import HOT as SENDER
from tests.support.sending import SendWorld


async def test_a_small_request_passes_a_large_one_once(ledger_database: LedgerDatabase) -> None:
    """The first small one goes ahead, and the row says so; the next one waits behind the large one."""
    lanes = await opened_lanes(ledger_database)
    await lanes.add(HOT, coins=90_000, tokens=600)
    assert await lanes.ask("large", amount=700) == 1
    assert await lanes.ask("small", amount=10) == HOT
    assert await lanes.ask("smaller", amount=5) == 2
    assert await lanes.grant() == []
    with ledger_database.raw() as connection:
        passed = connection.execute(
            "SELECT send_id, passed_by FROM chain.grants WHERE passed_by IS NOT NULL"
        ).fetchall()
    assert passed == [(send_of("large"), send_of("small"))]
    await lanes.refresh(HOT, coins=90_000, tokens=710, height=3)
    assert await lanes.grant() == [send_of("large")]
    await lanes.refresh(HOT, coins=90_000, tokens=715, height=4)
    assert await lanes.ask("smaller", amount=5) == HOT
    assert (await lanes.floats())[HOT, TOKEN.asset_id] == (715, 715)


async def test_nobody_passes_who_has_waited_ten_minutes(ledger_database: LedgerDatabase) -> None:
    """Age is the database's own, from the moment of asking; another asset is another queue."""
    lanes = await opened_lanes(ledger_database)
    await lanes.add(HOT, coins=90_000, tokens=600)
    await lanes.ask("large", amount=700)
    lanes.age("large", 10)
    assert await lanes.ask("small", amount=10) == 2
    assert await lanes.ask("coin", asset_id=COIN.asset_id, amount=10) == HOT
    assert await lanes.grant() == []


async def test_nobody_is_passed_twice_whoever_writes(ledger_database: LedgerDatabase) -> None:
    """The database itself keeps who passed a send."""
    lanes = await opened_lanes(ledger_database)
    await lanes.add(HOT, coins=90_000, tokens=600)
    await lanes.ask("large", amount=700)
    await lanes.ask("small", amount=10)
    with (
        ledger_database.raw() as connection,
        pytest.raises(psycopg.errors.IntegrityConstraintViolation, match="passed before"),
    ):
        connection.execute(
            "UPDATE chain.grants SET passed_by = %s WHERE passed_by IS NOT NULL", [send_of("large")]
        )


async def test_the_longest_wait_of_a_network_is_served_first(ledger_database: LedgerDatabase) -> None:
    """Two assets want the same coins for their fees: who asked first has them."""
    lanes = await opened_lanes(ledger_database)
    await lanes.add(HOT, coins=500, tokens=600)
    assert await lanes.ask("token") == 1
    assert await lanes.ask("coin", asset_id=COIN.asset_id, amount=100, fee_cap=900) == 1
    await lanes.refresh(HOT, coins=1_500, tokens=600, height=2)
    assert await lanes.grant() == [send_of("token")]


async def test_who_is_granted_by_others_is_told(ledger_database: LedgerDatabase) -> None:
    """Waiting is news for the asset's keeper, a grant for who waited; who asks has its answer already."""
    lanes = await opened_lanes(ledger_database)
    await lanes.add(HOT, coins=90_000, tokens=600)
    await lanes.told()
    await lanes.ask("a")
    assert await lanes.told() == []
    await lanes.ask("b")
    assert await lanes.told() == [("demand_changed", "2"), ("demand_changed", "1")]
    await lanes.ask("b")
    assert await lanes.told() == []
    await lanes.refresh(HOT, coins=90_000, tokens=1_000, height=2)
    assert await lanes.told() == [("funds_changed", "2")]
    await lanes.ask("c")
    assert await lanes.told() == [
        ("granted", str(send_of("b"))),
        ("demand_changed", "2"),
        ("demand_changed", "1"),
    ]


async def test_a_float_that_falls_below_its_floor_is_news_once(ledger_database: LedgerDatabase) -> None:
    """What goes out as usual is no news; crossing the floor is."""
    lanes = await opened_lanes(ledger_database)
    await lanes.add(HOT, coins=100, tokens=100)
    async with lanes.money.begin() as session:
        await set_float_limits(session, NETWORK, HOT, TOKEN.asset_id, FloatLimits(50, 80, 200))
    await lanes.told()
    said = []
    for height, tokens in enumerate((70, 49, 40, 50, 30), 1):
        await lanes.refresh(HOT, coins=100, tokens=tokens, height=height)
        said.append([subject for _, subject in await lanes.told()])
    assert said == [[], ["2"], [], ["2"], ["2"]]


async def test_a_place_says_what_is_missing(ledger_database: LedgerDatabase) -> None:
    """Place, length, lack with asset and decimals; asking changes nothing of it."""
    lanes = await opened_lanes(ledger_database)
    await lanes.add(HOT, coins=90_000, tokens=600)
    await lanes.add(SECOND, coins=90_000, tokens=100)
    await lanes.ask("large", amount=700)
    await lanes.ask("larger", amount=800)
    queue = (await lanes.recall("larger")).queue
    assert queue is not None
    assert (queue.place, queue.length, queue.hindrance) == (2, 2, Hindrance.COINS)
    assert queue.lacks == (Lack(asset="TUSD@eip155:31337", decimals=6, units=800),)
    assert (await lanes.recall("large")).standing == (
        "place 1 of 2 in the queue; missing up to here: 0.0001 TUSD@eip155:31337"
    )
    await lanes.give_up("large")
    assert (await lanes.recall("large")).queue is None
    assert (await lanes.recall("larger")).place_in_queue == 1


async def test_without_an_open_wallet_the_sentence_says_so(ledger_database: LedgerDatabase) -> None:
    """A frozen wallet with plenty of coins is not asked to be filled."""
    lanes = await opened_lanes(ledger_database)
    await lanes.add(HOT, coins=90_000, tokens=600)
    with ledger_database.raw() as connection:
        connection.execute("UPDATE chain.wallets SET state = 'frozen'")
    await lanes.ask("a")
    assert (await lanes.recall("a")).standing == "place 1 of 1 in the queue; no hot wallet is open"
    facts = assess(await lanes.liquidity(), TOKEN.asset_id)
    assert (facts.level, facts.open_wallets, facts.top_ups) == (Level.DRY, 0, ())
    assert facts.needs_human


async def test_coins_on_their_way_are_asked_for_once(ledger_database: LedgerDatabase) -> None:
    """What stands in a block is taken off the request, and the place says when it will be final."""
    lanes = await opened_lanes(ledger_database)
    await lanes.add(HOT, coins=90_000, tokens=600)
    await lanes.ask("large", amount=700)
    start = await started_chain(lanes.chain)
    arriving = block(start, (effect(HOT, 60, contract=TOKEN.contract),))
    assert await apply(lanes.chain, start, arriving)
    facts = assess(await lanes.liquidity(), TOKEN.asset_id)
    assert (facts.level, facts.waiting) == (Level.DRY, 1)
    assert [(one.wallet, one.units, one.arriving) for one in facts.top_ups] == [(HOT, 40, 60)]
    queue = (await lanes.recall("large")).queue
    assert queue is not None
    assert queue.expected_at is None
    more = block(arriving.header, (effect(HOT, 40, name="b", contract=TOKEN.contract),))
    assert await apply(lanes.chain, arriving.header, more)
    queue = (await lanes.recall("large")).queue
    assert queue is not None
    assert queue.expected_at == more.header.mined_at + (more.header.mined_at - start.mined_at)
    facts = assess(await lanes.liquidity(), TOKEN.asset_id)
    assert (facts.level, facts.top_ups, facts.needs_human) == (Level.DRY, (), False)
    assert await finish(lanes.chain, more.header)
    assert (await lanes.liquidity()).arriving == {}


async def test_what_comes_from_a_cold_wallet_is_on_its_way_too(ledger_database: LedgerDatabase) -> None:
    """It leaves a row that is booked once final, as every top-up by people does."""
    lanes = await opened_lanes(ledger_database)
    await lanes.add(HOT, coins=90_000, tokens=600)
    await lanes.ask("large", amount=700)
    async with lanes.money.begin() as session:
        await register_wallet(session, NETWORK, address("cold"), WalletRole.COLD)
    start = await started_chain(lanes.chain)
    found = block(start, (effect(HOT, 100, contract=TOKEN.contract, sender=address("cold")),))
    assert await apply(lanes.chain, start, found)
    facts = assess(await lanes.liquidity(), TOKEN.asset_id)
    assert (facts.level, facts.top_ups, facts.needs_human) == (Level.DRY, (), False)
    with ledger_database.raw() as connection:
        rows = connection.execute("SELECT state, reason, amount::bigint FROM chain.deposits").fetchall()
    assert rows == [("ignored", "FROM_COLD", 100)]


async def test_own_transfers_under_way_are_counted_before_a_block_holds_them(
    ledger_database: LedgerDatabase,
) -> None:
    """A refill that is planned is taken off what people are asked for."""
    lanes = await opened_lanes(ledger_database)
    await lanes.add(HOT, coins=90_000, tokens=600)
    await lanes.add(SECOND, coins=90_000, tokens=0)
    async with lanes.money.begin() as session:
        await set_float_limits(session, NETWORK, SECOND, TOKEN.asset_id, FloatLimits(10, 50, 90))
    assert [one.units for one in assess(await lanes.liquidity(), TOKEN.asset_id).top_ups] == [50]
    refill = TransferPlan(
        kind=SendKind.REFILL,
        network=NETWORK,
        asset_id=TOKEN.asset_id,
        operator=1,
        slot=0,
        policy_version=1,
        wanted=30,
        source=HOT,
        payee=SECOND,
    )
    async with lanes.money.begin() as session:
        assert await plan_transfer(session, refill, NOW) is not None
    (asked,) = assess(await lanes.liquidity(), TOKEN.asset_id).top_ups
    assert (asked.wallet, asked.units, asked.arriving) == (SECOND, 20, 30)


async def test_a_lane_whose_oldest_transaction_is_old_takes_no_more(ledger_database: LedgerDatabase) -> None:
    """Over five minutes without a block nothing is routed there, until a block holds it."""
    sending = SendWorld(ledger_database, send_of("stuck"))
    await sending.begin()
    await sending.lane()
    lanes = await opened_lanes(ledger_database)
    assert await lanes.ask("next") == SENDER
    with ledger_database.raw() as connection:
        connection.execute("ALTER TABLE chain.signed_txs DISABLE TRIGGER append_only")
        connection.execute("UPDATE chain.signed_txs SET copied_at = copied_at - interval '301 s'")
        connection.execute("ALTER TABLE chain.signed_txs ENABLE TRIGGER append_only")
    assert await lanes.ask("behind") == 1
    (wallet,) = (await lanes.liquidity()).wallets
    assert timedelta(seconds=301) <= wallet.oldest_unmined < timedelta(seconds=360)
    assert (await lanes.recall("behind")).standing == (
        "place 1 of 1 in the queue; the hot wallets wait for blocks"
    )
    with ledger_database.raw() as connection:
        connection.execute(
            "UPDATE chain.attempts SET state = %s, block_height = 1, block_hash = %s, landed_txid = %s",
            [AttemptState.INCLUDED.value, bytes(32), bytes(32)],
        )
    assert await lanes.grant() == [send_of("behind")]


async def test_the_door_reads_what_people_see(ledger_database: LedgerDatabase) -> None:
    """Its role sees levels, places and coins on their way, and can lock or grant nothing."""
    lanes = await opened_lanes(ledger_database)
    await lanes.add(HOT, coins=90_000, tokens=600)
    await lanes.ask("large", amount=700)
    async with ledger_database.sessions("croupier_api").snapshot() as session:
        liquidity = await read_liquidity(session, NETWORK)
    assert [one.send.send_id for one in liquidity.waiting] == [send_of("large")]
    with (
        ledger_database.raw("croupier_api") as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute("UPDATE chain.floats SET committed = 0")


async def test_a_network_nobody_follows_has_no_liquidity(ledger_database: LedgerDatabase) -> None:
    """Before the first block is read there is nothing to say, and nothing breaks."""
    async with ledger_database.sessions("croupier_money").begin() as session:
        liquidity = await read_liquidity(session, NETWORK)
    assert (liquidity.is_open, liquidity.wallets, liquidity.waiting) == (False, (), ())
    assert address("nobody") not in {one.address for one in liquidity.floats}
