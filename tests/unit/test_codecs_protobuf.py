"""Protocol Buffers wire format: equal to the runtime's bytes, inverse, and strict where that is lenient."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chains.codecs.protobuf import INT64_MAX, Message, Value, decode_message, encode_message, encode_varint
from domain.errors import BytesMismatch
from tests.support.tron_protobuf import message

INTEGERS, BINARIES = (3, 5, 6), (1, 2, 4)
int64 = st.integers(0, INT64_MAX)


def decode(data: bytes) -> Message:
    """The fields as one message of the protocol has them."""
    return decode_message(data, integers=INTEGERS, binaries=BINARIES)


@given(st.binary(max_size=300), st.binary(max_size=30), int64, int64)
def test_bytes_equal_those_of_the_runtime(owner: bytes, data: bytes, value: int, token: int) -> None:
    """Varints, lengths and left-out defaults are written as every other program writes them."""
    fields: list[tuple[int, Value]] = [(1, owner), (3, value), (4, data), (6, token)]
    theirs = message(
        "TriggerSmartContract",
        {"owner_address": owner, "call_value": value, "data": data, "token_id": token},
    )
    assert encode_message(*fields) == theirs
    read = decode(theirs)
    assert (read.binary(1), read.integer(3), read.binary(4), read.integer(6)) == (owner, value, data, token)


@given(st.binary(max_size=40))
def test_whatever_decodes_encodes_to_itself(data: bytes) -> None:
    """No two byte strings stand for the same fields."""
    with suppress(BytesMismatch):
        assert encode_message(*sorted(decode(data).values.items())) == data


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "00"), (1, "01"), (127, "7f"), (128, "8001"), (300, "ac02"), (2**63 - 1, "ff" * 8 + "7f")],
)
def test_varints_are_as_specified(number: int, text: str) -> None:
    """Groups of seven bits, lowest first; 300 is the specification's own example."""
    assert encode_varint(number).hex() == text


@pytest.mark.parametrize(
    ("text", "why"),
    [
        pytest.param("188000", "shortest", id="varint with an empty last group"),
        pytest.param("9800" + "01", "shortest", id="tag with an empty last group"),
        pytest.param("1880", "end within", id="varint cut off"),
        pytest.param("18", "end within", id="no value"),
        pytest.param("18" + "80" * 9 + "01", "greater", id="2^63"),
        pytest.param("18" + "ff" * 9 + "01", "greater", id="a negative number"),
        pytest.param("18" + "80" * 40, "greater", id="varint without end"),
        pytest.param("0a05aabb", "longer than its bytes", id="bytes cut off"),
        pytest.param("0a" + "ff" * 8 + "7f" + "aa", "longer than its bytes", id="a huge length"),
        pytest.param("0a8100" + "aa", "shortest", id="length in a longer form"),
        pytest.param("1800", "default", id="zero spelt out"),
        pytest.param("0a00", "default", id="empty bytes spelt out"),
        pytest.param("18011801", "repeated", id="field twice"),
        pytest.param("18010a01aa", "out of order", id="fields in another order"),
        pytest.param("3801", "unknown", id="unknown field"),
        pytest.param("0801", "another type", id="number in place of bytes"),
        pytest.param("1a01aa", "another type", id="bytes in place of a number"),
        pytest.param("1d01000000", "another type", id="fixed 32 bits"),
        pytest.param("0001", "repeated or out of order", id="field 0"),
    ],
)
def test_what_nobody_canonical_writes_is_refused(text: str, why: str) -> None:
    """Every lenience of the format that would give one transaction two forms has its row."""
    with pytest.raises(BytesMismatch, match=why):
        decode(bytes.fromhex(text))
