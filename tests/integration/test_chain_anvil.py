"""The EVM adapter keeps the contract of every adapter on a real anvil."""

from collections.abc import AsyncIterator, Callable

import pytest

from devstack.anvil import Anvil
from tests.support.chain_contract import ChainContract
from tests.support.chain_rigs import FINALITY_DEPTH, AnvilRig


class TestAnvilChain(ChainContract):
    """The contract suite over a real anvil."""

    @pytest.fixture
    async def rig(self, anvil_factory: Callable[..., Anvil]) -> AsyncIterator[AnvilRig]:
        anvil = anvil_factory(mining=False, slots_in_an_epoch=FINALITY_DEPTH // 2)
        rig = AnvilRig(anvil)
        yield rig
        await rig.close()
        anvil.stop()
