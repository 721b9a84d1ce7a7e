"""Which verbs the rows allow, how many people each needs, and which of two that exclude each other wins."""

from uuid import UUID

import pytest

from domain.errors import Conflict, MayStillLand, RequestInvalid, TooLate
from domain.replacements import NotReplaceable
from domain.rules import Verdict
from domain.sends import (
    MOVED_OTHERWISE,
    NO_EFFECT,
    AttemptFacts,
    AttemptOutcome,
    AttemptState,
    SendFacts,
    TxPurpose,
)
from domain.verbs import fee_limit, judge, open_verbs, people_needed, refusal_of, sentence_about, unfulfilled
from domain.wishes import SupportAct, SupportVerb, Wish
from domain.withdrawals import WithdrawalFacts, WithdrawalState

WALLET = bytes([9]) * 20
CONTENT = bytes([7]) * 32
CHECK, AGAIN, BUMP, CANCEL, RESUME, REFUND = SupportVerb
ACCEPTED, INCLUDED, LANED = AttemptState.ACCEPTED, AttemptState.INCLUDED, AttemptState.LANED
FAILED, DEAD = AttemptOutcome.FAILED, AttemptOutcome.DEAD
REVIEW, APPROVED, COMMITTED = WithdrawalState.REVIEW, WithdrawalState.APPROVED, WithdrawalState.COMMITTED


def attempt(
    number: int = 1, state: AttemptState = ACCEPTED, outcome: AttemptOutcome | None = None, **more: object
) -> AttemptFacts:
    """Return a signed attempt that stands here."""
    fields: dict[str, object] = {
        "variants": 0 if state is LANED else 1,
        "nonce": None if state is LANED else 9,
        "purpose": TxPurpose.PAY,
        "block_height": 7 if outcome or state is INCLUDED else None,
        **more,
    }
    return AttemptFacts(
        attempt=number,
        state=AttemptState.CLOSED if outcome else state,
        outcome=outcome,
        wallet=WALLET,
        **fields,
    )


def case(
    *attempts: AttemptFacts,
    state: WithdrawalState = COMMITTED,
    verdict: Verdict = Verdict.ALLOW,
    frozen: str | None = None,
    wishes: tuple[Wish, ...] = (),
) -> WithdrawalFacts:
    """Return a withdrawal with these attempts."""
    return WithdrawalFacts(
        withdrawal_id=UUID(int=1),
        state=state,
        player=1,
        asset_id=1,
        asset_code="ETH",
        network="eip155:1",
        payee=bytes(20),
        amount=5,
        fee_cap=100,
        verdict=verdict,
        send=SendFacts(send_id=UUID(int=1), wallet=WALLET, attempts=attempts, frozen=frozen),
        content_hash=CONTENT,
        wishes=wishes,
    )


def wish(facts: WithdrawalFacts, verb: SupportVerb, person: str = "anna", **more: object) -> Wish:
    """Return a wish about what is seen now, as it would be recorded."""
    number = len(facts.send.attempts) if facts.send else 0
    people = people_needed(verb, facts, None)
    fields: dict[str, object] = {"people": people, **more}
    return Wish(verb=verb, attempt=number, variant=1, person=person, content_hash=facts.seen, **fields)


EXPIRING = attempt(nonce=None)
TRIED = (attempt(1, outcome=DEAD), attempt(2, outcome=DEAD), attempt(3, outcome=DEAD))
OF_A_TX = ("rebroadcast", "bump-fee", "cancel-by-self-send")


@pytest.mark.parametrize(
    ("facts", "is_blocked", "verbs"),
    [
        (case(state=REVIEW), True, ("approve", "reject", "check-now", "resume")),
        (case(state=REVIEW), False, ("approve", "reject", "check-now")),
        (case(state=APPROVED), False, ("reject", "check-now")),
        (case(state=APPROVED), True, ("reject", "check-now", "resume")),
        (case(), True, ("check-now", "resume", "reject-and-refund")),
        (case(attempt(state=LANED)), True, ("check-now", "resume", "reject-and-refund")),
        (case(attempt()), False, ("check-now", *OF_A_TX)),
        (case(attempt()), True, ("check-now", *OF_A_TX, "resume")),
        (case(EXPIRING), True, ("check-now", "rebroadcast", "resume")),
        (case(attempt(outcome=DEAD, nonce=None)), True, ("check-now", "resume", "reject-and-refund")),
        (case(attempt(), frozen="a thief"), True, ("check-now", "resume")),
        (case(attempt(purpose=TxPurpose.CANCEL)), False, ("check-now", "rebroadcast", "bump-fee")),
        (case(attempt(state=INCLUDED)), False, ("check-now",)),
        (case(attempt(state=INCLUDED, why=NO_EFFECT)), True, ("check-now", "resume", "reject-and-refund")),
        (case(attempt(state=INCLUDED, why=MOVED_OTHERWISE)), True, ("check-now", "resume")),
        (case(attempt(outcome=FAILED)), True, ("check-now", "resume", "reject-and-refund")),
        (case(*TRIED), True, ("check-now", "resume", "reject-and-refund")),
        (case(state=WithdrawalState.SETTLED), False, ()),
        (case(state=WithdrawalState.DECLINED), False, ()),
    ],
)
def test_open_verbs_are_exactly_those_that_would_be_taken(
    facts: WithdrawalFacts,
    is_blocked: bool,  # noqa: FBT001 - a column of the table
    verbs: tuple[str, ...],
) -> None:
    """No sentence offers a verb that is refused, and none keeps one back."""
    assert open_verbs(facts, is_blocked=is_blocked) == verbs


@pytest.mark.parametrize(
    ("verb", "facts", "cap", "people"),
    [
        (CHECK, case(attempt()), None, 1),
        (AGAIN, case(attempt()), None, 1),
        (BUMP, case(attempt()), None, 1),
        (BUMP, case(attempt()), 200, 2),
        (CANCEL, case(attempt()), None, 2),
        (REFUND, case(), None, 1),
        (REFUND, case(verdict=Verdict.REVIEW), None, 2),
        (REFUND, case(attempt(state=INCLUDED, why=NO_EFFECT)), None, 2),
        (RESUME, case(), None, 1),
        (RESUME, case(attempt(1, outcome=FAILED), attempt(2, outcome=FAILED)), None, 1),
        (RESUME, case(*TRIED), None, 2),
        (RESUME, case(attempt(1, outcome=DEAD), attempt(2, outcome=DEAD), attempt(3)), None, 1),
    ],
)
def test_two_people_where_coins_depend_on_a_word(
    verb: SupportVerb, facts: WithdrawalFacts, cap: int | None, people: int
) -> None:
    """One is enough for what only looks or sends the same again."""
    assert people_needed(verb, facts, cap) == people


def test_of_a_refund_and_another_try_the_first_agreed_wins() -> None:
    """The other is refused with what is about to happen."""
    ended = case(attempt(1, outcome=FAILED), attempt(2, outcome=FAILED))
    refunding = ended.model_copy(update={"wishes": (wish(ended, REFUND),)})
    trying = ended.model_copy(update={"wishes": (wish(ended, RESUME),)})
    late = refusal_of(RESUME, refunding)
    assert isinstance(late, TooLate)
    assert late.sentence == "Too late to resume: it is about to be refunded."
    late = refusal_of(REFUND, trying)
    assert isinstance(late, TooLate)
    assert late.sentence == "Too late to reject-and-refund: it is about to be tried again."


def test_a_wish_for_two_names_what_was_seen() -> None:
    """Without a hash it is no request, with another hash it is about something else."""
    facts = case(attempt())
    act = SupportAct(
        withdrawal_id=UUID(int=1), player=1, ticket="t", verb=CANCEL, person="anna", words="please"
    )
    with pytest.raises(RequestInvalid):
        judge(act, facts)
    with pytest.raises(Conflict) as caught:
        judge(act.model_copy(update={"content_hash": CONTENT}), facts)
    assert caught.value.field == "content"
    assert judge(act.model_copy(update={"content_hash": facts.seen}), facts) == 2


def test_what_is_seen_changes_when_an_attempt_ends_and_not_when_it_is_bumped() -> None:
    """Bumps pay the same; an end, another attempt or a judgement is something else to agree on."""
    plain = case()
    bumped = case(attempt(variants=3, purpose=TxPurpose.BUMP))
    seen = [
        case(attempt()).seen,
        case(attempt(outcome=FAILED)).seen,
        case(attempt(outcome=FAILED), attempt(2)).seen,
        case(attempt(state=INCLUDED, why=NO_EFFECT)).seen,
    ]
    assert plain.seen == case(attempt(state=LANED)).seen == CONTENT
    assert bumped.seen == seen[0]
    assert len({*seen, CONTENT}) == len(seen) + 1
    assert case(attempt(outcome=FAILED, why=NO_EFFECT)).seen == seen[3]


def test_a_wish_that_waits_is_a_sentence_and_a_raised_cap_a_limit() -> None:
    """People read who wants what; two who name the same cap raise it."""
    facts = case(attempt())
    alone = facts.model_copy(update={"wishes": (wish(facts, BUMP, cap=300, people=2),)})
    (waiting,) = unfulfilled(alone)
    assert sentence_about(alone, waiting) == "anna wants bump-fee up to 300: one more person must agree."
    assert fee_limit(alone) == 100
    both = alone.model_copy(update={"wishes": (*alone.wishes, wish(facts, BUMP, "bert", cap=300, people=2))})
    assert (fee_limit(both), unfulfilled(both)) == (300, [])
    assert isinstance(refusal_of(BUMP, both, 300), RequestInvalid)
    assert refusal_of(BUMP, both, 301) is None


@pytest.mark.parametrize("verb", [BUMP, CANCEL])
def test_nothing_is_replaced_where_no_nonce_is_counted(verb: SupportVerb) -> None:
    """The refusal says what happens instead; the bytes may still be sent again."""
    refusal = refusal_of(verb, case(EXPIRING))
    assert isinstance(refusal, NotReplaceable)
    assert refusal.sentence == "A transaction of eip155:1 cannot be replaced: it lands or expires."
    assert refusal_of(AGAIN, case(EXPIRING)) is None


@pytest.mark.parametrize(
    ("facts", "ends"),
    [
        (case(attempt()), "cancel it first"),
        (case(EXPIRING), "wait until it lands or has expired"),
        (case(attempt(state=INCLUDED, nonce=None)), "wait until it lands or has expired"),
        (case(attempt(1, outcome=DEAD, nonce=None), EXPIRING), "wait until it lands or has expired"),
    ],
)
def test_no_refund_while_a_transaction_may_land(facts: WithdrawalFacts, ends: str) -> None:
    """Whoever wants the money back reads what has to end first."""
    refusal = refusal_of(REFUND, facts)
    assert isinstance(refusal, MayStillLand)
    assert refusal.sentence == f"A transaction of {UUID(int=1)} may still land: {ends}."
