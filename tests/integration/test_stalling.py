"""A network's mode follows its blocks: stalled and open by itself; frozen is lifted by people alone."""

from datetime import timedelta
from uuid import NAMESPACE_OID, uuid5

import pytest

from activities.broadcasting import BroadcastingActivities
from chains.memory import MemoryWriter
from chains.memory_blocks import MemoryChain
from domain.sends import PlanRequest, SendKind, SendOrder
from domain.stalls import ChainStalled, StallBounds
from ledger.finality import freeze
from ledger.observed import read_cursor
from ledger.session import Sessions
from ledger.stalling import watch_pace
from signer.migrating import upgrade
from tests.support.following import finish, grow
from tests.support.ledger_database import COIN, NETWORK, LedgerDatabase
from tests.support.records import CATALOGUE, NOW, PAYEE, STRANGER, header, started_chain

COIN_SEND = uuid5(NAMESPACE_OID, "a send")
BOUNDS = StallBounds(head_seconds=30, final_seconds=8)


async def _paced(sessions: Sessions, seconds: int, bounds: StallBounds = BOUNDS) -> tuple[str, str | None]:
    """Look at the pace this long after the tests' now; return mode and reason."""
    async with sessions.begin() as session:
        await watch_pace(session, NETWORK, bounds, NOW + timedelta(seconds=seconds))
        cursor = await read_cursor(session, NETWORK)
    return cursor.mode, cursor.why


async def test_a_network_is_stalled_by_its_blocks_and_opens_by_itself(
    ledger_database: LedgerDatabase,
) -> None:
    """Old heads and final blocks that fall behind stall it; fresh ones open it; a repeat changes nothing."""
    chain = ledger_database.sessions("croupier_chain")
    async with chain.begin() as session:
        assert await watch_pace(session, NETWORK, BOUNDS, NOW) is None
    start = await started_chain(chain)
    assert await _paced(chain, 30) == ("open", None)
    too_old = ("stalled", "its newest block is older than 30 s")
    assert [await _paced(chain, 31), await _paced(chain, 16)] == [too_old, too_old]
    assert await _paced(chain, 15) == ("open", None)
    tip = await grow(chain, start, blocks=9)
    behind = ("stalled", "its final block is more than 8 s behind the newest")
    assert await _paced(chain, 9) == behind
    assert await finish(chain, tip)
    assert await _paced(chain, 9) == ("open", None)
    assert await _paced(chain, 10**6, StallBounds()) == ("open", None)


async def test_a_frozen_network_stays_frozen(ledger_database: LedgerDatabase) -> None:
    """However fresh its blocks are, only people lift a freeze."""
    chain = ledger_database.sessions("croupier_chain")
    await started_chain(chain)
    async with chain.begin() as session:
        await freeze(session, NETWORK, "FINALITY_BROKEN")
    assert await _paced(chain, 0) == ("frozen", "FINALITY_BROKEN")
    assert await _paced(chain, 10**6) == ("frozen", "FINALITY_BROKEN")


async def test_blocks_are_read_while_a_network_is_stalled(ledger_database: LedgerDatabase) -> None:
    """Stalled stops what is new and nothing else: the cursor and final go on."""
    chain = ledger_database.sessions("croupier_chain")
    start = await started_chain(chain)
    assert (await _paced(chain, 31))[0] == "stalled"
    tip = await grow(chain, start, blocks=2)
    assert await finish(chain, header(start))
    async with chain.begin() as session:
        cursor = await read_cursor(session, NETWORK)
    assert (cursor.ref, cursor.final_height, cursor.mode) == (tip.ref, 1, "stalled")


async def test_nothing_new_is_planned_on_a_stalled_network(ledger_database: LedgerDatabase) -> None:
    """The rehearsal and the plan say so, and the node is not even asked."""
    upgrade(ledger_database.dsn())
    chain = ledger_database.sessions("croupier_chain")
    await started_chain(chain)
    assert (await _paced(chain, 31))[0] == "stalled"
    order = SendOrder(
        send_id=COIN_SEND,
        kind=SendKind.WITHDRAWAL,
        network=NETWORK,
        asset_id=COIN.asset_id,
        wallet=STRANGER,
        payee=PAYEE,
        amount=5,
        fee_cap=10**16,
    )
    writer = MemoryWriter(MemoryChain(NETWORK, coins={STRANGER: 10**18}, tokens={}))
    activities = BroadcastingActivities(chain, CATALOGUE, {NETWORK: writer})
    request = PlanRequest(order=order, attempt=1)
    for step in (activities.simulate_send, activities.plan_send):
        with pytest.raises(ChainStalled):
            await step(request)
    assert await _paced(chain, 0) == ("open", None)
    assert (await activities.simulate_send(request)).gas_limit > 0
