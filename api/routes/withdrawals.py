"""Withdrawals on the player's listener: request, follow, cancel before it is committed."""

from uuid import UUID

from fastapi import APIRouter, Response, status

from api.asking import NoAnswer
from api.bodies import StrictRoute
from api.dependencies import (
    Addresses,
    AskedPage,
    Assets,
    Books,
    CallingPlayer,
    IdempotencyKey,
    Now,
    Workflows,
)
from api.destinations import Destinations, check_not_ours
from api.errors import Refused, declared
from api.paging import MOMENTS, Page, next_cursor
from api.questions import cancel_verb, withdrawal_question
from api.sameness import check_same_withdrawal, is_repeat
from api.schemas.withdrawals import WithdrawalAnswer, WithdrawalPage, WithdrawalRequest
from domain.assets import Catalogue
from domain.errors import NotFound, TemporalUnavailable, TooLate
from domain.ids import withdrawal_id as id_of
from domain.withdrawals import CancelAct, WithdrawalFacts, WithdrawalInput, WithdrawalState
from ledger.session import Sessions
from ledger.withdrawals import list_withdrawals, recall_withdrawal

router = APIRouter(prefix="/v1/withdrawals", tags=["withdrawals"], route_class=StrictRoute)


@router.post(
    "",
    status_code=status.HTTP_202_ACCEPTED,
    responses={
        status.HTTP_200_OK: {"model": WithdrawalAnswer, "description": "Requested before, and ended since."},
        **declared(
            "SIGNATURE_INVALID",
            "PLAYER_BLOCKED",
            "NOT_FOUND",
            "CONFLICT",
            "AMOUNT_INVALID",
            "ADDRESS_INVALID",
            "ASSET_UNKNOWN",
            "INSUFFICIENT_FUNDS",
            "LIMIT_EXCEEDED",
            "REFUSED_BY_RULES",
        ),
    },
)
async def request_withdrawal(  # noqa: PLR0913 - each is something the route is given
    *,
    body: WithdrawalRequest,
    idempotency_key: IdempotencyKey,
    player: CallingPlayer,
    assets: Assets,
    addresses: Addresses,
    books: Books,
    workflows: Workflows,
    now: Now,
    response: Response,
) -> WithdrawalAnswer:
    """Ask for a payment to an address outside; the same key is the same withdrawal, and it is paid once."""
    asset = assets.find(body.asset, body.network)
    payee = addresses.parse(body.network, body.to)
    async with books.snapshot() as session:
        await check_not_ours(session, body.network, payee)
    request = WithdrawalInput(
        withdrawal_id=id_of(player, idempotency_key),
        player=player,
        asset_id=asset.asset_id,
        network=body.network,
        payee=payee,
        amount=body.amount,
        client_key=idempotency_key,
        request_id=now.request_id,
        received_at=now.received_at,
    )
    response.headers["Location"] = f"{router.prefix}/{request.withdrawal_id}"
    answer = await workflows.ask(withdrawal_question(request, asset))
    if answer is NoAnswer.PENDING:
        return WithdrawalAnswer.pending(request, asset, addresses.show(body.network, payee))
    facts = await _recorded(books, request) if isinstance(answer, NoAnswer) else answer
    check_same_withdrawal(request, facts)
    if facts.state is WithdrawalState.DECLINED and facts.code is not None:
        raise Refused(facts.code, facts.sentence or "")
    if not facts.state.is_open:
        response.status_code = status.HTTP_200_OK
    repeat = is_repeat(now.request_id, facts.request_id, marked=facts.repeat)
    return WithdrawalAnswer.of(facts, asset, addresses.show(facts.network, facts.payee), repeat=repeat)


@router.get("", responses=declared("SIGNATURE_INVALID"))
async def own_withdrawals(
    *,
    player: CallingPlayer,
    assets: Assets,
    addresses: Addresses,
    books: Books,
    page: AskedPage,
) -> WithdrawalPage:
    """The player's withdrawals, newest first."""
    return await page_of_withdrawals(books, assets, addresses, player, page)


@router.get("/{withdrawal_id}", responses=declared("SIGNATURE_INVALID", "NOT_FOUND"))
async def look_up(
    withdrawal_id: UUID, player: CallingPlayer, assets: Assets, addresses: Addresses, books: Books
) -> WithdrawalAnswer:
    """One withdrawal of the calling player."""
    facts = await recorded_withdrawal(books, player, withdrawal_id)
    return shown_withdrawal(facts, assets, addresses)


@router.post(
    "/{withdrawal_id}/cancel",
    status_code=status.HTTP_200_OK,
    responses=declared("SIGNATURE_INVALID", "NOT_FOUND", "TOO_LATE", "ALREADY_CLOSED"),
)
async def cancel(  # noqa: PLR0913 - each is something the route is given
    *,
    withdrawal_id: UUID,
    player: CallingPlayer,
    assets: Assets,
    addresses: Addresses,
    books: Books,
    workflows: Workflows,
    now: Now,
) -> WithdrawalAnswer:
    """Have a withdrawal back before it is committed to the chain; asked again, the answer is the same."""
    facts = await recorded_withdrawal(books, player, withdrawal_id)
    act = CancelAct(withdrawal_id=withdrawal_id, request_id=now.request_id)
    if facts.state.is_open:
        answer = await workflows.say(cancel_verb(act))
        facts = await after_verb(books, player, withdrawal_id, answer)
    if facts.state.can_be_cancelled:
        raise TemporalUnavailable("nobody works on the withdrawal at this moment")
    if facts.state is not WithdrawalState.CANCELLED:
        raise TooLate("cancel", facts.state.value)
    return shown_withdrawal(facts, assets, addresses)


async def recorded_withdrawal(books: Sessions, player: int, withdrawal_id: UUID) -> WithdrawalFacts:
    """A player's withdrawal from its rows; raises NotFound, for another player's too."""
    async with books.snapshot() as session:
        facts = await recall_withdrawal(session, player, withdrawal_id)
    if facts is None:
        raise NotFound("withdrawal", str(withdrawal_id))
    return facts


async def after_verb(
    books: Sessions, player: int, withdrawal_id: UUID, answer: WithdrawalFacts | NoAnswer
) -> WithdrawalFacts:
    """What a verb led to; raises TemporalUnavailable while that is not known."""
    if answer is NoAnswer.PENDING:
        raise TemporalUnavailable("the withdrawal gave no answer in time")
    if isinstance(answer, NoAnswer):
        return await recorded_withdrawal(books, player, withdrawal_id)
    return answer


def shown_withdrawal(facts: WithdrawalFacts, assets: Catalogue, addresses: Destinations) -> WithdrawalAnswer:
    """A withdrawal as its player reads it."""
    return WithdrawalAnswer.of(
        facts, assets.by_id(facts.asset_id), addresses.show(facts.network, facts.payee)
    )


async def page_of_withdrawals(
    books: Sessions,
    assets: Catalogue,
    addresses: Destinations,
    player: int,
    page: Page,
) -> WithdrawalPage:
    """One page of a player's withdrawals, newest first."""
    before = MOMENTS.parse(page.cursor)
    async with books.snapshot() as session:
        lines = await list_withdrawals(session, player, before, page.limit)
    return WithdrawalPage(
        items=[shown_withdrawal(line.facts, assets, addresses) for line in lines],
        next=next_cursor(
            MOMENTS, lines, page.limit, lambda line: (line.received_at, line.facts.withdrawal_id)
        ),
    )


async def _recorded(books: Sessions, request: WithdrawalInput) -> WithdrawalFacts:
    """The row of a withdrawal whose workflow cannot answer any more; without one nothing is known."""
    try:
        return await recorded_withdrawal(books, request.player, request.withdrawal_id)
    except NotFound:
        raise TemporalUnavailable("the withdrawal gave no answer") from None
