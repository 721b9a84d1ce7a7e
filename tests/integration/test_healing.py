"""Stored bytes go out: whatever became of the answer that named them, and of the bytes beside them."""

from datetime import timedelta
from uuid import UUID, uuid5

import pytest

from activities.broadcasting import (
    RESEND_AFTER,
    RESEND_EXPIRING_AFTER,
    BroadcastingActivities,
    _is_due,
)
from chains.memory import MemoryWriter
from chains.memory_blocks import MemoryChain
from domain.assets import NetworkId
from domain.errors import ChainFrozen
from domain.freezes import WalletFrozen
from domain.sends import AttemptRef, AttemptState, PlanRequest, SendKind, SendOrder, SignedTx
from ledger.finality import freeze
from ledger.open_sends import OpenSend
from ledger.send_facts import recall_send
from ledger.sends import insert_attempt
from tests.support.chain_rigs import address_of, key_of
from tests.support.ledger_database import NETWORK, TOKEN
from tests.support.records import CATALOGUE, NOW, PAYEE, plan
from tests.support.sending import HOT, NONCE, SEND, SendWorld

OTHER = uuid5(UUID(int=0), "other")
GAS_PRICE = 2 * 10**9


@pytest.fixture
def chain() -> MemoryChain:
    """A network on which the wallet holds nothing, so that no rehearsal passes; only a stranger has coins."""
    return MemoryChain(NetworkId(NETWORK), coins={address_of(key_of("payer")): 10**18}, tokens={})


@pytest.fixture
def activities(
    world: SendWorld, chain: MemoryChain, monkeypatch: pytest.MonkeyPatch
) -> BroadcastingActivities:
    """The chain worker's activities; outside a worker nobody takes their heartbeats."""
    monkeypatch.setattr("temporalio.activity.heartbeat", lambda *_: None)
    return BroadcastingActivities(world.chain, CATALOGUE, {NETWORK: MemoryWriter(chain)})


def order() -> SendOrder:
    """What the send owes."""
    return SendOrder(
        send_id=SEND,
        kind=SendKind.WITHDRAWAL,
        network=NETWORK,
        asset_id=TOKEN.asset_id,
        wallet=HOT,
        payee=PAYEE,
        amount=500,
        fee_cap=1_000,
    )


def real_bytes(chain: MemoryChain) -> SignedTx:
    """A transaction that nodes can read."""
    signed = key_of("payer").sign_transaction(
        {
            "type": 2,
            "chainId": chain.chain_id,
            "nonce": 0,
            "gas": 21_000,
            "maxFeePerGas": GAS_PRICE,
            "maxPriorityFeePerGas": 1,
            "to": PAYEE,
            "value": 1,
        }
    )
    return SignedTx(bytes(signed.hash), bytes(signed.raw_transaction))


async def test_bytes_whose_answer_was_lost_are_sent_and_not_planned_anew(
    world: SendWorld, chain: MemoryChain, activities: BroadcastingActivities
) -> None:
    """The signer's rows are asked before the network: a fresh rehearsal would never pass."""
    async with world.chain.begin() as session:
        await insert_attempt(session, SEND, 1, NETWORK, HOT, plan(7))
    signed = world.sign(tx=real_bytes(chain))
    request = PlanRequest(order=order(), attempt=1)
    assert [await activities.plan_send(request), await activities.plan_send(request)] == [plan(7), plan(7)]
    async with world.chain.begin() as session:
        current = (await recall_send(session, SEND)).current
    assert current is not None
    assert (current.state, current.txid, current.nonce) == (AttemptState.SIGNED, signed.txid, NONCE)
    await activities.broadcast(AttemptRef(send_id=SEND, network=NETWORK, attempt=1, variant=1))
    assert chain.is_pooled(signed.txid)


async def test_damaged_bytes_of_one_send_hold_back_no_other(
    world: SendWorld, chain: MemoryChain, activities: BroadcastingActivities
) -> None:
    """What nodes would not recognise alarms; the next in line is handed over all the same."""
    damaged, other = await world.lane(), await world.beside(OTHER)
    signed = await other.lane(nonce=NONCE + 1, tx=real_bytes(chain))
    await activities._heal(NETWORK)
    assert not chain.is_pooled(damaged.txid)
    assert chain.is_pooled(signed.txid)


async def test_a_frozen_wallet_neither_rehearses_nor_plans_nor_sends(
    world: SendWorld, chain: MemoryChain, activities: BroadcastingActivities
) -> None:
    """Every way out asks the rows first."""
    tx = await world.lane(tx=real_bytes(chain))
    world.freeze_wallet()
    request = PlanRequest(order=order(), attempt=1)
    ref = AttemptRef(send_id=SEND, network=NETWORK, attempt=1, variant=1)
    for step, argument in (
        (activities.simulate_send, request),
        (activities.plan_send, request),
        (activities.broadcast, ref),
    ):
        with pytest.raises(WalletFrozen):
            await step(argument)  # type: ignore[arg-type]  # each its own argument
    await activities._heal(NETWORK)
    assert not chain.is_pooled(tx.txid)
    async with world.chain.begin() as session:
        await freeze(session, NETWORK, "a final block was taken back")
    with pytest.raises(ChainFrozen):
        await activities.plan_send(request)


async def test_patience_counts_from_the_turn_in_the_lane(world: SendWorld) -> None:
    """What waited behind a stuck nonce is told when its turn comes, and has waited no block then."""
    first, other = await world.lane(), await world.beside(OTHER)
    await other.lane(nonce=NONCE + 1)
    for _ in range(4):
        await world.mine()
    async with world.chain.begin() as session:
        behind = (await recall_send(session, OTHER)).current
    assert behind is not None
    assert (behind.is_next, behind.is_overdue) == (False, False)
    await world.mine(first)
    with world.database.raw() as connection:
        told = connection.execute("SELECT subject, state FROM chain.events ORDER BY number").fetchall()
    assert told == [(str(SEND), "included"), (str(OTHER), "next_in_lane")]
    for waited in range(plan().patience_blocks + 1):
        async with world.chain.begin() as session:
            behind = (await recall_send(session, OTHER)).current
        assert behind is not None
        assert (behind.is_next, behind.waited_blocks) == (True, waited)
        assert behind.is_overdue is (waited >= plan().patience_blocks)
        await world.mine()


@pytest.mark.parametrize(
    ("expires_ms", "silent", "is_due"),
    [
        (None, None, True),
        (None, RESEND_AFTER, False),
        (None, RESEND_AFTER + timedelta(seconds=1), True),
        (1, None, True),
        (1, RESEND_EXPIRING_AFTER, False),
        (1, RESEND_EXPIRING_AFTER + timedelta(seconds=1), True),
    ],
)
def test_what_expires_is_sent_again_sooner(
    expires_ms: int | None,
    silent: timedelta | None,
    is_due: bool,  # noqa: FBT001 - a column of the table
) -> None:
    """Nodes forget it sooner, and there is less time; what was never tried is due at once."""
    tried_at = None if silent is None else NOW - silent
    tx = SignedTx(bytes(32), b"")
    send = OpenSend(SEND, 1, AttemptState.SENDING, HOT, None, expires_ms, tx, tried_at)
    assert _is_due(send, NOW) is is_due
