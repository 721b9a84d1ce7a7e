"""What the EVM adapter makes of nodes that fail, lag, lie or answer in part."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from chains.evm import client as client_module
from chains.evm.client import HEADER_ONLY, EvmClient, EvmNetwork
from chains.evm.reader import EvmReader
from domain.errors import BlockIncomplete, FinalityBroken, NodeStale, NodeUnavailable
from domain.sends import AttemptView, BroadcastOutcome
from tests.support.chain_fronted import Fronted
from tests.support.chain_node import NULL, Params, Raw, RpcRefusal
from tests.support.chain_rigs import AnvilRig, address_of, intent, mined, pay, signed_payment, stranger

SHAPES: dict[str, object] = {
    "status 500": Raw(b'{"jsonrpc":"2.0","id":1,"result":"0x1"}', 500),
    "status 429": Raw(b"slow down", 429),
    "redirect": Raw(b"", 302),
    "empty": Raw(b""),
    "half JSON": Raw(b'{"jsonrpc":"2.0","id":1,"res'),
    "a list": Raw(b"[]"),
    "a word": Raw(b'"ok"'),
    "not UTF-8": Raw(b"\xff\xfe"),
    "error and no result": Raw(b'{"Error":"lack of computing resources"}'),
    "null": NULL,
    "wrong type": {"unexpected": True},
    "a number": 7,
    "an odd text": "0x0z",
    "refusal": RpcRefusal(-32005, "limit exceeded"),
    "dropped connection": Raw(silent=True),
}
CUTS: dict[str, Callable[[list[dict[str, object]]], list[dict[str, object]]]] = {
    "the last receipt withheld": lambda receipts: receipts[:-1],
    "the first receipt withheld": lambda receipts: receipts[1:],
    "receipts in another order": lambda receipts: receipts[::-1],
    "one receipt twice": lambda receipts: [receipts[0], *receipts[:-1]],
    "no receipts": lambda _receipts: [],
    "the only log of a kind withheld": lambda receipts: [{**receipts[0], "logs": []}, *receipts[1:]],
    "one of two equal logs withheld": lambda receipts: [
        receipts[0],
        {**receipts[1], "logs": []},
        *receipts[2:],
    ],
    "a receipt of another block": lambda receipts: [
        {**receipts[0], "blockHash": "0x" + "11" * 32},
        *receipts[1:],
    ],
}


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES.keys())
async def test_no_bad_answer_becomes_an_empty_one(fronted: Fronted, shape: object) -> None:
    """C1: every call raises for every bad shape; none answers empty, zero or unknown."""
    rig = fronted.rig
    at = (await rig.reader.heads()).latest.ref
    wallet = address_of(rig.payer)
    calls: dict[str, Callable[[], Awaitable[object]]] = {
        "heads": fronted.reader.heads,
        "header": lambda: fronted.reader.header(at.hash),
        "header_at": lambda: fronted.reader.header_at(1),
        "block": lambda: fronted.reader.block(at.hash),
        "status": lambda: fronted.reader.status(b"\x01" * 32),
        "balance of coins": lambda: fronted.reader.balance(wallet, rig.native, at),
        "balance of tokens": lambda: fronted.reader.balance(wallet, rig.token, at),
        "nonce_at": lambda: fronted.reader.nonce_at(wallet, at),
        "code_at": lambda: fronted.reader.code_at(wallet, at),
        "token_decimals": lambda: fronted.reader.token_decimals(rig.token),
        "plan": lambda: fronted.writer.plan(intent(rig, rig.token, stranger(1), 1)),
        "liveness": lambda: fronted.writer.liveness(AttemptView(wallet, 0, (b"\x01" * 32,))),
    }
    fronted.fail_all_but_identity(shape)
    for name, call in calls.items():
        with pytest.raises((NodeUnavailable, NodeStale, BlockIncomplete)):
            pytest.fail(f"{name} answered {await call()}")


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES.keys())
async def test_a_broadcast_without_a_proper_answer_is_ambiguous(fronted: Fronted, shape: object) -> None:
    """C1: a node that took or lost the bytes and says nothing usable leaves the outcome open."""
    rig = fronted.rig
    tx = await signed_payment(rig, rig.native, stranger(1), 1, 0)
    fronted.node.after = lambda method, _, result: shape if method == "eth_sendRawTransaction" else result
    result = await fronted.writer.broadcast(tx)
    assert result.outcome is BroadcastOutcome.AMBIGUOUS
    assert (await rig.writer.broadcast(tx)).outcome is BroadcastOutcome.ALREADY_HAVE
    assert len((await mined(rig)).effects) == 1


async def test_a_silent_node_does_not_hold_us(fronted: Fronted, monkeypatch: pytest.MonkeyPatch) -> None:
    """C1: a node that takes the question and never answers ends as NodeUnavailable."""
    monkeypatch.setattr(client_module, "READ_SECONDS_MAX", 0.2)
    released, closed = asyncio.Event(), asyncio.Event()

    async def hold(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await released.wait()
        writer.close()
        await writer.wait_closed()
        closed.set()

    server = await asyncio.start_server(hold, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    client = EvmClient(EvmNetwork(fronted.rig.network, (f"http://127.0.0.1:{port}",), is_devnet=True))
    with pytest.raises(NodeUnavailable, match="no answer in time"):
        await EvmReader(client).heads()
    released.set()
    await closed.wait()
    await client.close()
    server.close()


async def test_an_endless_answer_is_cut_off(fronted: Fronted, monkeypatch: pytest.MonkeyPatch) -> None:
    """C1: an answer beyond the size bound is no answer."""
    monkeypatch.setattr(client_module, "ANSWER_BYTES_MAX", 20_000)
    fronted.fail_all_but_identity(Raw(b" " * 50_000))
    with pytest.raises(NodeUnavailable, match="larger than"):
        await fronted.reader.header_at(1)


@pytest.mark.parametrize("cut", CUTS.values(), ids=CUTS.keys())
async def test_a_block_short_of_anything_is_incomplete(
    fronted: Fronted, cut: Callable[[list[dict[str, object]]], list[dict[str, object]]]
) -> None:
    """C2: with a receipt or log withheld, moved or foreign, the block raises; in full it succeeds later."""
    rig = fronted.rig
    for nonce, payee in enumerate((1, 2, 2, 3)):
        await pay(rig, rig.token, stranger(payee), 5, nonce)
    newest = (await mined(rig)).header.ref.hash

    def after(method: str, _params: Params, result: object) -> object:
        if method != "eth_getBlockReceipts":
            return result
        assert isinstance(result, list)
        return cut(result)

    fronted.node.after = after
    with pytest.raises(BlockIncomplete):
        await fronted.reader.block(newest)
    fronted.node.after = lambda _method, _params, result: result
    assert len((await fronted.reader.block(newest)).effects) == 4


async def test_a_block_of_another_hash_is_incomplete(fronted: Fronted) -> None:
    """C2: a node that answers with a block nobody asked for is not believed."""
    rig = fronted.rig
    rig.mine(2)
    newest = (await rig.reader.heads()).latest
    fronted.node.after = lambda method, _, result: (
        {**result, "hash": "0x" + "22" * 32}
        if method == "eth_getBlockByHash" and isinstance(result, dict)
        else result
    )
    with pytest.raises(BlockIncomplete):
        await fronted.reader.block(newest.ref.hash)
    with pytest.raises(NodeUnavailable):
        await fronted.reader.header(newest.ref.hash)


async def test_final_going_back_on_one_node_is_broken(fronted: Fronted) -> None:
    """C8: a node that goes on while its final block goes back broke its word; one that lags is stale."""
    rig = fronted.rig
    rig.mine(10)
    seen = await fronted.reader.heads()
    older = {"latest": hex(seen.latest.ref.height - 2), "finalized": hex(seen.final.ref.height - 2)}

    def rewind(tags: dict[str, str]) -> Callable[[str, Params], object | None]:
        def before(method: str, params: Params) -> object | None:
            if method == "eth_getBlockByNumber" and str(params[0]) in tags:
                return rig.anvil.rpc("eth_getBlockByNumber", tags[str(params[0])], HEADER_ONLY)
            return None

        return before

    fronted.node.before = rewind(older)
    with pytest.raises(NodeStale):
        await fronted.reader.heads()
    fronted.node.before = rewind({"finalized": older["finalized"]})
    with pytest.raises(FinalityBroken):
        await fronted.reader.heads()
    fronted.node.before = lambda _method, _params: None
    assert await fronted.reader.heads() == seen


async def test_a_closed_adapter_answers_nothing(rig: AnvilRig) -> None:
    """After close no connection is opened again; closing twice is harmless."""
    client = EvmClient(EvmNetwork(rig.network, (rig.anvil.url,), is_devnet=True))
    reader = EvmReader(client)
    await reader.heads()
    await reader.close()
    await client.close()
    with pytest.raises(NodeUnavailable, match="closed"):
        await reader.heads()
