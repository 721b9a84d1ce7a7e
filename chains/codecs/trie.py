"""The root of an ordered list as a block header carries it (Ethereum Yellow Paper, appendix D).

Transactions and receipts of a block hang in a Merkle-Patricia trie under the encoded number of their place.
"""

from collections.abc import Sequence
from itertools import groupby

from chains.codecs.keccak import keccak256
from chains.codecs.rlp import Item, encode, encode_int

Path = tuple[int, ...]
Leaf = tuple[Path, bytes]

EMPTY_ROOT = keccak256(encode(b""))
NIBBLES = 16
IS_LEAF = 2
IS_ODD = 1
HASHED_FROM_BYTES = 32


def ordered_root(values: Sequence[bytes]) -> bytes:
    """The 32-byte root over values that are known by their place alone."""
    if not values:
        return EMPTY_ROOT
    leaves = sorted((_path(encode(encode_int(place))), value) for place, value in enumerate(values))
    return keccak256(encode(_node(leaves, 0)))


def _node(leaves: Sequence[Leaf], depth: int) -> Item:
    """The node over these leaves, which share their path up to `depth`; no path is the start of another."""
    first, last = leaves[0][0], leaves[-1][0]
    if len(leaves) == 1:
        return (_compact(first[depth:], IS_LEAF), leaves[0][1])
    fork = next(place for place in range(depth, len(first)) if first[place] != last[place])
    if fork > depth:
        return (_compact(first[depth:fork], 0), _reference(_node(leaves, fork)))
    children: list[Item] = [b""] * (NIBBLES + 1)
    for nibble, group in groupby(leaves, key=lambda leaf: leaf[0][depth]):
        children[nibble] = _reference(_node(list(group), depth + 1))
    return children


def _reference(node: Item) -> Item:
    encoded = encode(node)
    return node if len(encoded) < HASHED_FROM_BYTES else keccak256(encoded)


def _path(key: bytes) -> Path:
    return tuple(nibble for byte in key for nibble in divmod(byte, NIBBLES))


def _compact(path: Path, flag: int) -> bytes:
    """Half-bytes as bytes, with a first half that tells leaf from extension and odd from even."""
    odd = len(path) % 2
    padded = (flag + IS_ODD, *path) if odd else (flag, 0, *path)
    return bytes(NIBBLES * high + low for high, low in zip(padded[::2], padded[1::2], strict=True))
