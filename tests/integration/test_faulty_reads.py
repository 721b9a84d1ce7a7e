"""A node that lags, indexes, cuts short or takes back: incomplete, stale or broken, never less than all."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

import chains.lateness as lateness_module
from devstack.anvil import Anvil
from devstack.faults.exchange import Layer
from devstack.faults.failing import (
    answer,
    break_off,
    change,
    final_at,
    other_genesis,
    status,
    take_then_hang_up,
    too_many_requests,
    withhold_logs,
    withhold_receipts,
    wrong_bloom,
)
from devstack.faults.proxy import NodeProxy
from devstack.faults.replicas import Replica
from domain.errors import BlockIncomplete, FinalityBroken, NodeStale, NodeUnavailable, Unavailable
from domain.onchain import BlockRef
from tests.support.chain_proxied import ProxiedRig
from tests.support.chain_rigs import FINALITY_DEPTH, AnvilRig, address_of, mined, pay, stranger

PAYMENTS = 4
LAG = 20
RECEIPTS, BLOCK = "eth_getBlockReceipts", "eth_getBlockByHash"


def last_receipt(**members: object) -> Layer:
    """For eth_getBlockReceipts: the last receipt says something else; its logs and counts stay."""

    def edit(receipts: object) -> object:
        assert isinstance(receipts, list)
        return [*receipts[:-1], {**receipts[-1], **members}]

    return change(edit)


def last_amount() -> Layer:
    """For eth_getBlockReceipts: the last log moves another amount, which no bloom filter shows."""

    def edit(receipts: object) -> object:
        assert isinstance(receipts, list)
        log = {**receipts[-1]["logs"][-1], "data": "0x" + "ee".rjust(64, "0")}
        return [*receipts[:-1], {**receipts[-1], "logs": [log]}]

    return change(edit)


PARTIAL = [
    pytest.param(RECEIPTS, withhold_receipts(), id="last receipt"),
    pytest.param(RECEIPTS, withhold_receipts(PAYMENTS), id="all receipts"),
    pytest.param(RECEIPTS, answer(None), id="receipts not indexed"),
    pytest.param(RECEIPTS, withhold_logs(), id="last log"),
    pytest.param(RECEIPTS, withhold_logs(PAYMENTS), id="all logs"),
    pytest.param(RECEIPTS, last_amount(), id="another amount"),
    pytest.param(RECEIPTS, last_receipt(status="0x0"), id="another end"),
    pytest.param(RECEIPTS, last_receipt(cumulativeGasUsed="0x1"), id="other gas"),
    pytest.param(BLOCK, wrong_bloom(), id="bloom of all bits"),
    pytest.param(BLOCK, wrong_bloom("0x" + "00" * 256), id="bloom of none"),
]

SINGLE_FAILURES = [
    pytest.param(too_many_requests(), id="429"),
    pytest.param(status(500), id="500"),
    pytest.param(status(503), id="503"),
    pytest.param(take_then_hang_up, id="connection lost"),
    pytest.param(break_off, id="half JSON"),
]

Question = Callable[[AnvilRig, BlockRef], Awaitable[object]]
QUESTIONS_ABOUT_A_BLOCK: dict[str, Question] = {
    "header": lambda rig, at: rig.reader.header(at.hash),
    "header at": lambda rig, at: rig.reader.header_at(at.height),
    "block": lambda rig, at: rig.reader.block(at.hash),
    "coins": lambda rig, at: rig.reader.balance(address_of(rig.payer), rig.native, at),
    "tokens": lambda rig, at: rig.reader.balance(stranger(1), rig.token, at),
    "nonce": lambda rig, at: rig.reader.nonce_at(address_of(rig.payer), at),
    "code": lambda rig, at: rig.reader.code_at(rig.token.contract, at),
}


async def block_of_payments(rig: AnvilRig) -> BlockRef:
    """A block with token payments, mined now."""
    for nonce in range(PAYMENTS):
        await pay(rig, rig.token, stranger(1), 5, nonce)
    return (await mined(rig)).header.ref


@pytest.mark.parametrize(("method", "fault"), PARTIAL)
async def test_a_partial_block_at_the_head_is_incomplete_until_it_is_whole(
    proxied: ProxiedRig, method: str, fault: Layer
) -> None:
    """N23, E3: two reads fall short and raise, the third gives every effect once."""
    at = await block_of_payments(proxied)
    script = proxied.proxy.inject(method, fault, times=2)
    for _ in range(2):
        with pytest.raises(BlockIncomplete):
            await proxied.reader.block(at.hash)
    found = await proxied.reader.block(at.hash)
    assert [one.amount for one in found.effects] == [5] * PAYMENTS
    assert script.struck == 2


@pytest.mark.parametrize("fault", SINGLE_FAILURES)
@pytest.mark.parametrize("method", [RECEIPTS, BLOCK])
async def test_a_call_that_fails_once_is_no_empty_block(
    proxied: ProxiedRig, method: str, fault: Layer
) -> None:
    """G1: the one failed call raises; the same question afterwards is answered in full."""
    at = await block_of_payments(proxied)
    proxied.proxy.inject(method, fault, times=1)
    with pytest.raises(NodeUnavailable):
        await proxied.reader.block(at.hash)
    assert len((await proxied.reader.block(at.hash)).effects) == PAYMENTS


@pytest.mark.parametrize("question", QUESTIONS_ABOUT_A_BLOCK.values(), ids=QUESTIONS_ABOUT_A_BLOCK.keys())
async def test_a_node_that_lags_does_not_know(proxied: ProxiedRig, question: Question) -> None:
    """N23: 20 blocks behind, what it has not seen is stale, never zero, empty or an older answer."""
    proxied.mine(2 * LAG)
    at = await block_of_payments(proxied)
    truth = await question(proxied, at)
    proxied.proxy.lag(LAG)
    with pytest.raises(NodeStale):
        await question(proxied, at)
    proxied.proxy.heal()
    assert await question(proxied, at) == truth


async def test_a_node_that_falls_back_is_stale(proxied: ProxiedRig) -> None:
    """N23: its head below our final block, or its final block below ours, is lag and breaks nothing."""
    proxied.mine(2 * LAG)
    seen = await proxied.reader.heads()
    for lag in (LAG, FINALITY_DEPTH + 1, FINALITY_DEPTH, 1):
        proxied.proxy.lag(lag)
        with pytest.raises(NodeStale):
            await proxied.reader.heads()
    proxied.proxy.heal()
    assert await proxied.reader.heads() == seen


async def test_the_node_that_keeps_up_answers_for_the_one_that_lags(
    proxied: ProxiedRig, proxy_factory: Callable[[Anvil], NodeProxy]
) -> None:
    """B3: when the node in use falls behind, the next one goes on from the same final block."""
    other = proxy_factory(proxied.anvil)
    rig = AnvilRig(proxied.anvil, (proxied.proxy.url, other.url))
    rig.mine(2 * LAG)
    await rig.reader.heads()
    proxied.proxy.lag(LAG)
    at = await block_of_payments(rig)
    assert (await rig.reader.heads()).latest.ref == at
    assert len((await rig.reader.block(at.hash)).effects) == PAYMENTS
    await rig.close()


async def test_a_node_that_stands_still_is_left_for_one_that_goes_on(
    proxied: ProxiedRig, proxy_factory: Callable[[Anvil], NodeProxy], monkeypatch: pytest.MonkeyPatch
) -> None:
    """B3: it answers everything, but its newest block is old, and another node has newer ones."""
    monkeypatch.setattr(lateness_module, "LATE_BLOCKS", -LAG)
    monkeypatch.setattr(lateness_module, "LATE_SECONDS_MIN", -3600.0)
    other = proxy_factory(proxied.anvil)
    rig = AnvilRig(proxied.anvil, (proxied.proxy.url, other.url))
    rig.mine(2 * LAG)
    proxied.proxy.lag(2)
    newest = (await rig.reader.heads()).latest.ref
    assert hex(newest.height) == proxied.anvil.rpc("eth_blockNumber")
    asked = len(proxied.proxy.asked)
    assert (await rig.reader.header(newest.hash)).ref == newest
    assert len(proxied.proxy.asked) == asked
    await rig.close()


async def test_replicas_that_take_turns_break_nothing(proxied: ProxiedRig) -> None:
    """B3, N23: newest and final block of one question come from different replicas: stale, never broken."""
    proxied.mine(2 * LAG)
    await proxied.reader.heads()
    proxied.proxy.lag(0, 3, LAG)
    answered = 0
    for step in range(30):
        proxied.mine()
        try:
            heads = await proxied.reader.heads()
        except NodeStale:
            continue
        answered += 1
        assert heads.final.ref.height <= heads.latest.ref.height, step
    proxied.proxy.heal()
    newest = (await proxied.reader.heads()).latest.ref.height
    assert hex(newest) == proxied.anvil.rpc("eth_blockNumber")
    assert answered < 30


async def test_a_mixed_answer_is_no_measure_of_lag(proxied: ProxiedRig) -> None:
    """B3: a lagging replica named the head, a fresh one final; another lagging one then breaks nothing."""
    proxied.mine(2 * LAG)
    await proxied.reader.heads()
    proxied.mine(2 * FINALITY_DEPTH)
    proxied.proxy.inject(
        "eth_getBlockByNumber",
        Replica(FINALITY_DEPTH - 1),
        times=1,
        where=lambda call: call.params[0] == "latest",
    )
    mixed = await proxied.reader.heads()
    assert mixed.latest.ref.height - mixed.final.ref.height == 1
    proxied.proxy.lag(FINALITY_DEPTH - 2)
    with pytest.raises(NodeStale):
        await proxied.reader.heads()
    proxied.proxy.heal()
    assert (await proxied.reader.heads()).final == mixed.final


@pytest.mark.parametrize("lags", [(0, LAG), (LAG, 0), (0, 0, LAG), (1, 0, 2)])
async def test_replicas_that_take_turns_give_whole_blocks_or_none(
    proxied: ProxiedRig, lags: tuple[int, ...]
) -> None:
    """B3, G1: a block and a balance at it are complete or raise, whichever replica answers which call."""
    proxied.mine(2 * LAG)
    at = await block_of_payments(proxied)
    proxied.proxy.lag(*lags)
    for _ in range(12):
        found = await asyncio.gather(
            proxied.reader.block(at.hash),
            proxied.reader.balance(stranger(1), proxied.token, at),
            return_exceptions=True,
        )
        block, held = found
        assert isinstance(block, Unavailable) or (
            not isinstance(block, BaseException) and len(block.effects) == PAYMENTS
        )
        assert isinstance(held, Unavailable) or (
            not isinstance(held, BaseException) and held.amount == 5 * PAYMENTS
        )


async def test_final_that_goes_back_is_broken(proxied: ProxiedRig) -> None:
    """N23, C8: the head goes on while final goes back, again and again, until the node keeps its word."""
    proxied.mine(2 * LAG)
    seen = await proxied.reader.heads()
    proxied.proxy.inject("eth_getBlockByNumber", final_at(seen.final.ref.height - 1))
    for _ in range(2):
        with pytest.raises(FinalityBroken):
            await proxied.reader.heads()
        proxied.mine()
    proxied.proxy.heal()
    assert (await proxied.reader.heads()).final.ref.height == seen.final.ref.height + 2


async def test_receipts_of_an_unknown_type_are_said_to_be_unchecked(proxied: ProxiedRig) -> None:
    """A network with receipts of its own form is read by counts and filters; the row says so."""
    at = await block_of_payments(proxied)
    assert "not checked" not in (await proxied.reader.block(at.hash)).completeness["receipts_root"]
    proxied.proxy.inject(RECEIPTS, last_receipt(type="0x6a"))
    found = await proxied.reader.block(at.hash)
    assert len(found.effects) == PAYMENTS
    assert "not checked" in found.completeness["receipts_root"]


async def test_a_genesis_that_changes_sets_the_node_aside(proxied: ProxiedRig) -> None:
    """B4: after a failure the same address serves a chain that began elsewhere; nothing of it is read."""
    await proxied.reader.heads()
    proxied.proxy.inject("eth_getBlockByNumber", other_genesis())
    proxied.proxy.inject("eth_getBlockByNumber", too_many_requests(), times=2)
    for _ in range(2):
        with pytest.raises(NodeUnavailable):
            await proxied.reader.heads()
    with pytest.raises(NodeUnavailable, match="from genesis"):
        await proxied.reader.heads()
