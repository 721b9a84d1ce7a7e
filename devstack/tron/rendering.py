"""Messages as java-tron's JSON and back: default values left out, bytes in hex, and what `visible` changes.

With `visible` addresses stand in base58 and a few texts as text; field names and the shape stay.
"""

from collections.abc import Mapping
from dataclasses import replace
from enum import IntEnum
from typing import TYPE_CHECKING, TypeVar

from devstack.tron.addresses import PREFIX, parse, show
from devstack.tron.block_messages import BlockHeader, TransactionInfo
from devstack.tron.contract_messages import ACTIONS, TYPE_URL, pack, unpack
from devstack.tron.messages import Contract, ContractType, RawTransaction, Transaction, TransferAssetContract
from devstack.tron.schema import Shape, shapes

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    Record = TypeVar("Record", bound=DataclassInstance)

Json = dict[str, object]
LOG_ADDRESS_BYTES = 20
TEXTS = {(TransferAssetContract, "asset_name"), (TransactionInfo, "resMessage")}


class Unreadable(Exception):
    """A question or a transaction in JSON that a node cannot turn into a message."""


def shown(record: "DataclassInstance", *, visible: bool) -> Json:
    """Return a message as JSON."""
    found: Json = {}
    for shape in shapes(type(record)):
        content = getattr(record, shape.name)
        if not content and not (shape.is_message and content is not None and not shape.repeated):
            continue
        written = _all_shown if shape.repeated else _one_shown
        found[shape.name] = written(type(record), shape, content, visible)
    return found


def shown_transaction(transaction: Transaction, raw: bytes, txid: bytes, *, visible: bool) -> Json:
    """Return a transaction as JSON: with its id, its signed bytes, and its action opened."""
    assert transaction.raw_data is not None
    found = shown(transaction, visible=visible)
    opened: list[Json] = []
    for contract in transaction.raw_data.contract:
        action = unpack(contract)
        parameter = {"value": shown(action, visible=visible), "type_url": TYPE_URL + contract.type.name}
        permission = {"Permission_id": contract.Permission_id} if contract.Permission_id else {}
        opened.append({"parameter": parameter, "type": contract.type.name, **permission})
    found["raw_data"] = {**shown(transaction.raw_data, visible=visible), "contract": opened}
    return {**found, "raw_data_hex": raw.hex(), "txID": txid.hex()}


def shown_block(block_id: bytes, header: BlockHeader, transactions: list[Json], *, visible: bool) -> Json:
    """Return a block as JSON; an empty one has no `transactions`."""
    found: Json = {"blockID": block_id.hex(), "block_header": shown(header, visible=visible)}
    return {**found, "transactions": transactions} if transactions else found


def read_transaction(question: Mapping[str, object], *, visible: bool) -> Transaction:
    """Read a transaction out of the JSON that its builder had. Raises Unreadable."""
    raw = question.get("raw_data")
    if not isinstance(raw, dict):
        raise Unreadable("raw_data is missing")
    contracts = tuple(_read_contract(one, visible=visible) for one in raw.get("contract") or ())
    rest = {name: content for name, content in raw.items() if name != "contract"}
    data = replace(read(RawTransaction, rest, visible=visible), contract=contracts)
    signatures = question.get("signature") or ()
    if not isinstance(signatures, list | tuple):
        raise Unreadable("signature: a list of hex is expected")
    return Transaction(data, tuple(_bytes_of(str(one), "signature") for one in signatures))


def read(kind: "type[Record]", content: Mapping[str, object], *, visible: bool) -> "Record":
    """Read a message; names it does not have are left out, as java-tron does. Raises Unreadable."""
    known = {shape.name: shape for shape in shapes(kind)}
    return kind(
        **{
            name: _read_field(kind, known[name], value, visible)
            for name, value in content.items()
            if name in known and value is not None
        }
    )


def address_of(text: object, *, visible: bool) -> bytes:
    """Read an address of a question: base58 when visible, else hex. Raises Unreadable."""
    if not isinstance(text, str) or not text:
        raise Unreadable("INVALID address, an address is expected")
    try:
        return parse(text) if visible else bytes.fromhex(text)
    except ValueError:
        raise Unreadable(f"INVALID hex or base58check String, {text}") from None


def _all_shown(kind: type, shape: Shape, content: tuple[object, ...], visible: bool) -> object:  # noqa: FBT001 - passed along
    return [_one_shown(kind, shape, element, visible) for element in content]


def _one_shown(kind: type, shape: Shape, content: object, visible: bool) -> object:  # noqa: FBT001 - passed along
    if isinstance(content, IntEnum):
        return content.name
    if isinstance(content, bytes):
        return _bytes_shown(kind, shape.name, content, visible)
    if shape.is_message:
        return shown(content, visible=visible)  # type: ignore[arg-type]  # a message by its shape
    return content


def _bytes_shown(kind: type, name: str, content: bytes, visible: bool) -> str:  # noqa: FBT001 - passed along
    if visible and _is_address(name):
        return show(PREFIX + content if len(content) == LOG_ADDRESS_BYTES else content)
    if visible and (kind, name) in TEXTS:
        return content.decode(errors="replace")
    return content.hex()


def _is_address(name: str) -> bool:
    return name.lower().endswith("address")


def _read_contract(content: object, *, visible: bool) -> Contract:
    if not isinstance(content, dict):
        raise Unreadable("contract: an object is expected")
    try:
        kind = ContractType[str(content.get("type"))]
        value = content["parameter"]["value"]
    except (KeyError, TypeError):
        raise Unreadable(f"contract: no action of a known type in {sorted(content)}") from None
    action = read(ACTIONS[kind], value, visible=visible)
    permission = content.get("Permission_id") or 0
    return pack(action, int(str(permission)))


def _read_field(kind: type, shape: Shape, value: object, visible: bool) -> object:  # noqa: FBT001 - passed along
    if not shape.repeated:
        return _read_one(kind, shape, value, visible)
    if not isinstance(value, list | tuple):
        raise Unreadable(f"{shape.name}: a list is expected")
    return tuple(_read_one(kind, shape, one, visible) for one in value)


def _read_one(kind: type, shape: Shape, value: object, visible: bool) -> object:  # noqa: FBT001, PLR0911 - one per kind
    element = shape.element
    if shape.is_message:
        if not isinstance(value, Mapping):
            raise Unreadable(f"{shape.name}: an object is expected")
        return read(element, value, visible=visible)
    if issubclass(element, bool):
        return value is True or str(value).lower() == "true"
    if issubclass(element, IntEnum):
        return _enum_of(element, shape.name, value)
    if issubclass(element, int):
        return _number_of(shape.name, value)
    if issubclass(element, bytes):
        if visible and _is_address(shape.name):
            return address_of(value, visible=True)
        if visible and (kind, shape.name) in TEXTS:
            return str(value).encode()
        return _bytes_of(str(value), shape.name)
    return str(value)


def _enum_of(kind: type[IntEnum], name: str, value: object) -> IntEnum:
    names = {member.name.lower(): member for member in kind}
    if isinstance(value, str) and value.lower() in names:
        return names[value.lower()]
    try:
        return kind(_number_of(name, value))
    except ValueError:
        raise Unreadable(f"{name}: {value} is none of {[member.name for member in kind]}") from None


def _number_of(name: str, value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise Unreadable(f"{name}: a number is expected")
    try:
        return int(value)
    except ValueError:
        raise Unreadable(f"{name}: a number is expected, not {value}") from None


def _bytes_of(text: str, name: str) -> bytes:
    try:
        return bytes.fromhex(text.removeprefix("0x"))
    except ValueError:
        raise Unreadable(f"{name}: INVALID hex String") from None
