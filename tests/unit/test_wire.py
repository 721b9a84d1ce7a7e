"""How messages are written down: money as digits, bytes as hexadecimal, unknown fields ignored."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from domain.wire import UNITS_MAX, Hex, Message, Units


class Note(Message):
    """A message with one of each."""

    units: Units
    raw: Hex = b""


@given(st.integers(-UNITS_MAX, UNITS_MAX), st.binary(max_size=40))
def test_a_message_survives_the_way_through_json(units: int, raw: bytes) -> None:
    """Every amount up to 78 digits and every byte comes back the same."""
    note = Note(units=units, raw=raw)
    assert Note.model_validate_json(note.model_dump_json()) == note


def test_money_is_digits_in_a_string() -> None:
    """A reader of JSON rounds numbers above 2^53; it cannot round text."""
    written = json.loads(Note(units=2**53 + 1, raw=b"\x01").model_dump_json())
    assert written == {"units": "9007199254740993", "raw": "0x01"}


@pytest.mark.parametrize(
    "value",
    [
        1.0,
        1.5,
        float("nan"),
        True,
        "1.5",
        "1e3",
        "",
        " 1",
        "+1",
        "--1",
        "٣",
        "0x10",
        None,
        10**78,
        -(10**78),
        "9" * 79,
    ],
)
def test_what_is_no_whole_number_of_units_is_refused(value: object) -> None:
    """Floats, booleans, exponents, signs, other alphabets' digits and numbers past 78 digits are no money."""
    with pytest.raises(ValidationError):
        Note.model_validate({"units": value})


@pytest.mark.parametrize("value", ["01", "0xzz", "0x1", 1, None])
def test_what_is_no_hexadecimal_is_refused(value: object) -> None:
    """Bytes are 0x and pairs of digits."""
    with pytest.raises(ValidationError):
        Note.model_validate({"units": 1, "raw": value})


def test_unknown_fields_are_ignored_and_values_frozen() -> None:
    """A history outlives the release that wrote it; a message never changes after it was made."""
    note = Note.model_validate({"units": 1, "added_later": "x"})
    assert note == Note(units=1)
    with pytest.raises(ValidationError):
        setattr(note, "units", 2)  # noqa: B010 - the plain form does not type-check, and that is the point
