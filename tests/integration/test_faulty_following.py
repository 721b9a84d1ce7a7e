"""The follower over a node that fails in every way at hand: nothing missed, nothing twice."""

import random
from collections.abc import Mapping

import pytest

from devstack.faults.exchange import Layer
from devstack.faults.failing import (
    answer,
    break_off,
    final_at,
    hang_up,
    status,
    take_then_hang_up,
    too_many_requests,
    withhold_logs,
    withhold_receipts,
    wrong_bloom,
)
from devstack.faults.scripts import EVERY_METHOD
from domain.errors import FinalityBroken, Unavailable
from tests.support.chain_follower import Follower, in_books, on_chain
from tests.support.chain_proxied import ProxiedRig
from tests.support.chain_rigs import FINALITY_DEPTH, pay
from tests.support.ledger_database import LedgerDatabase
from tests.support.records import new_address, new_player

ROUNDS = 40
TRIES = 6
REORG_SHARE = 0.25
RECEIPTS, BLOCK = "eth_getBlockReceipts", "eth_getBlockByHash"

FAULTS: Mapping[str, tuple[str, Layer]] = {
    "receipts withheld": (RECEIPTS, withhold_receipts()),
    "logs withheld": (RECEIPTS, withhold_logs()),
    "receipts not indexed": (RECEIPTS, answer(None)),
    "wrong bloom": (BLOCK, wrong_bloom()),
    "429": (EVERY_METHOD, too_many_requests()),
    "502": (EVERY_METHOD, status(502)),
    "connection lost before": (EVERY_METHOD, hang_up),
    "connection lost after": (EVERY_METHOD, take_then_hang_up),
    "half JSON": (EVERY_METHOD, break_off),
}
LAGS = [(1,), (3,), (20,), (0, 3), (0, 0, 20)]


@pytest.fixture
def follower(proxied: ProxiedRig, ledger_database: LedgerDatabase) -> Follower:
    """Return a follower that has read nothing yet and starts at block 1."""
    return Follower(proxied, ledger_database)


def hurt(rig: ProxiedRig, chance: random.Random) -> None:
    """One fault or lag, from some call on and for some calls."""
    name = chance.choice([*FAULTS, "lag", "lag"])
    if name == "lag":
        rig.proxy.lag(*chance.choice(LAGS))
        return
    method, fault = FAULTS[name]
    rig.proxy.inject(method, fault, first=chance.randrange(1, 6), times=chance.randrange(1, 4))


async def test_deposits_survive_every_fault(
    proxied: ProxiedRig, follower: Follower, ledger_database: LedgerDatabase, chance: random.Random
) -> None:
    """N23, P4: after random faults, lags and reorgs, books and a fresh scan know the same deposits once."""
    player = await new_player(ledger_database.sessions())
    target = await new_address(ledger_database.sessions(), player)
    proxied.mine(2 * FINALITY_DEPTH)
    await follower.catch_up()
    failed = 0
    for _ in range(ROUNDS):
        wallet = int(str(proxied.anvil.rpc("eth_getTransactionCount", proxied.payer.address, "pending")), 16)
        for step in range(chance.randrange(4)):
            asset = chance.choice((proxied.native, proxied.token))
            await pay(proxied, asset, target, chance.randrange(1, 100), wallet + step)
        proxied.mine()
        if chance.random() < REORG_SHARE:
            proxied.reorg(chance.randrange(1, FINALITY_DEPTH))
        hurt(proxied, chance)
        for _ in range(TRIES):
            try:
                await follower.catch_up()
            except Unavailable:
                failed += 1
            else:
                break
        proxied.proxy.heal()
    assert failed > 0
    proxied.mine(2 * FINALITY_DEPTH)
    await follower.catch_up()
    scanned = await on_chain(proxied, target)
    assert in_books(ledger_database, "state <> 'orphaned'") == scanned
    assert set(scanned.values()) == {1}
    assert await ledger_database.broken() == {}


async def test_broken_finality_moves_nothing(
    proxied: ProxiedRig, follower: Follower, ledger_database: LedgerDatabase
) -> None:
    """N22, N23: while final goes back, no deposit appears or leaves; a reorg through it freezes the chain."""
    target = await new_address(ledger_database.sessions(), await new_player(ledger_database.sessions()))
    await pay(proxied, proxied.native, target, 7, 0)
    proxied.mine(3 * FINALITY_DEPTH)
    await follower.catch_up()
    known = in_books(ledger_database, "state <> 'orphaned'")
    final = (await proxied.reader.heads()).final.ref.height
    await pay(proxied, proxied.native, target, 8, 1)
    proxied.mine()
    proxied.proxy.inject("eth_getBlockByNumber", final_at(final - 2))
    with pytest.raises(FinalityBroken):
        await follower.catch_up()
    proxied.proxy.heal()
    proxied.reorg(FINALITY_DEPTH + 3)
    with pytest.raises(FinalityBroken):
        await follower.follow()
    with pytest.raises(FinalityBroken, match="took back a final block"):
        await follower.catch_up()
    with ledger_database.raw() as connection:
        assert connection.execute("SELECT mode FROM chain.chains").fetchall() == [("frozen",)]
    assert in_books(ledger_database, "state <> 'orphaned'") == known
    assert sum(known.values()) == 1
