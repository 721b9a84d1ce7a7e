"""The page of the Tron devnet names everything that can be done to it."""

import re

import pytest

import devstack.tron
from devstack.runs import CHECKOUT
from devstack.tron.genesis import DevContracts
from devstack.tron.knobs import FAULTS
from devstack.tron.levers import Knobs, Levers, dev_calls
from devstack.tron.program import Settings, make_chain
from devstack.tron.surface import Surface
from devstack.tron.views import Node

PAGE = (CHECKOUT / "devstack" / "tron" / "README.md").read_text()


@pytest.fixture(scope="module")
def levers() -> Levers:
    """Levers on a chain in this process."""
    return make_chain(Settings(ports=()))


def test_every_lever_and_knob_is_named(levers: Levers) -> None:
    """The two tables hold the `dev/*` calls, no more and no fewer; `struck` belongs to `fault`."""
    told = set(re.findall(r"`([a-z_]+)`", " ".join(re.findall(r"^\| (`[^|]+) \|", PAGE, re.MULTILINE))))
    calls = set(dev_calls(levers, Knobs(Surface(Node(levers.chain)))))
    assert told == calls - {"struck"}


def test_every_fault_and_contract_is_named() -> None:
    """Each fault by its name, each contract of the genesis by its attribute."""
    names = {*FAULTS, *DevContracts.__slots__}
    assert [name for name in sorted(names) if f"`{name}`" not in PAGE] == []


def test_it_says_what_it_is_not() -> None:
    """Nobody should take it for a node of Tron."""
    assert "It is not java-tron" in PAGE
    assert devstack.tron.__doc__
