"""What support may want, read from rows: nothing replaced in a block, nothing refunded that may land."""

from uuid import UUID

import pytest

from domain.sends import AttemptFacts, AttemptOutcome, AttemptState, SendFacts, TxPurpose, has_another_try
from domain.wishes import SupportVerb, Wish, may_land, refusal_of, wanted_replacement, wants_refund

WALLET = bytes([9]) * 20
PAID, FAILED, CANCELLED, DEAD = (
    AttemptOutcome.PAID,
    AttemptOutcome.FAILED,
    AttemptOutcome.CANCELLED,
    AttemptOutcome.DEAD,
)
BUMP, CANCEL, REFUND = (
    SupportVerb.BUMP_FEE,
    SupportVerb.CANCEL_BY_SELF_SEND,
    SupportVerb.REJECT_AND_REFUND,
)
OPEN = AttemptState.ACCEPTED


def send(*attempts: AttemptFacts) -> SendFacts:
    """Return a granted send with these attempts."""
    return SendFacts(send_id=UUID(int=1), wallet=WALLET, attempts=attempts)


def attempt(
    number: int = 1,
    state: AttemptState = OPEN,
    outcome: AttemptOutcome | None = None,
    variants: int = 1,
    purpose: TxPurpose = TxPurpose.PAY,
) -> AttemptFacts:
    """Return an attempt that stands here; in a block if it is included."""
    return AttemptFacts(
        attempt=number,
        state=AttemptState.CLOSED if outcome else state,
        outcome=outcome,
        wallet=WALLET,
        variants=variants,
        purpose=purpose,
        block_height=7 if outcome or state is AttemptState.INCLUDED else None,
    )


@pytest.mark.parametrize(
    ("attempts", "is_live", "replaceable"),
    [
        ((), False, False),
        ((attempt(state=AttemptState.LANED),), False, False),
        ((attempt(state=AttemptState.SIGNED),), True, True),
        ((attempt(state=AttemptState.SENDING),), True, True),
        ((attempt(state=AttemptState.ORPHANED),), True, True),
        ((attempt(state=AttemptState.INCLUDED),), True, False),
        ((attempt(outcome=PAID),), True, False),
        ((attempt(outcome=FAILED),), False, False),
        ((attempt(outcome=FAILED), attempt(2)), True, True),
        ((attempt(outcome=FAILED), attempt(2, AttemptState.LANED)), False, False),
        ((attempt(outcome=CANCELLED),), False, False),
        ((attempt(outcome=DEAD),), False, False),
    ],
)
def test_rows_say_which_verbs_are_open(
    attempts: tuple[AttemptFacts, ...],
    is_live: bool,  # noqa: FBT001 - a column of the table
    replaceable: bool,  # noqa: FBT001 - a column of the table
) -> None:
    """A refund is refused while anything may land, a replacement once a block holds the transaction."""
    facts = send(*attempts)
    assert may_land(facts) is is_live
    refused = refusal_of(REFUND, facts, "committed", is_committed=True)
    assert (refused.code if refused else None) == ("MAY_STILL_LAND" if is_live else None)
    for verb in (BUMP, CANCEL):
        refused = refusal_of(verb, facts, "committed", is_committed=True)
        assert (refused.code if refused else None) == (None if replaceable else "TOO_LATE")
    for verb in SupportVerb:
        early = refusal_of(verb, facts, "approved", is_committed=False)
        assert early is not None
        assert early.code == "TOO_LATE"
    assert wants_refund(facts, [Wish(verb=REFUND, attempt=0, variant=0)]) is not is_live
    assert not wants_refund(facts, [Wish(verb=CANCEL, attempt=1, variant=1)])


@pytest.mark.parametrize(
    ("current", "wish", "wanted"),
    [
        (attempt(), (BUMP, 1, 1), TxPurpose.BUMP),
        (attempt(variants=2), (BUMP, 1, 1), None),
        (attempt(2), (BUMP, 1, 1), None),
        (attempt(variants=2, purpose=TxPurpose.CANCEL), (BUMP, 1, 2), TxPurpose.CANCEL),
        (attempt(), (CANCEL, 1, 1), TxPurpose.CANCEL),
        (attempt(variants=2, purpose=TxPurpose.BUMP), (CANCEL, 1, 1), TxPurpose.CANCEL),
        (attempt(variants=2, purpose=TxPurpose.CANCEL), (CANCEL, 1, 1), None),
        (attempt(2), (CANCEL, 1, 1), None),
        (attempt(state=AttemptState.INCLUDED), (CANCEL, 1, 1), None),
        (attempt(outcome=FAILED), (BUMP, 1, 1), None),
        (attempt(), (REFUND, 1, 1), None),
    ],
)
def test_a_wish_is_honoured_once(
    current: AttemptFacts, wish: tuple[SupportVerb, int, int], wanted: TxPurpose | None
) -> None:
    """It counts for its attempt: a bump until there is a newer variant, a cancel until there is one."""
    verb, number, variant = wish
    assert wanted_replacement(send(current), [Wish(verb=verb, attempt=number, variant=variant)]) is wanted


@pytest.mark.parametrize(
    ("outcomes", "again"),
    [
        ((FAILED,), True),
        ((DEAD, FAILED), True),
        ((FAILED, FAILED), False),
        ((FAILED, CANCELLED), False),
        ((CANCELLED,), False),
        ((PAID,), False),
    ],
)
def test_one_failure_is_tried_again(
    outcomes: tuple[AttemptOutcome, ...],
    again: bool,  # noqa: FBT001 - a column of the table
) -> None:
    """The first that failed on chain is made once more; everything else waits or has ended."""
    tried = [attempt(number, outcome=outcome) for number, outcome in enumerate(outcomes, 1)]
    assert has_another_try(send(*tried)) is again
