"""Names that have been released never change: workflows, activities, messages, fields, words, ids."""

import json
from typing import Any

import pytest

from devstack.temporal import SEARCH_ATTRIBUTES as CREATED
from tests.support.contract import GOLDEN, contract

SECTIONS = (
    *("namespaces", "queues", "workflow_ids", "search_attributes"),
    *("workflows", "activities", "messages", "words"),
)
HOW = "a released name never changes; additions are written down by `python -m tests.support.contract`"


@pytest.fixture(scope="module")
def golden() -> dict[str, Any]:
    """The contract as it was written down."""
    found: dict[str, Any] = json.loads(GOLDEN.read_text(encoding="utf-8"))
    return found


@pytest.fixture(scope="module")
def today() -> dict[str, Any]:
    """The contract as the code says it."""
    return contract()


def test_the_golden_file_has_every_section(golden: dict[str, Any], today: dict[str, Any]) -> None:
    """Nothing of the contract is left out of the comparison."""
    assert set(golden) == set(today) == set(SECTIONS)


@pytest.mark.parametrize("section", SECTIONS)
def test_the_code_says_what_was_written_down(
    golden: dict[str, Any], today: dict[str, Any], section: str
) -> None:
    """A renamed field would be read as missing by every history that carries the old one."""
    assert today[section] == golden[section], HOW


def test_money_is_written_as_text(golden: dict[str, Any]) -> None:
    """The contract holds the form on the wire: an amount is a string, what was added later has a default."""
    assert golden["messages"]["WithdrawalInput"]["amount"] == {"type": "string"}
    assert golden["messages"]["WithdrawalInput"]["payee"] == {"type": "string"}
    assert "default" in golden["messages"]["PlayerRecord"]["request_id"]


def test_the_stacks_create_every_search_attribute_the_code_sets(golden: dict[str, Any]) -> None:
    """An attribute that a namespace lacks stops every task that sets it."""
    assert set(golden["search_attributes"]) <= set(CREATED)
