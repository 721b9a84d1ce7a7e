"""A real anvil behind the proxy that keeps geth's rules and fails when a test wants it to."""

from collections.abc import AsyncIterator, Callable, Iterator

import pytest

from devstack.anvil import Anvil
from devstack.faults.node_rules import NodeRules
from devstack.faults.proxy import NodeProxy
from tests.support.chain_rigs import FINALITY_DEPTH, AnvilRig


class ProxiedRig(AnvilRig):
    """The adapter asks the proxy alone; `anvil` still is the chain itself."""

    def __init__(self, anvil: Anvil, proxy: NodeProxy) -> None:
        super().__init__(anvil, (proxy.url,))
        self.proxy = proxy

    def reorg(self, depth: int) -> None:
        self.proxy.reorg(depth)


@pytest.fixture
def proxy_factory() -> Iterator[Callable[[Anvil], NodeProxy]]:
    """Return a function that starts a proxy before a chain; all of them stop with the test."""
    started: list[NodeProxy] = []

    def start(anvil: Anvil) -> NodeProxy:
        proxy = NodeProxy(anvil.url, rules=NodeRules())
        proxy.start()
        started.append(proxy)
        return proxy

    yield start
    for proxy in started:
        proxy.stop()


@pytest.fixture
async def proxied(
    anvil_factory: Callable[..., Anvil], proxy_factory: Callable[[Anvil], NodeProxy]
) -> AsyncIterator[ProxiedRig]:
    """A new anvil asked through a proxy."""
    anvil = anvil_factory(mining=False, slots_in_an_epoch=FINALITY_DEPTH // 2)
    rig = ProxiedRig(anvil, proxy_factory(anvil))
    yield rig
    await rig.close()
    anvil.stop()
