"""What nodes say to a broadcast, row by row, and what failed calls mean."""

import pytest

from chains.evm.failures import NodeRefused, judge_broadcast, unavailable
from domain.sends import BroadcastOutcome, NodeReason

ACCEPTED_WORDS = [
    ("already known", BroadcastOutcome.ALREADY_HAVE, NodeReason.KNOWN),
    ("ALREADY_EXISTS: already known", BroadcastOutcome.ALREADY_HAVE, NodeReason.KNOWN),
    ("AlreadyKnown", BroadcastOutcome.ALREADY_HAVE, NodeReason.KNOWN),
    ("transaction already imported", BroadcastOutcome.ALREADY_HAVE, NodeReason.KNOWN),
    ("known transaction: 0xabc", BroadcastOutcome.ALREADY_HAVE, NodeReason.KNOWN),
    ("nonce too low: next nonce 8, tx nonce 7", BroadcastOutcome.ALREADY_HAVE, NodeReason.NONCE_USED),
    ("replacement transaction underpriced", BroadcastOutcome.REJECTED_NOW, NodeReason.SIBLING_POOLED),
    ("transaction underpriced: gas tip cap 1", BroadcastOutcome.REJECTED_NOW, NodeReason.UNDERPRICED),
    ("max fee per gas less than block base fee", BroadcastOutcome.REJECTED_NOW, NodeReason.UNDERPRICED),
    ("fee cap less than block base fee", BroadcastOutcome.REJECTED_NOW, NodeReason.UNDERPRICED),
    ("insufficient funds for gas * price + value", BroadcastOutcome.REJECTED_NOW, NodeReason.WALLET_SHORT),
    ("nonce too high", BroadcastOutcome.REJECTED_NOW, NodeReason.NONCE_GAPPED),
    ("gapped-nonce tx from delegated accounts", BroadcastOutcome.REJECTED_NOW, NodeReason.NONCE_GAPPED),
    ("intrinsic gas too low: gas 20000", BroadcastOutcome.REJECTED_NOW, NodeReason.OUR_DEFECT),
    ("exceeds block gas limit", BroadcastOutcome.REJECTED_NOW, NodeReason.OUR_DEFECT),
    ("invalid chain id for signer", BroadcastOutcome.REJECTED_NOW, NodeReason.OUR_DEFECT),
    ("invalid sender", BroadcastOutcome.REJECTED_NOW, NodeReason.OUR_DEFECT),
    ("internal error", BroadcastOutcome.AMBIGUOUS, NodeReason.UNCLEAR),
    ("txpool is full", BroadcastOutcome.AMBIGUOUS, NodeReason.UNCLEAR),
    ("", BroadcastOutcome.AMBIGUOUS, NodeReason.UNCLEAR),
]


@pytest.mark.parametrize(("message", "outcome", "reason"), ACCEPTED_WORDS)
def test_each_answer_has_its_meaning(message: str, outcome: BroadcastOutcome, reason: NodeReason) -> None:
    """The table of node answers, in any case; a text that is not in it is ambiguous."""
    assert judge_broadcast(message) == (outcome, reason)
    assert judge_broadcast(message.upper()) == (outcome, reason)


@pytest.mark.parametrize(
    ("code", "message", "is_revert", "is_short"),
    [
        pytest.param(3, "execution reverted: paused", True, False, id="geth"),
        pytest.param(
            -32000, "VM Exception while processing transaction: revert", True, False, id="revert by text"
        ),
        pytest.param(-32000, "out of gas", True, False, id="gas used up"),
        pytest.param(-32000, "insufficient funds for transfer", False, True, id="too few coins"),
        pytest.param(-32000, "header not found", False, False, id="unknown block"),
        pytest.param(-32601, "the method eth_foo does not exist", False, False, id="unknown method"),
    ],
)
def test_a_refusal_tells_the_contract_from_the_wallet(
    code: int, message: str, *, is_revert: bool, is_short: bool
) -> None:
    """A revert is the contract's word, missing coins are ours, everything else is the node's trouble."""
    refusal = NodeRefused("node", code, message)
    assert (refusal.is_revert, refusal.is_short_of_funds) == (is_revert, is_short)


def test_a_silent_node_is_named_in_the_sentence() -> None:
    """The error of a call says which node failed and how."""
    assert unavailable("eip155:1#0", TimeoutError()).sentence == (
        "Node eip155:1#0 gave no usable answer: no answer in time."
    )
    assert len(unavailable("n", ValueError("x" * 10_000)).sentence) < 400
