"""The one way Temporal is spoken here: converter, sandboxed runner and connection, in every process."""

import asyncio
import dataclasses

from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.plugin import SimplePlugin
from temporalio.worker import WorkflowRunner
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

from activities.failures import FailureInterceptor
from bootstrap.telemetry import StepLog
from domain.errors import TemporalUnavailable

CONNECT_ATTEMPTS = 60
CONNECT_EVERY_SECONDS = 1
PASSED_THROUGH = (
    "domain",
    "activities",
    "ledger",
    "chains",
    "providers",
    "pydantic",
    "pydantic_core",
    "annotated_types",
    "workflows.names",
    "workflows.policies",
    "workflows.refunding",
    "workflows.reviews",
    "workflows.sending",
    "workflows.staff_verbs",
    "workflows.stepping",
    "workflows.transferring",
)
"""Taken as they are; those of `workflows` define none, and to reload them for each run took milliseconds."""


def sandboxed_runner() -> SandboxedWorkflowRunner:
    """A runner that reloads only the modules that define workflows."""
    return SandboxedWorkflowRunner(
        restrictions=SandboxRestrictions.default.with_passthrough_modules(*PASSED_THROUGH)
    )


def _runner(given: WorkflowRunner | None) -> WorkflowRunner:
    if isinstance(given, SandboxedWorkflowRunner):
        return dataclasses.replace(
            given, restrictions=given.restrictions.with_passthrough_modules(*PASSED_THROUGH)
        )
    return given or sandboxed_runner()


def croupier_plugin() -> SimplePlugin:
    """What client, workers, replayer and tests share."""
    return SimplePlugin(
        "croupier",
        data_converter=pydantic_data_converter,
        workflow_runner=_runner,
        interceptors=[StepLog(), FailureInterceptor()],
    )


async def connect(address: str, namespace: str, *, at_once: bool) -> Client:
    """A client of one namespace.

    A door connects with its first call, so that it can say 503 while Temporal is away. A worker has to
    connect `at_once` and waits for a minute; raises TemporalUnavailable after that.
    """
    if not at_once:
        return await Client.connect(address, namespace=namespace, plugins=[croupier_plugin()], lazy=True)
    for _ in range(CONNECT_ATTEMPTS):
        try:
            return await Client.connect(address, namespace=namespace, plugins=[croupier_plugin()])
        except RuntimeError:
            await asyncio.sleep(CONNECT_EVERY_SECONDS)
    message = f"nobody answers at {address}"
    raise TemporalUnavailable(message)
