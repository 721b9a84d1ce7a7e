"""What a Tron node's failure means: no answer, a refusal of bytes, or nobody knows.

Everything foreign (httpx, JSON) ends here, so no other file has to know their exceptions.
"""

import json

from httpx import HTTPError, InvalidURL, TimeoutException

from domain.errors import NodeUnavailable
from domain.sends import BroadcastOutcome, NodeReason

TRANSPORT_ERRORS = (HTTPError, InvalidURL, TimeoutError, OSError, ValueError, RuntimeError)
"""All that httpx and the reading of JSON raise on a bad answer or a closed connection."""

DETAIL_LENGTH_MAX = 300
SHORT_TEXTS = ("balance is not sufficient", "no enough balance", "account resource insufficient")

_BROADCAST_CODES: dict[str, tuple[BroadcastOutcome, NodeReason]] = {
    # A caching node remembers an id that it has just rejected: it only means that the chain must be asked.
    "DUP_TRANSACTION_ERROR": (BroadcastOutcome.ALREADY_HAVE, NodeReason.KNOWN),
    # These may come after the node took the bytes and handed them on.
    "SERVER_BUSY": (BroadcastOutcome.AMBIGUOUS, NodeReason.UNCLEAR),
    "NO_CONNECTION": (BroadcastOutcome.AMBIGUOUS, NodeReason.UNCLEAR),
    "NOT_ENOUGH_EFFECTIVE_CONNECTION": (BroadcastOutcome.AMBIGUOUS, NodeReason.UNCLEAR),
    "BLOCK_UNSOLIDIFIED": (BroadcastOutcome.AMBIGUOUS, NodeReason.UNCLEAR),
    "OTHER_ERROR": (BroadcastOutcome.AMBIGUOUS, NodeReason.UNCLEAR),
    "SIGERROR": (BroadcastOutcome.REJECTED_NOW, NodeReason.OUR_DEFECT),
    "TOO_BIG_TRANSACTION_ERROR": (BroadcastOutcome.REJECTED_NOW, NodeReason.OUR_DEFECT),
    "TAPOS_ERROR": (BroadcastOutcome.REJECTED_NOW, NodeReason.OFF_BRANCH),
    "TRANSACTION_EXPIRATION_ERROR": (BroadcastOutcome.REJECTED_NOW, NodeReason.EXPIRED),
    "BANDWITH_ERROR": (BroadcastOutcome.REJECTED_NOW, NodeReason.WALLET_SHORT),
    "CONTRACT_VALIDATE_ERROR": (BroadcastOutcome.REJECTED_NOW, NodeReason.NOT_VALID_NOW),
    "CONTRACT_EXE_ERROR": (BroadcastOutcome.REJECTED_NOW, NodeReason.NOT_VALID_NOW),
}


def unavailable(node: str, error: BaseException) -> NodeUnavailable:
    """The error of a call that brought nothing that can be used."""
    if isinstance(error, TimeoutError | TimeoutException):
        return NodeUnavailable(node, "no answer in time")
    if isinstance(error, json.JSONDecodeError):
        return NodeUnavailable(node, "the answer is not JSON")
    return NodeUnavailable(node, f"{type(error).__name__}: {error}"[:DETAIL_LENGTH_MAX])


def judge_broadcast(code: str, message: str) -> tuple[BroadcastOutcome, NodeReason]:
    """What a node's refusal of a transaction means; every code not in the table is ambiguous.

    Codes are those of java-tron's `GrpcAPI.Return`. No refusal by one node is a proof of death.
    """
    outcome, reason = _BROADCAST_CODES.get(code, (BroadcastOutcome.AMBIGUOUS, NodeReason.UNCLEAR))
    if reason is NodeReason.NOT_VALID_NOW and any(part in message.lower() for part in SHORT_TEXTS):
        return outcome, NodeReason.WALLET_SHORT
    return outcome, reason
