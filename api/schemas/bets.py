"""Bets on in-house games, and what a player needs to check them."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from api.schemas.amounts import Asked, AssetName, ClientKey, Counter, Shown, UnitsAsked, UnitsShown
from domain.assets import Asset
from domain.bets import BetResult, BetState, Game
from domain.fairness import CLIENT_SEED_FORM
from domain.games import DICE_OUTCOMES
from domain.players import SeedPairRecord, SeedRotationRecord


class BetRequest(AssetName):
    """One dice bet: it wins when the roll (0.00 to 100.00) is below `under`, in hundredths."""

    key: ClientKey
    game: Annotated[Game, Field(strict=False)]
    stake: UnitsAsked
    under: Annotated[int, Field(ge=0, le=DICE_OUTCOMES, examples=[5000])]


class BetAnswer(Shown):
    """One bet as the ledger shows it; `roll` in hundredths, `multiplier` in ten-thousandths of the stake."""

    bet_id: UUID
    state: BetState
    asset: str
    network: str
    stake: UnitsShown
    under: int
    roll: int | None = None
    multiplier: int | None = None
    payout: UnitsShown = 0
    code: str | None = Field(default=None, description="Why it was declined or voided.")
    detail: str | None = None
    seed_pair: int | None = None
    nonce: int | None = None
    commit: str | None = Field(default=None, description="SHA-256 of the server seed, known before the bet.")
    client_seed: str | None = None
    version: Counter | None = Field(default=None, description="The player's version after this bet.")
    repeat: bool = Field(default=False, description="Placed before; the same answer again.")

    @classmethod
    def of(cls, bet: BetResult, asset: Asset, *, repeat: bool) -> "BetAnswer":
        return cls(
            bet_id=bet.bet_id,
            state=bet.state,
            asset=asset.symbol,
            network=asset.network,
            stake=bet.stake,
            under=bet.under,
            roll=bet.roll,
            multiplier=bet.multiplier,
            payout=bet.payout,
            code=bet.code,
            detail=bet.sentence,
            seed_pair=bet.seed_pair,
            nonce=bet.nonce,
            commit=bet.commit,
            client_seed=bet.client_seed,
            version=bet.version,
            repeat=repeat,
        )


class BetPage(Shown):
    """Bets, newest first."""

    items: list[BetAnswer]
    next: str | None = Field(default=None, description="The cursor of the next page.")


class FairAnswer(Shown):
    """What the next bet will be drawn from, and the commitment of the pair after it."""

    pair: int
    commit: str
    client_seed: str
    next_nonce: int
    next_commit: str

    @classmethod
    def of(cls, current: SeedPairRecord, next_commit: str) -> "FairAnswer":
        return cls(
            pair=current.pair,
            commit=current.commit,
            client_seed=current.client_seed,
            next_nonce=current.next_nonce,
            next_commit=next_commit,
        )


class RotationRequest(Asked):
    """A wish to have the server seed in use revealed and to go on under a new client seed."""

    key: ClientKey
    client_seed: Annotated[str, Field(pattern=f"^{CLIENT_SEED_FORM.pattern}$", examples=["my-lucky-words"])]


class RevealedPair(Shown):
    """A pair that is over: anybody can recompute its bets now."""

    pair: int
    commit: str
    client_seed: str
    server_seed: str
    bets: int = Field(description="Nonces 0 to this number minus one were played.")


class RotationAnswer(Shown):
    """The revealed pair and the one in use now."""

    revealed: RevealedPair
    current: FairAnswer
    repeat: bool = False

    @classmethod
    def of(cls, rotation: SeedRotationRecord) -> "RotationAnswer":
        revealed = rotation.revealed
        assert revealed.server_seed is not None, revealed
        return cls(
            revealed=RevealedPair(
                pair=revealed.pair,
                commit=revealed.commit,
                client_seed=revealed.client_seed,
                server_seed=revealed.server_seed,
                bets=revealed.next_nonce,
            ),
            current=FairAnswer.of(rotation.current, rotation.next_commit),
            repeat=rotation.repeat,
        )


class ProofAnswer(Shown):
    """Everything a bet was drawn from; the server seed appears once its pair has been revealed."""

    bet_id: UUID
    game: Game
    pair: int
    commit: str
    client_seed: str
    nonce: int
    roll: int
    server_seed: str | None = None
