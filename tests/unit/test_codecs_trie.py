"""Roots of ordered lists: the shapes a trie can take; whole blocks are compared with headers elsewhere."""

import pytest

from chains.codecs.keccak import keccak256
from chains.codecs.rlp import encode
from chains.codecs.trie import EMPTY_ROOT, ordered_root


def test_the_empty_root_is_the_known_one() -> None:
    """The root that every block without transactions carries."""
    known = "56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421"
    assert (ordered_root([]), EMPTY_ROOT) == (bytes.fromhex(known), bytes.fromhex(known))


def test_one_value_is_a_leaf_under_the_encoded_zero() -> None:
    """Place 0 is encoded as 0x80: an even path of two half-bytes, flagged as a leaf."""
    value = b"v" * 40
    assert ordered_root([value]) == keccak256(encode((bytes([0x20, 0x80]), value)))


def test_two_values_fork_at_their_first_half_byte() -> None:
    """Places 0 and 1 are 0x80 and 0x01: two odd leaves in one branch, short ones inside it."""
    children: list[object] = [b""] * 17
    children[8] = (bytes([0x30]), b"a")
    children[0] = (bytes([0x31]), b"b")
    assert ordered_root([b"a", b"b"]) == keccak256(encode(children))  # type: ignore[arg-type]  # a list of items


@pytest.mark.parametrize("count", [2, 17, 129, 300])
def test_every_value_and_every_place_counts(count: int) -> None:
    """One changed, dropped or swapped value gives another root."""
    values = [number.to_bytes(4, "big") * 10 for number in range(count)]
    root = ordered_root(values)
    last = count - 1
    assert root != ordered_root([*values[:-1], b"other" * 8])
    assert root != ordered_root(values[:-1])
    assert root != ordered_root([values[last], *values[1:-1], values[0]])
