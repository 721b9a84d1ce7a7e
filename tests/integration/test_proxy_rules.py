"""Behind the proxy a local node keeps geth's rules, and the adapter reads its words right."""

import pytest

from devstack.anvil import RpcError
from devstack.faults.node_rules import PoolLimits
from domain.onchain import Inclusion, Landed, MayLand
from domain.sends import AttemptView, BroadcastOutcome, NodeReason, SignedTx
from tests.support.chain_proxied import ProxiedRig
from tests.support.chain_rigs import COINS, address_of, intent, mined, pay, sign, signed_payment, stranger

OLD_FEE, OLD_TIP = 4 * 10**9, 10**9
GAPPED_MAX = 2

# fees of the replacement in percent of the original's
REPLACEMENTS = [
    pytest.param(110, 110, True, id="both exactly a tenth more"),
    pytest.param(113, 113, True, id="both an eighth more"),
    pytest.param(109, 110, False, id="fee cap short of a tenth"),
    pytest.param(110, 109, False, id="tip short of a tenth"),
    pytest.param(105, 105, False, id="both a twentieth more"),
    pytest.param(100, 200, False, id="tip alone"),
    pytest.param(200, 100, False, id="fee cap alone"),
    pytest.param(100, 100, False, id="nothing more"),
]


async def bidding(
    rig: ProxiedRig, payee: bytes, nonce: int, percent: tuple[int, int] = (100, 100)
) -> SignedTx:
    """A signed payment of one unit whose fees are percentages of the original's."""
    send = intent(rig, rig.native, payee, 1)
    plan = await rig.writer.plan(send)
    fees = {"max_fee": OLD_FEE * percent[0] // 100, "max_priority_fee": OLD_TIP * percent[1] // 100}
    return sign(rig, send, plan.model_copy(update=fees), nonce)


@pytest.mark.parametrize(("fee", "tip", "is_taken"), REPLACEMENTS)
async def test_a_replacement_needs_a_tenth_more_on_both_fees(
    proxied: ProxiedRig, fee: int, tip: int, *, is_taken: bool
) -> None:
    """E8: short of that the old one stays, and the refusal is told apart from every other."""
    old = await bidding(proxied, stranger(1), 0)
    await proxied.writer.broadcast(old)
    new = await bidding(proxied, stranger(2), 0, (fee, tip))
    result = await proxied.writer.broadcast(new)
    expected = (
        (BroadcastOutcome.ACCEPTED, NodeReason.TAKEN)
        if is_taken
        else (BroadcastOutcome.REJECTED_NOW, NodeReason.SIBLING_POOLED)
    )
    assert (result.outcome, result.answers[0].reason) == expected
    block = await mined(proxied)
    assert [one.txid for one in block.transactions] == [(new if is_taken else old).txid]


async def test_known_bytes_are_already_known(proxied: ProxiedRig) -> None:
    """Bytes that wait in the pool are AlreadyHave and are not handed to the chain twice."""
    tx = await pay(proxied, proxied.native, stranger(1), 5, 0)
    again = await proxied.writer.broadcast(tx)
    assert (again.outcome, again.answers[0].reason) == (BroadcastOutcome.ALREADY_HAVE, NodeReason.KNOWN)
    assert again.answers[0].detail == "already known"
    assert len((await mined(proxied)).transactions) == 1


async def test_a_used_nonce_does_not_say_by_whom(proxied: ProxiedRig) -> None:
    """E9: the answer is the same for our own mined bytes and for a sibling; the set of hashes decides."""
    own = await pay(proxied, proxied.native, stranger(1), 5, 0)
    sibling = await signed_payment(proxied, proxied.native, stranger(2), 5, 0)
    block = (await mined(proxied)).header.ref
    for tx in (own, sibling):
        result = await proxied.writer.broadcast(tx)
        assert result.outcome is BroadcastOutcome.ALREADY_HAVE
        assert result.answers[0].reason is NodeReason.NONCE_USED
        assert result.answers[0].detail == "nonce too low: next nonce 1, tx nonce 0"
    wallet = address_of(proxied.payer)
    alone = await proxied.writer.liveness(AttemptView(wallet, 0, (sibling.txid,)))
    both = await proxied.writer.liveness(AttemptView(wallet, 0, (sibling.txid, own.txid)))
    assert isinstance(alone, MayLand)
    assert both == Landed(own.txid, block, succeeded=True, is_final=False)


async def test_a_full_pool_refuses_and_takes_later(proxied: ProxiedRig) -> None:
    """A pool that is full of one account's transactions is ambiguous, and no reason to sign anew."""
    assert proxied.proxy.rules is not None
    proxied.proxy.rules.limits = PoolLimits(in_line=2)
    for nonce in range(2):
        await pay(proxied, proxied.native, stranger(1), 5, nonce)
    third = await signed_payment(proxied, proxied.native, stranger(1), 5, 2)
    full = await proxied.writer.broadcast(third)
    assert (full.outcome, full.answers[0].detail) == (BroadcastOutcome.AMBIGUOUS, "txpool is full")
    proxied.mine()
    assert (await proxied.writer.broadcast(third)).outcome is BroadcastOutcome.ACCEPTED


async def test_taken_does_not_mean_kept(proxied: ProxiedRig) -> None:
    """Behind a missing nonce a node takes bytes and forgets them; the same bytes land once the gap closed."""
    assert proxied.proxy.rules is not None
    proxied.proxy.rules.limits = PoolLimits(gapped=GAPPED_MAX)
    queued = [await pay(proxied, proxied.native, stranger(1), 5, nonce) for nonce in range(1, GAPPED_MAX + 1)]
    last = await signed_payment(proxied, proxied.native, stranger(1), 5, GAPPED_MAX + 1)
    assert (await proxied.writer.broadcast(last)).outcome is BroadcastOutcome.ACCEPTED
    assert (await proxied.reader.status(last.txid)).inclusion is Inclusion.UNKNOWN
    view = AttemptView(address_of(proxied.payer), GAPPED_MAX + 1, (last.txid,))
    assert isinstance(await proxied.writer.liveness(view), MayLand)
    first = await pay(proxied, proxied.native, stranger(1), 5, 0)
    block = await mined(proxied)
    assert [one.txid for one in block.transactions] == [first.txid, *(tx.txid for tx in queued)]
    assert (await proxied.writer.broadcast(last)).outcome is BroadcastOutcome.ACCEPTED
    assert [one.txid for one in (await mined(proxied)).transactions] == [last.txid]


async def test_waiting_payments_count_against_the_wallet(proxied: ProxiedRig) -> None:
    """Two payments the wallet could make alone are too much together: the second finds it short."""
    await pay(proxied, proxied.native, stranger(1), COINS * 2 // 3, 0)
    second = await signed_payment(proxied, proxied.native, stranger(2), COINS * 2 // 3, 1)
    short = await proxied.writer.broadcast(second)
    assert (short.outcome, short.answers[0].reason) == (
        BroadcastOutcome.REJECTED_NOW,
        NodeReason.WALLET_SHORT,
    )
    assert "queued cost" in short.answers[0].detail


async def test_what_left_the_pool_is_judged_anew(proxied: ProxiedRig) -> None:
    """A transaction dropped by the node no longer stands in the way of its sibling or of itself."""
    old = await bidding(proxied, stranger(1), 0)
    await proxied.writer.broadcast(old)
    proxied.anvil.rpc("anvil_dropTransaction", "0x" + old.txid.hex())
    new = await bidding(proxied, stranger(2), 0)
    assert (await proxied.writer.broadcast(new)).outcome is BroadcastOutcome.ACCEPTED
    assert [one.txid for one in (await mined(proxied)).transactions] == [new.txid]


def test_logs_beyond_the_head_are_an_empty_list(proxied: ProxiedRig) -> None:
    """E3: geth answers `[]` where the local node refuses; that is why blocks are read by hash."""
    asked = {"fromBlock": hex(10**6), "toBlock": hex(10**6 + 1)}
    assert proxied.proxy.rpc("eth_getLogs", asked) == []
    with pytest.raises(RpcError):
        proxied.anvil.rpc("eth_getLogs", asked)


@pytest.mark.parametrize("gives_back", [True, False])
async def test_a_reorg_gives_transactions_back_or_loses_them(
    proxied: ProxiedRig, *, gives_back: bool
) -> None:
    """E16: with and without re-injection the same bytes are sent again and land once, under one id."""
    assert proxied.proxy.rules is not None
    proxied.proxy.rules.gives_back = gives_back
    tx = await pay(proxied, proxied.token, stranger(1), 5, 0)
    first = await mined(proxied)
    proxied.reorg(1)
    expected = Inclusion.PENDING if gives_back else Inclusion.UNKNOWN
    assert (await proxied.reader.status(tx.txid)).inclusion is expected
    outcome = (await proxied.writer.broadcast(tx)).outcome
    assert outcome is (BroadcastOutcome.ALREADY_HAVE if gives_back else BroadcastOutcome.ACCEPTED)
    again = await mined(proxied)
    assert [one.txid for one in again.transactions] == [tx.txid]
    assert again.header.ref != first.header.ref
    assert (await proxied.reader.balance(stranger(1), proxied.token, again.header.ref)).amount == 5


async def test_a_reorg_tells_which_logs_it_removed(proxied: ProxiedRig) -> None:
    """E16: a filter first brings the orphaned log again, marked removed, and then the new one."""
    made = proxied.proxy.rpc("eth_newFilter", {"address": "0x" + proxied.token.contract.hex()})
    tx = await pay(proxied, proxied.token, stranger(1), 5, 0)
    await pay(proxied, proxied.native, stranger(1), 5, 1)
    proxied.mine()
    assert changes(proxied, made) == [(tx.txid.hex(), False)]
    proxied.reorg(1)
    proxied.mine()
    assert changes(proxied, made) == [(tx.txid.hex(), True), (tx.txid.hex(), False)]
    assert changes(proxied, made) == []


def changes(rig: ProxiedRig, made: object) -> list[tuple[str, bool]]:
    """What a filter tells now: transactions of the logs, and whether they were removed."""
    logs = rig.proxy.rpc("eth_getFilterChanges", made)
    assert isinstance(logs, list)
    return [(log["transactionHash"][2:], log["removed"]) for log in logs]
