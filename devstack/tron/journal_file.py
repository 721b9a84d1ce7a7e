"""The chain's journal on disk: one line for what the chain began with, then one for every block.

A line is written whole before its block is shown, so that a killed node comes back with all it ever showed; a
line that the death cut short was never shown and is dropped.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

from devstack.tron.journal import Record

LINE_END = b"\n"


@dataclass(frozen=True, slots=True)
class Beginning:
    """What makes the genesis of a chain."""

    genesis_ms: int
    slot_ms: int


class JournalFile:
    """One file, read once and then only appended to."""

    def __init__(self, path: Path, beginning: Beginning) -> None:
        """Open it; what an earlier process began with counts more than `beginning`."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file: IO[bytes] = path.open("a+b")
        lines = self._read()
        if not lines:
            self.write(asdict(beginning))
        self.beginning = Beginning(**lines[0]) if lines else beginning
        self.records: list[Record] = list(lines[1:])

    def write(self, record: Record) -> None:
        """Append one line; it has left this process when this returns."""
        self._file.write(json.dumps(dict(record)).encode() + LINE_END)
        self._file.flush()

    def close(self) -> None:
        """Give the file back."""
        self._file.close()

    def _read(self) -> list[dict[str, int]]:
        self._file.seek(0)
        content = self._file.read()
        whole = content[: content.rfind(LINE_END) + 1]
        self._file.truncate(len(whole))
        return [json.loads(line) for line in whole.splitlines()]
