"""RLP: one encoding per item, and nothing else is accepted."""

import pytest
import rlp as reference  # type: ignore[import-untyped]  # the library ships no types
from hypothesis import given
from hypothesis import strategies as st

from chains.codecs.rlp import DEPTH_MAX, Item, decode, decode_int, encode, encode_int
from domain.errors import BytesMismatch

items = st.recursive(
    st.binary(max_size=70),
    lambda inner: st.lists(inner, max_size=6).map(tuple),
    max_leaves=30,
)


@given(items)
def test_encoding_is_the_one_of_another_library(item: Item) -> None:
    """Bytes and nested lists encode as the Ethereum libraries encode them."""
    assert encode(item) == reference.encode(item)


@given(items)
def test_decoding_undoes_encoding(item: Item) -> None:
    """What was encoded comes back."""
    assert decode(encode(item)) == item


@given(st.binary(max_size=80))
def test_no_other_bytes_are_accepted(data: bytes) -> None:
    """Bytes that decode at all are exactly what encoding gives."""
    try:
        item = decode(data)
    except BytesMismatch:
        return
    assert encode(item) == data


@pytest.mark.parametrize(
    ("data", "why"),
    [
        pytest.param("", "no item", id="nothing"),
        pytest.param("00", "", id="zero byte is itself"),
        pytest.param("8100", "a small byte with a prefix", id="needless prefix"),
        pytest.param("8180", "", id="needed prefix"),
        pytest.param("82ff", "cut off", id="string cut off"),
        pytest.param("b800", "short length in the long form", id="long form of nothing"),
        pytest.param("b801ff", "short length in the long form", id="long form of one byte"),
        pytest.param("b90038" + "ff" * 56, "length with a zero byte", id="length with leading zero"),
        pytest.param("b838" + "ff" * 56, "", id="long form where it belongs"),
        pytest.param("b8", "length cut off", id="length cut off"),
        pytest.param("c0c0", "bytes behind", id="two items"),
        pytest.param("c281", "item beyond its list", id="list cut off"),
        pytest.param("c18100", "item beyond its list", id="item reaches out of its list"),
        pytest.param("c1" * (DEPTH_MAX + 1) + "c0", "too deep", id="nested too deep"),
        pytest.param("bfffffffffffffffff", "longer than the bytes", id="absurd length"),
    ],
)
def test_malformed_bytes_are_refused(data: str, why: str) -> None:
    """Each malformation raises; the neighbouring proper form does not."""
    if why:
        with pytest.raises(BytesMismatch):
            decode(bytes.fromhex(data))
    else:
        assert encode(decode(bytes.fromhex(data))).hex() == data


@given(st.integers(min_value=0, max_value=2**256 - 1))
def test_numbers_come_back(number: int) -> None:
    """Every number of 256 bits has one shortest form."""
    assert decode_int(encode_int(number), bits_max=256) == number


@pytest.mark.parametrize(
    ("data", "bits"),
    [
        pytest.param(b"\x00", 8, id="zero as a byte"),
        pytest.param(b"\x00\x01", 16, id="leading zero"),
        pytest.param(b"\x02", 1, id="one bit too wide"),
        pytest.param(b"\x01" * 33, 256, id="wider than a word"),
        pytest.param((), 8, id="a list"),
    ],
)
def test_numbers_in_other_forms_are_refused(data: Item, bits: int) -> None:
    """A number has no second form and no room beyond its width."""
    with pytest.raises(BytesMismatch):
        decode_int(data, bits_max=bits)
