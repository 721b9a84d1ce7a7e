"""Hot wallets promise what they have, once; nothing is routed to one that is not healthy."""

import asyncio

import pytest

from domain.deposits import WalletRole
from domain.errors import Conflict, NotFound, NotYet, RecordMismatch, TooLate
from domain.liquidity import UNMINED_MAX
from domain.sends import AttemptOutcome
from ledger.evidence import close_attempt
from ledger.finality import freeze
from ledger.floats import settle_float
from ledger.nonce_lanes import FloatLimits, freeze_wallet, register_wallet, senders, set_float_limits
from ledger.sends import insert_attempt
from tests.support.lanes import HOT, SECOND, opened_lanes, send_of
from tests.support.ledger_database import COIN, NETWORK, LedgerDatabase
from tests.support.records import NOW, address, plan


async def test_a_grant_commits_amount_and_fee(ledger_database: LedgerDatabase) -> None:
    """Tokens from the token's float, the fee from the native coin's; asking again commits nothing more."""
    lanes = await opened_lanes(ledger_database)
    await lanes.add(HOT, coins=5_000, tokens=800)
    assert await lanes.ask("a") == HOT
    assert await lanes.ask("a") == HOT
    assert await lanes.floats() == {(HOT, 1): (5_000, 1_000), (HOT, 2): (800, 500)}


@pytest.mark.parametrize(("coins", "is_granted"), [(1_500, True), (1_499, False), (500, False), (0, False)])
async def test_a_native_send_needs_amount_and_fee_from_one_balance(
    ledger_database: LedgerDatabase,
    coins: int,
    is_granted: bool,  # noqa: FBT001 - a column of the table
) -> None:
    """Room is checked to the unit."""
    lanes = await opened_lanes(ledger_database)
    await lanes.add(HOT, coins=coins, tokens=0)
    answer = await lanes.ask("a", asset_id=COIN.asset_id, amount=500, fee_cap=1_000)
    assert (answer == HOT) is is_granted


async def test_a_send_is_recorded_with_one_content(ledger_database: LedgerDatabase) -> None:
    """The same id with another amount is a conflict that names the field."""
    lanes = await opened_lanes(ledger_database)
    await lanes.ask("a")
    with pytest.raises(Conflict) as caught:
        await lanes.ask("a", amount=501)
    assert caught.value.field == "amount"


async def test_grants_at_once_never_promise_the_same_room(ledger_database: LedgerDatabase) -> None:
    """Twelve requests for room that two wallets have four times: four wallets, eight places."""
    lanes = await opened_lanes(ledger_database, pool_size=8)
    await lanes.add(HOT, coins=90_000, tokens=1_000)
    await lanes.add(SECOND, coins=90_000, tokens=1_000)
    answers = await asyncio.gather(*(lanes.ask(number) for number in range(12)))
    granted = [answer for answer in answers if isinstance(answer, bytes)]
    assert (granted.count(HOT), granted.count(SECOND)) == (2, 2)
    assert sorted(answer for answer in answers if isinstance(answer, int)) == list(range(1, 9))
    assert (await lanes.floats())[HOT, 2] == (await lanes.floats())[SECOND, 2] == (1_000, 1_000)


async def test_a_wallet_has_few_unmined_sends(ledger_database: LedgerDatabase) -> None:
    """The pipeline of one wallet is bounded, however rich it is."""
    lanes = await opened_lanes(ledger_database)
    await lanes.add(HOT, coins=10**9, tokens=10**9)
    answers = [await lanes.ask(number) for number in range(UNMINED_MAX + 1)]
    assert answers == [HOT] * UNMINED_MAX + [1]
    await lanes.give_up(0)
    assert await lanes.grant() == [send_of(UNMINED_MAX)]


async def test_nothing_is_granted_where_something_is_wrong(ledger_database: LedgerDatabase) -> None:
    """Neither a frozen network nor a wallet that is not open pays."""
    lanes = await opened_lanes(ledger_database)
    await lanes.add(HOT, coins=9_000, tokens=900)
    with ledger_database.raw() as connection:
        connection.execute("UPDATE chain.wallets SET state = 'frozen'")
    assert await lanes.ask("a") == 1
    with ledger_database.raw() as connection:
        connection.execute("UPDATE chain.wallets SET state = 'open'")
    async with lanes.chain.begin() as session:
        await freeze(session, NETWORK, "FINALITY_BROKEN")
    assert await lanes.ask("a") == 1
    assert await lanes.grant() == []


async def test_a_send_given_up_returns_its_room_for_ever(ledger_database: LedgerDatabase) -> None:
    """Releasing is one-way: the send is never granted again, and a waiting one leaves the line."""
    lanes = await opened_lanes(ledger_database)
    await lanes.add(HOT, coins=9_000, tokens=600)
    await lanes.ask("a")
    await lanes.ask("b")
    assert [await lanes.give_up(name) for name in ("b", "a", "a")] == [True, True, False]
    assert (await lanes.floats())[HOT, 2] == (600, 0)
    facts = await lanes.recall("b")
    assert (facts.is_released, facts.wallet, facts.place_in_queue) == (True, None, None)
    assert await lanes.grant() == []
    with pytest.raises(NotFound):
        await lanes.give_up("nobody")


async def test_a_send_with_an_open_attempt_is_not_given_up(ledger_database: LedgerDatabase) -> None:
    """Only what provably never lands gives its room back."""
    lanes = await opened_lanes(ledger_database)
    await lanes.add(HOT, coins=9_000, tokens=600)
    await lanes.ask("a")
    async with lanes.chain.begin() as session:
        await insert_attempt(session, send_of("a"), 1, NETWORK, HOT, plan())
        with pytest.raises(RecordMismatch):
            await insert_attempt(session, send_of("a"), 1, NETWORK, SECOND, plan())
    with pytest.raises(TooLate):
        await lanes.give_up("a")
    with pytest.raises(NotYet):
        async with lanes.money.begin() as session:
            await settle_float(session, send_of("a"))
    async with lanes.chain.begin() as session:
        await close_attempt(session, send_of("a"), 1, AttemptOutcome.DEAD, {"why": "a test"}, NOW)
    assert await lanes.give_up("a")
    assert (await lanes.floats())[HOT, 2] == (600, 0)


async def test_an_older_balance_never_replaces_a_newer_one(ledger_database: LedgerDatabase) -> None:
    """Two readers may finish in any order."""
    lanes = await opened_lanes(ledger_database)
    await lanes.add(HOT, coins=1, tokens=1)
    assert await lanes.refresh(HOT, coins=5, tokens=5, height=9) == [True, True]
    assert await lanes.refresh(HOT, coins=7, tokens=7, height=8) == [False, False]
    assert (await lanes.floats())[HOT, 1] == (5, 0)


async def test_limits_are_settings_and_keep_the_balance(ledger_database: LedgerDatabase) -> None:
    """New limits change no money."""
    lanes = await opened_lanes(ledger_database)
    await lanes.add(HOT, coins=100, tokens=100)
    async with lanes.money.begin() as session:
        await set_float_limits(session, NETWORK, HOT, COIN.asset_id, FloatLimits(1, 2, 3))
    assert (await lanes.floats())[HOT, 1] == (100, 0)
    with ledger_database.raw() as connection:
        rows = connection.execute(
            "SELECT floor, target, ceiling FROM chain.floats WHERE asset_id = 1"
        ).fetchall()
    assert rows == [(1, 2, 3)]


async def test_registering_again_keeps_a_wallet_frozen(ledger_database: LedgerDatabase) -> None:
    """A restart opens nothing that was closed."""
    lanes = await opened_lanes(ledger_database)
    await lanes.add(HOT, coins=1, tokens=1)
    with ledger_database.raw() as connection:
        connection.execute("UPDATE chain.wallets SET state = 'frozen'")
    async with lanes.money.begin() as session:
        await register_wallet(session, NETWORK, HOT, WalletRole.HOT)
        with pytest.raises(RecordMismatch):
            await register_wallet(session, NETWORK, HOT, WalletRole.GAS)
    with ledger_database.raw() as connection:
        assert connection.execute("SELECT state FROM chain.wallets").fetchall() == [("frozen",)]


async def test_a_frozen_wallet_sends_nothing_and_keeps_its_first_reason(
    ledger_database: LedgerDatabase,
) -> None:
    """Freezing twice is one freeze; cold wallets are never asked for, frozen ones no longer."""
    lanes = await opened_lanes(ledger_database)
    await lanes.add(HOT, coins=9_000, tokens=900)
    await lanes.add(SECOND, coins=0, tokens=0)
    async with lanes.money.begin() as session:
        await register_wallet(session, NETWORK, address("cold"), WalletRole.COLD)
        await register_wallet(session, NETWORK, address("gas"), WalletRole.GAS)
    async with lanes.chain.begin() as session:
        assert await senders(session, NETWORK) == sorted([HOT, SECOND, address("gas")])
        assert await freeze_wallet(session, NETWORK, HOT, "it has code")
        assert not await freeze_wallet(session, NETWORK, HOT, "another reason")
        assert await senders(session, NETWORK) == sorted([SECOND, address("gas")])
    assert await lanes.ask("a") == 1
    with ledger_database.raw() as connection:
        rows = connection.execute("SELECT why FROM chain.wallets WHERE state = 'frozen'").fetchall()
    assert rows == [("it has code",)]
