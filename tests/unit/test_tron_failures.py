"""What a Tron node's answer to a broadcast means, code by code."""

import httpx
import pytest

from chains.tron.failures import judge_broadcast, unavailable
from domain.sends import BroadcastOutcome, NodeReason

HAVE, UNSURE, REFUSED = (
    BroadcastOutcome.ALREADY_HAVE,
    BroadcastOutcome.AMBIGUOUS,
    BroadcastOutcome.REJECTED_NOW,
)
CODES = [
    # code, message, outcome, reason
    ("DUP_TRANSACTION_ERROR", "Dup transaction.", HAVE, NodeReason.KNOWN),
    ("SERVER_BUSY", "Server busy.", UNSURE, NodeReason.UNCLEAR),
    ("NO_CONNECTION", "No connection.", UNSURE, NodeReason.UNCLEAR),
    ("NOT_ENOUGH_EFFECTIVE_CONNECTION", "No enough connection.", UNSURE, NodeReason.UNCLEAR),
    ("BLOCK_UNSOLIDIFIED", "Block unsolidified.", UNSURE, NodeReason.UNCLEAR),
    ("OTHER_ERROR", "Other error", UNSURE, NodeReason.UNCLEAR),
    ("A_CODE_OF_TOMORROW", "", UNSURE, NodeReason.UNCLEAR),
    ("SIGERROR", "Validate signature error", REFUSED, NodeReason.OUR_DEFECT),
    ("TOO_BIG_TRANSACTION_ERROR", "Transaction size is too big.", REFUSED, NodeReason.OUR_DEFECT),
    ("TAPOS_ERROR", "Tapos check error.", REFUSED, NodeReason.OFF_BRANCH),
    ("TRANSACTION_EXPIRATION_ERROR", "Transaction expired", REFUSED, NodeReason.EXPIRED),
    ("BANDWITH_ERROR", "Account resource insufficient error.", REFUSED, NodeReason.WALLET_SHORT),
    ("CONTRACT_VALIDATE_ERROR", "No contract!", REFUSED, NodeReason.NOT_VALID_NOW),
    (
        "CONTRACT_VALIDATE_ERROR",
        "Contract validate error : Validate TransferContract error, balance is not sufficient.",
        REFUSED,
        NodeReason.WALLET_SHORT,
    ),
    ("CONTRACT_EXE_ERROR", "Contract execute error : ...", REFUSED, NodeReason.NOT_VALID_NOW),
]


@pytest.mark.parametrize(("code", "message", "outcome", "reason"), CODES)
def test_each_code_has_its_meaning(
    code: str, message: str, outcome: BroadcastOutcome, reason: NodeReason
) -> None:
    """T6, T12: a duplicate means look, a crowd nobody knows, a refusal is of one node; none is death."""
    assert judge_broadcast(code, message) == (outcome, reason)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (httpx.ReadTimeout("slow"), "no answer in time"),
        (TimeoutError(), "no answer in time"),
        (httpx.ConnectError("refused"), "ConnectError: refused"),
        (ValueError("status 503"), "status 503"),
    ],
)
def test_foreign_errors_end_in_one_of_ours(error: Exception, words: str) -> None:
    """Whatever the transport raises becomes NodeUnavailable with a sentence."""
    assert words in unavailable("node", error).sentence
