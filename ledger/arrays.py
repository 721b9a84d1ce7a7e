"""PostgreSQL array literals: a whole column travels as one text with a cast.

A list of Python ints changes its wire type with its largest element, and with the type the prepared
statement.
"""

from collections.abc import Iterable
from uuid import UUID


def numbers(values: Iterable[int | None]) -> str:
    """An array of whole numbers of any size, NULLs included."""
    return "{" + ",".join(["NULL" if value is None else str(int(value)) for value in values]) + "}"


def uuids(values: Iterable[UUID | None]) -> str:
    """An array of uuids, NULLs included."""
    return "{" + ",".join(["NULL" if value is None else value.hex for value in values]) + "}"


def raw_bytes(values: Iterable[bytes]) -> str:
    """An array of bytea in hexadecimal form."""
    return "{" + ",".join(['"\\\\x' + value.hex() + '"' for value in values]) + "}"


def texts(values: Iterable[str | None]) -> str:
    """An array of texts of any content, NULLs included."""
    return "{" + ",".join(["NULL" if value is None else _quoted(value) for value in values]) + "}"


def _quoted(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
