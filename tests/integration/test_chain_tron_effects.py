"""The effects of Tron's odd transactions, as the devnet executes them: what moved, and what only said so."""

import asyncio

import pytest
from eth_abi.abi import encode

from chains.tron.reader import TronReader
from devstack.tron.addresses import PREFIX, keccak256
from devstack.tron.contract_messages import TriggerSmartContract
from devstack.tron.genesis import TRC10_ID
from devstack.tron.messages import TransferAssetContract, TransferContract
from domain.onchain import BlockEffects
from tests.support.chain_rigs import address_of, held, intent, mined, pay, sign, stranger
from tests.support.chain_tron import HOLDER, TronRig, account, call

OWNER = 0
RECEIVERS = 50
PERSUASION = b"Deposit 5000000 USDT to player 1, confirmed by Tether"


def short(block: BlockEffects) -> list[tuple[str, bytes, bytes, int, bool]]:
    """Each effect as position, contract, receiver, amount and whether it held."""
    return [(one.position, one.contract, one.receiver, one.amount, one.succeeded) for one in block.effects]


async def test_usdt_that_answers_false_has_paid(tron_rig: TronRig) -> None:
    """N11, T5: return data is never read; the log and the balance say that it was paid."""
    tx = await pay(tron_rig, tron_rig.token, stranger(1), 5, 0)
    block = await mined(tron_rig)
    assert short(block) == [("log-0", tron_rig.token.contract, stranger(1), 5, True)]
    assert (block.transactions[0].txid, block.transactions[0].succeeded) == (tx.txid, True)
    assert await held(tron_rig, stranger(1), tron_rig.token) == 5


@pytest.mark.parametrize("cause", ["REVERT", "OUT_OF_ENERGY"])
async def test_a_call_that_failed_credits_nobody(tron_rig: TronRig, cause: str) -> None:
    """N12, T10: included and thrown back, or out of energy: an effect that did not succeed, and its fee."""
    send = intent(tron_rig, tron_rig.token, stranger(1), 10**6)
    plan = await tron_rig.writer.plan(send)
    if cause == "REVERT":
        send = intent(tron_rig, tron_rig.token, stranger(1), tron_rig.tokens + 1)
    else:
        plan = plan.model_copy(update={"gas_limit": plan.gas_limit // 3})
    await tron_rig.writer.broadcast(tx := sign(tron_rig, send, plan, 0))
    block = await mined(tron_rig)
    entry = tron_rig.chain.head.by_txid[tx.txid]
    assert entry.result.contractRet.name == cause
    assert short(block) == [("log-0", tron_rig.token.contract, stranger(1), send.amount, False)]
    assert not block.transactions[0].succeeded
    assert block.transactions[0].fee > 0
    assert (await tron_rig.reader.status(tx.txid)).succeeded is False
    assert await held(tron_rig, stranger(1), tron_rig.token) == 0


async def test_look_alikes_are_told_by_what_they_are(tron_rig: TronRig) -> None:
    """N13, T19: a TRC-10 named like the token, a spoof with its logs: each under its own contract."""
    token = TransferAssetContract(TRC10_ID.encode(), PREFIX + account(OWNER), PREFIX + stranger(1), 7)
    await tron_rig.act(OWNER, TransferContract(PREFIX + account(OWNER), PREFIX + stranger(1), 1))
    assert short(await tron_rig.act(OWNER, token)) == [
        ("trc10", b"trc10:" + TRC10_ID.encode(), stranger(1), 7, True)
    ]
    spoof = call(HOLDER, tron_rig.contracts.spoof, "transfer(address,uint256)", stranger(1), b"\x09")
    assert short(await tron_rig.act(HOLDER, spoof)) == [
        ("log-0", tron_rig.contracts.spoof[1:], stranger(1), 9, True)
    ]
    assert await held(tron_rig, stranger(1), tron_rig.token) == 0


async def test_a_memo_persuades_nobody(tron_rig: TronRig) -> None:
    """N13, N8: TRX with a memo is TRX; the id that the chain gives is the hash of the very bytes."""
    coins = TransferContract(PREFIX + account(HOLDER), PREFIX + stranger(1), 3)
    block = await tron_rig.act(HOLDER, coins, PERSUASION)
    assert short(block) == [("native", b"", stranger(1), 3, True)]
    assert await held(tron_rig, stranger(1), tron_rig.native) == 3


async def test_one_transaction_pays_many_each_once(tron_rig: TronRig) -> None:
    """N15: 50 payments to 50 receivers and two more to one of them are 52 effects; the replay is the same."""
    receivers = [*(stranger(number) for number in range(RECEIVERS)), stranger(7), stranger(7)]
    amounts = [1 + place for place in range(len(receivers))]
    data = keccak256(b"pay(address,address[],uint256[])")[:4] + encode(
        ["address", "address[]", "uint256[]"], [tron_rig.token.contract, receivers, amounts]
    )
    paying = TriggerSmartContract(PREFIX + account(OWNER), tron_rig.contracts.batching, 0, data)
    block = await tron_rig.act(OWNER, paying, energy=5_000_000)
    assert short(block) == [
        (f"log-{place}", tron_rig.token.contract, receiver, amount, True)
        for place, (receiver, amount) in enumerate(zip(receivers, amounts, strict=True))
    ]
    assert len({(one.txid, one.position) for one in block.effects}) == len(receivers)
    again = await tron_rig.reader.block(block.header.ref.hash)
    assert again.effects == block.effects
    assert again.completeness["effects"] == block.completeness["effects"]
    assert await held(tron_rig, stranger(7), tron_rig.token) == 8 + 51 + 52


async def test_coins_that_a_contract_sends_are_no_effect(tron_rig: TronRig) -> None:
    """T14: TRX paid inside a call is seen in the balance alone; what went along with it is an effect."""
    selector = keccak256(b"pay(address)")[:4] + bytes(12) + stranger(1)
    paying = TriggerSmartContract(PREFIX + account(HOLDER), tron_rig.contracts.paymaster, 11, selector)
    block = await tron_rig.act(HOLDER, paying)
    assert short(block) == [("native", b"", tron_rig.contracts.paymaster[1:], 11, True)]
    assert await held(tron_rig, stranger(1), tron_rig.native) == 11


async def test_a_token_that_takes_a_fee_credits_what_arrives(tron_rig: TronRig) -> None:
    """T15: the log that names the receiver says less than was sent; the fee is another log."""
    usdt = tron_rig.contracts.usdt
    await tron_rig.act(OWNER, call(OWNER, usdt, "setParams(uint256,uint256)", b"\x0a", b"\x05"))
    send = intent(tron_rig, tron_rig.token, stranger(1), 10_000)
    plan = await tron_rig.writer.plan(send)
    await tron_rig.writer.broadcast(sign(tron_rig, send, plan, 0))
    assert short(await mined(tron_rig)) == [
        ("log-0", tron_rig.token.contract, stranger(1), 9_990, True),
        ("log-1", tron_rig.token.contract, account(OWNER), 10, True),
    ]
    assert await held(tron_rig, stranger(1), tron_rig.token) == 9_990


async def test_destroyed_funds_are_seen_in_the_balance_alone(tron_rig: TronRig) -> None:
    """T15, N16: what a token's owner destroys leaves no transfer, so only a balance can show it."""
    usdt = tron_rig.contracts.usdt
    await pay(tron_rig, tron_rig.token, stranger(1), 5, 0)
    await mined(tron_rig)
    assert await held(tron_rig, stranger(1), tron_rig.token) == 5
    for function in ("addBlackList(address)", "destroyBlackFunds(address)"):
        assert not (await tron_rig.act(OWNER, call(OWNER, usdt, function, stranger(1)))).effects
    assert await held(tron_rig, stranger(1), tron_rig.token) == 0
    assert address_of(tron_rig.payer) != stranger(1)


async def test_hints_may_lie_repeat_and_be_lost(tron_rig: TronRig) -> None:
    """T18, C7: what the queue tells is given out as it comes, junk is skipped, nothing is read from it."""
    assert tron_rig.levers.triggers is not None
    tron_rig.levers.triggers.distort("repeat")
    hints = tron_rig.reader.hints()
    told = asyncio.ensure_future(anext(hints))
    while not told.done():
        tron_rig.levers.triggers._socket.send_multipart([b"block", b"not JSON"])
        tron_rig.mine()
        await asyncio.sleep(0.02)
    hint = told.result().ref
    assert (await tron_rig.reader.header(hint.hash)).ref == hint
    await hints.aclose()


async def test_without_a_queue_there_are_no_hints(tron_rig: TronRig) -> None:
    """P9: a network without a queue simply has none."""
    tron_rig.zmq_url = ""
    silent = TronReader(tron_rig.connect(tron_rig.urls[:1]))
    assert [hint async for hint in silent.hints()] == []
