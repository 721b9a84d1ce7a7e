"""What every adapter must do, one fact per test; a test class inherits it and names its rig."""

from tests.support.chain_nonces import NonceContract
from tests.support.chain_planning import PlanningContract
from tests.support.chain_reading import ReadingContract
from tests.support.chain_reorgs import ReorgContract
from tests.support.chain_replacing import ReplacingContract
from tests.support.chain_sending import SendingContract


class ChainContract(ReadingContract, SendingContract, ReorgContract, PlanningContract):
    """The conformance suite. A subclass gives the fixture `rig`: a fresh chain with a funded payer."""


class NonceChainContract(ChainContract, NonceContract, ReplacingContract):
    """The suite of networks whose wallets count their transactions, and whose blocks tell every balance."""
