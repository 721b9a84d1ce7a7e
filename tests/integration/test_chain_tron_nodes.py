"""Tron nodes are believed as far as they prove which chain they serve and agree on what is final."""

import logging

import pytest

from chains.tron.client import TronNetwork
from chains.tron.costs import TronPolicy
from chains.tron.reader import TronReader
from chains.tron.writer import TronWriter
from devstack.faults.failing import change, status
from devstack.tron.contradicting import Contradiction
from domain.assets import NetworkId
from domain.errors import FinalityBroken, NodeStale, NodeUnavailable
from tests.support.chain_rigs import intent, mined, pay, signed_payment, stranger
from tests.support.chain_tron import BACKDATED_MS, TronRig, tron_devnet

OTHER_GENESIS = b"\x05" * 32
NETWORK = NetworkId("tron:0x2b6653dc")
URLS = ("http://127.0.0.1:1", "http://127.0.0.1:2")


def both(rig: TronRig) -> TronReader:
    """A reader over both nodes."""
    return TronReader(rig.connect(rig.urls))


async def test_a_node_of_another_chain_is_set_aside(tron_rig: TronRig) -> None:
    """B4: the other node serves from then on, the wrong one is asked nothing but who it is, once."""
    async with tron_devnet(BACKDATED_MS + 60_000) as other:
        client = tron_rig.connect((other.urls[0], tron_rig.urls[0]))
        reader, writer = TronReader(client), TronWriter(client, TronPolicy())
        tx = await signed_payment(tron_rig, tron_rig.native, stranger(1), 1, 0)
        await writer.plan(intent(tron_rig, tron_rig.native, stranger(2), 1))
        result = await writer.broadcast(tx)
        assert [answer.node for answer in result.answers] == [f"{tron_rig.network}#1"]
        assert await reader.identity() == await tron_rig.reader.identity()
        asked = {call.method for call in other.surfaces[0].asked}
        assert (asked, len(other.surfaces[0].asked)) == ({"wallet/getblock", "walletsolidity/getblock"}, 2)


async def test_a_wrong_genesis_is_another_chain(tron_rig: TronRig) -> None:
    """B4: nothing is read or planned on a chain that began elsewhere."""
    client = tron_rig.connect(tron_rig.urls[:1], genesis=OTHER_GENESIS)
    with pytest.raises(NodeUnavailable, match="genesis"):
        await TronReader(client).heads()
    with pytest.raises(NodeUnavailable, match="genesis"):
        await TronWriter(client, TronPolicy()).plan(intent(tron_rig, tron_rig.native, stranger(1), 1))


async def test_both_stores_of_a_node_serve_one_chain(tron_rig: TronRig) -> None:
    """B4: a solidity address that leads to another chain makes the pair unusable."""
    async with tron_devnet(BACKDATED_MS + 60_000) as other:
        mixed = tron_rig.connect(tron_rig.urls[:1], solidity_urls=other.urls[:1])
        with pytest.raises(NodeUnavailable, match="two stores"):
            await TronReader(mixed).heads()
        apart = tron_rig.connect(tron_rig.urls[:1], solidity_urls=tron_rig.urls[1:])
        assert await TronReader(apart).identity() == await tron_rig.reader.identity()


async def test_identity_is_proven_again_after_a_failure(tron_rig: TronRig) -> None:
    """B4: a node that failed says who it is before its next answer."""
    await tron_rig.reader.heads()
    proofs = _proofs(tron_rig)
    await tron_rig.reader.heads()
    assert _proofs(tron_rig) == proofs
    tron_rig.strike("wallet/getblock", status(503), times=1)
    with pytest.raises(NodeUnavailable):
        await tron_rig.reader.header_at(0)
    await tron_rig.reader.header_at(1 if tron_rig.chain.head.number else 0)
    assert _proofs(tron_rig) > proofs


async def test_final_is_what_two_nodes_call_solid(tron_rig: TronRig) -> None:
    """Record 0012: the lower of two solid blocks that hang together, and the newest head of one node."""
    tron_rig.mine(60)
    tron_rig.surfaces[1].node.lag = 7
    heads = await both(tron_rig).heads()
    assert (heads.latest.ref.height, heads.final.ref.height) == (60, 60 - tron_rig.finality_depth - 7)


@pytest.mark.parametrize("height", [1, 2, 17, 40, 42])
async def test_nodes_that_disagree_share_what_lies_below(
    tron_rig: TronRig, height: int, caplog: pytest.LogCaptureFixture
) -> None:
    """The newest block before the branches part is final; the contradiction is an error in the log."""
    tron_rig.mine(60)
    tron_rig.surfaces[1].node.contradiction = Contradiction(height)
    reader = both(tron_rig)
    with caplog.at_level(logging.ERROR):
        assert (await reader.heads()).final.ref.height == height - 1
    assert "contradict each other" in caplog.text
    tron_rig.heal()
    assert (await reader.heads()).final.ref.height == 60 - tron_rig.finality_depth


async def test_a_node_that_all_others_contradict_is_left(tron_rig: TronRig) -> None:
    """Of three nodes the one on a branch of its own is not followed, whichever was asked first."""
    tron_rig.mine(60)
    first, second = tron_rig.urls
    reader = TronReader(tron_rig.connect((first, second, f"{second}/")))
    tron_rig.surfaces[0].node.contradiction = Contradiction(20)
    heads = await reader.heads()
    assert heads.latest.ref.hash == tron_rig.chain.head.id
    assert heads.final.ref.hash == tron_rig.chain.solid.id


async def test_without_a_second_word_nothing_becomes_final(tron_rig: TronRig) -> None:
    """What was agreed on stays final, the head moves on; before any agreement there is no answer."""
    tron_rig.mine(30)
    reader = both(tron_rig)
    agreed = (await reader.heads()).final
    tron_rig.strike("*", status(503), node=1)
    tron_rig.mine(30)
    heads = await reader.heads()
    assert (heads.latest.ref.height, heads.final) == (60, agreed)
    with pytest.raises(NodeUnavailable):
        await both(tron_rig).heads()


async def test_a_node_that_lags_gives_way(tron_rig: TronRig) -> None:
    """B3: final never goes back; where no other node keeps up, the answer is that it lags."""
    tron_rig.mine(60)
    alone, reader = TronReader(tron_rig.connect(tron_rig.urls[:1])), both(tron_rig)
    seen = await alone.heads()
    await reader.heads()
    tron_rig.surfaces[0].node.lag = 5
    with pytest.raises(NodeStale):
        await alone.heads()
    assert (await reader.heads()).latest == seen.latest
    tron_rig.surfaces[0].node.lag = 45
    with pytest.raises(NodeStale):
        await alone.heads()


async def test_a_final_block_taken_back_by_all_is_broken_finality(tron_rig: TronRig) -> None:
    """C8: a node whose branch lacks a final block is no lagging one, however many say the same."""
    tron_rig.mine(60)
    reader = both(tron_rig)
    final = (await reader.heads()).final.ref
    for surface in tron_rig.surfaces:
        surface.node.contradiction = Contradiction(final.height)
    with pytest.raises(FinalityBroken):
        await reader.heads()


async def test_a_final_block_is_settled_by_two_words(tron_rig: TronRig) -> None:
    """Record 0012: two nodes tell the same, or nothing is settled; one alone is read again later."""
    await pay(tron_rig, tron_rig.token, stranger(1), 5, 0)
    header = (await mined(tron_rig)).header
    tron_rig.mine(tron_rig.finality_depth)
    reader = both(tron_rig)
    await reader.heads()
    settled = await reader.settled(header)
    assert settled is not None
    assert settled == await reader.block(header.ref.hash)
    assert settled.completeness["source"] == "solid"
    tron_rig.strike("*", status(503), node=1)
    assert (await reader.block(header.ref.hash)).completeness["source"] == "head"
    with pytest.raises(NodeStale):
        await reader.settled(header)


async def test_nodes_that_tell_other_effects_of_a_final_block_break_it(tron_rig: TronRig) -> None:
    """A node that hides a log of a final block is found by the other one, whichever is asked first."""
    await pay(tron_rig, tron_rig.token, stranger(1), 5, 0)
    header = (await mined(tron_rig)).header
    tron_rig.mine(tron_rig.finality_depth)
    for node in (0, 1):
        reader = both(tron_rig)
        tron_rig.strike("walletsolidity/gettransactioninfobyblocknum", change(_without_logs), node=node)
        with pytest.raises(FinalityBroken):
            await reader.settled(header)
        tron_rig.heal()
    assert await both(tron_rig).settled(header) is not None


@pytest.mark.parametrize(
    ("network", "urls", "settings", "why"),
    [
        (NetworkId("eip155:1"), URLS, {"genesis": OTHER_GENESIS}, "not a Tron network"),
        (NetworkId("tron:2b6653dc"), URLS, {"genesis": OTHER_GENESIS}, "not a Tron network"),
        (NetworkId("tron:0x2B6653DC"), URLS, {"genesis": OTHER_GENESIS}, "not a Tron network"),
        (NETWORK, (), {"is_devnet": True}, "each of them once"),
        (NETWORK, URLS[:1] * 2, {"is_devnet": True}, "each of them once"),
        (NETWORK, URLS[:1], {"genesis": OTHER_GENESIS}, "2 nodes"),
        (NETWORK, URLS, {}, "pinned genesis"),
        (NETWORK, URLS, {"genesis": OTHER_GENESIS, "solidity_urls": URLS[:1]}, "one solidity address"),
    ],
)
def test_a_network_is_configured_whole(
    network: NetworkId, urls: tuple[str, ...], settings: dict[str, object], why: str
) -> None:
    """A network needs a proper name, two different nodes and a genesis, or the devnet flag."""
    with pytest.raises(ValueError, match=why):
        TronNetwork(network, urls, **settings)  # type: ignore[arg-type]  # the fields of the network


def _proofs(rig: TronRig) -> int:
    """How often the first node was asked for its genesis."""
    asked = [call.params[0] for call in rig.surfaces[0].asked]
    return sum(isinstance(one, dict) and one.get("id_or_num") == "0" for one in asked)


def _without_logs(infos: object) -> object:
    assert isinstance(infos, list)
    return [{name: value for name, value in info.items() if name != "log"} for info in infos]
