"""A withdrawal: its states, its messages, and where it continues."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from domain.approvals import case_hash
from domain.rules import Verdict
from domain.send_steps import SendStep, next_send_step
from domain.sends import AttemptFacts, AttemptOutcome, SendFacts, SendKind, SendOrder
from domain.wire import Hex, Message, Units
from domain.wishes import Wish, raised_cap, wants_refund


class WithdrawalState(StrEnum):
    """States of a withdrawal's row; COMMITTED is the point of no return."""

    NEW = "new"
    DECLINED = "declined"
    REVIEW = "review"
    APPROVED = "approved"
    COMMITTED = "committed"
    SETTLED = "settled"
    CANCELLED = "cancelled"
    REJECTED = "rejected"
    REFUNDED = "refunded"

    @property
    def is_open(self) -> bool:
        return self in {
            WithdrawalState.NEW,
            WithdrawalState.REVIEW,
            WithdrawalState.APPROVED,
            WithdrawalState.COMMITTED,
        }

    @property
    def can_be_cancelled(self) -> bool:
        return self in {WithdrawalState.NEW, WithdrawalState.REVIEW, WithdrawalState.APPROVED}


class PlayerView(StrEnum):
    """The words a player reads."""

    PROCESSING = "processing"
    IN_REVIEW = "in_review"
    SENT = "sent"
    PAID = "paid"
    CANCELLED = "cancelled"
    REFUSED = "refused"
    REFUNDED = "refunded"


_VIEW_OF_END = {
    WithdrawalState.DECLINED: PlayerView.REFUSED,
    WithdrawalState.REJECTED: PlayerView.REFUSED,
    WithdrawalState.CANCELLED: PlayerView.CANCELLED,
    WithdrawalState.REFUNDED: PlayerView.REFUNDED,
    WithdrawalState.SETTLED: PlayerView.PAID,
}


class WithdrawalInput(Message):
    """One withdrawal as the door took it. `amount` is what the payee receives, in the asset's units."""

    withdrawal_id: UUID
    player: int
    asset_id: int
    network: str
    payee: Hex
    amount: Units
    client_key: str
    request_id: str
    received_at: datetime


class WithdrawalFacts(Message):
    """One withdrawal as its rows show it; `fee` is the player's, in asset units, on top of the amount."""

    withdrawal_id: UUID
    state: WithdrawalState
    player: int
    asset_id: int
    asset_code: str
    network: str
    payee: Hex
    amount: Units
    fee: Units = 0
    fee_cap: Units = 0
    verdict: Verdict | None = None
    code: str | None = None
    sentence: str | None = None
    approvals: int = 0
    version: int | None = None
    request_id: str | None = None
    repeat: bool = False
    send: SendFacts | None = None
    chain_is_open: bool = True
    wishes: tuple[Wish, ...] = ()
    content_hash: Hex = b""

    @property
    def seen(self) -> bytes:
        """The hash of what a person sees of this withdrawal now; wishes about anything else do not count."""
        return case_hash(self.content_hash, self.send)


class WithdrawalResult(Message):
    """How the withdrawal ended; `txid` is the transaction that paid it."""

    withdrawal_id: UUID
    state: WithdrawalState
    code: str | None = None
    txid: Hex | None = None


class ReviewVerb(StrEnum):
    """What a person may say to a withdrawal before it is committed."""

    APPROVE = "approve"
    REJECT = "reject"

    @property
    def word(self) -> str:
        return self.value


class ReviewAct(Message):
    """One person's word on a withdrawal; `ticket` makes a repeated click one act."""

    withdrawal_id: UUID
    player: int
    ticket: str
    verb: ReviewVerb
    person: str
    words: str
    content_hash: Hex


class CancelAct(Message):
    """A player's wish to have a withdrawal back before it is committed."""

    withdrawal_id: UUID
    request_id: str


class WithdrawalStep(StrEnum):
    """What a withdrawal needs next."""

    REVIEW = "review"
    GRANT = "grant"
    COMMIT = "commit"
    PAY = "pay"
    SETTLE = "settle"
    RETURN = "return"
    DONE = "done"


def next_step(facts: WithdrawalFacts) -> WithdrawalStep:
    """Where a withdrawal continues, read from its rows alone."""
    if facts.state is WithdrawalState.REVIEW:
        return WithdrawalStep.REVIEW
    if facts.state is WithdrawalState.APPROVED:
        is_granted = facts.send is not None and facts.send.wallet is not None
        return WithdrawalStep.COMMIT if is_granted else WithdrawalStep.GRANT
    if facts.state is not WithdrawalState.COMMITTED:
        return WithdrawalStep.DONE
    assert facts.send is not None, facts.withdrawal_id
    step = next_send_step(facts.send)
    if step is SendStep.PAID:
        return WithdrawalStep.SETTLE
    if step is SendStep.CANCELLED or wants_refund(facts.send, facts.wishes, facts.seen):
        return WithdrawalStep.RETURN
    return WithdrawalStep.PAY


def send_order(facts: WithdrawalFacts) -> SendOrder:
    """What a withdrawal that was granted a wallet has to send, to whom and from where."""
    assert facts.send is not None, facts.withdrawal_id
    assert facts.send.wallet is not None, facts.withdrawal_id
    return SendOrder(
        send_id=facts.send.send_id,
        kind=SendKind.WITHDRAWAL,
        network=facts.network,
        asset_id=facts.asset_id,
        wallet=facts.send.wallet,
        payee=facts.payee,
        amount=facts.amount,
        fee_cap=max(facts.fee_cap, raised_cap(facts.wishes)),
    )


def player_view(state: WithdrawalState, attempt: AttemptFacts | None) -> PlayerView:
    """What the player may read: `sent` once a block holds the payment, `paid` once that block is final.

    A transaction of ours that failed, or that only cancels, is nothing the player was sent.
    """
    if state in _VIEW_OF_END:
        return _VIEW_OF_END[state]
    if attempt is not None and attempt.outcome is AttemptOutcome.PAID:
        return PlayerView.PAID
    if state is WithdrawalState.REVIEW:
        return PlayerView.IN_REVIEW
    if attempt is not None and attempt.state.is_on_chain and attempt.pays:
        return PlayerView.SENT
    return PlayerView.PROCESSING


def result_of(facts: WithdrawalFacts) -> WithdrawalResult:
    """How a withdrawal ended; what failed or was cancelled is no transaction of its player."""
    current = facts.send.current if facts.send else None
    return WithdrawalResult(
        withdrawal_id=facts.withdrawal_id,
        state=facts.state,
        code=facts.code,
        txid=current.txid if current and current.outcome is AttemptOutcome.PAID else None,
    )


def end_sentence(facts: WithdrawalFacts) -> str:
    """What is left to say of a withdrawal that has ended."""
    if facts.state is WithdrawalState.SETTLED:
        return "Paid: the block that holds the transaction is final and the books are settled."
    return facts.sentence or f"Ended as {facts.state.value}."


class WithdrawalRef(Message):
    """A withdrawal and the player whose slot its rows stand in."""

    withdrawal_id: UUID
    player: int


class VoidAct(Message):
    """Give a reservation back that was never committed: who asked, and what the row says afterwards."""

    withdrawal_id: UUID
    player: int
    state: WithdrawalState
    code: str | None = None
    sentence: str | None = None


class Unpayable(Message):
    """The evidence that no transaction of a send can pay any more."""

    evidence_id: UUID


class ReturnAct(Message):
    """Give a committed withdrawal back on evidence: the row that proves it, and what its player reads."""

    withdrawal_id: UUID
    player: int
    evidence_id: UUID
    code: str
    sentence: str
