"""What people in support want of a withdrawal, and which of it counts.

A wish is a row. It names the attempt and the variant it was said about and the hash of what its person saw,
so the rows alone tell whether it still counts, and a ticket is honoured once whatever run reads it.
"""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from domain.sends import AttemptFacts, AttemptOutcome, SendFacts, TxPurpose
from domain.wire import Hex, Message, Units


class SupportVerb(StrEnum):
    """What a person may want of an open withdrawal; none of them sets a state."""

    CHECK_NOW = "check_now"
    REBROADCAST = "rebroadcast"
    BUMP_FEE = "bump_fee"
    CANCEL_BY_SELF_SEND = "cancel_by_self_send"
    RESUME = "resume"
    REJECT_AND_REFUND = "reject_and_refund"

    @property
    def word(self) -> str:
        """The verb as people write it."""
        return self.value.replace("_", "-")


class SupportAct(Message):
    """One person's wish; `ticket` makes a repeated click one act, `content_hash` is of what was seen.

    `cap`, in native units, raises what the network may cost us for this withdrawal.
    """

    withdrawal_id: UUID
    player: int
    ticket: str
    verb: SupportVerb
    person: str
    words: str
    content_hash: Hex | None = None
    cap: Units | None = None


class Wish(Message):
    """A recorded wish: the newest attempt when it was said, and its variants; 0 if there was none.

    It counts once `people` different persons said the same about the same content.
    """

    verb: SupportVerb
    attempt: int
    variant: int
    ticket: str = ""
    person: str = ""
    content_hash: Hex = b""
    cap: Units | None = None
    people: int = 1
    at: datetime | None = None


def agreed(wishes: Sequence[Wish], verb: SupportVerb, content_hash: bytes) -> list[Wish]:
    """The wishes for this verb about exactly this content that enough different persons share."""
    about_it = [wish for wish in wishes if wish.verb is verb and wish.content_hash == content_hash]
    return [wish for wish in about_it if len(people_for(about_it, wish)) >= wish.people]


def people_for(wishes: Sequence[Wish], wish: Wish) -> tuple[str, ...]:
    """Who said the same as this wish about the same content, each person once."""
    same = (wish.verb, wish.content_hash, wish.cap)
    said = [one.person for one in wishes if (one.verb, one.content_hash, one.cap) == same]
    return tuple(dict.fromkeys(said))


def lacking(wishes: Sequence[Wish], content_hash: bytes) -> list[Wish]:
    """Wishes about this content that wait for another person, the first of each kind."""
    waiting = [
        wish
        for wish in wishes
        if wish.content_hash == content_hash and len(people_for(wishes, wish)) < wish.people
    ]
    return list({(wish.verb, wish.cap): wish for wish in reversed(waiting)}.values())[::-1]


def raised_cap(wishes: Sequence[Wish]) -> int:
    """The highest fee cap that enough people agreed on, in native units; 0 if nobody raised it.

    It holds for the withdrawal, whatever becomes of the attempt it was said about.
    """
    caps = [
        wish.cap
        for wish in wishes
        if wish.cap is not None and len(people_for(wishes, wish)) >= max(wish.people, 2)
    ]
    return max(caps, default=0)


def may_land(send: SendFacts) -> bool:
    """Whether anything that was signed for this send could still pay, or has paid."""
    return any(
        attempt.outcome is AttemptOutcome.PAID
        or (attempt.outcome is None and attempt.state.has_bytes and not attempt.moved_nothing)
        for attempt in send.attempts
    )


def is_with_nodes(attempt: AttemptFacts) -> bool:
    """Whether its bytes may be sent again: signed, not ended, and in no block."""
    return attempt.outcome is None and attempt.state.has_bytes and attempt.block_height is None


def can_be_replaced(attempt: AttemptFacts) -> bool:
    """Whether a bump or a cancel of the same nonce may still win; what has none lands or expires."""
    return is_with_nodes(attempt) and attempt.nonce is not None


def wanted_replacement(send: SendFacts, wishes: Sequence[Wish], content_hash: bytes) -> TxPurpose | None:
    """The next variant that people want of the newest attempt; None if every wish is honoured or past."""
    current = send.current
    if current is None or not can_be_replaced(current):
        return None
    if (
        agreed(wishes, SupportVerb.CANCEL_BY_SELF_SEND, content_hash)
        and current.purpose is not TxPurpose.CANCEL
    ):
        return TxPurpose.CANCEL
    bumps = agreed(wishes, SupportVerb.BUMP_FEE, content_hash)
    if any((wish.attempt, wish.variant) == (current.attempt, current.variants) for wish in bumps):
        return replacement_of(current)
    return None


def replacement_of(attempt: AttemptFacts) -> TxPurpose:
    """What outbids an attempt's newest variant: a cancel is never bumped back to life."""
    return TxPurpose.CANCEL if attempt.purpose is TxPurpose.CANCEL else TxPurpose.BUMP


def wants_refund(send: SendFacts, wishes: Sequence[Wish], content_hash: bytes) -> bool:
    """Whether people want the money back and nothing that was signed may land."""
    is_wanted = agreed(wishes, SupportVerb.REJECT_AND_REFUND, content_hash) or was_given_up(send, wishes)
    return bool(is_wanted) and not may_land(send)


def was_given_up(send: SendFacts, wishes: Sequence[Wish]) -> bool:
    """Whether the newest attempt ended unpaid by itself after people had agreed to cancel it.

    They wanted its nonce spent on nothing, and on nothing it was spent: no further attempt is made.
    """
    current = send.current
    if current is None or current.outcome not in {AttemptOutcome.FAILED, AttemptOutcome.DEAD}:
        return False
    return any(
        wish.verb is SupportVerb.CANCEL_BY_SELF_SEND
        and wish.attempt == current.attempt
        and len(people_for(wishes, wish)) >= wish.people
        for wish in wishes
    )


def wants_another_try(send: SendFacts, wishes: Sequence[Wish], content_hash: bytes) -> bool:
    """Whether people want one more attempt after the newest one ended without a payment."""
    return permits_another_try(send) and bool(agreed(wishes, SupportVerb.RESUME, content_hash))


def permits_another_try(send: SendFacts) -> bool:
    """Whether the newest attempt failed on chain or is dead; what judged people closed is not made again."""
    current = send.current
    return (
        current is not None
        and current.why is None
        and current.outcome in {AttemptOutcome.FAILED, AttemptOutcome.DEAD}
    )
