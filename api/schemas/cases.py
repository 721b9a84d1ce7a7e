"""Withdrawals as the staff sees them: the queue of unfinished ones, one case, and what may be said to it."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import Field

from api.schemas.amounts import CLIENT_KEY_FORM, Asked, Shown, UnitsAsked, UnitsShown
from api.schemas.withdrawals import WithdrawalAnswer
from domain.reviews import Reason
from domain.sends import AttemptOutcome, AttemptState, TxPurpose
from domain.withdrawals import WithdrawalState

HASH_FORM = r"^0x[0-9a-f]{64}$"


class CaseFilter(StrEnum):
    """Which unfinished withdrawals a person wants to see."""

    BLOCKED = "blocked"
    REVIEW = "review"
    WAITING = "waiting"


class WaitsFor(StrEnum):
    """What ends a wait."""

    ITSELF = "itself"
    PERSON = "person"


class TicketOutcome(StrEnum):
    """What became of a ticket."""

    DONE = "done"
    WAITING = "waiting"
    REFUSED = "refused"
    UNDELIVERED = "undelivered"


class AnswerOutcome(StrEnum):
    """What a verb that was taken led to."""

    DONE = "done"
    ONE_MORE_PERSON = "one-more-person"


class CaseLine(Shown):
    """One unfinished withdrawal and the sentence about it."""

    withdrawal_id: UUID
    player_id: str
    state: WithdrawalState
    asset: str
    network: str
    decimals: int = Field(description="Units of amount and fee are 10^-decimals of one coin.")
    amount: UnitsShown
    received_at: datetime
    reason: Reason | None = Field(description="Why it stands still; null while it moves.")
    since: datetime | None
    waits_for: WaitsFor | None = Field(description="What ends the wait; null while it moves.")
    sentence: str = Field(description="What, since when, what happens next by itself, which verbs are open.")
    open_verbs: list[str]


class CasePage(Shown):
    """Unfinished withdrawals, oldest first; a filter may leave a page short while `next` is set."""

    items: list[CaseLine]
    next: str | None = Field(default=None, description="The cursor of the next page.")


class CostShown(Shown):
    """What the network took for a transaction, and on Tron what for: energy, bandwidth, a new account.

    Coins are units of the network's own coin, of which one has 10^`decimals`. What was burnt is part of the
    fee; energy and bandwidth beyond that came from stake, or were free.
    """

    fee: UnitsShown
    coin: str
    decimals: int
    energy: int | None = None
    energy_burnt: UnitsShown | None = None
    bandwidth: int | None = Field(default=None, description="Bytes.")
    bandwidth_burnt: UnitsShown | None = None
    activation: UnitsShown | None = Field(default=None, description="What the payee's account cost.")


class VariantShown(Shown):
    """One signed transaction of an attempt."""

    variant: int
    purpose: TxPurpose
    txid: str
    cost: CostShown | None = Field(default=None, description="Null while no block holds it.")


class AttemptShown(Shown):
    """One claim on the chain, with every hash ever signed for it."""

    attempt: int
    state: AttemptState
    outcome: AttemptOutcome | None
    wallet: str
    nonce: int | None
    block_height: int | None
    has_no_effect: bool = Field(description="Final and successful, without the transfer it owes.")
    hashes: list[VariantShown]


class WantedShown(Shown):
    """Something that was said, still counts, and waits for another person."""

    verb: str
    people: list[str]
    needed: int
    cap: UnitsShown | None
    sentence: str


class TicketShown(Shown):
    """What one person said, and what became of it."""

    ticket: str
    verb: str
    person: str
    words: str
    at: datetime
    cap: UnitsShown | None
    outcome: TicketOutcome
    code: str | None
    sentence: str | None


class VerbAnswer(Shown):
    """What the verb of this request led to."""

    outcome: AnswerOutcome
    sentence: str


class CaseAnswer(CaseLine):
    """One withdrawal, finished or not, with everything the staff may have to know and to name."""

    content_hash: str = Field(description="Of what is seen here: approvals and verbs for two people name it.")
    approvals: int
    to: str
    fee: UnitsShown
    fee_cap: UnitsShown = Field(description="What the network may cost us, in units of its own coin.")
    updated_at: datetime
    code: str | None = Field(description="Why it was refused or ended.")
    detail: str | None
    attempts: list[AttemptShown]
    wanted: list[WantedShown]
    audit: list[TicketShown] = Field(description="Oldest first.")
    withdrawal: WithdrawalAnswer = Field(description="As its player reads it.")
    answer: VerbAnswer | None = None


class VerbRequest(Asked):
    """What a person of the staff says to a withdrawal; `ticket` makes a repeated click one act."""

    ticket: Annotated[str, Field(pattern=CLIENT_KEY_FORM, examples=["sp-118"])]
    words: Annotated[str, Field(min_length=1, max_length=2000)]
    content_hash: Annotated[
        str | None,
        Field(
            pattern=HASH_FORM,
            description="Of what was seen: demanded of reviewers and of verbs that need two people.",
        ),
    ] = None


class BumpRequest(VerbRequest):
    """A wish to outbid a transaction; `cap` raises what the network may cost us, and needs two people."""

    cap: UnitsAsked | None = None


class ReviewRequest(VerbRequest):
    """A reviewer's word on exactly what was seen."""

    content_hash: Annotated[str, Field(pattern=HASH_FORM, description="Of what the reviewer looked at.")]
