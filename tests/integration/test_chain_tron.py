"""The Tron adapter keeps the contract of every adapter on the devnet."""

import pytest

from tests.support.chain_contract import ChainContract
from tests.support.chain_tron import TronRig


class TestTronChain(ChainContract):
    """The contract suite over the Tron devnet."""

    @pytest.fixture
    def rig(self, tron_rig: TronRig) -> TronRig:
        """Return a fresh chain."""
        return tron_rig
