"""Tron addresses of the devnet: 21 bytes that begin with 0x41, shown in base58 with a checksum."""

import hashlib

from coincurve import PublicKey
from Crypto.Hash import keccak

PREFIX = b"\x41"
ADDRESS_BYTES = 21
CHECKSUM_BYTES = 4
ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


def is_address(address: bytes) -> bool:
    """Say whether these bytes have the form of an address."""
    return len(address) == ADDRESS_BYTES and address[:1] == PREFIX


def of_public_key(key: PublicKey) -> bytes:
    """Return the address of a secp256k1 key."""
    return PREFIX + keccak256(key.format(compressed=False)[1:])[12:]


def of_contract(txid: bytes, owner: bytes) -> bytes:
    """Return where a deployment by a transaction puts its contract."""
    return PREFIX + keccak256(txid + owner)[12:]


def show(address: bytes) -> str:
    """Write an address in base58 with its checksum."""
    number = int.from_bytes(address + _checksum(address))
    digits = ""
    while number:
        number, digit = divmod(number, len(ALPHABET))
        digits = ALPHABET[digit] + digits
    return digits


def parse(text: str) -> bytes:
    """Read an address in base58, or as 42 hex digits. Raises ValueError for anything else."""
    if len(text) == 2 * ADDRESS_BYTES and text.startswith(PREFIX.hex()):
        return bytes.fromhex(text)
    number = 0
    for digit in text:
        number = number * len(ALPHABET) + ALPHABET.index(digit)
    if number.bit_length() > 8 * (ADDRESS_BYTES + CHECKSUM_BYTES):
        raise ValueError(f"{text}: too long for an address")
    decoded = number.to_bytes(ADDRESS_BYTES + CHECKSUM_BYTES)
    address, checksum = decoded[:ADDRESS_BYTES], decoded[ADDRESS_BYTES:]
    if not is_address(address) or _checksum(address) != checksum:
        raise ValueError(f"{text}: no address of this network, or a broken checksum")
    return address


def keccak256(data: bytes) -> bytes:
    """Return the keccak-256 digest."""
    return keccak.new(digest_bits=256, data=data).digest()


def _checksum(address: bytes) -> bytes:
    return hashlib.sha256(hashlib.sha256(address).digest()).digest()[:CHECKSUM_BYTES]
