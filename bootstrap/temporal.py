"""The one way Temporal is spoken here: converter, sandboxed runner and connection, the same in every process."""

import dataclasses

from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.plugin import SimplePlugin
from temporalio.worker import WorkflowRunner
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

PASSED_THROUGH = ("domain", "activities", "ledger", "chains", "providers", "pydantic", "pydantic_core", "annotated_types")


def sandboxed_runner() -> SandboxedWorkflowRunner:
    """A runner that reloads only the package `workflows`."""
    return SandboxedWorkflowRunner(restrictions=SandboxRestrictions.default.with_passthrough_modules(*PASSED_THROUGH))


def _runner(given: WorkflowRunner | None) -> WorkflowRunner:
    if isinstance(given, SandboxedWorkflowRunner):
        return dataclasses.replace(given, restrictions=given.restrictions.with_passthrough_modules(*PASSED_THROUGH))
    return given or sandboxed_runner()


def croupier_plugin() -> SimplePlugin:
    """What client, workers, replayer and tests share."""
    return SimplePlugin("croupier", data_converter=pydantic_data_converter, workflow_runner=_runner)


async def connect(address: str, namespace: str) -> Client:
    """Connect lazily to one namespace; the first call finds out whether somebody answers."""
    return await Client.connect(address, namespace=namespace, plugins=[croupier_plugin()], lazy=True)
