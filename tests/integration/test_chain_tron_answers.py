"""What a Tron node answers badly never becomes an empty block, a zero balance or an unknown transaction."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from chains.tron import client as client_module
from chains.tron.client import TronClient, TronNetwork
from chains.tron.costs import TronPolicy
from chains.tron.reader import TronReader
from chains.tron.writer import TronWriter
from devstack.faults.exchange import Layer
from devstack.faults.failing import answer, break_off, hang_up, status, too_many_requests
from devstack.tron.knobs import error, withhold_infos
from domain.errors import BlockIncomplete, NodeStale, NodeUnavailable
from domain.onchain import BlockRef
from domain.sends import BroadcastOutcome
from tests.support.chain_rigs import address_of, intent, mined, pay, readable, signed_payment, stranger
from tests.support.chain_tron import TronRig

SHAPES: dict[str, Layer] = {
    "error under 200": error("lack of computing resources"),
    "503": status(503),
    "429": too_many_requests(),
    "redirect": status(302, Location="http://127.0.0.1:9/"),
    "half JSON": break_off,
    "connection dropped": hang_up,
    "null": answer(None),
    "a number": answer(7),
    "a text": answer("busy"),
    "a list of numbers": answer([7]),
    "wrong members": answer({"unexpected": True}),
    "wrong types": answer({"blockID": 7, "address": 7, "balance": "1", "constant_result": 7, "result": 7}),
}
FAILURES = (NodeUnavailable, NodeStale, BlockIncomplete)
UNSEEN = b"\x01" * 32

Question = Callable[[TronRig, BlockRef, bytes], Awaitable[object]]
QUESTIONS: dict[str, tuple[str, Question]] = {
    # question: the call that its answer rests on, and how it is asked
    "latest head": ("wallet/getblock", lambda rig, _at, _txid: rig.reader.heads()),
    "final head": ("walletsolidity/getblock", lambda rig, _at, _txid: rig.reader.heads()),
    "header": ("wallet/getblock", lambda rig, at, _txid: rig.reader.header(at.hash)),
    "header_at": ("wallet/getblock", lambda rig, at, _txid: rig.reader.header_at(at.height)),
    "infos": (
        "wallet/gettransactioninfobyblocknum",
        lambda rig, _at, _txid: rig.reader.block(rig.chain.head.id),
    ),
    "final infos": (
        "walletsolidity/gettransactioninfobyblocknum",
        lambda rig, at, _txid: rig.reader.block(at.hash),
    ),
    "status final": (
        "walletsolidity/gettransactioninfobyid",
        lambda rig, _at, txid: rig.reader.status(txid),
    ),
    "status included": (
        "wallet/gettransactioninfobyid",
        lambda rig, _at, _txid: rig.reader.status(UNSEEN),
    ),
    "status pending": ("wallet/gettransactionbyid", lambda rig, _at, _txid: rig.reader.status(UNSEEN)),
    "coins": (
        "walletsolidity/getaccount",
        lambda rig, at, _txid: rig.reader.balance(address_of(rig.payer), rig.native, at),
    ),
    "tokens": (
        "walletsolidity/triggerconstantcontract",
        lambda rig, at, _txid: rig.reader.balance(address_of(rig.payer), rig.token, at),
    ),
    "code": ("wallet/getcontract", lambda rig, at, _txid: rig.reader.code_at(rig.token.contract, at)),
    "decimals": (
        "walletsolidity/triggerconstantcontract",
        lambda rig, _at, _txid: rig.reader.token_decimals(rig.token),
    ),
    **{
        f"plan of coins by {path}": (
            path,
            lambda rig, _at, _txid: _fresh(rig).plan(intent(rig, rig.native, stranger(1), 1)),
        )
        for path in ("wallet/getaccount", "wallet/getaccountresource", "wallet/getcontract")
    },
    **{
        f"plan of tokens by {path}": (
            path,
            lambda rig, _at, _txid: _fresh(rig).plan(intent(rig, rig.token, stranger(1), 1)),
        )
        for path in (
            "wallet/triggerconstantcontract",
            "wallet/getchainparameters",
            "wallet/getnextmaintenancetime",
            "wallet/getcontractinfo",
        )
    },
}


@pytest.mark.parametrize("question", QUESTIONS)
async def test_no_bad_answer_becomes_an_empty_one(tron_rig: TronRig, question: str) -> None:
    """C1, N10: every question raises for every bad shape of the answer it rests on, and is answered later."""
    path, ask = QUESTIONS[question]
    tx = await pay(tron_rig, tron_rig.native, stranger(1), 5, 0)
    await mined(tron_rig)
    at = await readable(tron_rig)
    for name, shape in SHAPES.items():
        tron_rig.strike(path, shape)
        with pytest.raises(FAILURES):
            pytest.fail(f"{question} became {await ask(tron_rig, at, tx.txid)} by {name}")
        tron_rig.heal()
    await ask(tron_rig, at, tx.txid)


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES.keys())
async def test_a_broadcast_without_a_proper_answer_is_ambiguous(tron_rig: TronRig, shape: Layer) -> None:
    """C1, T12: whatever is no proper answer leaves it open whether the bytes were taken; they land once."""
    tx = await signed_payment(tron_rig, tron_rig.native, stranger(1), 1, 0)
    tron_rig.strike("wallet/broadcasthex", shape)
    assert (await tron_rig.writer.broadcast(tx)).outcome is BroadcastOutcome.AMBIGUOUS
    tron_rig.heal()
    again = await tron_rig.writer.broadcast(tx)
    assert again.outcome in (BroadcastOutcome.ACCEPTED, BroadcastOutcome.ALREADY_HAVE)
    assert len((await mined(tron_rig)).effects) == 1


async def test_a_balance_is_of_the_solid_block_alone(tron_rig: TronRig) -> None:
    """C3, T7: an older or newer block than the solid one has no balance, and what waits is not counted."""
    before = await readable(tron_rig)
    await pay(tron_rig, tron_rig.native, stranger(1), 5, 0)
    block = await mined(tron_rig)
    final = (await tron_rig.reader.heads()).final.ref
    assert (await tron_rig.reader.balance(stranger(1), tron_rig.native, final)).amount == 0
    with pytest.raises(NodeStale):
        await tron_rig.reader.balance(stranger(1), tron_rig.native, block.header.ref)
    with pytest.raises(NodeStale):
        await tron_rig.reader.balance(stranger(1), tron_rig.native, before)
    tron_rig.mine(tron_rig.finality_depth)
    assert (await tron_rig.reader.balance(stranger(1), tron_rig.native, block.header.ref)).amount == 5


async def test_a_balance_that_moves_while_it_is_read_is_none(tron_rig: TronRig) -> None:
    """Section 7: the solid number must be equal before and after, else the amount is of no block."""
    at = await readable(tron_rig)

    async def mine_meanwhile(call: object, ask: Callable[..., Awaitable[object]]) -> object:
        tron_rig.mine()
        return await ask(call)

    tron_rig.strike("walletsolidity/getaccount", mine_meanwhile)  # type: ignore[arg-type]  # a layer of any call
    with pytest.raises(NodeStale):
        await tron_rig.reader.balance(address_of(tron_rig.payer), tron_rig.native, at)


@pytest.mark.parametrize("store", ["wallet", "walletsolidity"])
async def test_a_block_short_of_a_result_is_incomplete(tron_rig: TronRig, store: str) -> None:
    """C2, N14: with a result withheld the block raises, then an error body raises, later it is whole."""
    for serial in range(3):
        await pay(tron_rig, tron_rig.token, stranger(serial), 5, serial)
    newest = (await mined(tron_rig)).header.ref.hash
    if store == "walletsolidity":
        await readable(tron_rig)
    path = f"{store}/gettransactioninfobyblocknum"
    tron_rig.strike(path, withhold_infos(count=1))
    with pytest.raises(BlockIncomplete):
        await tron_rig.reader.block(newest)
    tron_rig.heal()
    tron_rig.strike(path, error("lack of computing resources"))
    with pytest.raises(NodeUnavailable):
        await tron_rig.reader.block(newest)
    tron_rig.heal()
    assert len((await tron_rig.reader.block(newest)).effects) == 3


async def test_a_final_block_shows_what_its_head_block_showed(tron_rig: TronRig) -> None:
    """Record 0012: a block has no settled form before it is solid, and then the same effects and digest."""
    await pay(tron_rig, tron_rig.token, stranger(1), 5, 0)
    seen = await mined(tron_rig)
    with pytest.raises(NodeStale):
        await tron_rig.reader.settled(seen.header)
    await readable(tron_rig)
    settled = await tron_rig.reader.settled(seen.header)
    assert settled is not None
    assert settled.completeness == seen.completeness | {"source": "solid"}
    assert settled.effects == seen.effects


async def test_a_branch_that_changes_while_it_is_read_is_stale(tron_rig: TronRig) -> None:
    """Results are kept by height: a block whose branch is left between the calls is not read."""
    tron_rig.mine(3)
    await pay(tron_rig, tron_rig.native, stranger(1), 5, 0)
    newest = (await mined(tron_rig)).header.ref.hash

    async def fork_first(call: object, ask: Callable[..., Awaitable[object]]) -> object:
        tron_rig.reorg(1)
        return await ask(call)

    tron_rig.strike("wallet/gettransactioninfobyblocknum", fork_first, times=1)  # type: ignore[arg-type]  # as above
    with pytest.raises(NodeStale):
        await tron_rig.reader.block(newest)


async def test_a_silent_node_does_not_hold_us(tron_rig: TronRig, monkeypatch: pytest.MonkeyPatch) -> None:
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
    client = TronClient(TronNetwork(tron_rig.network, (f"http://127.0.0.1:{port}",), is_devnet=True))
    with pytest.raises(NodeUnavailable, match="no answer in time"):
        await client.on_one_node(lambda node: node.identity())
    released.set()
    await closed.wait()
    await client.close()
    server.close()


async def test_an_endless_answer_is_cut_off(tron_rig: TronRig, monkeypatch: pytest.MonkeyPatch) -> None:
    """C1: an answer beyond the size bound is no answer."""
    await tron_rig.reader.heads()
    monkeypatch.setattr(client_module, "ANSWER_BYTES_MAX", 20_000)
    tron_rig.strike("wallet/getblock", answer(" " * 50_000))
    with pytest.raises(NodeUnavailable, match="larger than"):
        await tron_rig.reader.header_at(0)


async def test_a_closed_adapter_answers_nothing(tron_rig: TronRig) -> None:
    """After its end the adapter opens no connection again."""
    client = tron_rig.connect(tron_rig.urls[:1])
    reader, writer = TronReader(client), TronWriter(client, TronPolicy())
    await reader.heads()
    await writer.close()
    await reader.close()
    with pytest.raises(NodeUnavailable):
        await reader.heads()


def _fresh(rig: TronRig) -> TronWriter:
    """A writer that remembers no prices."""
    return TronWriter(rig.client, TronPolicy())
