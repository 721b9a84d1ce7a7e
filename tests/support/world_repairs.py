"""The search for what nobody works on, started by hand, and how its effect is seen."""

from uuid import uuid4

from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from domain.repairs import StuckReport, StuckSearch
from tests.support.world_checks import is_running
from workers.schedules import SOUGHT
from workflows.names import OPS_QUEUE, stuck_finder_id
from workflows.stuck_finder import StuckFinderWorkflow


async def search(client: Client, *, grace_seconds: int = 0, workflow_id: str | None = None) -> StuckReport:
    """Search a namespace as its schedule would, by default without waiting for a row to be old."""
    return await client.execute_workflow(
        StuckFinderWorkflow.run,
        StuckSearch(kinds=SOUGHT[client.namespace], grace_seconds=grace_seconds),
        id=workflow_id or f"{stuck_finder_id()}-{uuid4()}",
        task_queue=OPS_QUEUE,
    )


async def run_id(client: Client, workflow_id: str) -> str | None:
    """The newest run under an id; None if nobody remembers one."""
    try:
        return (await client.get_workflow_handle(workflow_id).describe()).run_id
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return None
        raise


async def restarted(client: Client, workflow_id: str) -> None:
    """Search, and see that a new run is under way where none was."""
    before = await run_id(client, workflow_id)
    assert not await is_running(client, workflow_id)
    report = await search(client)
    assert (report.restarted >= 1, report.findings) == (True, ())
    assert await run_id(client, workflow_id) not in {before, None}
