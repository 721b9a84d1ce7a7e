"""Keccak-256, the hash of EVM and Tron addresses and transactions (not the later SHA3-256)."""

from Crypto.Hash import keccak


def keccak256(data: bytes) -> bytes:
    """The 32-byte Keccak-256 digest of the data."""
    return keccak.new(data=data, digest_bits=256).digest()
