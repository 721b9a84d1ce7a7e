"""What a node's failure means: no answer, a refusal, or nobody knows.

Everything foreign (aiohttp, web3, JSON) ends here, so no other file has to know their exceptions.
"""

import json

from aiohttp import ClientError
from web3.exceptions import Web3Exception

from chains.nodes import Refusal
from domain.errors import NodeUnavailable
from domain.sends import BroadcastOutcome, NodeReason

TRANSPORT_ERRORS = (
    ClientError,
    TimeoutError,
    OSError,
    ValueError,
    TypeError,
    AttributeError,
    LookupError,
    Web3Exception,
)
"""All that web3 and aiohttp were seen to raise on a bad answer; JSON errors are ValueErrors."""

DETAIL_LENGTH_MAX = 300
REVERT_CODE = 3
REVERT_TEXTS = (
    "revert",
    "out of gas",
    "invalid opcode",
    "bad instruction",
    "stack underflow",
    "invalid jump",
)
SHORT_TEXTS = ("insufficient funds", "insufficient balance", "outoffunds")

_BROADCAST_TEXTS: tuple[tuple[str, BroadcastOutcome, NodeReason], ...] = (
    # The first match wins: "replacement transaction underpriced" also contains "underpriced".
    ("already known", BroadcastOutcome.ALREADY_HAVE, NodeReason.KNOWN),
    ("alreadyknown", BroadcastOutcome.ALREADY_HAVE, NodeReason.KNOWN),
    ("already imported", BroadcastOutcome.ALREADY_HAVE, NodeReason.KNOWN),
    ("known transaction", BroadcastOutcome.ALREADY_HAVE, NodeReason.KNOWN),
    ("nonce too low", BroadcastOutcome.ALREADY_HAVE, NodeReason.NONCE_USED),
    ("replacement transaction underpriced", BroadcastOutcome.REJECTED_NOW, NodeReason.SIBLING_POOLED),
    ("underpriced", BroadcastOutcome.REJECTED_NOW, NodeReason.UNDERPRICED),
    ("less than block base fee", BroadcastOutcome.REJECTED_NOW, NodeReason.UNDERPRICED),
    ("insufficient funds", BroadcastOutcome.REJECTED_NOW, NodeReason.WALLET_SHORT),
    ("nonce too high", BroadcastOutcome.REJECTED_NOW, NodeReason.NONCE_GAPPED),
    ("gapped", BroadcastOutcome.REJECTED_NOW, NodeReason.NONCE_GAPPED),
    ("intrinsic gas", BroadcastOutcome.REJECTED_NOW, NodeReason.OUR_DEFECT),
    ("exceeds block gas limit", BroadcastOutcome.REJECTED_NOW, NodeReason.OUR_DEFECT),
    ("invalid chain id", BroadcastOutcome.REJECTED_NOW, NodeReason.OUR_DEFECT),
    ("invalid sender", BroadcastOutcome.REJECTED_NOW, NodeReason.OUR_DEFECT),
)


class NodeRefused(Refusal):
    """A well-formed JSON-RPC error."""

    def __init__(self, node: str, code: int, message: str) -> None:
        super().__init__(node, code, message[:DETAIL_LENGTH_MAX])
        self.rpc_code = code

    @property
    def is_revert(self) -> bool:
        """Whether the call ran and the contract threw it back."""
        text = self.message.lower()
        return self.rpc_code == REVERT_CODE or any(word in text for word in REVERT_TEXTS)

    @property
    def is_short_of_funds(self) -> bool:
        """Whether the caller's own coins do not suffice for the call."""
        text = self.message.lower()
        return any(word in text for word in SHORT_TEXTS)


def unavailable(node: str, error: BaseException) -> NodeUnavailable:
    """The error of a call that brought nothing that can be used."""
    if isinstance(error, TimeoutError):
        return NodeUnavailable(node, "no answer in time")
    if isinstance(error, json.JSONDecodeError):
        return NodeUnavailable(node, "the answer is not JSON")
    return NodeUnavailable(node, f"{type(error).__name__}: {error}"[:DETAIL_LENGTH_MAX])


def judge_broadcast(message: str) -> tuple[BroadcastOutcome, NodeReason]:
    """What a node's refusal of a transaction means; every text not in the table is ambiguous."""
    text = message.lower()
    for part, outcome, reason in _BROADCAST_TEXTS:
        if part in text:
            return outcome, reason
    return BroadcastOutcome.AMBIGUOUS, NodeReason.UNCLEAR
