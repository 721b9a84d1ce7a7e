"""Recursive Length Prefix, the encoding under EVM transactions (Ethereum Yellow Paper, appendix B).

Decoding is strict: every input that is not exactly what `encode` writes is refused, so bytes and items stand
for each other one to one.
"""

from collections.abc import Sequence

from domain.errors import BytesMismatch

SHORT_MAX = 55
STRING_OFFSET = 0x80
LIST_OFFSET = 0xC0
DEPTH_MAX = 16

Item = bytes | Sequence["Item"]


def encode(item: Item) -> bytes:
    """Bytes of one item: a byte string or a sequence of items."""
    if isinstance(item, bytes):
        if len(item) == 1 and item[0] < STRING_OFFSET:
            return item
        return _prefix(len(item), STRING_OFFSET) + item
    body = b"".join(encode(part) for part in item)
    return _prefix(len(body), LIST_OFFSET) + body


def decode(data: bytes) -> Item:
    """The one item that the data is; raises BytesMismatch on anything `encode` would not write."""
    item, end = _item(data, 0, DEPTH_MAX)
    if end != len(data):
        raise BytesMismatch(f"{len(data) - end} bytes follow the encoded item")
    return item


def encode_int(number: int) -> bytes:
    """Shortest big-endian form of a whole number; zero is empty."""
    assert number >= 0, number
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


def decode_int(data: Item, *, bits_max: int) -> int:
    """A whole number in its shortest form; raises BytesMismatch if it is longer or too large."""
    if not isinstance(data, bytes):
        raise BytesMismatch("a list stands where a number belongs")
    if data[:1] == b"\x00":
        raise BytesMismatch("a number starts with a zero byte")
    number = int.from_bytes(data, "big")
    if number.bit_length() > bits_max:
        raise BytesMismatch(f"a number is wider than {bits_max} bits")
    return number


def _prefix(length: int, offset: int) -> bytes:
    if length <= SHORT_MAX:
        return bytes([offset + length])
    size = encode_int(length)
    return bytes([offset + SHORT_MAX + len(size)]) + size


def _item(data: bytes, start: int, depth: int) -> tuple[Item, int]:
    if depth == 0:
        raise BytesMismatch(f"lists are nested deeper than {DEPTH_MAX}")
    if start >= len(data):
        raise BytesMismatch("the bytes end where an item should begin")
    first = data[start]
    if first < STRING_OFFSET:
        return data[start : start + 1], start + 1
    is_list = first >= LIST_OFFSET
    begin, end = _span(data, start, LIST_OFFSET if is_list else STRING_OFFSET)
    if is_list:
        return _items(data, begin, end, depth), end
    if end - begin == 1 and data[begin] < STRING_OFFSET:
        raise BytesMismatch("a single small byte carries a needless prefix")
    return data[begin:end], end


def _items(data: bytes, begin: int, end: int, depth: int) -> tuple[Item, ...]:
    parts: list[Item] = []
    while begin < end:
        part, begin = _item(data, begin, depth - 1)
        parts.append(part)
    if begin != end:
        raise BytesMismatch("an item reaches beyond its list")
    return tuple(parts)


def _span(data: bytes, start: int, offset: int) -> tuple[int, int]:
    length = data[start] - offset
    begin = start + 1
    if length > SHORT_MAX:
        width = length - SHORT_MAX
        size = data[begin : begin + width]
        if len(size) != width or size[0] == 0:
            raise BytesMismatch("a length is cut off or starts with a zero byte")
        length = int.from_bytes(size, "big")
        if length <= SHORT_MAX:
            raise BytesMismatch("a short length is written in the long form")
        begin += width
    if begin + length > len(data):
        raise BytesMismatch("an item is longer than its bytes")
    return begin, begin + length
