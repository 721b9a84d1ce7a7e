"""Planning and broadcasting over EVM nodes: what is sent to whom, and what each refusal means."""

import pytest

from chains.codecs.evm import EvmCodec
from chains.evm.client import EvmClient, EvmNetwork
from chains.evm.costs import FeePolicy
from chains.evm.reader import EvmReader
from chains.evm.writer import EvmWriter
from domain.errors import BytesMismatch, WalletShort
from domain.sends import BroadcastOutcome, NodeReason, SimulationVerdict
from tests.support.chain_fronted import Fronted
from tests.support.chain_node import FrontNode, Raw
from tests.support.chain_rigs import (
    COINS,
    REFUSING,
    AnvilRig,
    intent,
    mined,
    pay,
    sign,
    signed_payment,
    stranger,
)


async def test_the_bytes_on_the_wire_are_the_bytes_stored_once(fronted: Fronted) -> None:
    """C5, E4: one broadcast is one call with exactly the stored bytes, also when the answer is lost."""
    rig = fronted.rig
    tx = await signed_payment(rig, rig.native, stranger(1), 1, 0)
    fronted.node.after = lambda method, _, result: Raw(silent=True) if "sendRaw" in method else result
    await fronted.writer.broadcast(tx)
    assert fronted.node.asked_for("eth_sendRawTransaction") == [["0x" + tx.raw.hex()]]


async def test_signed_bytes_of_another_library_decode_alike(rig: AnvilRig) -> None:
    """C6: our codec, another library and the node agree on the id of one transaction."""
    tx = await pay(rig, rig.token, stranger(1), 5, 0)
    assert EvmCodec().txid(tx.raw) == tx.txid
    assert EvmCodec().encode(EvmCodec().decode(tx.raw)) == tx.raw
    assert [one.txid for one in (await mined(rig)).transactions] == [tx.txid]


async def test_a_dead_node_gives_way_to_the_next(rig: AnvilRig) -> None:
    """B3: while one node is down, the other answers whole questions; a broadcast reaches those that live."""
    node = FrontNode(rig.anvil.url)
    await node.start()
    client = EvmClient(EvmNetwork(rig.network, (node.url, rig.anvil.url), is_devnet=True))
    reader, writer = EvmReader(client), EvmWriter(client, FeePolicy())
    await reader.heads()
    await node.stop()
    rig.mine(3)
    assert (await reader.heads()).latest == (await rig.reader.heads()).latest
    tx = sign(rig, send := intent(rig, rig.native, stranger(1), 1), await writer.plan(send), 0)
    result = await writer.broadcast(tx)
    assert (result.outcome, len(result.answers)) == (BroadcastOutcome.ACCEPTED, 1)
    await client.close()


async def test_one_clear_answer_outweighs_a_lost_one(rig: AnvilRig) -> None:
    """Of two nodes one takes the bytes and one answers nothing: accepted, and both answers are kept."""
    node = FrontNode(rig.anvil.url, before=lambda method, _: Raw(status=500) if "sendRaw" in method else None)
    await node.start()
    client = EvmClient(EvmNetwork(rig.network, (node.url, rig.anvil.url), is_devnet=True))
    writer = EvmWriter(client, FeePolicy())
    tx = sign(rig, send := intent(rig, rig.native, stranger(1), 1), await writer.plan(send), 0)
    result = await writer.broadcast(tx)
    assert result.outcome is BroadcastOutcome.ACCEPTED
    assert [answer.outcome for answer in result.answers] == [
        BroadcastOutcome.AMBIGUOUS,
        BroadcastOutcome.ACCEPTED,
    ]
    await client.close()
    await node.stop()


async def test_a_defect_of_ours_stops_the_send(fronted: Fronted) -> None:
    """A node that can never take the bytes means a mistake of ours, which is not repeated."""
    rig = fronted.rig
    plan = (await rig.writer.plan(send := intent(rig, rig.native, stranger(1), 1))).model_copy(
        update={"gas_limit": 20_000}
    )
    with pytest.raises(BytesMismatch):
        await fronted.writer.broadcast(sign(rig, send, plan, 0))


async def test_a_replacement_that_bids_too_little_is_told_apart(rig: AnvilRig) -> None:
    """A pooled sibling and a wallet that is short have their own reasons."""
    send = intent(rig, rig.native, stranger(1), 1)
    plan = await rig.writer.plan(send)
    await rig.writer.broadcast(sign(rig, send, plan, 0))
    sibling = await rig.writer.broadcast(sign(rig, intent(rig, rig.native, stranger(2), 1), plan, 0))
    assert (sibling.outcome, sibling.answers[0].reason) == (
        BroadcastOutcome.REJECTED_NOW,
        NodeReason.SIBLING_POOLED,
    )
    short = await rig.writer.broadcast(sign(rig, intent(rig, rig.native, stranger(2), COINS), plan, 1))
    assert (short.outcome, short.answers[0].reason) == (
        BroadcastOutcome.REJECTED_NOW,
        NodeReason.WALLET_SHORT,
    )


async def test_a_contract_payee_does_not_hide_an_empty_wallet(rig: AnvilRig) -> None:
    """A dry run that fails for want of coins is WalletShort, not a refusal by the payee."""
    with pytest.raises(WalletShort):
        await rig.writer.plan(intent(rig, rig.native, rig.token.contract, COINS * 2))


async def test_a_refusing_payee_outweighs_fees_and_coins(rig: AnvilRig) -> None:
    """What the payee refuses is told even if the fee cap or the wallet would not have sufficed."""
    plan = await rig.writer.plan(intent(rig, rig.native, REFUSING, 1, fee_cap=1))
    assert plan.verdict is SimulationVerdict.REFUSED
