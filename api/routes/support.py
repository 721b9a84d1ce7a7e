"""The verbs of the staff on withdrawals: look, approve, reject, outbid, cancel, refund; none sets a state."""

from uuid import UUID

from fastapi import APIRouter, status

from api.bodies import StrictRoute
from api.dependencies import (
    Addresses,
    AskedPage,
    Assets,
    Books,
    CallingOperator,
    NamedPlayer,
    Workflows,
)
from api.destinations import Destinations
from api.errors import declared
from api.questions import review_verb, support_verb
from api.routes.withdrawals import after_verb, page_of_withdrawals, recorded_withdrawal, shown_withdrawal
from api.schemas.withdrawals import CaseAnswer, ReviewRequest, SupportRequest, WithdrawalPage
from domain.assets import Catalogue
from domain.errors import NotFound
from domain.ids import player_text
from domain.wishes import SupportAct, SupportVerb
from domain.withdrawals import ReviewAct, ReviewVerb, WithdrawalFacts
from ledger.session import Sessions
from ledger.withdrawals import content_hash_of, recall_withdrawal

router = APIRouter(prefix="/v1/players/{player_id}/withdrawals", tags=["support"], route_class=StrictRoute)
VERB_CODES = ("SIGNATURE_INVALID", "NOT_FOUND", "CONFLICT", "TOO_LATE", "ALREADY_CLOSED")


@router.get("", responses=declared("SIGNATURE_INVALID", "NOT_FOUND"))
async def player_withdrawals(
    *,
    player: NamedPlayer,
    assets: Assets,
    addresses: Addresses,
    books: Books,
    page: AskedPage,
) -> WithdrawalPage:
    """One player's withdrawals, newest first."""
    return await page_of_withdrawals(books, assets, addresses, player, page)


@router.get("/{withdrawal_id}", responses=declared("SIGNATURE_INVALID", "NOT_FOUND"))
async def look_at_case(
    withdrawal_id: UUID, player: NamedPlayer, assets: Assets, addresses: Addresses, books: Books
) -> CaseAnswer:
    """One withdrawal with its real state and the content hash that an approval has to name."""
    async with books.snapshot() as session:
        facts = await recall_withdrawal(session, player, withdrawal_id)
        if facts is None:
            raise NotFound("withdrawal", str(withdrawal_id))
        content_hash = await content_hash_of(session, player, withdrawal_id)
    return _case(facts, content_hash, assets, addresses)


@router.post("/{withdrawal_id}/approve", status_code=status.HTTP_200_OK, responses=declared(*VERB_CODES))
async def approve(  # noqa: PLR0913 - each is something the route is given
    *,
    withdrawal_id: UUID,
    body: ReviewRequest,
    player: NamedPlayer,
    operator: CallingOperator,
    assets: Assets,
    addresses: Addresses,
    books: Books,
    workflows: Workflows,
) -> CaseAnswer:
    """Agree to a withdrawal in review; the signer reads the approval row itself before it signs."""
    act = _act(withdrawal_id, player, body, operator.name, ReviewVerb.APPROVE)
    facts = await _say(workflows, books, player, act)
    return await _answer(books, facts, assets, addresses)


@router.post("/{withdrawal_id}/reject", status_code=status.HTTP_200_OK, responses=declared(*VERB_CODES))
async def reject(  # noqa: PLR0913 - each is something the route is given
    *,
    withdrawal_id: UUID,
    body: ReviewRequest,
    player: NamedPlayer,
    operator: CallingOperator,
    assets: Assets,
    addresses: Addresses,
    books: Books,
    workflows: Workflows,
) -> CaseAnswer:
    """Refuse a withdrawal in review; the money goes back to the player."""
    act = _act(withdrawal_id, player, body, operator.name, ReviewVerb.REJECT)
    facts = await _say(workflows, books, player, act)
    return await _answer(books, facts, assets, addresses)


@router.post("/{withdrawal_id}/bump-fee", status_code=status.HTTP_200_OK, responses=declared(*VERB_CODES))
async def bump_fee(  # noqa: PLR0913 - each is something the route is given
    *,
    withdrawal_id: UUID,
    body: SupportRequest,
    player: NamedPlayer,
    operator: CallingOperator,
    assets: Assets,
    addresses: Addresses,
    books: Books,
    workflows: Workflows,
) -> CaseAnswer:
    """Outbid a transaction that no block takes, under the fee cap of its withdrawal."""
    act = _wish(withdrawal_id, player, body, operator.name, SupportVerb.BUMP_FEE)
    facts = await _say(workflows, books, player, act)
    return await _answer(books, facts, assets, addresses)


@router.post(
    "/{withdrawal_id}/cancel-by-self-send", status_code=status.HTTP_200_OK, responses=declared(*VERB_CODES)
)
async def cancel_by_self_send(  # noqa: PLR0913 - each is something the route is given
    *,
    withdrawal_id: UUID,
    body: SupportRequest,
    player: NamedPlayer,
    operator: CallingOperator,
    assets: Assets,
    addresses: Addresses,
    books: Books,
    workflows: Workflows,
) -> CaseAnswer:
    """Spend the nonce on nothing; whichever transaction is final decides between paid and refunded."""
    act = _wish(withdrawal_id, player, body, operator.name, SupportVerb.CANCEL_BY_SELF_SEND)
    facts = await _say(workflows, books, player, act)
    return await _answer(books, facts, assets, addresses)


@router.post(
    "/{withdrawal_id}/reject-and-refund",
    status_code=status.HTTP_200_OK,
    responses=declared(*VERB_CODES, "MAY_STILL_LAND"),
)
async def reject_and_refund(  # noqa: PLR0913 - each is something the route is given
    *,
    withdrawal_id: UUID,
    body: SupportRequest,
    player: NamedPlayer,
    operator: CallingOperator,
    assets: Assets,
    addresses: Addresses,
    books: Books,
    workflows: Workflows,
) -> CaseAnswer:
    """Give the money of a committed withdrawal back, while nothing that was signed may land."""
    act = _wish(withdrawal_id, player, body, operator.name, SupportVerb.REJECT_AND_REFUND)
    facts = await _say(workflows, books, player, act)
    return await _answer(books, facts, assets, addresses)


def _act(withdrawal_id: UUID, player: int, body: ReviewRequest, person: str, verb: ReviewVerb) -> ReviewAct:
    return ReviewAct(
        withdrawal_id=withdrawal_id,
        player=player,
        ticket=body.ticket,
        verb=verb,
        person=person,
        words=body.words,
        content_hash=bytes.fromhex(body.content_hash.removeprefix("0x")),
    )


def _wish(
    withdrawal_id: UUID, player: int, body: SupportRequest, person: str, verb: SupportVerb
) -> SupportAct:
    return SupportAct(
        withdrawal_id=withdrawal_id,
        player=player,
        ticket=body.ticket,
        verb=verb,
        person=person,
        words=body.words,
    )


async def _say(
    workflows: Workflows, books: Sessions, player: int, act: ReviewAct | SupportAct
) -> WithdrawalFacts:
    await recorded_withdrawal(books, player, act.withdrawal_id)
    answer = await workflows.say(review_verb(act) if isinstance(act, ReviewAct) else support_verb(act))
    return await after_verb(books, player, act.withdrawal_id, answer)


async def _answer(
    books: Sessions, facts: WithdrawalFacts, assets: Catalogue, addresses: Destinations
) -> CaseAnswer:
    async with books.snapshot() as session:
        content_hash = await content_hash_of(session, facts.player, facts.withdrawal_id)
    return _case(facts, content_hash, assets, addresses)


def _case(
    facts: WithdrawalFacts, content_hash: bytes, assets: Catalogue, addresses: Destinations
) -> CaseAnswer:
    return CaseAnswer(
        player_id=player_text(facts.player),
        state=facts.state,
        approvals=facts.approvals,
        content_hash="0x" + content_hash.hex(),
        withdrawal=shown_withdrawal(facts, assets, addresses),
    )
