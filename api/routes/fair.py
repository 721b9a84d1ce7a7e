"""Fairness of in-house games: what is committed, what is revealed, what a bet was drawn from."""

from uuid import UUID

from fastapi import APIRouter, status

from api.asking import NoAnswer
from api.bodies import StrictRoute
from api.dependencies import Books, CallingPlayer, Now, Workflows
from api.errors import declared
from api.questions import seed_rotation_question
from api.sameness import check_same_rotation
from api.schemas.bets import FairAnswer, ProofAnswer, RotationAnswer, RotationRequest
from domain.bets import Game
from domain.errors import NotFound, TemporalUnavailable
from domain.ids import player_text
from domain.players import SeedRotationInput
from ledger.bets import recall_bet
from ledger.seeds import pair_of, shown_pairs

router = APIRouter(prefix="/v1/fair", tags=["fairness"], route_class=StrictRoute)


@router.get("", responses=declared("SIGNATURE_INVALID", "NOT_FOUND"))
async def current(player: CallingPlayer, books: Books) -> FairAnswer:
    """The seed pair the next bet will use, and the commitment of the pair after it."""
    async with books.snapshot() as session:
        shown = await shown_pairs(session, player)
    if shown is None:
        raise NotFound("seed pair of player", player_text(player))
    return FairAnswer.of(*shown)


@router.post(
    "/rotations",
    status_code=status.HTTP_200_OK,
    responses=declared("SIGNATURE_INVALID", "NOT_FOUND", "CONFLICT"),
)
async def rotate(
    body: RotationRequest, player: CallingPlayer, workflows: Workflows, now: Now
) -> RotationAnswer:
    """Reveal the server seed in use and go on with the one committed to before, under a new client seed."""
    request = SeedRotationInput(
        player=player,
        client_key=body.key,
        client_seed=body.client_seed,
        request_id=now.request_id,
        received_at=now.received_at,
    )
    rotation = await workflows.ask(seed_rotation_question(request))
    if isinstance(rotation, NoAnswer):
        raise TemporalUnavailable("the rotation gave no answer in time")
    check_same_rotation(request, rotation)
    return RotationAnswer.of(rotation)


@router.get("/{bet_id}", responses=declared("SIGNATURE_INVALID", "NOT_FOUND"))
async def proof(bet_id: UUID, player: CallingPlayer, books: Books) -> ProofAnswer:
    """What a bet was drawn from; the server seed is shown once its pair has been revealed."""
    async with books.snapshot() as session:
        bet = await recall_bet(session, player, bet_id)
        if bet is None or bet.seed_pair is None:
            raise NotFound("drawn bet", str(bet_id))
        pair = await pair_of(session, player, bet.seed_pair)
    assert bet.nonce is not None, bet
    assert bet.roll is not None, bet
    return ProofAnswer(
        bet_id=bet.bet_id,
        game=Game.DICE,
        pair=pair.pair,
        commit=pair.commit,
        client_seed=pair.client_seed,
        nonce=bet.nonce,
        roll=bet.roll,
        server_seed=pair.server_seed,
    )
