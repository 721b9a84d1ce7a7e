"""What the answers of several nodes to one broadcast mean together."""

from collections.abc import Sequence

from domain.errors import BytesMismatch
from domain.sends import BroadcastOutcome, BroadcastResult, NodeAnswer, NodeReason, SignedTx

OUTCOMES_BY_WEIGHT = (
    BroadcastOutcome.ACCEPTED,
    BroadcastOutcome.ALREADY_HAVE,
    BroadcastOutcome.AMBIGUOUS,
    BroadcastOutcome.REJECTED_NOW,
)


def weigh(tx: SignedTx, answers: Sequence[NodeAnswer]) -> BroadcastResult:
    """The weightiest outcome; raises BytesMismatch if a node can never take these bytes and none has them."""
    outcome = next(weight for weight in OUTCOMES_BY_WEIGHT if any(one.outcome is weight for one in answers))
    defect = next((one for one in answers if one.reason is NodeReason.OUR_DEFECT), None)
    is_taken = outcome in (BroadcastOutcome.ACCEPTED, BroadcastOutcome.ALREADY_HAVE)
    if defect is not None and not is_taken:
        raise BytesMismatch(f"node {defect.node} can never take {tx.txid.hex()}: {defect.detail}")
    return BroadcastResult(outcome, tuple(answers))
