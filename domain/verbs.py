"""Which verbs of support a withdrawal's rows allow, how many people each needs, and what is open now."""

from collections.abc import Mapping

from domain.errors import Conflict, MayStillLand, Rejected, RequestInvalid, TooLate
from domain.replacements import NotReplaceable
from domain.rules import Verdict
from domain.send_steps import ATTEMPTS_BY_ITSELF
from domain.sends import AttemptFacts, TxPurpose
from domain.wishes import (
    SupportAct,
    SupportVerb,
    Wish,
    can_be_replaced,
    is_with_nodes,
    lacking,
    may_land,
    people_for,
    permits_another_try,
    raised_cap,
    wants_another_try,
    wants_refund,
)
from domain.withdrawals import ReviewVerb, WithdrawalFacts, WithdrawalState

REVIEW_VERBS: Mapping[WithdrawalState, tuple[ReviewVerb, ...]] = {
    WithdrawalState.REVIEW: (ReviewVerb.APPROVE, ReviewVerb.REJECT),
    WithdrawalState.APPROVED: (ReviewVerb.REJECT,),
}
"""What reviewers may say while the reservation can still be voided."""
ENDS_BY_CANCEL = "cancel it first"
ENDS_BY_EXPIRY = "wait until it lands or has expired"
_REPLACING = {SupportVerb.BUMP_FEE, SupportVerb.CANCEL_BY_SELF_SEND}


def judge(act: SupportAct, facts: WithdrawalFacts) -> int:
    """How many people this wish needs; raises the Rejected that the rows answer it with.

    Raises Conflict if something else was seen than what stands now, RequestInvalid if a wish that needs two
    people does not say what was seen, and what `refusal_of` returns.
    """
    refusal = refusal_of(act.verb, facts, act.cap)
    if refusal is not None:
        raise refusal
    people = people_needed(act.verb, facts, act.cap)
    if act.content_hash is None and people > 1:
        raise RequestInvalid(
            f"{act.verb.word} needs two people here, so each names the content hash they saw."
        )
    if act.content_hash is not None and act.content_hash != facts.seen:
        raise Conflict("content")
    return people


def refusal_of(verb: SupportVerb, facts: WithdrawalFacts, cap: int | None = None) -> Rejected | None:
    """Why the rows do not allow a wish; None if they do.

    A transaction is sent again or replaced only while it has bytes and no block holds it, and replaced only
    where the network counts nonces; money goes back only while nothing that was signed may land; of a refund
    and another attempt the one that was agreed on first wins.
    """
    if not facts.state.is_open:
        return TooLate(verb.word, facts.state.value)
    if verb in {SupportVerb.CHECK_NOW, SupportVerb.RESUME}:
        is_returning = facts.send is not None and wants_refund(facts.send, facts.wishes, facts.seen)
        is_late = verb is SupportVerb.RESUME and is_returning
        return TooLate(verb.word, "about to be refunded") if is_late else None
    if facts.state is not WithdrawalState.COMMITTED or facts.send is None:
        return TooLate(verb.word, facts.state.value)
    if verb is SupportVerb.REJECT_AND_REFUND:
        return _refusal_to_refund(facts)
    return _refusal_to_send(verb, facts, cap)


def people_needed(verb: SupportVerb, facts: WithdrawalFacts, cap: int | None = None) -> int:
    """One person for what no coin depends on; two where money may go back or out on their word."""
    current = facts.send.current if facts.send else None
    match verb:
        case SupportVerb.CANCEL_BY_SELF_SEND:
            return 2
        case SupportVerb.BUMP_FEE:
            return 1 if cap is None else 2
        case SupportVerb.REJECT_AND_REFUND:
            is_judged = current is not None and current.why is not None
            return 2 if is_judged or facts.verdict is not Verdict.ALLOW else 1
        case SupportVerb.RESUME:
            is_last = current is not None and current.attempt >= ATTEMPTS_BY_ITSELF
            return 2 if is_last and facts.send is not None and permits_another_try(facts.send) else 1
        case SupportVerb.CHECK_NOW | SupportVerb.REBROADCAST:
            return 1


def open_verbs(facts: WithdrawalFacts, *, is_blocked: bool) -> tuple[str, ...]:
    """The verbs that a person may say now, as people write them."""
    said_by_reviewers = tuple(verb.value for verb in REVIEW_VERBS.get(facts.state, ()))
    known = tuple(
        verb.word
        for verb in SupportVerb
        if refusal_of(verb, facts) is None and (is_blocked or verb is not SupportVerb.RESUME)
    )
    return said_by_reviewers + known


def unfulfilled(facts: WithdrawalFacts) -> list[Wish]:
    """What was said, still counts, and waits for another person; the first of each kind."""
    return [
        wish for wish in lacking(facts.wishes, facts.seen) if refusal_of(wish.verb, facts, wish.cap) is None
    ]


def sentence_about(facts: WithdrawalFacts, wish: Wish) -> str:
    """What a person reads about a wish that waits for another person."""
    who = " and ".join(people_for(facts.wishes, wish))
    cap = "" if wish.cap is None else f" up to {wish.cap}"
    return f"{who} wants {wish.verb.word}{cap}: one more person must agree."


def fee_limit(facts: WithdrawalFacts) -> int:
    """What the network may cost us for this withdrawal, in native units: its terms, or what people raised."""
    return max(facts.fee_cap, raised_cap(facts.wishes))


def _refusal_to_refund(facts: WithdrawalFacts) -> Rejected | None:
    assert facts.send is not None
    if wants_another_try(facts.send, facts.wishes, facts.seen):
        return TooLate(SupportVerb.REJECT_AND_REFUND.word, "about to be tried again")
    if not may_land(facts.send):
        return None
    current = facts.send.current
    ends = ENDS_BY_EXPIRY if current is not None and _expires(current) else ENDS_BY_CANCEL
    return MayStillLand(str(facts.withdrawal_id), ends)


def _refusal_to_send(verb: SupportVerb, facts: WithdrawalFacts, cap: int | None) -> Rejected | None:
    assert facts.send is not None
    current = facts.send.current
    if current is None or not is_with_nodes(current):
        outcome = current.outcome or current.state if current else None
        return TooLate(verb.word, outcome.value if outcome else "unsigned")
    if verb in _REPLACING and not can_be_replaced(current):
        return NotReplaceable(facts.network)
    if facts.send.frozen is not None:
        return TooLate(verb.word, "held by a frozen wallet")
    if verb is SupportVerb.CANCEL_BY_SELF_SEND and current.purpose is TxPurpose.CANCEL:
        return TooLate(verb.word, "being cancelled")
    if verb is SupportVerb.BUMP_FEE and cap is not None and cap <= fee_limit(facts):
        return RequestInvalid(f"The cap is {fee_limit(facts)} already: name a higher one, or none.")
    return None


def _expires(attempt: AttemptFacts) -> bool:
    """Whether its transaction holds no nonce, so that only the network's time can end it unpaid."""
    return attempt.outcome is None and attempt.state.has_bytes and attempt.nonce is None
