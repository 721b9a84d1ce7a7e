"""The EVM adapter believes a node only once it has proven which chain it serves."""

from collections.abc import Callable

import pytest

from chains.evm.client import EvmClient, EvmNetwork
from chains.evm.costs import FeePolicy
from chains.evm.reader import EvmReader
from chains.evm.writer import EvmWriter
from devstack.anvil import Anvil
from domain.assets import NetworkId
from domain.errors import NodeUnavailable
from domain.sends import BroadcastOutcome
from tests.support.chain_fronted import Fronted
from tests.support.chain_node import FrontNode, Raw
from tests.support.chain_rigs import AnvilRig, intent, sign, signed_payment, stranger


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


async def test_identity_is_proven_again_after_a_new_connection(fronted: Fronted) -> None:
    """B4: behind one address each connection may end elsewhere, so a new one makes the node prove itself."""
    for _ in range(3):
        await fronted.reader.heads()
    assert len(fronted.node.asked_for("eth_chainId")) == 2, "two calls at once made a second connection"
    fronted.node.hangs_up = True
    for _ in range(3):
        await fronted.reader.heads()
    assert len(fronted.node.asked_for("eth_chainId")) == 3
    fronted.node.before = lambda method, _: "0x63" if method == "eth_chainId" else None
    with pytest.raises(NodeUnavailable, match="eip155:99"):
        await fronted.reader.heads()


async def test_a_node_that_takes_over_says_who_it_is(rig: AnvilRig) -> None:
    """B4: the next node was proven long ago and serves another chain by now; nothing of it is believed."""
    fronts = [FrontNode(rig.anvil.url), FrontNode(rig.anvil.url)]
    for front in fronts:
        await front.start()
    client = EvmClient(EvmNetwork(rig.network, tuple(front.url for front in fronts), is_devnet=True))
    reader, writer = EvmReader(client), EvmWriter(client, FeePolicy())
    tx = await signed_payment(rig, rig.native, stranger(1), 1, 0)
    assert len((await writer.broadcast(tx)).answers) == len(fronts)
    fronts[1].before = lambda method, _: "0x63" if method == "eth_chainId" else None
    fronts[0].before = lambda _method, _params: Raw(status=503)
    before = len(fronts[1].asked)
    with pytest.raises(NodeUnavailable, match="eip155:99"):
        await reader.heads()
    assert [method for method, _ in fronts[1].asked[before:]] == ["eth_chainId", "eth_getBlockByNumber"]
    await client.close()
    for front in fronts:
        await front.stop()


async def test_a_node_that_names_another_transaction_is_quarantined(fronted: Fronted) -> None:
    """C6: the id is ours; a node that answers with another one proves nothing and is set aside."""
    rig = fronted.rig
    tx = await signed_payment(rig, rig.native, stranger(1), 1, 0)
    fronted.node.after = lambda method, _, result: "0x" + "77" * 32 if "sendRaw" in method else result
    assert (await fronted.writer.broadcast(tx)).outcome is BroadcastOutcome.AMBIGUOUS
    with pytest.raises(NodeUnavailable, match="77"):
        await fronted.reader.heads()


async def test_nothing_is_sent_if_no_node_is_proven(fronted: Fronted) -> None:
    """Without a proven node a broadcast raises NodeUnavailable: nothing happened, and nothing was sent."""
    rig = fronted.rig
    tx = await signed_payment(rig, rig.native, stranger(1), 1, 0)
    fronted.node.before = lambda method, _: Raw(status=500) if method == "eth_chainId" else None
    with pytest.raises(NodeUnavailable):
        await fronted.writer.broadcast(tx)
    assert fronted.node.asked_for("eth_sendRawTransaction") == []


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
