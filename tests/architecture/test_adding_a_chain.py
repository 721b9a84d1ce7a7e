"""A chain is one folder, one line of wiring and one entry: the page says so, and the code keeps it."""

import ast
import inspect
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from bootstrap.networks import ADAPTERS
from bootstrap.settings import NetworkEntry
from chains.codecs.addresses import address_book
from devstack.runs import CHECKOUT
from signer.building import BUILDERS
from tests.support.chain_contract import ChainContract, NonceChainContract

PAGE = (CHECKOUT / "docs" / "adding-a-chain.md").read_text()
FAMILY_WORDS = re.compile(r"(?i)\b(eip155|evm|tron|ethereum)")
BLIND = ("api", "workers", "workflows", "activities", "ledger")
"""Floors that pay and credit on every network in the same way; migrations are history."""
TOLD = {"examples", "description"}
"""Arguments that are only read by people."""
FOLDERS = {"eip155": "evm"}
"""Families whose folder has another name than the family."""


def _facts(suite: type) -> set[str]:
    """Each fact of a suite in its own words."""
    return {
        inspect.getdoc(method) or ""
        for name, method in inspect.getmembers(suite, inspect.isfunction)
        if name.startswith("test_")
    }


def _words(file: Path) -> Iterator[tuple[int, str]]:
    """What code decides by: names, texts and imports, without what is only told to people."""
    tree = ast.parse(file.read_text())
    told = {
        id(part)
        for node in ast.walk(tree)
        if (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
        or (isinstance(node, ast.keyword) and node.arg in TOLD)
        for part in ast.walk(node.value)
    }
    for node in ast.walk(tree):
        match node:
            case ast.Constant(value=str(text)) if id(node) not in told:
                yield node.lineno, text
            case ast.Name(id=text) | ast.Attribute(attr=text):
                yield node.lineno, text.replace("_", " ")
            case ast.ImportFrom(module=str(text)):
                yield node.lineno, text
            case _:
                pass


@pytest.mark.parametrize("package", BLIND)
def test_what_pays_and_credits_names_no_family(package: str) -> None:
    """No workflow, activity, table or route knows which kind of network it works on."""
    found = [
        f"{file.relative_to(CHECKOUT)}:{line}: {text[:60]}"
        for file in (CHECKOUT / package).rglob("*.py")
        if "migrations" not in file.parts
        for line, text in _words(file)
        if FAMILY_WORDS.search(text)
    ]
    assert found == []


def test_each_family_has_its_folder_and_its_line() -> None:
    """What is wired has an adapter, a text form of addresses and a builder; the page names its folder."""
    assert set(BUILDERS) == set(ADAPTERS)
    for family in ADAPTERS:
        assert address_book(f"{family}:1").show(bytes(range(20)))
        folder = f"chains/{FOLDERS.get(family, family)}/"
        assert (CHECKOUT / folder / "reader.py").exists()
        assert f"`{folder}`" in PAGE


def test_a_configured_network_is_one_entry() -> None:
    """The example house lists networks of families that are wired, each in an entry that is complete."""
    house = tomllib.loads((CHECKOUT / "deploy" / "croupier.example.toml").read_text())
    entries = [NetworkEntry.model_validate(entry) for entry in house["networks"]]
    assert {entry.network.partition(":")[0] for entry in entries} <= set(ADAPTERS)


def test_the_page_lists_the_conformance_suite() -> None:
    """Every fact that an adapter has to show stands there in its own words, and no other."""
    for_all, for_counting = PAGE.split("### The conformance suite")[1].split("Where wallets count")
    listed = [
        set(re.findall(r"^\| (.+) \|$", part, re.MULTILINE)) - {"fact", "---"}
        for part in (for_all, for_counting.split("###")[0])
    ]
    assert listed == [_facts(ChainContract), _facts(NonceChainContract) - _facts(ChainContract)]


def test_files_that_the_page_names_exist() -> None:
    """Each path is one of the tree."""
    named = re.findall(r"`((?:[a-z_]+/)+[a-z0-9_.-]*)`", PAGE)
    assert named
    assert [path for path in named if not (CHECKOUT / path).exists()] == []
