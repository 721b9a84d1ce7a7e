"""News from the outbox: each workflow is told its own in order, and nobody waits for another's."""

import asyncio

import pytest

from activities.delivering import DeliveringActivities
from domain.deposits import DepositState
from ledger.events import DepositEvent, FloatEvent, SendEvent, undelivered
from tests.support.following import finish, grow
from tests.support.ledger_database import NETWORK, LedgerDatabase
from tests.support.records import deposit_input, effect, new_address, new_player, started_chain

PATIENCE_SECONDS = 10
SLOW, QUICK = deposit_input("slow"), deposit_input("quick")


class HoldingStarter:
    """Keeps back whoever tells the slow deposit until the quick one has heard everything."""

    def __init__(self) -> None:
        self.told: list[tuple[str, DepositState]] = []
        self._quick_is_told = asyncio.Event()

    async def deposit(self, event: DepositEvent) -> None:
        if event.deposit == SLOW:
            await asyncio.wait_for(self._quick_is_told.wait(), PATIENCE_SECONDS)
        self.told.append((event.deposit.txid, event.state))
        if event.deposit == QUICK and event.state is DepositState.FINAL:
            self._quick_is_told.set()

    async def send(self, event: SendEvent) -> None:
        raise AssertionError(event)

    async def hot_wallets(self, event: FloatEvent) -> None:
        raise AssertionError(event)


async def test_a_workflow_that_is_slow_to_hear_holds_up_no_other(
    ledger_database: LedgerDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each deposit hears seen before final; the slow one, first in the outbox, is told last."""
    monkeypatch.setattr("temporalio.activity.heartbeat", lambda *_: None)
    chain, money, ops = (
        ledger_database.sessions(role) for role in ("croupier_chain", "croupier_money", "croupier_ops")
    )
    start = await started_chain(chain)
    target = await new_address(money, await new_player(money))
    at = await grow(chain, start, [effect(target, 1_000, name="slow"), effect(target, 1_000, name="quick")])
    assert await finish(chain, at)
    starter = HoldingStarter()
    assert await DeliveringActivities(ops, starter)._deliver(NETWORK) == 4
    states = (DepositState.SEEN, DepositState.FINAL)
    assert starter.told == [(deposit.txid, state) for deposit in (QUICK, SLOW) for state in states]
    async with ops.begin() as session:
        assert await undelivered(session, NETWORK, 10) == []
