"""Directories of runs: each run owns one while it lives; what dead runs left behind is removed."""

import fcntl
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import IO

CHECKOUT = Path(__file__).resolve().parent.parent
BUILD = CHECKOUT / "build"
RUNS = BUILD / "run"


@dataclass(frozen=True, slots=True)
class Run:
    """A directory that belongs to one living process; a lock file beside it says so."""

    path: Path
    lock: IO[str]

    def close(self) -> None:
        """Remove the directory and give the name back."""
        shutil.rmtree(self.path, ignore_errors=True)
        _lock_of(self.path).unlink(missing_ok=True)
        self.lock.close()


def open_run(name: str, parent: Path = RUNS) -> Run:
    """Create a fresh directory `<name>-<process id>` under `parent`, after removing those of dead runs."""
    parent.mkdir(parents=True, exist_ok=True)
    _remove_leftovers(parent, name)
    number = 0
    while True:
        path = parent / f"{name}-{os.getpid()}-{number}"
        lock = _try_lock(_lock_of(path))
        if lock is not None:
            shutil.rmtree(path, ignore_errors=True)
            path.mkdir()
            return Run(path, lock)
        number += 1


def _remove_leftovers(parent: Path, name: str) -> None:
    for lock_file in parent.glob(f"{name}-*.lock"):
        lock = _try_lock(lock_file)
        if lock is None:
            continue
        shutil.rmtree(lock_file.with_suffix(""), ignore_errors=True)
        lock_file.unlink(missing_ok=True)
        lock.close()


def _try_lock(path: Path) -> IO[str] | None:
    """Return the open, locked file; None when a living process holds it or may not be asked."""
    try:
        file = path.open("a")
    except PermissionError:
        return None
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return None
    if not _is_at(file, path):
        file.close()  # removed between our open and our lock
        return None
    return file


def _is_at(file: IO[str], path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False


def _lock_of(path: Path) -> Path:
    return path.with_name(path.name + ".lock")
