"""Why a refund waits, by what its step was refused with."""

import pytest
from temporalio.exceptions import ApplicationError, FailureError, TimeoutType
from temporalio.exceptions import TimeoutError as NoAnswerInTime

from domain.reviews import Reason
from workflows.refunding import reason_to_wait


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (ApplicationError("away", type="SIGNER_UNAVAILABLE"), Reason.SIGNER_DOWN),
        (
            NoAnswerInTime("no answer", type=TimeoutType.SCHEDULE_TO_CLOSE, last_heartbeat_details=[]),
            Reason.SIGNER_DOWN,
        ),
        (ApplicationError("frozen", type="CHAIN_FROZEN"), Reason.CHAIN_FROZEN),
        (ApplicationError("too late", type="TOO_LATE"), Reason.CORRUPT),
    ],
)
def test_a_refund_never_waits_without_a_reason(error: FailureError, reason: Reason) -> None:
    """Silence is the signer's, a freeze is the network's, and anything else is for people."""
    assert reason_to_wait(error) is reason
