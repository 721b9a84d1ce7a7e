"""What support may want of a withdrawal that is committed, and when its rows still allow it.

A wish is a row. It names the attempt and the variant it was said about, so the rows alone tell whether it is
still to be honoured, and the same ticket is honoured once whatever run reads it.
"""

from collections.abc import Sequence
from enum import StrEnum
from uuid import UUID

from domain.errors import MayStillLand, Rejected, TooLate
from domain.sends import AttemptFacts, AttemptOutcome, SendFacts, TxPurpose
from domain.wire import Message


class SupportVerb(StrEnum):
    """What a person may want of a committed withdrawal; none of them sets a state."""

    BUMP_FEE = "bump_fee"
    CANCEL_BY_SELF_SEND = "cancel_by_self_send"
    REJECT_AND_REFUND = "reject_and_refund"


class SupportAct(Message):
    """One person's wish; `ticket` makes a repeated click one act."""

    withdrawal_id: UUID
    player: int
    ticket: str
    verb: SupportVerb
    person: str
    words: str


class Wish(Message):
    """A recorded wish: the newest attempt when it was said, and its variants; 0 if there was none."""

    verb: SupportVerb
    attempt: int
    variant: int


def refusal_of(
    verb: SupportVerb, send: SendFacts | None, state: str, *, is_committed: bool
) -> Rejected | None:
    """Why the rows do not allow a wish; None if they do.

    A transaction is replaced only while it has bytes and no block holds it; money goes back only while
    nothing that was signed may land.
    """
    if not is_committed or send is None:
        return TooLate(verb.value, state)
    if verb is SupportVerb.REJECT_AND_REFUND:
        return MayStillLand(str(send.send_id)) if may_land(send) else None
    current = send.current
    if current is None or not can_be_replaced(current):
        return TooLate(verb.value, current.state.value if current else "unsigned")
    return None


def may_land(send: SendFacts) -> bool:
    """Whether anything that was signed for this send could still pay, or has paid."""
    return any(
        attempt.outcome is AttemptOutcome.PAID or (attempt.outcome is None and attempt.state.has_bytes)
        for attempt in send.attempts
    )


def can_be_replaced(attempt: AttemptFacts) -> bool:
    """Whether a bump or a cancel may still win: signed, not ended, and in no block."""
    return attempt.outcome is None and attempt.state.has_bytes and attempt.block_height is None


def wanted_replacement(send: SendFacts, wishes: Sequence[Wish]) -> TxPurpose | None:
    """The next variant that people want of the newest attempt; None if every wish is honoured or past."""
    current = send.current
    if current is None or not can_be_replaced(current):
        return None
    about_it = [wish for wish in wishes if wish.attempt == current.attempt]
    is_cancel_wanted = any(wish.verb is SupportVerb.CANCEL_BY_SELF_SEND for wish in about_it)
    if is_cancel_wanted and current.purpose is not TxPurpose.CANCEL:
        return TxPurpose.CANCEL
    if any(wish.verb is SupportVerb.BUMP_FEE and wish.variant == current.variants for wish in about_it):
        return replacement_of(current)
    return None


def replacement_of(attempt: AttemptFacts) -> TxPurpose:
    """What outbids an attempt's newest variant: a cancel is never bumped back to life."""
    return TxPurpose.CANCEL if attempt.purpose is TxPurpose.CANCEL else TxPurpose.BUMP


def wants_refund(send: SendFacts, wishes: Sequence[Wish]) -> bool:
    """Whether somebody wants the money back and nothing that was signed may land."""
    is_wanted = any(wish.verb is SupportVerb.REJECT_AND_REFUND for wish in wishes)
    return is_wanted and not may_land(send)
