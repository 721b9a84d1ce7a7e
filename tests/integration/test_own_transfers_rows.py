"""Rows of own transfers: one open per address, terms fixed once, marks that roles may and may not set."""

import asyncio
from collections.abc import AsyncIterator

import psycopg
import pytest
import pytest_asyncio

from domain.own_transfers import TransferInput, TransferState
from domain.sends import SendKind
from ledger.opening import register_assets
from ledger.own_transfers import (
    TransferPlan,
    mark_transfer,
    open_transfer_at,
    plan_transfer,
    recall_transfer,
    unfinished_transfers,
    waiting_sweeps,
)
from ledger.session import Sessions
from tests.support.ledger_database import COIN, NETWORK, TOKEN, LedgerDatabase
from tests.support.records import NOW, OPERATOR, address, later

TARGET = address("target")


def plan(kind: SendKind, asset_id: int = COIN.asset_id) -> TransferPlan:
    """A transfer of a kind at one address."""
    ends = {
        SendKind.SWEEP: {"source": TARGET},
        SendKind.GAS: {"payee": TARGET},
        SendKind.REFILL: {"source": TARGET, "payee": address("other")},
        SendKind.TO_COLD: {"source": TARGET, "payee": address("cold")},
    }
    return TransferPlan(
        kind=kind,
        network=NETWORK,
        asset_id=asset_id,
        operator=OPERATOR,
        slot=3,
        policy_version=1,
        wanted=9,
        **ends[kind],
    )


@pytest_asyncio.fixture
async def money(ledger_database: LedgerDatabase) -> AsyncIterator[Sessions]:
    """Sessions of the role that moves transfers on, in a database with two assets."""
    sessions = ledger_database.sessions(None)
    async with sessions.begin() as session:
        await register_assets(session, [COIN, TOKEN])
    yield ledger_database.sessions("croupier_money")


async def planned(sessions: Sessions, wanted: TransferPlan) -> TransferInput | None:
    """Plan in a transaction of its own."""
    async with sessions.begin() as session:
        return await plan_transfer(session, wanted, NOW)


@pytest.mark.parametrize(
    ("first", "second", "may_be"),
    [
        ((SendKind.SWEEP, COIN), (SendKind.SWEEP, COIN), False),
        ((SendKind.SWEEP, COIN), (SendKind.SWEEP, TOKEN), False),
        ((SendKind.GAS, COIN), (SendKind.GAS, COIN), False),
        ((SendKind.SWEEP, TOKEN), (SendKind.GAS, COIN), True),
        ((SendKind.REFILL, COIN), (SendKind.TO_COLD, COIN), False),
        ((SendKind.REFILL, COIN), (SendKind.REFILL, TOKEN), True),
    ],
)
async def test_what_may_be_open_beside_another(
    money: Sessions, first: tuple[SendKind, object], second: tuple[SendKind, object], *, may_be: bool
) -> None:
    """The database refuses a second sweep or top-up of an address, and a second move of an asset."""
    ids = {COIN: COIN.asset_id, TOKEN: TOKEN.asset_id}
    one, other = [plan(kind, ids[asset]) for kind, asset in (first, second)]  # type: ignore[index]  # an asset
    opened = await planned(money, one)
    assert opened is not None
    assert (await planned(money, other) is not None) is may_be
    async with money.begin() as session:
        await mark_transfer(session, opened.transfer_id, TransferState.SKIPPED, later(1))
    if not may_be:
        assert await planned(money, other) is not None


async def test_fifty_planners_open_one_top_up(money: Sessions) -> None:
    """Whoever comes second finds the open one."""
    found = await asyncio.gather(*(planned(money, plan(SendKind.GAS)) for _ in range(50)))
    (opened,) = [one for one in found if one is not None]
    async with money.begin() as session:
        assert await open_transfer_at(session, SendKind.GAS, NETWORK, TARGET) == opened


async def test_a_sweep_is_funding_while_a_top_up_is_open(money: Sessions) -> None:
    """The state is read from the open top-up, whoever planned it, and ends with it."""
    sweep, top_up = await planned(money, plan(SendKind.SWEEP, TOKEN.asset_id)), None
    assert sweep is not None
    for state, expected in ((None, TransferState.PLANNED), (top_up, TransferState.FUNDING)):
        if expected is TransferState.FUNDING:
            top_up = await planned(money, plan(SendKind.GAS))
        async with money.begin() as session:
            assert (await recall_transfer(session, sweep.transfer_id)).state is expected, state
    assert top_up is not None
    async with money.begin() as session:
        assert await waiting_sweeps(session, top_up.transfer_id) == [sweep]
        await mark_transfer(session, top_up.transfer_id, TransferState.NOT_NEEDED, later(1))
        assert (await recall_transfer(session, sweep.transfer_id)).state is TransferState.PLANNED


async def test_what_has_ended_stays_so_and_is_not_unfinished(money: Sessions) -> None:
    """A late mark changes nothing; the search for unfinished rows sees the open ones only."""
    ended, still = await planned(money, plan(SendKind.SWEEP)), await planned(money, plan(SendKind.GAS))
    assert ended is not None
    async with money.begin() as session:
        await mark_transfer(session, ended.transfer_id, TransferState.SKIPPED, later(1), code="COST")
        await mark_transfer(session, ended.transfer_id, TransferState.PARKED, later(2))
        facts = await recall_transfer(session, ended.transfer_id)
        found = await unfinished_transfers(session, later(10), None, 10)
    assert (facts.state, facts.code) == (TransferState.SKIPPED, "COST")
    assert [transfer for _, transfer in found] == [still]


@pytest.mark.usefixtures("money")
async def test_the_planner_can_neither_commit_nor_change(ledger_database: LedgerDatabase) -> None:
    """Its role inserts planned rows, and may not touch one afterwards."""
    ops = ledger_database.sessions("croupier_ops")
    opened = await planned(ops, plan(SendKind.SWEEP))
    assert opened is not None
    with ledger_database.raw("croupier_ops") as connection:
        for statement in (
            "UPDATE chain.own_transfers SET state = 'committed'",
            "UPDATE chain.own_transfers SET amount = 1, fee_cap = 1",
            "INSERT INTO chain.own_transfers (transfer_id, state) VALUES (gen_random_uuid(), 'committed')",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement.encode())
            connection.rollback()
