"""The receipts root of a block: with it, receipts are the header's own or they are refused.

A bloom filter misses a log that resembles another, and counts miss a changed amount; the root misses nothing.
"""

from collections.abc import Iterable
from typing import Protocol

from chains.codecs.rlp import Item, encode, encode_int
from chains.codecs.trie import ordered_root

LEGACY_TYPE = 0
DEPOSIT_TYPE = 0x7E
TYPES = frozenset({LEGACY_TYPE, 1, 2, 3, 4, DEPOSIT_TYPE})
"""Receipts of EIP-658, 2930, 1559, 4844 and 7702, and those of an OP Stack deposit."""


class LogFields(Protocol):
    """What a log is to its trie."""

    @property
    def contract(self) -> bytes: ...
    @property
    def topics(self) -> tuple[bytes, ...]: ...
    @property
    def data(self) -> bytes: ...


class ReceiptFields(Protocol):
    """What a receipt is to its trie; `extra` are the numbers that an OP Stack deposit adds."""

    @property
    def kind(self) -> int: ...
    @property
    def succeeded(self) -> bool: ...
    @property
    def gas_used_so_far(self) -> int: ...
    @property
    def bloom(self) -> bytes: ...
    @property
    def logs(self) -> tuple[LogFields, ...]: ...
    @property
    def extra(self) -> tuple[int, ...]: ...


def receipts_root(receipts: Iterable[ReceiptFields]) -> bytes | None:
    """The root over these receipts in order; None if one is of a type whose form nobody here knows."""
    encoded = []
    for receipt in receipts:
        if receipt.kind not in TYPES:
            return None
        encoded.append(_encoded(receipt))
    return ordered_root(encoded)


def _encoded(receipt: ReceiptFields) -> bytes:
    logs: list[Item] = [(log.contract, log.topics, log.data) for log in receipt.logs]
    fields: list[Item] = [
        encode_int(int(receipt.succeeded)),
        encode_int(receipt.gas_used_so_far),
        receipt.bloom,
        logs,
        *(encode_int(number) for number in receipt.extra),
    ]
    prefix = b"" if receipt.kind == LEGACY_TYPE else bytes([receipt.kind])
    return prefix + encode(fields)
