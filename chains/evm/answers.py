"""Values as Ethereum nodes write them, read as strictly as the members that hold them.

`ValueError` says what is wrong; the client turns it into NodeUnavailable with the node's name.
"""

import re

from chains.answers import member

HASH_BYTES = 32
ADDRESS_BYTES = 20
_QUANTITY = re.compile(r"0x(0|[1-9a-fA-F][0-9a-fA-F]{0,63})")
_DATA = re.compile(r"0x(?:[0-9a-fA-F]{2})*")


def quantity(value: object) -> int:
    """A number in the form `0x…` without leading zeros."""
    if not isinstance(value, str) or _QUANTITY.fullmatch(value) is None:
        raise ValueError(f"a quantity was expected, not {value!r:.80}")
    return int(value, 16)


def data(value: object) -> bytes:
    """Bytes of any length in the form `0x…`."""
    if not isinstance(value, str) or _DATA.fullmatch(value) is None:
        raise ValueError(f"bytes were expected, not {value!r:.80}")
    return bytes.fromhex(value[2:])


def sized(value: object, length: int) -> bytes:
    """Bytes of exactly this length."""
    found = data(value)
    if len(found) != length:
        raise ValueError(f"{length} bytes were expected, {len(found)} came")
    return found


def hash_member(answer: object, name: str) -> bytes:
    """32 bytes that must be there."""
    return sized(member(answer, name), HASH_BYTES)


def address_member(answer: object, name: str) -> bytes:
    """20 bytes that must be there."""
    return sized(member(answer, name), ADDRESS_BYTES)


def quantity_member(answer: object, name: str) -> int:
    """Read a number that must be there."""
    return quantity(member(answer, name))


def data_member(answer: object, name: str) -> bytes:
    """Bytes of any length that must be there."""
    return data(member(answer, name))


def hexadecimal(value: bytes) -> str:
    """Bytes as a node wants them."""
    return "0x" + value.hex()
