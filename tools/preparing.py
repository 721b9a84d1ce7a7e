"""Builds .venv from the locked requirements and fetches anvil: `python3 tools/preparing.py`.

Needs nothing but the standard library, because it runs before anything is installed. A second run returns at
once, two runs at a time wait for each other, and an interrupted one is done again from nothing.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
BUILD = CHECKOUT / "build"
VENV = CHECKOUT / ".venv"
LOCK = CHECKOUT / "locks" / "development.txt"
INSTALL_LOG = BUILD / "install.log"
OLDEST = (3, 11)
PROGRESS_EVERY = 20
COMMAND = """\
#!/bin/sh
PYTHONPATH="{checkout}" exec "{venv}/bin/python" -P -m api.cli "$@"
"""
COMMAND_MODE = 0o755


def main() -> None:
    """Prepare the checkout, or leave with a sentence that names the cure."""
    if sys.version_info < OLDEST:
        sys.exit(f"Croupier needs Python {OLDEST[0]}.{OLDEST[1]} or newer; this is {sys.version.split()[0]}.")
    BUILD.mkdir(exist_ok=True)
    with (BUILD / "preparing.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        if not is_ready(VENV, LOCK):
            prepare(VENV, LOCK)
            sys.stderr.write(f"environment ready in {VENV.name}\n")
        write_command(VENV, CHECKOUT)
    fetch = [str(VENV / "bin" / "python"), "-m", "devstack.fetching"]
    if subprocess.run(fetch, cwd=CHECKOUT, check=False, stdout=subprocess.DEVNULL).returncode != 0:
        sys.exit("Could not get anvil: check the network, or put an `anvil` on PATH.")


def is_ready(venv: Path, lock: Path) -> bool:
    """Tell whether the environment was completed here, from exactly this lock."""
    return _stamp(venv) == _identity(venv, lock)


def prepare(venv: Path, lock: Path) -> None:
    """Create the environment, install the lock, then write the stamp; a mark tells of an interruption.

    What was interrupted, moved here from elsewhere, or made by another Python is built from nothing.
    """
    mark = venv.with_name(f"{venv.name}.unfinished")
    if mark.exists() or not _stamp(venv).startswith(_place(venv)):
        shutil.rmtree(venv, ignore_errors=True)
    mark.touch()
    sys.stderr.write(f"creating {venv.name}\n")
    if subprocess.run([sys.executable, "-m", "venv", str(venv)], check=False).returncode != 0:
        shutil.rmtree(venv, ignore_errors=True)
        sys.exit("Could not create a virtual environment; on Debian: apt-get install python3-venv")
    _install(venv, lock)
    (venv / ".ready").write_text(_identity(venv, lock))
    mark.unlink()


def write_command(venv: Path, checkout: Path) -> None:
    """Put the `croupier` command into the environment; it runs this checkout from any directory."""
    command = venv / "bin" / "croupier"
    text = COMMAND.format(venv=venv, checkout=checkout)
    if command.exists() and command.read_text() == text:
        return
    unfinished = command.with_suffix(".unfinished")
    unfinished.write_text(text)
    unfinished.chmod(COMMAND_MODE)
    unfinished.rename(command)


def _install(venv: Path, lock: Path) -> None:
    total = sum("==" in line for line in lock.read_text().splitlines())
    command = [str(venv / "bin" / "python"), "-m", "pip", "install", "--require-hashes", "--no-deps"]
    quiet = {**os.environ, "PIP_PROGRESS_BAR": "off", "PIP_NO_INPUT": "1"}
    began = time.monotonic()
    arguments = [*command, "--disable-pip-version-check", "-r", str(lock)]
    with (
        INSTALL_LOG.open("w") as log,
        subprocess.Popen(
            arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=quiet
        ) as pip,
    ):
        assert pip.stdout is not None
        found = 0
        for line in pip.stdout:
            log.write(line)
            if line.startswith("Collecting"):
                found += 1
                _tell(found, total, line)
            elif line.startswith("Installing collected"):
                sys.stderr.write("installing what was collected\n")
    if pip.returncode != 0:
        tail = "\n".join(INSTALL_LOG.read_text().splitlines()[-15:])
        sys.exit(f"{tail}\nInstalling failed; the whole output is in {INSTALL_LOG}.")
    sys.stderr.write(f"{total} packages in {time.monotonic() - began:.0f} s\n")


def _tell(found: int, total: int, line: str) -> None:
    if found == 1 or found % PROGRESS_EVERY == 0:
        sys.stderr.write(
            f"collecting package {found} of {total}: {line.split(maxsplit=2)[1].partition('==')[0]}\n"
        )


def _stamp(venv: Path) -> str:
    """What the last completion wrote; nothing once the interpreter behind it is gone."""
    stamp = venv / ".ready"
    return stamp.read_text() if stamp.exists() and (venv / "bin" / "python").exists() else ""


def _identity(venv: Path, lock: Path) -> str:
    return _place(venv) + hashlib.sha256(lock.read_bytes()).hexdigest()


def _place(venv: Path) -> str:
    """The Python and the path that an environment's scripts were written for."""
    return f"{sys.version_info.major}.{sys.version_info.minor} {venv} "


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit("interrupted; the next run starts again where it is safe")
