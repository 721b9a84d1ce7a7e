"""Pages and cursors: a cursor is opaque to callers and, to us, a position that is checked like any input."""

import base64
import binascii
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar
from uuid import UUID

from domain.errors import RequestInvalid

LIMIT_MAX = 200
LIMIT_DEFAULT = 50
CURSOR_CHARACTERS_MAX = 200
_SEPARATOR = "|"
_CURSOR_FORM = re.compile(r"[A-Za-z0-9_-]{1,200}", re.ASCII)

Item = TypeVar("Item")
Position = TypeVar("Position")


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list: after which entry, and how many entries."""

    cursor: str | None
    limit: int


class Cursors(Generic[Position]):
    """Writes and reads the positions of one list."""

    def __init__(self, write: Callable[[Position], str], read: Callable[[str], Position]) -> None:
        self._write = write
        self._read = read

    def show(self, position: Position) -> str:
        return base64.urlsafe_b64encode(self._write(position).encode("ascii")).decode("ascii").rstrip("=")

    def parse(self, text: str | None) -> Position | None:
        """The position behind a cursor, None without one; raises RequestInvalid."""
        if text is None:
            return None
        if _CURSOR_FORM.fullmatch(text) is None:
            raise RequestInvalid("This cursor was not given out here.")
        try:
            padded = text + "=" * (-len(text) % 4)
            return self._read(base64.urlsafe_b64decode(padded).decode("ascii"))
        except (binascii.Error, ValueError):
            raise RequestInvalid("This cursor was not given out here.") from None


def next_cursor(
    cursors: Cursors[Position], items: list[Item], limit: int, position: Callable[[Item], Position]
) -> str | None:
    """The cursor after a page: none once a page is not full."""
    return cursors.show(position(items[-1])) if len(items) == limit else None


def _write_moment(position: tuple[datetime, UUID]) -> str:
    moment, key = position
    return f"{moment.isoformat()}{_SEPARATOR}{key}"


def _read_moment(text: str) -> tuple[datetime, UUID]:
    moment, _, key = text.partition(_SEPARATOR)
    at = datetime.fromisoformat(moment)
    if at.tzinfo is None:
        raise ValueError("a moment without a zone")
    return at, UUID(key)


MOMENTS = Cursors(_write_moment, _read_moment)
"""Lists ordered by when something came in, newest first."""
