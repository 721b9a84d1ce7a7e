"""Provably fair numbers: commit to a seed, draw from it, let the player recompute.

The stream is HMAC-SHA256 keyed with the server seed's text over `client_seed:nonce:cursor`; each digest gives
eight big-endian 32-bit values. A value maps to a range of n by `(u * n) >> 32`, with a bias of at most
n / 2^32.
"""

import hashlib
import hmac
import re
from collections.abc import Iterator
from itertools import count, islice

SERVER_SEED_FORM = re.compile(r"[0-9a-f]{64}")
CLIENT_SEED_FORM = re.compile(r"[A-Za-z0-9_.-]{1,64}")
VALUE_BITS = 32
VALUE_BYTES = 4


def commitment(server_seed: str) -> str:
    """SHA-256 of the server seed's ASCII text, in hexadecimal; shown before the first bet on that seed."""
    return hashlib.sha256(server_seed.encode("ascii")).hexdigest()


def draws(server_seed: str, client_seed: str, nonce: int) -> Iterator[int]:
    """Endless 32-bit values for one bet."""
    for cursor in count():
        message = f"{client_seed}:{nonce}:{cursor}".encode("ascii")
        digest = hmac.new(server_seed.encode("ascii"), message, hashlib.sha256).digest()
        for at in range(0, len(digest), VALUE_BYTES):
            yield int.from_bytes(digest[at : at + VALUE_BYTES], "big")


def draw(server_seed: str, client_seed: str, nonce: int, number: int) -> tuple[int, ...]:
    """The first `number` values for one bet."""
    return tuple(islice(draws(server_seed, client_seed, nonce), number))


def scaled(value: int, size: int) -> int:
    """Map a 32-bit value to 0 .. size - 1."""
    return (value * size) >> VALUE_BITS


def is_client_seed(text: str) -> bool:
    """Whether a player may choose this text as client seed."""
    return CLIENT_SEED_FORM.fullmatch(text) is not None
