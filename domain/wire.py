"""What crosses a process: the one place that knows how a message is written down.

A plain dataclass would write money as a JSON number, and a browser that shows a workflow's history rounds
every number above 2^53. `Units` is an `int` in Python and a string of digits in JSON.
"""

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, PlainSerializer

UNITS_MAX = 10**78 - 1


class Message(BaseModel):
    """A frozen value that a workflow, an activity or an update carries.

    Unknown fields are ignored, because a history outlives the release that wrote it; a new field needs a
    default.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", ser_json_bytes="base64", val_json_bytes="base64")


def _whole_units(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int | str):
        msg = "units are an int or a string of digits"
        raise ValueError(msg)  # noqa: TRY004 - pydantic turns only ValueError into a validation error
    if isinstance(value, int):
        units = value
    else:
        digits = value.removeprefix("-")
        if not (digits.isascii() and digits.isdigit()) or len(digits) > len(str(UNITS_MAX)):
            msg = "units are written in decimal digits"
            raise ValueError(msg)
        units = int(value)
    if abs(units) > UNITS_MAX:
        msg = "units stay below 10^78"
        raise ValueError(msg)
    return units


Units = Annotated[
    int,
    BeforeValidator(_whole_units),
    PlainSerializer(str, return_type=str, when_used="json"),
]
"""Whole units of one asset, signed; `int` in Python, decimal string in JSON."""


def _raw_bytes(value: object) -> bytes:
    if isinstance(value, bytes):
        return value
    if isinstance(value, str) and value.startswith("0x"):
        return bytes.fromhex(value[2:])
    msg = "bytes are written as 0x and hexadecimal digits"
    raise ValueError(msg)


def _hex_text(value: bytes) -> str:
    return "0x" + value.hex()


Hex = Annotated[
    bytes,
    BeforeValidator(_raw_bytes),
    PlainSerializer(_hex_text, return_type=str, when_used="json"),
]
"""Raw bytes (address, hash, transaction id); `bytes` in Python, `0x…` text in JSON."""
