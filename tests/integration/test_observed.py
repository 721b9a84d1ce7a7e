"""Blocks become rows once and in order, and each effect gets its verdict."""

import asyncio

import pytest

from domain.deposits import DepositReason, DepositState, WalletRole
from domain.errors import NotFound, RecordMismatch
from domain.onchain import TRC10_POSITION, BlockEffects, MinedTransaction
from ledger.addresses import insert_pool
from ledger.events import DepositEvent, WalletEvent, mark_delivered, undelivered
from ledger.nonce_lanes import register_wallet
from ledger.observed import canonical_at, ensure_chain, known_header, read_cursor
from tests.support.following import apply, finish, grow, recalled, told
from tests.support.ledger_database import COIN, NETWORK, TOKEN, LedgerDatabase
from tests.support.records import (
    GENESIS,
    NOW,
    STRANGER,
    address,
    block,
    deposit_input,
    effect,
    header,
    later,
    new_address,
    new_player,
    started_chain,
    txid,
)

HOT = address("hot")
ODD = [
    ("reverted", {"succeeded": False}, "ignored", "REVERTED", False),
    ("unlisted", {"contract": address(77)}, "ignored", "TOKEN_NOT_LISTED", False),
    (
        "trc10",
        {"contract": b"trc10:1002000", "position": TRC10_POSITION},
        "ignored",
        "TRC10_NOT_LISTED",
        False,
    ),
    ("zero", {"amount": 0}, "ignored", "ZERO_VALUE", False),
    ("dust", {"amount": 9}, "ignored", "DUST", True),
    ("own", {"sender": HOT}, "ignored", "OWN_SEND", False),
    ("system", {"receiver": HOT}, "review", "TO_SYSTEM_WALLET", True),
    ("pool", {"receiver": address(500_000)}, "review", "ADDRESS_NOT_ASSIGNED", True),
]


async def test_a_network_is_followed_from_a_final_block(ledger_database: LedgerDatabase) -> None:
    """The cursor begins there, stays there on a repeat, and another genesis is another network."""
    sessions = ledger_database.sessions("croupier_chain")
    async with sessions.begin() as session:
        with pytest.raises(NotFound):
            await read_cursor(session, NETWORK)
    start = await started_chain(sessions)
    async with sessions.begin() as session:
        await ensure_chain(session, NETWORK, GENESIS, 1, header(start))
        cursor = await read_cursor(session, NETWORK)
        assert (cursor.ref, cursor.final_height, cursor.mode) == (start.ref, 0, "open")
        assert await known_header(session, NETWORK, start.ref.hash) == start
        assert await canonical_at(session, NETWORK, 0) == start
        assert await canonical_at(session, NETWORK, 1) is None
        with pytest.raises(RecordMismatch):
            await ensure_chain(session, NETWORK, bytes(32), 1, start)


async def test_a_deposit_is_seen_confirmed_and_final(ledger_database: LedgerDatabase) -> None:
    """Its row follows the chain, and each transition that matters is told once."""
    chain, money, ops = (
        ledger_database.sessions(role) for role in ("croupier_chain", "croupier_money", "croupier_ops")
    )
    start = await started_chain(chain)
    player = await new_player(money)
    target = await new_address(money, player)
    first = await grow(chain, start, [effect(target, 1_000)])
    seen = await recalled(money)
    assert (seen.state, seen.amount, seen.player, seen.asset_id, seen.height) == (
        DepositState.SEEN,
        1_000,
        player,
        COIN.asset_id,
        1,
    )
    tip = await grow(chain, first)
    assert (await recalled(money)).state is DepositState.CONFIRMING
    assert not await finish(chain, header(tip))
    assert await finish(chain, first)
    final = await recalled(money)
    assert (final.state, final.is_final, final.final_height) == (DepositState.FINAL, True, 1)
    assert not await finish(chain, first)
    assert await told(ops) == ["seen", "final"]
    assert await told(ops) == []


async def test_one_transaction_may_pay_many_players(ledger_database: LedgerDatabase) -> None:
    """Every position is a deposit of its own."""
    chain, money = (ledger_database.sessions(role) for role in ("croupier_chain", "croupier_money"))
    start = await started_chain(chain)
    targets = [await new_address(money, await new_player(money)) for _ in range(3)]
    effects = [
        effect(target, 100 + number, position=f"log-{number}", contract=TOKEN.contract)
        for number, target in enumerate([*targets, targets[0]])
    ]
    await grow(chain, start, effects)
    assert [(await recalled(money, "a", f"log-{number}")).amount for number in range(4)] == [
        100,
        101,
        102,
        103,
    ]


async def test_a_block_is_applied_once_however_many_try(ledger_database: LedgerDatabase) -> None:
    """The cursor decides: one of six followers writes, the others write nothing."""
    chain = ledger_database.sessions("croupier_chain", pool_size=6)
    money = ledger_database.sessions()
    start = await started_chain(chain)
    target = await new_address(money, await new_player(money))
    found = block(start, [effect(target, 1_000)])
    applied = await asyncio.gather(*(apply(chain, start, found) for _ in range(6)))
    assert sorted(applied) == [False] * 5 + [True]
    assert await told(ledger_database.sessions("croupier_ops")) == ["seen"]


async def test_a_block_that_does_not_fit_is_refused(ledger_database: LedgerDatabase) -> None:
    """Neither a gap nor another parent gets into the rows."""
    chain = ledger_database.sessions("croupier_chain")
    start = await started_chain(chain)
    gap = header(header(start))
    with pytest.raises(RecordMismatch):
        await apply(chain, start, BlockEffects(gap, (), ()))
    async with chain.begin() as session:
        assert (await read_cursor(session, NETWORK)).ref == start.ref
        assert await known_header(session, NETWORK, gap.ref.hash) is None


@pytest.mark.parametrize(("name", "facts", "verdict", "reason", "is_deposit"), ODD)
async def test_what_is_not_credited_carries_its_reason(  # noqa: PLR0913, PLR0917 - one column each
    ledger_database: LedgerDatabase,
    name: str,
    facts: dict[str, object],
    verdict: str,
    reason: str,
    is_deposit: bool,  # noqa: FBT001 - a column of the table
) -> None:
    """Each odd effect leaves its verdict; only what must stand in the books becomes a deposit row."""
    chain, money = (ledger_database.sessions(role) for role in ("croupier_chain", "croupier_money"))
    start = await started_chain(chain)
    target = await new_address(money, await new_player(money))
    async with money.begin() as session:
        await insert_pool(session, "eip155", 9, 0, [address(500_000)], NOW)
        await register_wallet(session, NETWORK, HOT, WalletRole.HOT)
    arguments: dict[str, object] = {"receiver": target, "amount": 1_000, "name": name, **facts}
    await grow(chain, start, [effect(**arguments)])  # type: ignore[arg-type]  # a row of the table
    with ledger_database.raw() as connection:
        rows = connection.execute("SELECT verdict, reason FROM chain.effects").fetchall()
    assert rows == [(verdict, reason)]
    if is_deposit:
        facts_of = await recalled(money, name)
        assert (facts_of.state, facts_of.reason) == (DepositState(verdict), DepositReason(reason))
        assert facts_of.slot is not None
    else:
        with pytest.raises(NotFound):
            await recalled(money, name)


async def test_strangers_leave_no_trace(ledger_database: LedgerDatabase) -> None:
    """A transfer between others is not ours to keep."""
    chain = ledger_database.sessions("croupier_chain")
    start = await started_chain(chain)
    await grow(chain, start, [effect(STRANGER, 5, sender=address(3))])
    with ledger_database.raw() as connection:
        assert connection.execute("SELECT count(*) FROM chain.effects").fetchall() == [(0,)]


async def test_a_transaction_we_never_signed_freezes_its_wallet(ledger_database: LedgerDatabase) -> None:
    """A foreign hash from a hot wallet means a stolen key."""
    chain, money, ops = (
        ledger_database.sessions(role) for role in ("croupier_chain", "croupier_money", "croupier_ops")
    )
    start = await started_chain(chain)
    async with money.begin() as session:
        await register_wallet(session, NETWORK, HOT, WalletRole.HOT)
    foreign = MinedTransaction(txid("foreign"), HOT, 4, succeeded=True, fee=21)
    assert await apply(chain, start, block(start, transactions=[foreign]))
    async with ops.begin() as session:
        (event,) = await undelivered(session, NETWORK, 10)
    assert isinstance(event, WalletEvent)
    assert (event.address, event.state) == (HOT, "frozen")
    with ledger_database.raw() as connection:
        assert connection.execute("SELECT state FROM chain.wallets").fetchall() == [("frozen",)]
        assert connection.execute("SELECT wallet, nonce, fee, effect_ok FROM chain.own_txs").fetchall() == [
            (HOT, 4, 21, False)
        ]


async def test_an_event_names_what_its_workflow_is_started_with(ledger_database: LedgerDatabase) -> None:
    """Network, transaction, position and id: everything else is read from the row."""
    chain, money, ops = (
        ledger_database.sessions(role) for role in ("croupier_chain", "croupier_money", "croupier_ops")
    )
    start = await started_chain(chain)
    target = await new_address(money, await new_player(money))
    await grow(chain, start, [effect(target, 1_000)])
    async with ops.begin() as session:
        (event,) = await undelivered(session, NETWORK, 10)
        await mark_delivered(session, [event.number], later(1))
        assert await undelivered(session, NETWORK, 10) == []
    assert isinstance(event, DepositEvent)
    assert (event.deposit, event.state, event.network) == (deposit_input(), DepositState.SEEN, NETWORK)


async def test_what_people_send_from_a_cold_wallet_freezes_nothing(ledger_database: LedgerDatabase) -> None:
    """Its key is not in the house: the transaction is kept with its fee, and nobody is alarmed."""
    chain, cold = ledger_database.sessions("croupier_chain"), address("cold")
    async with ledger_database.sessions("croupier_money").begin() as session:
        await register_wallet(session, NETWORK, cold, WalletRole.COLD)
    start = await started_chain(chain)
    sent = MinedTransaction(txid("top-up"), cold, 4, succeeded=True, fee=21)
    assert await apply(chain, start, block(start, transactions=[sent]))
    with ledger_database.raw() as connection:
        wallets = connection.execute("SELECT state, why FROM chain.wallets").fetchall()
        kept = connection.execute("SELECT wallet, fee::bigint FROM chain.own_txs").fetchall()
    assert (wallets, kept) == ([("open", None)], [(cold, 21)])
    assert await told(ledger_database.sessions("croupier_ops")) == []
