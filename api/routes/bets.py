"""Bets on in-house games: place one, look at it, check that it was fair."""

from uuid import UUID

from fastapi import APIRouter, Response, status

from api.asking import NoAnswer
from api.bodies import StrictRoute
from api.dependencies import AskedPage, Assets, Books, CallingPlayer, Now, Workflows
from api.errors import Refused, declared
from api.paging import MOMENTS, next_cursor
from api.questions import bet_question
from api.sameness import check_same_bet, is_repeat
from api.schemas.bets import BetAnswer, BetPage, BetRequest
from domain.bets import BetInput, BetResult, BetState
from domain.errors import NotFound, TemporalUnavailable
from domain.ids import bet_id
from ledger.bets import list_bets, recall_bet
from ledger.session import Sessions

router = APIRouter(prefix="/v1/bets", tags=["bets"], route_class=StrictRoute)


@router.post(
    "",
    responses={
        status.HTTP_202_ACCEPTED: {"model": BetAnswer, "description": "Reserved and still being settled."},
        **declared(
            "SIGNATURE_INVALID",
            "PLAYER_BLOCKED",
            "NOT_FOUND",
            "CONFLICT",
            "EXPIRED",
            "AMOUNT_INVALID",
            "ASSET_UNKNOWN",
            "INSUFFICIENT_FUNDS",
            "LIMIT_EXCEEDED",
            "REFUSED_BY_RULES",
        ),
    },
)
async def place(  # noqa: PLR0913 - each is something the route is given
    *,
    body: BetRequest,
    player: CallingPlayer,
    assets: Assets,
    books: Books,
    workflows: Workflows,
    now: Now,
    response: Response,
) -> BetAnswer:
    """Place a bet; the same key is the same bet, and asking again rolls no dice."""
    asset = assets.find(body.asset, body.network)
    request = BetInput(
        bet_id=bet_id(player, body.key),
        player=player,
        asset_id=asset.asset_id,
        game=body.game,
        stake=body.stake,
        under=body.under,
        client_key=body.key,
        request_id=now.request_id,
        received_at=now.received_at,
    )
    answer = await workflows.ask(bet_question(request, asset))
    bet = await _recorded(books, request, answer) if isinstance(answer, NoAnswer) else answer
    check_same_bet(request, bet)
    if bet.state is BetState.DECLINED and bet.code is not None:
        raise Refused(bet.code, bet.sentence or "")
    if bet.state.is_open:
        response.status_code = status.HTTP_202_ACCEPTED
    return BetAnswer.of(bet, asset, repeat=is_repeat(now.request_id, bet.request_id, marked=bet.repeat))


@router.get("", responses=declared("SIGNATURE_INVALID"))
async def history(player: CallingPlayer, assets: Assets, books: Books, page: AskedPage) -> BetPage:
    """The player's bets, newest first."""
    before = MOMENTS.parse(page.cursor)
    async with books.snapshot() as session:
        found = await list_bets(session, player, before, page.limit)
    items = [BetAnswer.of(bet, assets.by_id(bet.asset_id), repeat=False) for _, bet in found]
    return BetPage(
        items=items, next=next_cursor(MOMENTS, found, page.limit, lambda line: (line[0], line[1].bet_id))
    )


@router.get("/{bet_id}", responses=declared("SIGNATURE_INVALID", "NOT_FOUND"))
async def look_up(bet_id: UUID, player: CallingPlayer, assets: Assets, books: Books) -> BetAnswer:
    """One bet of the calling player."""
    async with books.snapshot() as session:
        bet = await recall_bet(session, player, bet_id)
    if bet is None:
        raise NotFound("bet", str(bet_id))
    return BetAnswer.of(bet, assets.by_id(bet.asset_id), repeat=False)


async def _recorded(books: Sessions, request: BetInput, answer: NoAnswer) -> BetResult:
    """The bet's row, where the workflow gave no answer; TemporalUnavailable without one."""
    if answer is NoAnswer.RECORDED:
        async with books.snapshot() as session:
            bet = await recall_bet(session, request.player, request.bet_id)
        if bet is not None:
            return bet
    raise TemporalUnavailable("the bet gave no answer in time")
