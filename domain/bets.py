"""A bet: its states, its input, its result, and where it continues."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from domain.wire import Message, Units


class Game(StrEnum):
    """In-house games whose outcome is a pure function of seeds we hold."""

    DICE = "dice"


class BetState(StrEnum):
    """States of a bet's row."""

    NEW = "new"
    DECLINED = "declined"
    RESERVED = "reserved"
    WON = "won"
    LOST = "lost"
    VOIDED = "voided"

    @property
    def is_open(self) -> bool:
        return self in {BetState.NEW, BetState.RESERVED}


class BetInput(Message):
    """One bet as the door took it. Stake in asset units, `under` in hundredths; ids are ours."""

    bet_id: UUID
    player: int
    asset_id: int
    game: Game
    stake: Units
    under: int
    client_key: str
    request_id: str
    received_at: datetime


class BetResult(Message):
    """One bet as its rows show it; `code` says why it was declined.

    `version` is the player's version after the last posting of the bet; `commit`, `client_seed` and `nonce`
    let the player recompute the roll once the server seed is revealed.
    """

    bet_id: UUID
    state: BetState
    asset_id: int
    stake: Units
    under: int
    code: str | None = None
    sentence: str | None = None
    roll: int | None = None
    multiplier: int | None = None
    payout: Units = 0
    seed_pair: int | None = None
    nonce: int | None = None
    commit: str | None = None
    client_seed: str | None = None
    version: int | None = None
    request_id: str | None = None
    repeat: bool = False


class BetStep(StrEnum):
    """What a bet needs next."""

    SETTLE = "settle"
    DONE = "done"


def next_step(result: BetResult) -> BetStep:
    """Where a bet continues, read from its rows alone."""
    return BetStep.SETTLE if result.state is BetState.RESERVED else BetStep.DONE
