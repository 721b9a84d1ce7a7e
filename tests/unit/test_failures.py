"""How errors of the domain travel through Temporal: the branch decides repetition, the code is the type."""

import pytest
from temporalio.exceptions import ApplicationErrorCategory

from activities.failures import translate, treatment_of
from domain.errors import (
    BytesMismatch,
    Corrupt,
    CroupierError,
    InsufficientFunds,
    InvariantBroken,
    LedgerUnavailable,
    NodeUnavailable,
    NotFound,
    NotYet,
    RefusedBySigner,
    Rejected,
    TooLate,
    Unavailable,
    Uncertain,
)

BENIGN, PLAIN = ApplicationErrorCategory.BENIGN, ApplicationErrorCategory.UNSPECIFIED


@pytest.mark.parametrize(
    ("error", "code", "is_repeated", "category"),
    [
        (InsufficientFunds("ETH"), "INSUFFICIENT_FUNDS", False, BENIGN),
        (NotFound("bet", "1"), "NOT_FOUND", False, BENIGN),
        (TooLate("cancel", "committed"), "TOO_LATE", False, BENIGN),
        (LedgerUnavailable("no answer"), "LEDGER_UNAVAILABLE", True, PLAIN),
        (NodeUnavailable("node", "no answer"), "NODE_UNAVAILABLE", True, PLAIN),
        (NotYet("The payment"), "NOT_YET", True, PLAIN),
        (BytesMismatch("bytes"), "BYTES_MISMATCH", False, PLAIN),
        (InvariantBroken("sum"), "INVARIANT_BROKEN", False, PLAIN),
    ],
)
def test_the_branch_decides_and_the_code_travels(
    error: CroupierError,
    code: str,
    is_repeated: bool,  # noqa: FBT001 - a table's column
    category: ApplicationErrorCategory,
) -> None:
    """Final answers and corrupt records are not repeated, absences are; only expected refusals are quiet."""
    carried = translate(error)
    assert (carried.type, carried.non_retryable, carried.category) == (code, not is_repeated, category)
    assert carried.message == error.sentence


def test_the_signers_refusal_travels_as_a_detail() -> None:
    """A workflow reads which refusal it was without parsing a sentence."""
    carried = translate(RefusedBySigner("STOPPED", "the switch stands"))
    assert (carried.type, carried.details) == ("REFUSED_BY_SIGNER", ("STOPPED",))


@pytest.mark.parametrize("branch", [Rejected, Unavailable, Uncertain, Corrupt])
def test_every_branch_of_the_tree_has_a_treatment(branch: type[CroupierError]) -> None:
    """No leaf can be added whose repetition nobody decided: only absence is repeated blindly."""
    leaves = branch.__subclasses__()
    assert leaves or branch is Uncertain
    for leaf in [branch, *leaves]:
        assert treatment_of(leaf.__new__(leaf)).is_repeated is (branch is Unavailable)
