"""The one shape of every refusal (RFC 9457)."""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

PROBLEM_MEDIA_TYPE = "application/problem+json"


class Retry(StrEnum):
    """What a caller does next with the same request."""

    NONE = "none"
    SAME_ID = "same_id"
    LOOK = "look"


class Problem(BaseModel):
    """A refusal or failure. Callers compare `code`; `detail` is for people and may change."""

    model_config = ConfigDict(extra="forbid")

    type: str = Field(examples=["urn:croupier:error:INSUFFICIENT_FUNDS"])
    title: str = Field(examples=["The available balance is too small"])
    status: int = Field(examples=[422])
    code: str = Field(examples=["INSUFFICIENT_FUNDS"])
    detail: str | None = Field(
        default=None, examples=["The available balance in USDT@eip155:1 is too small."]
    )
    retry: Retry = Field(
        description="none: final; same_id: repeat with the same key; look: it may have happened, read first"
    )
    request_id: str = Field(description="Names this request in our logs, workflows and postings.")
    field: str | None = Field(
        default=None, description="The first field that differs (CONFLICT) or is wrong."
    )
    reason: str | None = Field(default=None, description="Why a destination is refused (ADDRESS_INVALID).")
