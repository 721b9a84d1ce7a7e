"""What support may want, read from rows: nothing replaced in a block, nothing refunded that may land."""

from uuid import UUID

import pytest

from domain.send_steps import has_another_try
from domain.sends import (
    MOVED_OTHERWISE,
    NO_EFFECT,
    AttemptFacts,
    AttemptOutcome,
    AttemptState,
    SendFacts,
    TxPurpose,
)
from domain.wishes import (
    SupportVerb,
    Wish,
    can_be_replaced,
    lacking,
    may_land,
    raised_cap,
    wanted_replacement,
    wants_another_try,
    wants_refund,
    was_given_up,
)

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
SEEN, OTHER = bytes([1]) * 32, bytes([2]) * 32
BOTH_CANCEL = [
    Wish(verb=CANCEL, attempt=1, variant=1, person=person, content_hash=SEEN, people=2)
    for person in ("anna", "bert")
]


def send(*attempts: AttemptFacts) -> SendFacts:
    """Return a granted send with these attempts."""
    return SendFacts(send_id=UUID(int=1), wallet=WALLET, attempts=attempts)


def attempt(  # noqa: PLR0913 - a row of the table
    number: int = 1,
    state: AttemptState = OPEN,
    outcome: AttemptOutcome | None = None,
    *,
    variants: int = 1,
    purpose: TxPurpose = TxPurpose.PAY,
    why: str | None = None,
) -> AttemptFacts:
    """Return an attempt that stands here; in a block if it is included."""
    return AttemptFacts(
        attempt=number,
        state=AttemptState.CLOSED if outcome else state,
        outcome=outcome,
        wallet=WALLET,
        nonce=9 if state.has_bytes else None,
        variants=variants,
        purpose=purpose,
        block_height=7 if outcome or state is AttemptState.INCLUDED else None,
        why=why,
    )


def wish(verb: SupportVerb, number: int = 1, variant: int = 1, person: str = "anna", **more: object) -> Wish:
    """Return a recorded wish about what is seen here."""
    fields: dict[str, object] = {"content_hash": SEEN, "people": 2 if verb is CANCEL else 1, **more}
    return Wish(verb=verb, attempt=number, variant=variant, person=person, **fields)


@pytest.mark.parametrize(
    ("attempts", "is_live", "replaceable"),
    [
        ((), False, False),
        ((attempt(state=AttemptState.LANED),), False, False),
        ((attempt(state=AttemptState.SIGNED),), True, True),
        ((attempt(state=AttemptState.SENDING),), True, True),
        ((attempt(state=AttemptState.ORPHANED),), True, True),
        ((attempt(state=AttemptState.INCLUDED),), True, False),
        ((attempt(state=AttemptState.INCLUDED, why=NO_EFFECT),), False, False),
        ((attempt(state=AttemptState.INCLUDED, why=MOVED_OTHERWISE),), True, False),
        ((attempt(outcome=PAID),), True, False),
        ((attempt(outcome=FAILED),), False, False),
        ((attempt(outcome=FAILED), attempt(2)), True, True),
        ((attempt(outcome=FAILED), attempt(2, AttemptState.LANED)), False, False),
        ((attempt(outcome=CANCELLED),), False, False),
        ((attempt(outcome=DEAD),), False, False),
    ],
)
def test_rows_say_what_may_land_and_what_may_be_replaced(
    attempts: tuple[AttemptFacts, ...],
    is_live: bool,  # noqa: FBT001 - a column of the table
    replaceable: bool,  # noqa: FBT001 - a column of the table
) -> None:
    """A refund waits while anything may land, a replacement is over once a block holds the transaction."""
    facts = send(*attempts)
    assert may_land(facts) is is_live
    assert (facts.current is not None and can_be_replaced(facts.current)) is replaceable
    assert wants_refund(facts, [wish(REFUND)], SEEN) is not is_live
    assert not wants_refund(facts, [wish(CANCEL)], SEEN)


@pytest.mark.parametrize(
    ("attempts", "wishes", "given_up"),
    [
        ((attempt(outcome=FAILED),), BOTH_CANCEL, True),
        ((attempt(outcome=DEAD),), BOTH_CANCEL, True),
        ((attempt(outcome=FAILED),), BOTH_CANCEL[:1], False),
        ((attempt(outcome=PAID),), BOTH_CANCEL, False),
        ((attempt(),), BOTH_CANCEL, False),
        ((attempt(outcome=FAILED), attempt(2)), BOTH_CANCEL, False),
        ((attempt(outcome=FAILED), attempt(2, outcome=FAILED)), BOTH_CANCEL, False),
        ((attempt(outcome=FAILED),), [wish(BUMP)], False),
    ],
)
def test_what_people_agreed_to_cancel_is_given_back_when_it_reverts(
    attempts: tuple[AttemptFacts, ...],
    wishes: list[Wish],
    given_up: bool,  # noqa: FBT001 - a column of the table
) -> None:
    """The nonce was spent on nothing, as they wanted: no further attempt is made behind their back."""
    assert was_given_up(send(*attempts), wishes) is given_up
    assert wants_refund(send(*attempts), wishes, OTHER) is given_up


@pytest.mark.parametrize(
    ("current", "wishes", "wanted"),
    [
        (attempt(), [wish(BUMP)], TxPurpose.BUMP),
        (attempt(), [wish(BUMP, content_hash=OTHER)], None),
        (attempt(variants=2), [wish(BUMP)], None),
        (attempt(2), [wish(BUMP)], None),
        (attempt(variants=2, purpose=TxPurpose.CANCEL), [wish(BUMP, 1, 2)], TxPurpose.CANCEL),
        (attempt(), [wish(CANCEL)], None),
        (attempt(), [wish(CANCEL), wish(CANCEL, ticket="again")], None),
        (attempt(), [wish(CANCEL), wish(CANCEL, person="bert")], TxPurpose.CANCEL),
        (attempt(), [wish(CANCEL), wish(CANCEL, person="bert", content_hash=OTHER)], None),
        (attempt(), [wish(BUMP, cap=9, people=2)], None),
        (attempt(), [wish(BUMP, cap=9, people=2), wish(BUMP, person="bert", cap=8, people=2)], None),
        (
            attempt(),
            [wish(BUMP, cap=9, people=2), wish(BUMP, person="bert", cap=9, people=2)],
            TxPurpose.BUMP,
        ),
        (attempt(variants=2, purpose=TxPurpose.BUMP), BOTH_CANCEL, TxPurpose.CANCEL),
        (attempt(variants=2, purpose=TxPurpose.CANCEL), BOTH_CANCEL, None),
        (attempt(state=AttemptState.INCLUDED), BOTH_CANCEL, None),
        (attempt(outcome=FAILED), [wish(BUMP)], None),
        (attempt(), [wish(REFUND)], None),
    ],
)
def test_a_wish_is_honoured_once_enough_people_share_it(
    current: AttemptFacts, wishes: list[Wish], wanted: TxPurpose | None
) -> None:
    """It counts for what was seen: a bump until there is a newer variant, a cancel until there is one."""
    assert wanted_replacement(send(current), wishes, SEEN) is wanted


@pytest.mark.parametrize(
    ("said", "raised"),
    [
        ([("anna", 9)], 0),
        ([("anna", 9), ("anna", 9)], 0),
        ([("anna", 9), ("bert", 8)], 0),
        ([("anna", 9), ("bert", 9)], 9),
        ([("anna", 7), ("bert", 7), ("anna", 9), ("bert", 9)], 9),
        ([("anna", 7), ("bert", 7), ("carl", 9)], 7),
    ],
)
def test_a_fee_cap_is_raised_by_two_people_who_name_the_same(
    said: list[tuple[str, int]], raised: int
) -> None:
    """One person alone, however often, raises nothing; and it holds whatever is seen later."""
    wishes = [wish(BUMP, person=person, cap=cap, people=2) for person, cap in said]
    assert raised_cap(wishes) == raised


def test_a_wish_that_lacks_a_person_is_named_once() -> None:
    """Two clicks of one person are one wish that waits; a second person ends the wait."""
    alone = [wish(CANCEL, ticket="1"), wish(CANCEL, ticket="2")]
    assert lacking(alone, SEEN) == [alone[0]]
    assert lacking(alone, OTHER) == []
    assert lacking([*alone, wish(CANCEL, person="bert")], SEEN) == []


@pytest.mark.parametrize(
    ("current", "again"),
    [
        (attempt(outcome=FAILED), True),
        (attempt(outcome=DEAD), True),
        (attempt(outcome=FAILED, why=NO_EFFECT), False),
        (attempt(outcome=CANCELLED), False),
        (attempt(outcome=PAID), False),
        (attempt(), False),
    ],
)
def test_people_may_want_another_try_of_what_ended_unpaid(
    current: AttemptFacts,
    again: bool,  # noqa: FBT001 - a column of the table
) -> None:
    """What people judged to have moved nothing is refunded and never made again."""
    assert wants_another_try(send(current), [wish(SupportVerb.RESUME)], SEEN) is again
    assert not wants_another_try(send(current), [wish(SupportVerb.RESUME, content_hash=OTHER)], SEEN)
    assert not wants_another_try(send(current), [wish(SupportVerb.RESUME, people=2)], SEEN)


@pytest.mark.parametrize(
    ("outcomes", "again"),
    [
        ((FAILED,), True),
        ((DEAD,), True),
        ((DEAD, DEAD), True),
        ((DEAD, DEAD, DEAD), False),
        ((DEAD, FAILED), True),
        ((FAILED, DEAD), True),
        ((DEAD, DEAD, FAILED), False),
        ((FAILED, FAILED), False),
        ((FAILED, CANCELLED), False),
        ((CANCELLED,), False),
        ((PAID,), False),
    ],
)
def test_some_ends_are_tried_again(
    outcomes: tuple[AttemptOutcome, ...],
    again: bool,  # noqa: FBT001 - a column of the table
) -> None:
    """Deaths and the first failure are made again, up to three attempts; everything else waits or ended."""
    tried = [attempt(number, outcome=outcome) for number, outcome in enumerate(outcomes, 1)]
    assert has_another_try(send(*tried)) is again
