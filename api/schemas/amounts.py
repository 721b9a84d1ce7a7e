"""Money on the wire: a string of digits in the asset's smallest unit, in both directions."""

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, WithJsonSchema

from domain.errors import AmountInvalid
from domain.money import parse_units

SYMBOL_CHARACTERS_MAX = 32
NETWORK_CHARACTERS_MAX = 64
CLIENT_KEY_FORM = r"^[A-Za-z0-9_.:-]{1,64}$"
_DIGITS = {"type": "string", "pattern": "^[0-9]{1,78}$", "examples": ["20000000"]}
_SIGNED_DIGITS = {"type": "string", "pattern": "^-?[0-9]{1,78}$", "examples": ["-1000000"]}
_TOTAL_DIGITS = {"type": "string", "pattern": "^-?[0-9]{1,120}$", "examples": ["20000000"]}


def _positive(value: Any) -> int:  # noqa: ANN401 - whatever stood in the JSON
    """Raises AmountInvalid, which passes through pydantic and reaches the caller under its own code."""
    units = parse_units(value)
    if units == 0:
        raise AmountInvalid("it is zero")
    return units


UnitsAsked = Annotated[int, BeforeValidator(_positive), WithJsonSchema(_DIGITS)]
"""An amount in a request: text of digits, more than zero."""
UnitsShown = Annotated[int, PlainSerializer(str, return_type=str), WithJsonSchema(_DIGITS)]
"""An amount in an answer."""
SignedUnitsShown = Annotated[int, PlainSerializer(str, return_type=str), WithJsonSchema(_SIGNED_DIGITS)]
"""A change or a balance in an answer, which may be below zero."""
TotalShown = Annotated[int, PlainSerializer(str, return_type=str), WithJsonSchema(_TOTAL_DIGITS)]
"""A sum over networks, which may have more digits than any of them."""
Counter = Annotated[int, PlainSerializer(str, return_type=str), WithJsonSchema(_DIGITS)]
"""A version or another count that may outgrow a browser's numbers."""

Symbol = Annotated[str, Field(min_length=1, max_length=SYMBOL_CHARACTERS_MAX, examples=["USDT"])]
Network = Annotated[
    str, Field(min_length=1, max_length=NETWORK_CHARACTERS_MAX, examples=["eip155:1"], description="CAIP-2")
]
ClientKey = Annotated[
    str,
    Field(
        pattern=CLIENT_KEY_FORM,
        examples=["b-7f3"],
        description="Chosen by the client; the same key is the same operation for ever.",
    ),
]


class Asked(BaseModel):
    """A request body: fields that nobody reads are refused, and no text becomes a number by itself."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Shown(BaseModel):
    """An answer."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class AssetName(Asked):
    """An asset as callers name it."""

    asset: Symbol
    network: Network
