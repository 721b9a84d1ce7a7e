"""The package list is written in five places; they agree with each other and with the disk."""

import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import pytest

from devstack.runs import CHECKOUT

UNSHIPPED = ("bench", "devstack")
BESIDE = ("tests", "tools", "docs", "deploy", "locks", "build", "dist", "node_modules")
PROJECT: dict[str, Any] = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())
ROOTS: list[str] = PROJECT["tool"]["importlinter"]["root_packages"]
SHIPPED: list[str] = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]


def test_the_disk_has_exactly_the_linted_packages() -> None:
    """A folder with code in it is a package the contracts know, and none of them is missing."""
    folders = {
        entry.name
        for entry in CHECKOUT.iterdir()
        if entry.is_dir() and not entry.name.startswith(".") and any(entry.rglob("*.py"))
    }
    assert folders - set(BESIDE) == set(ROOTS)
    assert all((CHECKOUT / root / "__init__.py").exists() for root in ROOTS)


def test_what_ships_is_what_is_linted_and_measured() -> None:
    """Wheel, coverage and source archive carry the linted packages; the developers' own are not shipped."""
    shipped = [root for root in ROOTS if root not in UNSHIPPED]
    assert shipped == SHIPPED
    assert PROJECT["tool"]["coverage"]["run"]["source"] == SHIPPED
    archive = PROJECT["tool"]["hatch"]["build"]["targets"]["sdist"]["only-include"]
    assert sorted(archive) == sorted([*ROOTS, "tests", "tools"])
    assert set(PROJECT["tool"]["mypy"]["files"]) == {*ROOTS, "tests", "tools"} | _existing("deploy")


def test_the_floors_hold_every_package() -> None:
    """The contract that says who may import whom leaves nobody out."""
    contracts = {contract["id"]: contract for contract in PROJECT["tool"]["importlinter"]["contracts"]}
    floors = [name.strip() for layer in contracts["floors"]["layers"] for name in layer.split("|")]
    assert sorted(floors) == sorted(ROOTS)
    assert contracts["no-knots"]["ancestors"] == ROOTS


def test_the_document_lists_every_package() -> None:
    """ARCHITECTURE.md has one row per package, in the order of the floors."""
    document = (CHECKOUT / "ARCHITECTURE.md").read_text()
    assert re.findall(r"^\| `(\w+)/` \|", document, re.MULTILINE) == ROOTS


def test_every_folder_with_code_is_a_package() -> None:
    """A folder without `__init__.py` is invisible to half of the tools; alembic names its own files."""
    bare = {
        file.parent.relative_to(CHECKOUT).as_posix()
        for root in (*ROOTS, "tests", "tools")
        for file in (CHECKOUT / root).rglob("*.py")
        if not (file.parent / "__init__.py").exists() and "migrations" not in file.parts
    }
    assert bare == set()


def test_no_installed_distribution_brings_a_name_of_ours() -> None:
    """Root packages are importable words: whoever else brought one would be imported in our place."""
    theirs = {name: owners for name, owners in packages_distributions().items() if name in ROOTS}
    assert {name: owners for name, owners in theirs.items() if set(owners) != {"croupier"}} == {}


@pytest.mark.parametrize("lock", sorted(path.name for path in (CHECKOUT / "locks").glob("*.txt")))
def test_a_lock_pins_and_hashes_everything_and_names_no_host(lock: str) -> None:
    """Every requirement has one exact version and a hash; nothing says where it was downloaded from."""
    text = (CHECKOUT / "locks" / lock).read_text()
    blocks = re.split(r"\n(?=\S)", re.sub(r"^#.*\n(?:\s*#.*\n)*", "", text, flags=re.MULTILINE).strip())
    unpinned = [
        block.split("\n")[0] for block in blocks if not re.match(r"[a-z0-9-]+==\S+.*\\\n\s+--hash=", block)
    ]
    assert unpinned == []
    assert not re.search(r"https?:|file:|--index|--find-links|@ ", text)


def test_the_locks_agree_about_versions() -> None:
    """What runs in production is the version the tests ran with."""
    full = _pins(CHECKOUT / "locks" / "development.txt")
    for part in ("runtime.txt", "signer.txt"):
        pins = _pins(CHECKOUT / "locks" / part)
        assert pins
        assert pins <= full


def test_the_npm_lock_names_no_host_and_hashes_everything() -> None:
    """The same promise for the one npm package."""
    text = (CHECKOUT / "devstack" / "node" / "package-lock.json").read_text()
    assert "resolved" not in text
    assert "http" not in text
    assert text.count('"integrity"') == text.count('"node_modules/')


@pytest.mark.timeout(180)
def test_the_contracts_hold() -> None:
    """Imports go down: import-linter keeps every contract."""
    done = subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports")), "--cache-dir", "build/imports"],
        check=False,
        cwd=CHECKOUT,
        env={"PYTHONPATH": str(CHECKOUT)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def _existing(*names: str) -> set[str]:
    return {name for name in names if (CHECKOUT / name).exists()}


def _pins(lock: Path) -> set[str]:
    return set(re.findall(r"^([a-z0-9-]+==[^\s\\]+)", lock.read_text(), re.MULTILINE))
