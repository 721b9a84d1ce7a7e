"""A node that fails while it is handed a payment: whatever it says or keeps silent about, it pays once."""

from collections.abc import Callable

import pytest

import chains.evm.client as client_module
from devstack.anvil import Anvil
from devstack.faults.exchange import Ask, Call, Layer, Reply, value_of
from devstack.faults.failing import (
    answer,
    break_off,
    hang,
    hang_up,
    refuse,
    status,
    take_then_hang,
    take_then_hang_up,
    too_many_requests,
)
from devstack.faults.proxy import NodeProxy
from domain.errors import NodeUnavailable
from domain.onchain import Inclusion, Landed, MayLand
from domain.sends import AttemptView, BroadcastOutcome, NodeReason, SignedTx
from tests.support.chain_proxied import ProxiedRig
from tests.support.chain_rigs import (
    FINALITY_DEPTH,
    AnvilRig,
    address_of,
    intent,
    mined,
    pay,
    sign,
    signed_payment,
    stranger,
)

SENDING = "eth_sendRawTransaction"
PATIENCE_SECONDS = 0.2
SPIKE = 20 * 10**9
UNITS = 5

# what happens to the first call, and what the repetition of the same bytes then brings
FIRST_CALLS = [
    pytest.param(take_then_hang, BroadcastOutcome.ALREADY_HAVE, id="taken, silence"),
    pytest.param(take_then_hang_up, BroadcastOutcome.ALREADY_HAVE, id="taken, connection lost"),
    pytest.param(break_off, BroadcastOutcome.ALREADY_HAVE, id="taken, half an answer"),
    pytest.param(hang, BroadcastOutcome.ACCEPTED, id="never heard, silence"),
    pytest.param(hang_up, BroadcastOutcome.ACCEPTED, id="never heard, connection lost"),
    pytest.param(too_many_requests(), BroadcastOutcome.ACCEPTED, id="429"),
    pytest.param(status(502), BroadcastOutcome.ACCEPTED, id="502"),
    pytest.param(status(504), BroadcastOutcome.ACCEPTED, id="504"),
    pytest.param(answer(None), BroadcastOutcome.ACCEPTED, id="null"),
    pytest.param(refuse("internal error"), BroadcastOutcome.ACCEPTED, id="an error nobody knows"),
]


@pytest.fixture(autouse=True)
def _little_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A silent node is given up soon."""
    monkeypatch.setattr(client_module, "READ_SECONDS_MAX", PATIENCE_SECONDS)


def view_of(rig: AnvilRig, nonce: int, *variants: SignedTx) -> AttemptView:
    """One attempt with all its variants."""
    return AttemptView(address_of(rig.payer), nonce, tuple(tx.txid for tx in variants))


async def mine_first(call: Call, ask: Ask) -> Reply:
    """A block is mined while the bytes are on their way."""
    await value_of(ask, "anvil_mine", "0x1")
    return await ask(call)


@pytest.mark.parametrize(("fault", "second"), FIRST_CALLS)
async def test_a_lost_answer_pays_once(proxied: ProxiedRig, fault: Layer, second: BroadcastOutcome) -> None:
    """N18, E4: the adapter asks once and says it does not know; the same bytes again, and one payment."""
    tx = await signed_payment(proxied, proxied.token, stranger(1), UNITS, 0)
    proxied.proxy.inject(SENDING, fault, times=1)
    result = await proxied.writer.broadcast(tx)
    assert (result.outcome, result.answers[0].reason) == (BroadcastOutcome.AMBIGUOUS, NodeReason.UNCLEAR)
    assert len(proxied.proxy.asked_for(SENDING)) == 1
    assert isinstance(await proxied.writer.liveness(view_of(proxied, 0, tx)), MayLand)
    assert (await proxied.writer.broadcast(tx)).outcome is second
    assert {call.params for call in proxied.proxy.asked_for(SENDING)} == {("0x" + tx.raw.hex(),)}
    block = await mined(proxied)
    assert [one.txid for one in block.transactions] == [tx.txid]
    assert (await proxied.reader.balance(stranger(1), proxied.token, block.header.ref)).amount == UNITS
    assert await proxied.reader.nonce_at(address_of(proxied.payer), block.header.ref) == 1


async def test_an_answer_lost_until_the_block_came(proxied: ProxiedRig) -> None:
    """N18: the transaction is mined before anybody heard of it; the repetition only says to look."""
    tx = await signed_payment(proxied, proxied.native, stranger(1), UNITS, 0)
    proxied.proxy.inject(SENDING, take_then_hang_up, times=1)
    assert (await proxied.writer.broadcast(tx)).outcome is BroadcastOutcome.AMBIGUOUS
    block = await mined(proxied)
    again = await proxied.writer.broadcast(tx)
    assert (again.outcome, again.answers[0].reason) == (BroadcastOutcome.ALREADY_HAVE, NodeReason.NONCE_USED)
    landed = await proxied.writer.liveness(view_of(proxied, 0, tx))
    assert landed == Landed(tx.txid, block.header.ref, succeeded=True, is_final=False)


async def test_a_fee_spike_is_outbid_twice(proxied: ProxiedRig) -> None:
    """N19: too small bumps are refused, two full ones replace; one variant is final and none other mined."""
    send = intent(proxied, proxied.native, stranger(1), UNITS)
    plan = await proxied.writer.plan(send)

    async def bid(fee_percent: int, tip_percent: int) -> tuple[SignedTx, NodeReason]:
        terms = {
            "max_fee": plan.max_fee * fee_percent // 100,
            "max_priority_fee": plan.max_priority_fee * tip_percent // 100,
        }
        tx = sign(proxied, send, plan.model_copy(update=terms), 0)
        return tx, (await proxied.writer.broadcast(tx)).answers[0].reason

    first, reason = await bid(100, 100)
    assert reason is NodeReason.TAKEN
    for fee, tip in ((105, 105), (100, 113)):
        assert (await bid(fee, tip))[1] is NodeReason.SIBLING_POOLED
    second, reason = await bid(113, 113)
    assert reason is NodeReason.TAKEN
    proxied.anvil.rpc("anvil_setNextBlockBaseFeePerGas", hex(SPIKE))
    third, reason = await bid(2000, 130)
    assert reason is NodeReason.TAKEN
    block = await mined(proxied)
    proxied.mine(FINALITY_DEPTH)
    assert [one.txid for one in block.transactions] == [third.txid]
    landed = await proxied.writer.liveness(view_of(proxied, 0, first, second, third))
    assert landed == Landed(third.txid, block.header.ref, succeeded=True, is_final=True)
    assert (await proxied.reader.balance(stranger(1), proxied.native, block.header.ref)).amount == UNITS


async def test_the_original_wins_against_its_replacement(proxied: ProxiedRig) -> None:
    """N20: mined while the bump is on its way; "nonce too low" is no error, and it pays once."""
    send = intent(proxied, proxied.native, stranger(1), UNITS)
    plan = await proxied.writer.plan(send)
    original = sign(proxied, send, plan, 0)
    bump = sign(
        proxied,
        send,
        plan.model_copy(update={"max_fee": plan.max_fee * 2, "max_priority_fee": plan.max_priority_fee * 2}),
        0,
    )
    await proxied.writer.broadcast(original)
    proxied.proxy.inject(SENDING, mine_first, times=1)
    result = await proxied.writer.broadcast(bump)
    assert (result.outcome, result.answers[0].reason) == (
        BroadcastOutcome.ALREADY_HAVE,
        NodeReason.NONCE_USED,
    )
    landed = await proxied.writer.liveness(view_of(proxied, 0, original, bump))
    assert isinstance(landed, Landed)
    assert landed.txid == original.txid
    head = (await proxied.reader.heads()).latest.ref
    assert (await proxied.reader.balance(stranger(1), proxied.native, head)).amount == UNITS


async def test_a_receipt_not_indexed_yet_proves_nothing(proxied: ProxiedRig) -> None:
    """E11, E7: even when the final block is past the nonce, a null receipt leaves the outcome open."""
    tx = await pay(proxied, proxied.native, stranger(1), UNITS, 0)
    block = (await mined(proxied)).header.ref
    proxied.mine(FINALITY_DEPTH)
    proxied.proxy.inject("eth_getTransactionReceipt", answer(None), times=2)
    proxied.proxy.inject("eth_getTransactionByHash", answer(None), times=1)
    assert (await proxied.reader.status(tx.txid)).inclusion is Inclusion.UNKNOWN
    verdict = await proxied.writer.liveness(view_of(proxied, 0, tx))
    assert isinstance(verdict, MayLand)
    assert "past nonce 0" in verdict.why
    landed = await proxied.writer.liveness(view_of(proxied, 0, tx))
    assert landed == Landed(tx.txid, block, succeeded=True, is_final=True)


async def test_a_node_that_changes_its_chain_is_handed_nothing(proxied: ProxiedRig) -> None:
    """B4: after a failure the node names another chain; the bytes stay here."""
    tx = await signed_payment(proxied, proxied.native, stranger(1), UNITS, 0)
    proxied.proxy.inject(SENDING, hang_up, times=1)
    proxied.proxy.inject("eth_chainId", answer("0x63"))
    assert (await proxied.writer.broadcast(tx)).outcome is BroadcastOutcome.AMBIGUOUS
    with pytest.raises(NodeUnavailable, match="eip155:99"):
        await proxied.writer.broadcast(tx)
    assert len(proxied.proxy.asked_for(SENDING)) == 1
    assert (await mined_count(proxied)) == 0


async def test_one_node_that_took_it_is_enough(
    proxied: ProxiedRig, proxy_factory: Callable[[Anvil], NodeProxy]
) -> None:
    """A node that lags 20 blocks still spreads the bytes; the silent one beside it changes nothing."""
    proxied.mine(30)
    other = proxy_factory(proxied.anvil)
    other.lag(20)
    rig = AnvilRig(proxied.anvil, (proxied.proxy.url, other.url))
    tx = await signed_payment(rig, rig.native, stranger(1), UNITS, 0)
    proxied.proxy.inject(SENDING, hang)
    result = await rig.writer.broadcast(tx)
    assert result.outcome is BroadcastOutcome.ACCEPTED
    assert [one.outcome for one in result.answers] == [
        BroadcastOutcome.AMBIGUOUS,
        BroadcastOutcome.ACCEPTED,
    ]
    assert [one.txid for one in (await mined(rig)).transactions] == [tx.txid]
    await rig.close()


async def mined_count(rig: AnvilRig) -> int:
    """How many transactions the next block has, told by the chain itself."""
    rig.mine()
    block = rig.anvil.rpc("eth_getBlockByNumber", "latest", False)  # noqa: FBT003 - JSON-RPC's own order
    assert isinstance(block, dict)
    return len(block["transactions"])
