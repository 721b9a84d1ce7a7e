"""Provably fair numbers: golden vectors that any player can recompute."""

import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.fairness import commitment, draw, is_client_seed, scaled

SERVER_SEED = "0" * 63 + "1"
CLIENT_SEED = "croupier-demo"
COMMIT = "c386d8e8d07342f2e39e189c8e6c57bb205bb373fe4e3a6f69404a8bb767b417"
FIRST_VALUES = {
    0: 333609446,
    1: 3511259970,
    2: 1061120698,
    3: 2442537122,
    4: 3072648280,
    1000: 3756068020,
}
STOPS = {0: (2, 15, 17, 16, 0), 1: (26, 13, 15, 14, 12)}


def test_the_commitment_is_the_hash_of_the_seeds_text() -> None:
    """What is shown before the first bet is SHA-256 over the 64 characters of the seed."""
    assert commitment(SERVER_SEED) == COMMIT


@pytest.mark.parametrize("nonce", FIRST_VALUES)
def test_the_first_value_of_a_nonce(nonce: int) -> None:
    """The published vectors come out to the bit."""
    assert draw(SERVER_SEED, CLIENT_SEED, nonce, 1) == (FIRST_VALUES[nonce],)


def test_the_ninth_value_begins_the_next_digest() -> None:
    """Eight values per digest, then the cursor rises."""
    values = draw(SERVER_SEED, CLIENT_SEED, 0, 10)
    assert values[0] == FIRST_VALUES[0]
    assert values[8:] == (3590051806, 2955874895)


@pytest.mark.parametrize("nonce", STOPS)
def test_five_values_make_the_published_stops(nonce: int) -> None:
    """The top five bits of each of the first five values."""
    assert tuple(value >> 27 for value in draw(SERVER_SEED, CLIENT_SEED, nonce, 5)) == STOPS[nonce]


@given(st.text("0123456789abcdef", min_size=64, max_size=64), st.integers(0, 10**9))
def test_values_are_the_hmac_of_seed_nonce_and_cursor(server_seed: str, nonce: int) -> None:
    """Another way to write the same stream gives the same numbers."""
    digest = hmac.digest(server_seed.encode(), f"{CLIENT_SEED}:{nonce}:0".encode(), hashlib.sha256)
    assert draw(server_seed, CLIENT_SEED, nonce, 8) == tuple(
        int.from_bytes(digest[4 * number : 4 * number + 4], "big") for number in range(8)
    )


@given(st.integers(0, 2**32 - 1), st.integers(1, 2**31))
def test_a_value_is_scaled_into_its_range(value: int, size: int) -> None:
    """Every value lands below the size, and the ends of the range are reached by the ends of the values."""
    assert 0 <= scaled(value, size) < size
    assert scaled(0, size) == 0
    assert scaled(2**32 - 1, size) == size - 1


@pytest.mark.parametrize(
    ("text", "is_good"),
    [
        ("a", True),
        ("A.b_c-9", True),
        ("x" * 64, True),
        ("", False),
        ("x" * 65, False),
        ("a:b", False),
        ("ä", False),
        ("a\n", False),
    ],
)
def test_a_client_seed_can_never_be_read_as_something_else(text: str, is_good: bool) -> None:  # noqa: FBT001 - a table's column
    """No colon, no blank, no line end, no letter outside ASCII: the message of the stream has one reading."""
    assert is_client_seed(text) is is_good
