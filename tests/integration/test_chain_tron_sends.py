"""Planning and broadcasting over Tron nodes: what is priced, who refuses, what is sent to whom."""

import logging
from dataclasses import replace

import pytest
from eth_typing import Hash32

from chains.codecs.tron import TronCodec, TronSigned, TronTransaction, reference_of, signing_digest
from chains.codecs.tron_contracts import Transfer
from chains.tron.costs import TronPolicy
from chains.tron.writer import TronWriter
from devstack.faults.exchange import Layer
from devstack.faults.failing import take_then_hang_up
from devstack.tron.addresses import PREFIX
from devstack.tron.knobs import alter_raw, alter_txid, code
from devstack.tron.messages import DelegateResourceContract, FreezeBalanceV2Contract, ResourceCode
from domain.errors import BytesMismatch, NotYet, WalletShort
from domain.onchain import Inclusion
from domain.replacements import NotReplaceable
from domain.sends import (
    BroadcastOutcome,
    NodeReason,
    SendKind,
    SendPlan,
    SignedTx,
    SimulationVerdict,
    TxPurpose,
)
from tests.support.chain_rigs import (
    address_of,
    intent,
    key_of,
    mined,
    pay,
    readable,
    sign,
    signed_payment,
    stranger,
)
from tests.support.chain_tron import HOLDER, TronRig, account, call, payment

TRX = 10**6
ENERGY = ResourceCode.ENERGY
OWNER = 0


def writer_of(rig: TronRig, policy: TronPolicy | None = None) -> TronWriter:
    """A writer over both nodes."""
    return TronWriter(rig.connect(rig.urls), policy or TronPolicy())


async def test_the_price_is_that_of_an_empty_holder(tron_rig: TronRig) -> None:
    """T4: a payee that holds the token already is planned like one that holds none, with a fifth more."""
    fresh = await tron_rig.writer.plan(intent(tron_rig, tron_rig.token, stranger(1), 5))
    holder = await tron_rig.writer.plan(intent(tron_rig, tron_rig.token, account(HOLDER), 5))
    assert holder.gas_limit == fresh.gas_limit
    tx = sign(tron_rig, intent(tron_rig, tron_rig.token, stranger(1), 5), fresh, 0)
    assert (await tron_rig.writer.broadcast(tx)).outcome is BroadcastOutcome.ACCEPTED
    used = int((await mined(tron_rig)).transactions[0].used["energy"])
    assert fresh.gas_limit == -(-used * 6 // 5)


async def test_a_stepped_factor_is_in_the_next_plan_and_in_the_log(
    tron_rig: TronRig, caplog: pytest.LogCaptureFixture
) -> None:
    """T4: a contract that costs almost twice the energy is planned so, and somebody is told."""
    send = intent(tron_rig, tron_rig.token, stranger(1), 5)
    before = await tron_rig.writer.plan(send)
    tron_rig.chain.set_energy_factor(tron_rig.contracts.usdt, 10_000)
    while tron_rig.chain.head.time_ms < tron_rig.chain.genesis_block.time_ms + 6 * 3_600_000:
        tron_rig.mine(100)
    with caplog.at_level(logging.WARNING):
        after = await tron_rig.writer.plan(send)
    assert after.gas_limit > before.gas_limit * 18 // 10
    assert "energy factor" in caplog.text


async def test_no_plan_reaches_across_a_maintenance(tron_rig: TronRig) -> None:
    """T4: prices and factors may change there: the expiry stops at it, shortly before nothing is planned."""
    boundary = tron_rig.chain.next_maintenance_ms
    send = intent(tron_rig, tron_rig.native, stranger(1), 5)
    while boundary - tron_rig.chain.head.time_ms > 60_000:
        tron_rig.mine()
    plan = await tron_rig.writer.plan(send)
    assert plan.expires_ms == boundary
    tron_rig.mine(11)
    with pytest.raises(NotYet):
        await tron_rig.writer.plan(send)
    tron_rig.mine(11)
    assert (await tron_rig.writer.plan(send)).expires_ms == tron_rig.chain.head.time_ms + 120_000


async def test_an_activation_is_paid_beside_the_amount(tron_rig: TronRig) -> None:
    """T16: the first TRX to an address costs its account, and the payee gets exactly the amount."""
    first = await tron_rig.writer.plan(intent(tron_rig, tron_rig.native, stranger(1), 5))
    again = await tron_rig.writer.plan(intent(tron_rig, tron_rig.native, account(HOLDER), 5))
    assert first.fee_bound - again.fee_bound >= TRX
    tx = await pay(tron_rig, tron_rig.native, stranger(1), 5, 0)
    mined_one = (await mined(tron_rig)).transactions[0]
    assert (mined_one.txid, mined_one.used["activation_sun"]) == (tx.txid, str(TRX))
    assert mined_one.fee <= first.fee_bound
    at = await readable(tron_rig)
    assert (await tron_rig.reader.balance(stranger(1), tron_rig.native, at)).amount == 5


async def test_an_account_is_paid_for_until_it_is_final(tron_rig: TronRig) -> None:
    """T7: another payment made it at the head; if that is forked out, this one pays for it after all."""
    tron_rig.mine(3)
    first = await tron_rig.writer.plan(intent(tron_rig, tron_rig.native, stranger(1), 5))
    before = await pay(tron_rig, tron_rig.native, stranger(1), 5, 0)
    await mined(tron_rig)
    second = await tron_rig.writer.plan(intent(tron_rig, tron_rig.native, stranger(1), 5))
    assert second.fee_bound == first.fee_bound
    tx = await pay(tron_rig, tron_rig.native, stranger(1), 5, 1)
    tron_rig.chain.fork(1, without=[before.txid])
    tron_rig.chain.mine(without=[before.txid])
    (mined_one,) = (await tron_rig.reader.block(tron_rig.chain.head.id)).transactions
    assert (mined_one.txid, mined_one.used["activation_sun"]) == (tx.txid, str(TRX))
    tron_rig.mine(tron_rig.finality_depth)
    third = await tron_rig.writer.plan(intent(tron_rig, tron_rig.native, stranger(1), 5))
    assert third.fee_bound <= first.fee_bound - TRX


@pytest.mark.parametrize(
    ("function", "who", "words"),
    [
        ("pause()", None, "paused"),
        ("addBlackList(address)", "payee", "barred the payee"),
        ("addBlackList(address)", "wallet", "barred the paying wallet"),
    ],
)
async def test_the_switches_of_a_token_refuse_before_signing(
    tron_rig: TronRig, function: str, who: str | None, words: str
) -> None:
    """T15: a paused token, a barred wallet, a barred payee: each is refused with its reason."""
    send = intent(tron_rig, tron_rig.token, stranger(1), 5)
    subjects = {"payee": (send.payee,), "wallet": (send.wallet,), None: ()}[who]
    await tron_rig.act(OWNER, call(OWNER, tron_rig.contracts.usdt, function, *subjects))
    plan = await tron_rig.writer.plan(send)
    assert plan.verdict is SimulationVerdict.REFUSED
    assert words in plan.why


async def test_a_wallet_with_lent_energy_needs_no_coins(tron_rig: TronRig) -> None:
    """Section 11: what energy and free bandwidth cover is not asked for in TRX; without them it is."""
    poor = key_of("poor")
    send = replace(intent(tron_rig, tron_rig.token, stranger(1), 5), wallet=address_of(poor))
    await pay(tron_rig, tron_rig.token, address_of(poor), 5, 0)
    await pay(tron_rig, tron_rig.native, address_of(poor), 1, 1)
    await mined(tron_rig)
    await readable(tron_rig)
    with pytest.raises(WalletShort):
        await tron_rig.writer.plan(send)
    assert (await tron_rig.writer.quote(send)).burns > 0
    await tron_rig.act(HOLDER, FreezeBalanceV2Contract(PREFIX + account(HOLDER), 10**7 * TRX, ENERGY))
    lent = DelegateResourceContract(PREFIX + account(HOLDER), ENERGY, 10**6 * TRX, PREFIX + address_of(poor))
    await tron_rig.act(HOLDER, lent)
    plan = await tron_rig.writer.plan(send)
    assert (plan.verdict, plan.burns) == (SimulationVerdict.PASSES, 0)
    assert plan.fee_bound >= plan.gas_limit * plan.max_fee > 0


async def test_too_much_energy_is_refused_by_the_policy(tron_rig: TronRig) -> None:
    """A token that needs more energy than the policy allows is refused, not paid at any price."""
    writer = writer_of(tron_rig, TronPolicy(energy_max=1_000))
    plan = await writer.plan(intent(tron_rig, tron_rig.token, stranger(1), 5))
    assert plan.verdict is SimulationVerdict.REFUSED
    assert "more than the policy allows" in plan.why


async def test_energy_is_lent_and_taken_back_as_planned(tron_rig: TronRig) -> None:
    """A loan needs stake and a receiver with an account, a return what the solid block shows as lent."""
    giver, receiver = account(HOLDER), account(HOLDER + 1)
    loan = replace(intent(tron_rig, tron_rig.native, receiver, 5 * TRX), kind=SendKind.ENERGY, wallet=giver)
    with pytest.raises(WalletShort):
        await tron_rig.writer.plan(loan)
    await tron_rig.act(HOLDER, FreezeBalanceV2Contract(PREFIX + account(HOLDER), 100 * TRX, ENERGY))
    plan = await tron_rig.writer.plan(loan)
    assert (plan.verdict, plan.gas_limit, plan.max_fee) == (SimulationVerdict.PASSES, 0, 0)
    for payee in (stranger(1), tron_rig.token.contract):
        assert (await tron_rig.writer.plan(replace(loan, payee=payee))).verdict is SimulationVerdict.REFUSED
    back = replace(loan, returns=True)
    assert (await tron_rig.writer.plan(back)).verdict is SimulationVerdict.REFUSED
    lent = DelegateResourceContract(PREFIX + account(HOLDER), ENERGY, 5 * TRX, PREFIX + receiver)
    block = await tron_rig.act(HOLDER, lent)
    assert block.transactions[0].fee <= plan.fee_bound
    assert (await tron_rig.writer.plan(back)).verdict is SimulationVerdict.PASSES


async def test_nothing_is_replaced(tron_rig: TronRig) -> None:
    """What was signed lands or expires: neither bump nor cancel has terms."""
    send = intent(tron_rig, tron_rig.native, stranger(1), 5)
    tx = sign(tron_rig, send, await tron_rig.writer.plan(send), 0)
    for purpose in (TxPurpose.BUMP, TxPurpose.CANCEL):
        with pytest.raises(NotReplaceable):
            await tron_rig.writer.replace(send, purpose, tx)


async def test_bytes_say_when_they_expire(tron_rig: TronRig) -> None:
    """The expiry is read from the bytes, and is that of the plan."""
    send = intent(tron_rig, tron_rig.native, stranger(1), 5)
    plan = await tron_rig.writer.plan(send)
    assert tron_rig.writer.expiry(sign(tron_rig, send, plan, 0)) == plan.expires_ms
    assert plan.expires_ms == tron_rig.chain.head.time_ms + 120_000
    assert plan.reference == tron_rig.chain.solid.id


async def test_every_node_is_handed_the_stored_bytes(tron_rig: TronRig) -> None:
    """C5: one call to each node with exactly the stored bytes; nothing is repeated by itself."""
    tx = await signed_payment(tron_rig, tron_rig.native, stranger(1), 1, 0)
    tron_rig.strike("wallet/broadcasthex", take_then_hang_up)
    result = await writer_of(tron_rig).broadcast(tx)
    assert [one.outcome for one in result.answers] == [
        BroadcastOutcome.AMBIGUOUS,
        BroadcastOutcome.ALREADY_HAVE,
    ]
    for surface in tron_rig.surfaces:
        calls = [call.params[0] for call in surface.asked if call.method == "wallet/broadcasthex"]
        assert calls == [{"transaction": tx.raw.hex()}]
    assert TronCodec().txid(tx.raw) == tx.txid


@pytest.mark.parametrize("fault", [alter_txid(), alter_raw()], ids=["another id", "other bytes"])
async def test_a_node_that_tells_of_other_bytes_is_set_aside(
    tron_rig: TronRig, fault: Layer, caplog: pytest.LogCaptureFixture
) -> None:
    """N7: our own id stands, the other node takes the bytes, and the liar is asked nothing any more."""
    tx = await signed_payment(tron_rig, tron_rig.native, stranger(1), 1, 0)
    writer = writer_of(tron_rig)
    tron_rig.strike("wallet/broadcasthex", fault)
    with caplog.at_level(logging.ERROR):
        result = await writer.broadcast(tx)
    assert "is set aside" in caplog.text
    assert result.answers[0].outcome is BroadcastOutcome.AMBIGUOUS
    assert result.outcome is BroadcastOutcome.ALREADY_HAVE
    asked = len(tron_rig.surfaces[0].asked)
    again = await writer.broadcast(tx)
    assert [one.node for one in again.answers] == [f"{tron_rig.network}#1"]
    assert len(tron_rig.surfaces[0].asked) == asked
    assert [one.txid for one in (await mined(tron_rig)).transactions] == [tx.txid]


async def test_a_duplicate_at_one_node_does_not_keep_it_from_the_others(tron_rig: TronRig) -> None:
    """T6: a caching node calls a duplicate what it has only refused; the other one still takes the bytes."""
    tx = await signed_payment(tron_rig, tron_rig.native, stranger(1), 1, 0)
    tron_rig.strike("wallet/broadcasthex", code("DUP_TRANSACTION_ERROR", taken=False))
    alone = await tron_rig.writer.broadcast(tx)
    assert (alone.outcome, alone.answers[0].reason) == (BroadcastOutcome.ALREADY_HAVE, NodeReason.KNOWN)
    assert (await tron_rig.reader.status(tx.txid)).inclusion is Inclusion.UNKNOWN
    assert (await writer_of(tron_rig).broadcast(tx)).outcome is BroadcastOutcome.ACCEPTED


@pytest.mark.parametrize("answer", ["SERVER_BUSY", "NO_CONNECTION", "NOT_ENOUGH_EFFECTIVE_CONNECTION"])
async def test_a_crowded_node_may_have_taken_it(tron_rig: TronRig, answer: str) -> None:
    """T12: these codes may come after the bytes were taken, and the payment lands."""
    tx = await signed_payment(tron_rig, tron_rig.native, stranger(1), 1, 0)
    tron_rig.strike("wallet/broadcasthex", code(answer, taken=True))
    assert (await tron_rig.writer.broadcast(tx)).outcome is BroadcastOutcome.AMBIGUOUS
    assert [one.txid for one in (await mined(tron_rig)).transactions] == [tx.txid]


async def test_memo_and_permission_are_part_of_the_id(tron_rig: TronRig) -> None:
    """N8, T2: bytes of our codec with both are taken, and stand in the block under the id computed here."""
    send = intent(tron_rig, tron_rig.native, stranger(1), 3)
    plan = await tron_rig.writer.plan(send)
    block_bytes, block_hash = reference_of(plan.reference)
    transaction = TronTransaction(
        block_bytes,
        block_hash,
        plan.expires_ms,
        plan.planned_at_ms,
        Transfer(send.wallet, send.payee, send.amount),
        permission_id=2,
        memo=b"a memo",
    )
    signature = tron_rig.payer.unsafe_sign_hash(Hash32(signing_digest(transaction)))
    signed = TronSigned(transaction, signature.v - 27, signature.r, signature.s)
    raw = TronCodec().encode(signed)
    tx = SignedTx(TronCodec().txid(raw), raw)
    assert (await tron_rig.writer.broadcast(tx)).outcome is BroadcastOutcome.ACCEPTED
    assert [one.txid for one in (await mined(tron_rig)).transactions] == [tx.txid]
    plain = sign(tron_rig, send, plan, 0)
    assert plain.txid != tx.txid


async def test_each_refusal_of_a_node_has_its_reason(tron_rig: TronRig) -> None:
    """T12: off the branch, expired, short of coins, signed by nobody of ours: refused now, with the cause."""
    send = intent(tron_rig, tron_rig.native, stranger(1), 1)
    plan = await tron_rig.writer.plan(send)
    rows: list[tuple[SendPlan, int, NodeReason]] = [
        (plan.model_copy(update={"reference": plan.reference[:8] + bytes(24)}), 1, NodeReason.OFF_BRANCH),
        (plan.model_copy(update={"expires_ms": tron_rig.chain.head.time_ms}), 1, NodeReason.EXPIRED),
        (plan, tron_rig.coins * 2, NodeReason.WALLET_SHORT),
    ]
    for terms, amount, reason in rows:
        tx = sign(tron_rig, replace(send, amount=amount), terms, 0)
        result = await tron_rig.writer.broadcast(tx)
        assert (result.outcome, result.answers[0].reason) == (BroadcastOutcome.REJECTED_NOW, reason)
    foreign = tron_rig.sign_action(payment(send), plan, 0, key=key_of("nobody"))
    with pytest.raises(BytesMismatch, match="SIGERROR"):
        await tron_rig.writer.broadcast(foreign)
