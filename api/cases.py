"""What the staff reads of a withdrawal: its rows, what its workflow says, and what people said to it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from api.destinations import Destinations
from api.schemas.cases import (
    AnswerOutcome,
    AttemptShown,
    CaseAnswer,
    CaseFilter,
    CaseLine,
    CostShown,
    TicketOutcome,
    TicketShown,
    VariantShown,
    VerbAnswer,
    WaitsFor,
    WantedShown,
)
from api.schemas.withdrawals import WithdrawalAnswer
from domain.assets import Asset, Catalogue
from domain.cases import Said
from domain.ids import player_text
from domain.reviews import Reason
from domain.tickets import Ticket
from domain.verbs import fee_limit, sentence_about, unfulfilled
from domain.wishes import Wish, people_for
from domain.withdrawals import WithdrawalFacts, WithdrawalState, end_sentence
from ledger.send_facts import SignedVariant
from ledger.tickets import TicketRow
from ledger.withdrawals import WithdrawalLine


@dataclass(frozen=True, slots=True)
class Case:
    """Everything that is known of one withdrawal at one moment."""

    line: WithdrawalLine
    said: Said | None
    tickets: Sequence[TicketRow]
    hashes: Sequence[SignedVariant]


def show_line(line: WithdrawalLine, said: Said | None, assets: Catalogue) -> CaseLine:
    """A withdrawal in the list of unfinished ones."""
    facts = line.facts
    asset = assets.by_id(facts.asset_id)
    reason = said.reason if said else None
    return CaseLine(
        withdrawal_id=facts.withdrawal_id,
        player_id=player_text(facts.player),
        state=facts.state,
        asset=asset.symbol,
        decimals=asset.decimals,
        network=facts.network,
        amount=facts.amount,
        received_at=line.received_at,
        reason=reason,
        since=datetime.fromisoformat(said.since) if said and said.since else None,
        waits_for=_waits_for(reason),
        sentence=_sentence(facts, said),
        open_verbs=list(said.verbs) if said else [],
    )


def is_wanted(line: CaseLine, wanted: CaseFilter | None) -> bool:
    """Whether a filter shows this withdrawal; one whose workflow is silent is hidden by none but `review`."""
    match wanted:
        case None:
            return True
        case CaseFilter.REVIEW:
            return line.state is WithdrawalState.REVIEW
        case CaseFilter.BLOCKED:
            is_silent = not line.open_verbs and line.state is not WithdrawalState.REVIEW
            return is_silent or (
                line.waits_for is WaitsFor.PERSON and line.state is not WithdrawalState.REVIEW
            )
        case CaseFilter.WAITING:
            return line.waits_for is WaitsFor.ITSELF or not line.open_verbs


def show_case(
    case: Case, assets: Catalogue, addresses: Destinations, pressed: Ticket | None = None
) -> CaseAnswer:
    """One withdrawal with everything the staff may have to know; `pressed` is the ticket this answers."""
    facts = case.line.facts
    to = addresses.show(facts.network, facts.payee)
    return CaseAnswer(
        **show_line(case.line, case.said, assets).model_dump(),
        content_hash=_hex(facts.seen),
        approvals=facts.approvals,
        to=to,
        fee=facts.fee,
        fee_cap=fee_limit(facts),
        updated_at=case.line.updated_at,
        code=facts.code,
        detail=facts.sentence,
        attempts=_attempts(facts, case.hashes, assets.native(facts.network)),
        wanted=[_wanted(facts, wish) for wish in unfulfilled(facts)],
        audit=[_ticket(facts, row) for row in case.tickets],
        withdrawal=WithdrawalAnswer.of(facts, assets.by_id(facts.asset_id), to),
        answer=_answer(facts, pressed) if pressed else None,
    )


def _sentence(facts: WithdrawalFacts, said: Said | None) -> str:
    if said is not None and said.sentence:
        return said.sentence
    if facts.state.is_open:
        return f"No answer from Temporal; the rows say: {facts.state.value}."
    return end_sentence(facts)


def _waits_for(reason: Reason | None) -> WaitsFor | None:
    if reason is None:
        return None
    return WaitsFor.ITSELF if reason.retries_by_itself else WaitsFor.PERSON


def _attempts(facts: WithdrawalFacts, hashes: Sequence[SignedVariant], native: Asset) -> list[AttemptShown]:
    return [
        AttemptShown(
            attempt=attempt.attempt,
            state=attempt.state,
            outcome=attempt.outcome,
            wallet=_hex(attempt.wallet),
            nonce=attempt.nonce,
            block_height=attempt.block_height,
            has_no_effect=attempt.why is not None,
            hashes=[
                VariantShown(
                    variant=one.variant, purpose=one.purpose, txid=_hex(one.txid), cost=_cost(one, native)
                )
                for one in hashes
                if one.attempt == attempt.attempt
            ],
        )
        for attempt in (facts.send.attempts if facts.send else ())
    ]


def _cost(signed: SignedVariant, native: Asset) -> CostShown | None:
    if signed.fee is None:
        return None
    return CostShown(
        fee=signed.fee,
        coin=native.symbol,
        decimals=native.decimals,
        energy=signed.used.get("energy"),
        energy_burnt=signed.used.get("energy_burnt_sun"),
        bandwidth=signed.used.get("bandwidth"),
        bandwidth_burnt=signed.used.get("bandwidth_burnt_sun"),
        activation=signed.used.get("activation_sun"),
    )


def _wanted(facts: WithdrawalFacts, wish: Wish) -> WantedShown:
    return WantedShown(
        verb=wish.verb.word,
        people=list(people_for(facts.wishes, wish)),
        needed=wish.people,
        cap=wish.cap,
        sentence=sentence_about(facts, wish),
    )


def _ticket(facts: WithdrawalFacts, row: TicketRow) -> TicketShown:
    outcome = TicketOutcome.UNDELIVERED
    if row.code is not None:
        outcome = TicketOutcome.REFUSED
    elif row.answered_at is not None:
        is_alone = any(wish.ticket == row.ticket.ticket for wish in _waiting(facts))
        outcome = TicketOutcome.WAITING if is_alone else TicketOutcome.DONE
    return TicketShown(
        ticket=row.ticket.ticket,
        verb=row.ticket.verb.word,
        person=row.ticket.person,
        words=row.ticket.words,
        at=row.asked_at,
        cap=row.ticket.cap,
        outcome=outcome,
        code=row.code,
        sentence=row.sentence,
    )


def _answer(facts: WithdrawalFacts, pressed: Ticket) -> VerbAnswer:
    word = pressed.verb.word
    if any(wish.ticket == pressed.ticket for wish in _waiting(facts)):
        sentence = f"{word} is written down: one more person must agree."
        return VerbAnswer(outcome=AnswerOutcome.ONE_MORE_PERSON, sentence=sentence)
    return VerbAnswer(outcome=AnswerOutcome.DONE, sentence=f"{word} was taken.")


def _waiting(facts: WithdrawalFacts) -> list[Wish]:
    """Every wish that still waits for another person, whoever said it first."""
    return [wish for wish in facts.wishes if len(people_for(facts.wishes, wish)) < wish.people]


def _hex(raw: bytes) -> str:
    return "0x" + raw.hex()
