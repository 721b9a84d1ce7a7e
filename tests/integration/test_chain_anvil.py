"""The EVM adapter keeps the contract of every adapter on a real anvil."""

from tests.support.chain_contract import NonceChainContract


class TestAnvilChain(NonceChainContract):
    """The contract suite over a real anvil, which is the rig of all tests here unless one says otherwise."""
