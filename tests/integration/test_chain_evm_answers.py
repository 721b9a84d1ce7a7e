"""What the EVM adapter makes of nodes that fail, lag, lie or serve another chain."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from chains.codecs.evm import EvmCodec
from chains.evm import client as client_module
from chains.evm.client import HEADER_ONLY, EvmClient, EvmNetwork
from chains.evm.costs import FeePolicy
from chains.evm.reader import EvmReader
from chains.evm.writer import EvmWriter
from devstack.anvil import Anvil
from domain.assets import NetworkId
from domain.errors import (
    BlockIncomplete,
    BytesMismatch,
    FinalityBroken,
    NodeStale,
    NodeUnavailable,
    WalletShort,
)
from domain.sends import AttemptView, BroadcastOutcome, NodeReason, SimulationVerdict
from tests.support.chain_contract import mined
from tests.support.chain_node import NULL, FrontNode, Params, Raw, RpcRefusal
from tests.support.chain_rigs import (
    COINS,
    FINALITY_DEPTH,
    REFUSING,
    AnvilRig,
    address_of,
    intent,
    pay,
    sign,
    stranger,
)

IDENTITY_CALLS = ("eth_chainId",)
GENESIS = "0x0"
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


@pytest.fixture
async def rig(anvil_factory: Callable[..., Anvil]) -> AsyncIterator[AnvilRig]:
    """A new anvil asked directly."""
    anvil = anvil_factory(mining=False, slots_in_an_epoch=FINALITY_DEPTH // 2)
    rig = AnvilRig(anvil)
    yield rig
    await rig.close()
    anvil.stop()


@pytest.fixture
async def fronted(rig: AnvilRig) -> AsyncIterator["Fronted"]:
    """The adapter asking an anvil through a server that may tamper."""
    node = FrontNode(rig.anvil.url)
    await node.start()
    fronted = Fronted(rig, node)
    yield fronted
    await fronted.client.close()
    await node.stop()


class Fronted:
    """One rig, one tampering server, and an adapter of its own over it."""

    def __init__(self, rig: AnvilRig, node: FrontNode) -> None:
        self.rig = rig
        self.node = node
        self.client = EvmClient(EvmNetwork(rig.network, (node.url,), is_devnet=True))
        self.reader = EvmReader(self.client)
        self.writer = EvmWriter(self.client, FeePolicy())

    def fail_all_but_identity(self, shape: object) -> None:
        def before(method: str, params: Params) -> object | None:
            is_identity = method in IDENTITY_CALLS or params[:1] == [GENESIS]
            return None if is_identity else shape

        self.node.before = before


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
    tx = sign(rig, send := intent(rig, rig.native, stranger(1), 1), await rig.writer.plan(send), 0)
    fronted.node.after = lambda method, _, result: shape if method == "eth_sendRawTransaction" else result
    result = await fronted.writer.broadcast(tx)
    assert result.outcome is BroadcastOutcome.AMBIGUOUS
    assert (await rig.writer.broadcast(tx)).outcome is BroadcastOutcome.ALREADY_HAVE
    assert len((await mined(rig)).effects) == 1


async def test_the_bytes_on_the_wire_are_the_bytes_stored_once(fronted: Fronted) -> None:
    """C5, E4: one broadcast is one call with exactly the stored bytes, also when the answer is lost."""
    rig = fronted.rig
    tx = sign(rig, send := intent(rig, rig.native, stranger(1), 1), await rig.writer.plan(send), 0)
    fronted.node.after = lambda method, _, result: Raw(silent=True) if "sendRaw" in method else result
    await fronted.writer.broadcast(tx)
    assert fronted.node.asked_for("eth_sendRawTransaction") == [["0x" + tx.raw.hex()]]


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


async def test_a_node_of_another_chain_is_quarantined(
    rig: AnvilRig, anvil_factory: Callable[..., Anvil]
) -> None:
    """B4: the other node serves from then on; the wrong one is asked nothing but who it is, once."""
    other = anvil_factory(mining=False, chain_id=99)
    wrong = FrontNode(other.url)
    await wrong.start()
    genesis = (await rig.reader.identity()).genesis
    client = EvmClient(EvmNetwork(rig.network, (wrong.url, rig.anvil.url), genesis))
    reader, writer = EvmReader(client), EvmWriter(client, FeePolicy())
    rig.mine(2)
    assert (await reader.heads()).latest == (await rig.reader.heads()).latest
    tx = sign(rig, send := intent(rig, rig.native, stranger(1), 1), await writer.plan(send), 0)
    result = await writer.broadcast(tx)
    assert [answer.node for answer in result.answers] == [f"{rig.network}#1"]
    assert [method for method, _ in wrong.asked] == ["eth_chainId", "eth_getBlockByNumber"]
    await client.close()
    await wrong.stop()
    other.stop()


async def test_a_devnet_keeps_the_genesis_of_its_own_chain(
    rig: AnvilRig, anvil_factory: Callable[..., Anvil]
) -> None:
    """B4: a node of another chain that is asked first does not decide which genesis is the expected one."""
    other = anvil_factory(mining=False, chain_id=99)
    client = EvmClient(EvmNetwork(rig.network, (other.url, rig.anvil.url), is_devnet=True))
    reader = EvmReader(client)
    assert await reader.identity() == await rig.reader.identity()
    assert (await reader.heads()).latest == (await rig.reader.heads()).latest
    await client.close()
    other.stop()


async def test_a_wrong_genesis_is_another_chain(rig: AnvilRig) -> None:
    """B4: an equal chain id does not help a chain that began elsewhere; nothing is read or planned there."""
    client = EvmClient(EvmNetwork(rig.network, (rig.anvil.url,), b"\x05" * 32, is_devnet=True))
    with pytest.raises(NodeUnavailable, match="genesis"):
        await EvmReader(client).heads()
    with pytest.raises(NodeUnavailable, match="genesis"):
        await EvmWriter(client, FeePolicy()).plan(intent(rig, rig.native, stranger(1), 1))
    await client.close()


async def test_identity_is_proven_again_after_a_failure(fronted: Fronted) -> None:
    """B4: a node that failed once says who it is before its next answer, and is set aside if it changed."""
    await fronted.reader.heads()
    fronted.node.before = lambda method, _: Raw(status=503) if method == "eth_getBlockByNumber" else None
    with pytest.raises(NodeUnavailable):
        await fronted.reader.heads()
    fronted.node.before = lambda method, _: "0x63" if method == "eth_chainId" else None
    with pytest.raises(NodeUnavailable, match="eip155:99"):
        await fronted.reader.heads()
    fronted.node.before = lambda _method, _params: None
    with pytest.raises(NodeUnavailable, match="eip155:99"):
        await fronted.reader.heads()


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


async def test_a_node_that_names_another_transaction_is_quarantined(fronted: Fronted) -> None:
    """C6: the id is ours; a node that answers with another one proves nothing and is set aside."""
    rig = fronted.rig
    tx = sign(rig, send := intent(rig, rig.native, stranger(1), 1), await rig.writer.plan(send), 0)
    fronted.node.after = lambda method, _, result: "0x" + "77" * 32 if "sendRaw" in method else result
    assert (await fronted.writer.broadcast(tx)).outcome is BroadcastOutcome.AMBIGUOUS
    with pytest.raises(NodeUnavailable, match="77"):
        await fronted.reader.heads()


async def test_nothing_is_sent_if_no_node_is_proven(fronted: Fronted) -> None:
    """Without a proven node a broadcast raises NodeUnavailable: nothing happened, and nothing was sent."""
    rig = fronted.rig
    tx = sign(rig, send := intent(rig, rig.native, stranger(1), 1), await rig.writer.plan(send), 0)
    fronted.node.before = lambda method, _: Raw(status=500) if method == "eth_chainId" else None
    with pytest.raises(NodeUnavailable):
        await fronted.writer.broadcast(tx)
    assert fronted.node.asked_for("eth_sendRawTransaction") == []


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


@pytest.mark.parametrize(
    ("network", "urls", "genesis", "is_devnet"),
    [
        pytest.param("tron:0x2b6653dc", ("http://127.0.0.1:1",), b"", True, id="another family"),
        pytest.param("eip155:x", ("http://127.0.0.1:1",), b"", True, id="no chain id"),
        pytest.param("eip155:1", (), b"", True, id="no node"),
        pytest.param("eip155:1", ("http://127.0.0.1:1",) * 2, b"\x01" * 32, False, id="one node twice"),
        pytest.param(
            "eip155:1", ("http://127.0.0.1:1",), b"\x01" * 32, False, id="one node outside a devnet"
        ),
        pytest.param(
            "eip155:1",
            ("http://127.0.0.1:1", "http://127.0.0.1:2"),
            b"",
            False,
            id="no genesis outside a devnet",
        ),
    ],
)
def test_a_network_that_proves_too_little_is_refused(
    network: str, urls: tuple[str, ...], genesis: bytes, *, is_devnet: bool
) -> None:
    """A configuration without what the identity check needs is refused before anything is asked."""
    with pytest.raises(ValueError, match=network.partition(":")[2][:3]):
        EvmNetwork(NetworkId(network), urls, genesis, is_devnet)


async def test_signed_bytes_of_another_library_decode_alike(rig: AnvilRig) -> None:
    """C6: our codec, another library and the node agree on the id of one transaction."""
    tx = await pay(rig, rig.token, stranger(1), 5, 0)
    assert EvmCodec().txid(tx.raw) == tx.txid
    assert EvmCodec().encode(EvmCodec().decode(tx.raw)) == tx.raw
    assert [one.txid for one in (await mined(rig)).transactions] == [tx.txid]
