"""Compiles the test tokens; the result is kept under build/ and made again when its source changes."""

import hashlib
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from devstack.runs import BUILD

SOURCES = Path(__file__).resolve().parent
CACHE = BUILD / "tokens"
COMPILE_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Compiled:
    """A contract ready to deploy: its interface and its creation code as 0x hex."""

    abi: list[dict[str, object]]
    bytecode: str


def compile_token(name: str = "plain") -> Compiled:
    """Return the compiled contract of `<name>.vy`.

    Raises subprocess.CalledProcessError when the compiler refuses the source.
    """
    source = SOURCES / f"{name}.vy"
    identity = hashlib.sha256(version("vyper").encode() + source.read_bytes()).hexdigest()[:16]
    cached = CACHE / f"{name}-{identity}.json"
    if not cached.exists():
        _store(cached, _compile(source))
    found = json.loads(cached.read_text())
    return Compiled(found["abi"], found["bytecode"])


def _compile(source: Path) -> dict[str, object]:
    """Run the compiler in a process of its own: it is slow to import and no part of ours."""
    done = subprocess.run(
        [str(Path(sys.prefix) / "bin" / "vyper"), "-f", "combined_json", source.name],
        check=True,
        cwd=source.parent,
        stdout=subprocess.PIPE,
        text=True,
        timeout=COMPILE_SECONDS,
    )
    contract: dict[str, object] = json.loads(done.stdout)[source.name]
    return {"abi": contract["abi"], "bytecode": contract["bytecode"]}


def _store(path: Path, content: dict[str, object]) -> None:
    """Write whole or not at all: several runs may compile at once."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(f".{os.getpid()}")
    partial.write_text(json.dumps(content))
    partial.replace(path)
