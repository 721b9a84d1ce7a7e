"""Values as Tron nodes write them, read as strictly as the members that hold them.

Nodes leave out members whose value is the default, so a number may count as zero; it does only in an answer
that names what was asked for, which is the caller's to see to. `visible` is never sent: bytes are hexadecimal
without a prefix.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime

from chains.answers import has, member
from domain.onchain import BlockRef, Header

HASH_BYTES = 32
ADDRESS_BYTES = 20
WIRE_PREFIX = b"\x41"
INT64_MAX = 2**63 - 1
HEIGHT_BYTES = 8
_DATA = re.compile(r"(?:[0-9a-fA-F]{2})*")


def is_absent(answer: object) -> bool:
    """Whether a node says that it knows nothing under the key it was asked for; raises for any odd answer."""
    if not isinstance(answer, Mapping):
        raise ValueError("an object was expected")  # noqa: TRY004 - one error for all bad answers
    return not answer


def whole(value: object) -> int:
    """A whole number that is not negative, of 64 bits."""
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= INT64_MAX:
        raise ValueError(f"a whole number was expected, not {value!r:.80}")
    return value


def whole_member(answer: object, name: str) -> int:
    """A number that must be there."""
    return whole(member(answer, name))


def whole_or_zero(answer: object, name: str) -> int:
    """A number that is left out where it is zero."""
    return whole_member(answer, name) if has(answer, name) else 0


def data(value: object) -> bytes:
    """Bytes of any length in hexadecimal."""
    if not isinstance(value, str) or _DATA.fullmatch(value) is None:
        raise ValueError(f"bytes were expected, not {value!r:.80}")
    return bytes.fromhex(value)


def data_or_empty(answer: object, name: str) -> bytes:
    """Bytes that are left out where there are none."""
    return data(member(answer, name)) if has(answer, name) else b""


def sized(value: object, length: int) -> bytes:
    """Bytes of exactly this length."""
    found = data(value)
    if len(found) != length:
        raise ValueError(f"{length} bytes were expected, {len(found)} came")
    return found


def hash_member(answer: object, name: str) -> bytes:
    """32 bytes that must be there."""
    return sized(member(answer, name), HASH_BYTES)


def address(value: object) -> bytes:
    """The 20 bytes of an address, which the network writes with 0x41 in front."""
    found = sized(value, len(WIRE_PREFIX) + ADDRESS_BYTES)
    if not found.startswith(WIRE_PREFIX):
        raise ValueError("an address does not begin with 41")
    return found[len(WIRE_PREFIX) :]


def address_member(answer: object, name: str) -> bytes:
    """An address that must be there."""
    return address(member(answer, name))


def words(answer: object, name: str) -> str:
    """A message in plain text; empty if there is none."""
    value = member(answer, name) if has(answer, name) else ""
    if not isinstance(value, str):
        raise ValueError(f"a text was expected as {name}")  # noqa: TRY004 - one error for all bad answers
    return plain(value)


def plain(message: str) -> str:
    """What a message says, which some calls write as the bytes of its text in hexadecimal."""
    if message and _DATA.fullmatch(message):
        return bytes.fromhex(message).decode("utf-8", "replace")
    return message


def wire(address: bytes) -> str:
    """An address as a node wants it."""
    assert len(address) == ADDRESS_BYTES, address
    return (WIRE_PREFIX + address).hex()


def read_header(answer: object) -> Header:
    """The header in a block's JSON; raises ValueError if it is not one, or if its id is not of its height."""
    block_id, raw = hash_member(answer, "blockID"), member(member(answer, "block_header"), "raw_data")
    height = whole_or_zero(raw, "number")
    if height_of(block_id) != height:
        raise ValueError(f"block {block_id.hex()} says that its height is {height}")
    mined_ms = whole_member(raw, "timestamp") if height else whole_or_zero(raw, "timestamp")
    return Header(
        ref=BlockRef(height, block_id),
        parent=hash_member(raw, "parentHash"),
        mined_at=datetime.fromtimestamp(mined_ms // 1000, UTC).replace(microsecond=mined_ms % 1000 * 1000),
    )


def height_of(block_id: bytes) -> int:
    """The height with which every block id begins."""
    return int.from_bytes(block_id[:HEIGHT_BYTES], "big")


def milliseconds(header: Header) -> int:
    """The time of a block, in milliseconds since 1970."""
    return int(header.mined_at.timestamp()) * 1000 + header.mined_at.microsecond // 1000
