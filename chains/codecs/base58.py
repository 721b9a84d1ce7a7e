"""Base58Check, the text form of extended keys, Tron and older Bitcoin addresses (Bitcoin, `base58.cpp`)."""

from hashlib import sha256

ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
CHECKSUM_BYTES = 4
TEXT_LENGTH_MAX = 128
_VALUES = {letter: value for value, letter in enumerate(ALPHABET)}


def decode_check(text: str) -> bytes | None:
    """The payload of a text whose checksum holds, or None."""
    data = _decode(text)
    if data is None or len(data) <= CHECKSUM_BYTES:
        return None
    payload, checksum = data[:-CHECKSUM_BYTES], data[-CHECKSUM_BYTES:]
    return payload if checksum_of(payload) == checksum else None


def encode_check(payload: bytes) -> str:
    """Text of a payload with its checksum."""
    data = payload + checksum_of(payload)
    number = int.from_bytes(data, "big")
    letters: list[str] = []
    while number:
        number, value = divmod(number, len(ALPHABET))
        letters.append(ALPHABET[value])
    zeros = len(data) - len(data.lstrip(b"\x00"))
    return ALPHABET[0] * zeros + "".join(reversed(letters))


def checksum_of(payload: bytes) -> bytes:
    """The four bytes that guard a payload."""
    return sha256(sha256(payload).digest()).digest()[:CHECKSUM_BYTES]


def _decode(text: str) -> bytes | None:
    if not text or len(text) > TEXT_LENGTH_MAX:
        return None
    number = 0
    for letter in text:
        value = _VALUES.get(letter)
        if value is None:
            return None
        number = number * len(ALPHABET) + value
    body = number.to_bytes((number.bit_length() + 7) // 8, "big")
    zeros = len(text) - len(text.lstrip(ALPHABET[0]))
    return bytes(zeros) + body
