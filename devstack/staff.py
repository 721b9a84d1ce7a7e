"""Somebody of the staff at a terminal: the real `croupier` command, each time a process of its own."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from devstack.runs import CHECKOUT

COMMAND_SECONDS = 60


class CommandFailed(Exception):
    """A command that had to be done and was not; shows what it said."""

    def __init__(self, line: str, code: int, said: str) -> None:
        super().__init__(f"`{line}` ended with {code}: {said.strip()}")
        self.code = code


@dataclass(frozen=True, slots=True)
class Said:
    """One command as it was typed and as it was answered."""

    line: str
    out: str


@dataclass(frozen=True, slots=True)
class StaffMember:
    """One person with a key of their own; the audit calls them by its name."""

    url: str
    key_file: Path

    def type(self, *words: str) -> Said:
        """Run a command as it is typed; raises CommandFailed unless it was done."""
        line = " ".join(["croupier", *(f'"{word}"' if " " in word else word for word in words)])
        done = subprocess.run(
            [sys.executable, "-m", "api.cli", *words],
            check=False,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=COMMAND_SECONDS,
            cwd=CHECKOUT,
            env={
                **os.environ,
                "CROUPIER_URL": self.url,
                "CROUPIER_OPERATOR_KEY_FILE": str(self.key_file),
                "PYTHONUTF8": "1",
            },
        )
        if done.returncode:
            raise CommandFailed(line, done.returncode, done.stderr or done.stdout)
        return Said(line, done.stdout)

    def read(self, *words: str) -> dict[str, Any]:
        """The document behind a command's answer."""
        document: dict[str, Any] = json.loads(self.type(*words, "--json").out)
        return document
