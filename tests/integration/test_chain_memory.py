"""The in-memory chain keeps the contract of every adapter, and fails on demand."""

import pytest

from chains.memory import Faults
from domain.errors import BlockIncomplete, NodeUnavailable
from domain.onchain import Landed
from domain.sends import AttemptView, BroadcastOutcome
from tests.support.chain_contract import NonceChainContract
from tests.support.chain_rigs import MemoryRig, address_of, intent, mined, pay, sign, stranger


class TestMemoryChain(NonceChainContract):
    """The contract suite over the in-memory chain."""

    @pytest.fixture
    def rig(self) -> MemoryRig:
        return MemoryRig()


async def test_a_lost_answer_is_ambiguous_and_lands_once() -> None:
    """The chain takes the bytes, the answer is lost, the repeat is known: one payment."""
    faults = Faults(lost_answers=1)
    rig = MemoryRig(faults)
    send = intent(rig, rig.native, stranger(1), 5)
    tx = sign(rig, send, await rig.writer.plan(send), 0)
    assert (await rig.writer.broadcast(tx)).outcome is BroadcastOutcome.AMBIGUOUS
    assert (await rig.writer.broadcast(tx)).outcome is BroadcastOutcome.ALREADY_HAVE
    block = await mined(rig)
    assert len(block.effects) == 1
    landed = await rig.writer.liveness(AttemptView(send.wallet, 0, (tx.txid,)))
    assert isinstance(landed, Landed)


async def test_withheld_receipts_come_later() -> None:
    """C2: a block without its receipts is incomplete, and complete when it is read again."""
    faults = Faults()
    rig = MemoryRig(faults)
    await pay(rig, rig.token, stranger(1), 5, 0)
    rig.mine()
    newest = (await rig.reader.heads()).latest.ref.hash
    faults.withheld_receipts = 1
    with pytest.raises(BlockIncomplete):
        await rig.reader.block(newest)
    assert len((await rig.reader.block(newest)).effects) == 1


async def test_a_failing_node_never_answers_zero() -> None:
    """C1: while calls fail, each reader and writer call raises NodeUnavailable."""
    faults = Faults()
    rig = MemoryRig(faults)
    at = (await rig.reader.heads()).latest.ref
    wallet = address_of(rig.payer)
    send = intent(rig, rig.native, stranger(1), 5)
    tx = sign(rig, send, await rig.writer.plan(send), 0)
    faults.failed_calls = 100
    for call in (
        rig.reader.identity,
        rig.reader.heads,
        lambda: rig.reader.header(at.hash),
        lambda: rig.reader.header_at(0),
        lambda: rig.reader.block(at.hash),
        lambda: rig.reader.status(b"\x01" * 32),
        lambda: rig.reader.balance(wallet, rig.native, at),
        lambda: rig.reader.nonce_at(wallet, at),
        lambda: rig.reader.code_at(wallet, at),
        lambda: rig.reader.token_decimals(rig.token),
        lambda: rig.writer.plan(send),
        lambda: rig.writer.broadcast(tx),
        lambda: rig.writer.liveness(AttemptView(wallet, 0, (tx.txid,))),
    ):
        with pytest.raises(NodeUnavailable):
            await call()


async def test_reinjected_transactions_return_to_the_pool() -> None:
    """A reorg may give orphaned payments back to the pool, from which the next block takes them."""
    rig = MemoryRig()
    rig.mine(6)
    tx = await pay(rig, rig.native, stranger(1), 5, 0)
    rig.mine()
    rig.chain.reorg(1, reinject=True)
    assert [one.txid for one in (await mined(rig)).transactions] == [tx.txid]
