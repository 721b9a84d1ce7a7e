"""Players as the casino registers them, and the tokens it gets for them."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from api.schemas.amounts import Asked, Shown
from domain.ids import player_text
from domain.players import PlayerRecord


class PlayerRequest(Asked):
    """A player under the casino's own name for a person: opaque, no e-mail address, no name of a person."""

    external_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.:-]{1,64}$", examples=["crm-4711"])]


class PlayerAnswer(Shown):
    """A registered player."""

    player_id: str = Field(examples=["p-1-4711"])
    external_id: str
    created_at: datetime
    repeat: bool = Field(default=False, description="Registered before; the same answer again.")

    @classmethod
    def of(cls, record: PlayerRecord, *, repeat: bool) -> "PlayerAnswer":
        return cls(
            player_id=player_text(record.player),
            external_id=record.external_id,
            created_at=record.created_at,
            repeat=repeat,
        )


class TokenAnswer(Shown):
    """A token for the player listener; it cannot be renewed, only asked for again."""

    token: str
    expires_at: datetime
