"""An EVM adapter that asks a real anvil through a server that may tamper, for tests of bad nodes."""

from collections.abc import AsyncIterator, Callable

import pytest

from chains.evm.client import EvmClient, EvmNetwork
from chains.evm.costs import FeePolicy
from chains.evm.reader import EvmReader
from chains.evm.writer import EvmWriter
from devstack.anvil import Anvil
from tests.support.chain_node import FrontNode, Params
from tests.support.chain_rigs import FINALITY_DEPTH, AnvilRig

IDENTITY_CALLS = ("eth_chainId",)
GENESIS = "0x0"


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
