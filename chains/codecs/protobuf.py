"""Protocol Buffers wire format, as far as Tron's transactions use it (protobuf.dev, "Encoding").

Decoding is strict: fields in ascending order, each once, shortest varints, no field that is unknown or holds
its default. So bytes and fields stand for each other one to one, which the format itself does not promise.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from domain.errors import BytesMismatch

Value = int | bytes

VARINT = 0
LENGTH_DELIMITED = 2
TYPE_BITS = 3
GROUP_BITS = 7
MORE = 0x80
INT64_MAX = 2**63 - 1
TAG_MAX = 2**32 - 1


@dataclass(frozen=True, slots=True)
class Message:
    """The fields of one message by number; what is absent holds its default."""

    values: Mapping[int, Value]

    def integer(self, number: int) -> int:
        """A whole number; 0 if it is absent."""
        value = self.values.get(number, 0)
        assert isinstance(value, int), number
        return value

    def binary(self, number: int) -> bytes:
        """A byte string, a text's or a nested message's bytes; empty if it is absent."""
        value = self.values.get(number, b"")
        assert isinstance(value, bytes), number
        return value


def encode_message(*fields: tuple[int, Value]) -> bytes:
    """Bytes of fields given in ascending order; defaults (0, empty) are left out."""
    numbers = [number for number, _ in fields]
    assert numbers == sorted(set(numbers)), numbers
    return b"".join(_encode_field(number, value) for number, value in fields if value)


def decode_message(data: bytes, *, integers: Collection[int], binaries: Collection[int]) -> Message:
    """Fields of exactly these bytes; raises BytesMismatch on anything `encode_message` would not write.

    `integers` and `binaries` are the numbers of the fields that may occur; integers reach to 2^63 - 1.
    """
    values: dict[int, Value] = {}
    last = place = 0
    while place < len(data):
        tag, place = _decode_varint(data, place, TAG_MAX)
        number, wire_type = tag >> TYPE_BITS, tag & (1 << TYPE_BITS) - 1
        if number <= last:
            raise BytesMismatch(f"field {number} is repeated or out of order")
        if wire_type == VARINT and number in integers:
            values[number], place = _decode_varint(data, place, INT64_MAX)
        elif wire_type == LENGTH_DELIMITED and number in binaries:
            values[number], place = _decode_binary(data, place)
        else:
            raise BytesMismatch(f"field {number} is unknown or of another type")
        if not values[number]:
            raise BytesMismatch(f"field {number} spells out its default")
        last = number
    return Message(values)


def encode_varint(number: int) -> bytes:
    """Shortest form of a whole number: groups of seven bits, the lowest first."""
    assert number >= 0, number
    groups = bytearray()
    while number >= MORE:
        groups.append(number & (MORE - 1) | MORE)
        number >>= GROUP_BITS
    groups.append(number)
    return bytes(groups)


def _encode_field(number: int, value: Value) -> bytes:
    if isinstance(value, bytes):
        return encode_varint(number << TYPE_BITS | LENGTH_DELIMITED) + encode_varint(len(value)) + value
    assert 0 <= value <= INT64_MAX, value
    return encode_varint(number << TYPE_BITS | VARINT) + encode_varint(value)


def _decode_binary(data: bytes, place: int) -> tuple[bytes, int]:
    length, begin = _decode_varint(data, place, INT64_MAX)
    end = begin + length
    if end > len(data):
        raise BytesMismatch("a field is longer than its bytes")
    return data[begin:end], end


def _decode_varint(data: bytes, place: int, maximum: int) -> tuple[int, int]:
    number = shift = 0
    while True:
        if place >= len(data):
            raise BytesMismatch("the bytes end within a number")
        group = data[place]
        number |= (group & (MORE - 1)) << shift
        if number > maximum or shift > maximum.bit_length():
            raise BytesMismatch(f"a number is greater than {maximum}")
        place, shift = place + 1, shift + GROUP_BITS
        if group < MORE:
            break
    if group == 0 and shift > GROUP_BITS:
        raise BytesMismatch("a number is longer than its shortest form")
    return number, place
