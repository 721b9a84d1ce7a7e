"""The chain's memory beyond its process: what each block was made of, so that a new process makes it again.

A record is written before its block is shown. Making is deterministic; a record whose block comes out with
another id belongs to another chain or to other rules.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from devstack.tron.blocks import ChainBlock
from devstack.tron.edits import Edit, FactorStep, Gift
from devstack.tron.making import Order
from devstack.tron.schema import encode
from devstack.tron.transactions import read

EDITS: dict[str, type[Gift | FactorStep]] = {"gift": Gift, "factor": FactorStep}
NAMES = {kind: name for name, kind in EDITS.items()}
Record = Mapping[str, object]


class ForeignRecord(Exception):
    """A record that this chain cannot have written; the sentence says why."""


@dataclass(frozen=True, slots=True)
class Entry:
    """How one block was made."""

    block_id: bytes
    parent_id: bytes
    time_ms: int
    order: Order


def record_of(block: ChainBlock, order: Order) -> dict[str, object]:
    """Return the record of a block, as JSON can hold it; what the rules refused is left out."""
    return {
        "id": block.id.hex(),
        "parent": block.parent_id.hex(),
        "time_ms": block.time_ms,
        "transactions": [encode(one.message).hex() for one in block.transactions],
        "late": sorted(txid.hex() for txid in order.timing_out),
        "edits": [_written(edit) for edit in order.edits],
    }


def entry_of(record: Record) -> Entry:
    """Read a record. Raises KeyError, TypeError, ValueError, Malformed or Refused for what is none."""
    transactions = tuple(read(bytes.fromhex(data)) for data in _list(record["transactions"]))
    order = Order(
        transactions,
        timing_out=frozenset(bytes.fromhex(txid) for txid in _list(record["late"])),
        edits=tuple(_edit(text) for text in _list(record["edits"])),
    )
    time_ms = int(str(record["time_ms"]))
    return Entry(bytes.fromhex(str(record["id"])), bytes.fromhex(str(record["parent"])), time_ms, order)


def _written(edit: Edit) -> str:
    amount = edit.sun if isinstance(edit, Gift) else edit.factor
    return f"{NAMES[type(edit)]} {edit.address.hex()} {amount}"


def _edit(text: str) -> Edit:
    name, address, amount = text.split()
    kind = EDITS[name]
    return kind(bytes.fromhex(address), int(amount))


def _list(value: object) -> list[str]:
    if not isinstance(value, list):
        raise TypeError(f"{value!r} is no list")
    return [str(one) for one in value]
