"""Protobuf messages as frozen dataclasses: the field numbers stand beside the fields, descriptors are built.

The bytes are written and read by the protobuf runtime, from descriptors made of the dataclasses here.
"""

import dataclasses
from enum import IntEnum
from functools import cache
from types import NoneType, UnionType
from typing import TYPE_CHECKING, TypeVar, get_args, get_origin, get_type_hints

from google.protobuf.descriptor_pb2 import FieldDescriptorProto, FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message import DecodeError, Message
from google.protobuf.message_factory import GetMessageClass

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    Record = TypeVar("Record", bound=DataclassInstance)
T = TypeVar("T")

NUMBER = "number"
PACKAGE = "devnet"
_pool = DescriptorPool()


class Malformed(Exception):
    """Bytes that are not the message they should be; the sentence says why."""


@dataclasses.dataclass(frozen=True, slots=True)
class Shape:
    """How one field travels: its name, its number, whether it repeats, and what one element is."""

    name: str
    number: int
    repeated: bool
    element: type

    @property
    def is_message(self) -> bool:
        return dataclasses.is_dataclass(self.element)


def wire(number: int, default: T) -> T:
    """Declare a field of a message: its number and the value it has when the bytes leave it out."""
    return dataclasses.field(default=default, metadata={NUMBER: number})


def encode(record: "DataclassInstance") -> bytes:
    """Return the canonical bytes of a message: fields by number, default values left out."""
    return _filled(record).SerializeToString(deterministic=True)


def decode(kind: "type[Record]", data: bytes) -> "Record":
    """Read a message. Raises Malformed for broken bytes and for an enum value that has no name."""
    message = _message_class(kind)()
    try:
        message.ParseFromString(data)
        return _read(kind, message)
    except (DecodeError, ValueError) as problem:
        raise Malformed(f"{kind.__name__}: {problem}") from None


@cache
def shapes(kind: type) -> tuple[Shape, ...]:
    """Return the fields of a message in the order they are declared."""
    hints = get_type_hints(kind)
    return tuple(
        _shape(field.name, int(field.metadata[NUMBER]), hints[field.name])
        for field in dataclasses.fields(kind)
        if NUMBER in field.metadata
    )


def _shape(name: str, number: int, hint: object) -> Shape:
    if get_origin(hint) is tuple:
        return Shape(name, number, repeated=True, element=get_args(hint)[0])
    if isinstance(hint, UnionType):
        (element,) = (part for part in get_args(hint) if part is not NoneType)
        return Shape(name, number, repeated=False, element=element)
    assert isinstance(hint, type), f"{name}: {hint} is no wire type"
    return Shape(name, number, repeated=False, element=hint)


@cache
def _message_class(kind: type) -> type[Message]:
    file = FileDescriptorProto(name=f"{kind.__name__}.proto", package=PACKAGE, syntax="proto3")
    message = file.message_type.add(name=kind.__name__)
    for shape in shapes(kind):
        field = message.field.add(name=shape.name, number=shape.number, type=_wire_type(shape))
        field.label = (
            FieldDescriptorProto.LABEL_REPEATED if shape.repeated else FieldDescriptorProto.LABEL_OPTIONAL
        )
        if shape.is_message:
            _message_class(shape.element)
            field.type_name = f".{PACKAGE}.{shape.element.__name__}"
            if (dependency := f"{shape.element.__name__}.proto") not in file.dependency:
                file.dependency.append(dependency)
    _pool.Add(file)
    return GetMessageClass(_pool.FindMessageTypeByName(f"{PACKAGE}.{kind.__name__}"))


def _wire_type(shape: Shape) -> FieldDescriptorProto.Type.ValueType:
    if shape.is_message:
        return FieldDescriptorProto.TYPE_MESSAGE
    if issubclass(shape.element, bool):
        return FieldDescriptorProto.TYPE_BOOL
    if issubclass(shape.element, IntEnum):
        return FieldDescriptorProto.TYPE_INT32  # an open enum travels alike
    if issubclass(shape.element, int):
        return FieldDescriptorProto.TYPE_INT64
    return FieldDescriptorProto.TYPE_STRING if shape.element is str else FieldDescriptorProto.TYPE_BYTES


def _filled(record: "DataclassInstance") -> Message:
    message = _message_class(type(record))()
    _fill(message, record)
    return message


def _fill(message: Message, record: "DataclassInstance") -> None:
    for shape in shapes(type(record)):
        content = getattr(record, shape.name)
        if shape.repeated and shape.is_message:
            for element in content:
                _fill(getattr(message, shape.name).add(), element)
        elif shape.repeated:
            getattr(message, shape.name).extend(content)
        elif shape.is_message:
            if content is not None:
                getattr(message, shape.name).SetInParent()
                _fill(getattr(message, shape.name), content)
        else:
            setattr(message, shape.name, content)


def _read(kind: "type[Record]", message: Message) -> "Record":
    return kind(**{shape.name: _content(shape, message) for shape in shapes(kind)})


def _content(shape: Shape, message: Message) -> object:
    content = getattr(message, shape.name)
    if shape.repeated:
        return tuple(_element(shape.element, element) for element in content)
    if shape.is_message and not message.HasField(shape.name):
        return None
    return _element(shape.element, content)


def _element(kind: type, content: object) -> object:
    if isinstance(content, Message):
        return _read(kind, content)
    return kind(int(str(content))) if issubclass(kind, IntEnum) else content
