"""Players on the operator's listener: register, look up, give a token for the player's listener."""

from fastapi import APIRouter, Response, status

from api.asking import NoAnswer
from api.bodies import StrictRoute
from api.dependencies import Books, CallingOperator, NamedPlayer, Now, Tokens, Workflows
from api.errors import declared
from api.questions import player_question
from api.sameness import check_same_player, is_repeat
from api.schemas.players import PlayerAnswer, PlayerRequest, TokenAnswer
from domain.errors import TemporalUnavailable
from domain.players import PlayerInput
from ledger.registrations import recall_player

router = APIRouter(prefix="/v1/players", tags=["players"], route_class=StrictRoute)


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    responses={
        status.HTTP_200_OK: {"model": PlayerAnswer, "description": "Registered before; the same player."},
        **declared("SIGNATURE_INVALID", "CONFLICT", "NOT_FOUND"),
    },
)
async def register(
    body: PlayerRequest, operator: CallingOperator, workflows: Workflows, now: Now, response: Response
) -> PlayerAnswer:
    """Register a player under the casino's own id; the same id is the same player for ever."""
    request = PlayerInput(
        operator=operator.operator,
        external_id=body.external_id,
        request_id=now.request_id,
        received_at=now.received_at,
    )
    record = await workflows.ask(player_question(request))
    if isinstance(record, NoAnswer):
        raise TemporalUnavailable("the registration gave no answer in time")
    check_same_player(request, record)
    repeat = is_repeat(now.request_id, record.request_id, marked=record.repeat)
    if repeat:
        response.status_code = status.HTTP_200_OK
    return PlayerAnswer.of(record, repeat=repeat)


@router.get(
    "/{player_id}",  # noqa: FAST003 - NamedPlayer reads it
    responses=declared("SIGNATURE_INVALID", "NOT_FOUND"),
)
async def look_up(player: NamedPlayer, books: Books) -> PlayerAnswer:
    """One registered player."""
    async with books.snapshot() as session:
        return PlayerAnswer.of(await recall_player(session, player), repeat=False)


@router.post(
    "/{player_id}/tokens",  # noqa: FAST003 - NamedPlayer reads it
    status_code=status.HTTP_201_CREATED,
    responses=declared("SIGNATURE_INVALID", "NOT_FOUND"),
)
async def mint_token(player: NamedPlayer, books: Books, tokens: Tokens, now: Now) -> TokenAnswer:
    """A token with which this player's client may call the player listener for a few minutes."""
    async with books.snapshot() as session:
        await recall_player(session, player)
    minted = tokens.mint(player, now.received_at)
    return TokenAnswer(token=minted.token, expires_at=minted.expires_at)
