"""The EVM adapter keeps the contract of every adapter on a node with geth's rules."""

import pytest

from tests.support.chain_contract import NonceChainContract
from tests.support.chain_proxied import ProxiedRig


class TestProxiedChain(NonceChainContract):
    """The contract suite through the proxy: geth's pool, and transactions given back by a reorg."""

    @pytest.fixture
    def rig(self, proxied: ProxiedRig) -> ProxiedRig:
        """Return the chain behind the proxy."""
        return proxied
