"""The staff and withdrawals: what is unfinished, one case with its story, the verbs; none sets a state."""

from uuid import UUID

from fastapi import APIRouter, Depends, status

from api.bodies import StrictRoute
from api.cases import Case, is_wanted, show_case, show_line
from api.dependencies import (
    Addresses,
    AskedPage,
    Assets,
    Books,
    CallingOperator,
    NamedPlayer,
    Workflows,
)
from api.desk import press, said_of
from api.errors import declared
from api.paging import MOMENTS, next_cursor
from api.routes.withdrawals import page_of_withdrawals
from api.schemas.cases import BumpRequest, CaseAnswer, CaseFilter, CasePage, ReviewRequest, VerbRequest
from api.schemas.withdrawals import WithdrawalPage
from domain.tickets import Ticket
from domain.wishes import SupportVerb
from domain.withdrawals import ReviewVerb
from ledger.cases import find_withdrawal, list_unfinished
from ledger.send_facts import hashes_of
from ledger.tickets import tickets_of

router = APIRouter(prefix="/v1/support/withdrawals", tags=["support"], route_class=StrictRoute)
players_router = APIRouter(
    prefix="/v1/players/{player_id}/withdrawals", tags=["support"], route_class=StrictRoute
)
VERB_CODES = ("SIGNATURE_INVALID", "NOT_FOUND", "CONFLICT", "TOO_LATE", "ALREADY_CLOSED")


@players_router.get("", responses=declared("SIGNATURE_INVALID", "NOT_FOUND"))
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


class Desk:
    """One request's way to a case of the calling operator: read it, or say something to it first."""

    def __init__(
        self,
        operator: CallingOperator,
        assets: Assets,
        addresses: Addresses,
        books: Books,
        workflows: Workflows,
    ) -> None:
        self.operator = operator
        self.assets = assets
        self.addresses = addresses
        self.books = books
        self.workflows = workflows

    async def show(self, withdrawal_id: UUID, pressed: Ticket | None = None) -> CaseAnswer:
        """The case as it stands now; raises NotFound, for another operator's too."""
        async with self.books.snapshot() as session:
            line = await find_withdrawal(session, self.operator.operator, withdrawal_id)
            tickets = await tickets_of(session, line.facts.player, withdrawal_id)
            hashes = await hashes_of(session, withdrawal_id)
        (said,) = await said_of(self.workflows, [line])
        return show_case(Case(line, said, tickets, hashes), self.assets, self.addresses, pressed)

    async def say(
        self,
        withdrawal_id: UUID,
        verb: SupportVerb | ReviewVerb,
        body: VerbRequest,
        cap: int | None = None,
    ) -> CaseAnswer:
        """Take a verb under the caller's name and show what it led to."""
        async with self.books.snapshot() as session:
            line = await find_withdrawal(session, self.operator.operator, withdrawal_id)
        seen = body.content_hash
        ticket = Ticket(
            withdrawal_id=withdrawal_id,
            player=line.facts.player,
            ticket=body.ticket,
            verb=verb,
            person=self.operator.name,
            words=body.words,
            content_hash=None if seen is None else bytes.fromhex(seen.removeprefix("0x")),
            cap=cap,
        )
        await press(self.books, self.workflows, ticket)
        return await self.show(withdrawal_id, ticket)


CallingDesk = Depends(Desk)


@router.get("", responses=declared("SIGNATURE_INVALID"))
async def unfinished_withdrawals(
    *, page: AskedPage, state: CaseFilter | None = None, desk: Desk = CallingDesk
) -> CasePage:
    """Withdrawals that have not ended, oldest first, each with the sentence about it."""
    after = MOMENTS.parse(page.cursor)
    async with desk.books.snapshot() as session:
        lines = await list_unfinished(session, desk.operator.operator, after, page.limit)
    said = await said_of(desk.workflows, lines)
    shown = [show_line(line, word, desk.assets) for line, word in zip(lines, said, strict=True)]
    return CasePage(
        items=[line for line in shown if is_wanted(line, state)],
        next=next_cursor(
            MOMENTS, lines, page.limit, lambda line: (line.received_at, line.facts.withdrawal_id)
        ),
    )


@router.get("/{withdrawal_id}", responses=declared("SIGNATURE_INVALID", "NOT_FOUND"))
async def look_at_case(withdrawal_id: UUID, desk: Desk = CallingDesk) -> CaseAnswer:
    """One withdrawal with its sentence, its attempts, what was said, and the hash that has to be named."""
    return await desk.show(withdrawal_id)


@router.post("/{withdrawal_id}/approve", status_code=status.HTTP_200_OK, responses=declared(*VERB_CODES))
async def approve(withdrawal_id: UUID, body: ReviewRequest, desk: Desk = CallingDesk) -> CaseAnswer:
    """Agree to a withdrawal in review; the signer reads the approval row itself before it signs."""
    return await desk.say(withdrawal_id, ReviewVerb.APPROVE, body)


@router.post("/{withdrawal_id}/reject", status_code=status.HTTP_200_OK, responses=declared(*VERB_CODES))
async def reject(withdrawal_id: UUID, body: ReviewRequest, desk: Desk = CallingDesk) -> CaseAnswer:
    """Refuse a withdrawal that is not committed; the money goes back to the player."""
    return await desk.say(withdrawal_id, ReviewVerb.REJECT, body)


@router.post("/{withdrawal_id}/check-now", status_code=status.HTTP_200_OK, responses=declared(*VERB_CODES))
async def check_now(withdrawal_id: UUID, body: VerbRequest, desk: Desk = CallingDesk) -> CaseAnswer:
    """Have the workflow look at rows and network at once."""
    return await desk.say(withdrawal_id, SupportVerb.CHECK_NOW, body)


@router.post("/{withdrawal_id}/rebroadcast", status_code=status.HTTP_200_OK, responses=declared(*VERB_CODES))
async def rebroadcast(withdrawal_id: UUID, body: VerbRequest, desk: Desk = CallingDesk) -> CaseAnswer:
    """Hand the same bytes to all nodes again, while no block holds them."""
    return await desk.say(withdrawal_id, SupportVerb.REBROADCAST, body)


@router.post("/{withdrawal_id}/bump-fee", status_code=status.HTTP_200_OK, responses=declared(*VERB_CODES))
async def bump_fee(withdrawal_id: UUID, body: BumpRequest, desk: Desk = CallingDesk) -> CaseAnswer:
    """Outbid a transaction that no block takes; above the fee cap of its withdrawal two people must agree."""
    return await desk.say(withdrawal_id, SupportVerb.BUMP_FEE, body, body.cap)


@router.post(
    "/{withdrawal_id}/cancel-by-self-send", status_code=status.HTTP_200_OK, responses=declared(*VERB_CODES)
)
async def cancel_by_self_send(withdrawal_id: UUID, body: VerbRequest, desk: Desk = CallingDesk) -> CaseAnswer:
    """Spend the nonce on nothing, once two people agree; whichever is final decides: paid or refunded."""
    return await desk.say(withdrawal_id, SupportVerb.CANCEL_BY_SELF_SEND, body)


@router.post("/{withdrawal_id}/resume", status_code=status.HTTP_200_OK, responses=declared(*VERB_CODES))
async def resume(withdrawal_id: UUID, body: VerbRequest, desk: Desk = CallingDesk) -> CaseAnswer:
    """Try the step again that stands blocked; a fourth attempt needs two people."""
    return await desk.say(withdrawal_id, SupportVerb.RESUME, body)


@router.post(
    "/{withdrawal_id}/reject-and-refund",
    status_code=status.HTTP_200_OK,
    responses=declared(*VERB_CODES, "MAY_STILL_LAND"),
)
async def reject_and_refund(withdrawal_id: UUID, body: VerbRequest, desk: Desk = CallingDesk) -> CaseAnswer:
    """Give the money of a committed withdrawal back, while nothing that was signed may land."""
    return await desk.say(withdrawal_id, SupportVerb.REJECT_AND_REFUND, body)
