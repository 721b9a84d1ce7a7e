"""What the sandbox takes as it is: helpers of workflows, never a module that defines one."""

import importlib
import inspect

import pytest

from bootstrap.temporal import PASSED_THROUGH

HELPERS = [name for name in PASSED_THROUGH if name.startswith("workflows.")]
DEFINITION = "__temporal_workflow_definition"


@pytest.mark.parametrize("name", HELPERS)
def test_no_module_taken_as_it_is_defines_a_workflow(name: str) -> None:
    """A module with a workflow of its own is reloaded for each run."""
    module = importlib.import_module(name)
    own = [member for _, member in inspect.getmembers(module, inspect.isclass) if member.__module__ == name]
    assert not [member for member in own if DEFINITION in vars(member)]


def test_the_mark_of_a_workflow_is_known() -> None:
    """The test above looks for what the SDK really leaves on a workflow."""
    workflows = importlib.import_module("workflows.deposits")
    assert DEFINITION in vars(workflows.DepositWorkflow)
