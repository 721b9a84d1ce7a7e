"""The buttons of Temporal's own tools: cancel, terminate, reset; and what an operator reads there."""

from uuid import uuid4

from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import EventType
from temporalio.api.sdk.v1 import WorkflowMetadata
from temporalio.api.workflowservice.v1 import ResetWorkflowExecutionRequest
from temporalio.client import Client, WorkflowHandle
from temporalio.common import SearchAttributeKey, WorkflowIDReusePolicy

from domain.withdrawals import WithdrawalInput, WithdrawalResult
from workflows.names import MONEY_QUEUE, withdrawal_workflow_id
from workflows.withdrawals import WithdrawalWorkflow

METADATA_QUERY = "__temporal_workflow_metadata"


async def terminate(client: Client, workflow_id: str) -> None:
    """End a run from outside, without a word to it."""
    await client.get_workflow_handle(workflow_id).terminate("a button was pressed")


async def cancel(client: Client, workflow_id: str) -> None:
    """Ask a run from outside to stop."""
    await client.get_workflow_handle(workflow_id).cancel()


async def start_again(
    client: Client, wish: WithdrawalInput
) -> WorkflowHandle[WithdrawalWorkflow, WithdrawalResult]:
    """Start a withdrawal as whoever looks for unfinished rows does."""
    return await client.start_workflow(
        WithdrawalWorkflow.run,
        wish,
        id=withdrawal_workflow_id(wish.withdrawal_id),
        task_queue=MONEY_QUEUE,
        id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY,
    )


async def reset_to_start(client: Client, workflow_id: str) -> str:
    """Reset a workflow to the end of its first task; returns the new run's id."""
    handle = client.get_workflow_handle(workflow_id)
    history = await handle.fetch_history()
    completed = next(
        event for event in history.events if event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED
    )
    answer = await client.workflow_service.reset_workflow_execution(
        ResetWorkflowExecutionRequest(
            namespace=client.namespace,
            workflow_execution=WorkflowExecution(workflow_id=workflow_id),
            reason="a button was pressed",
            workflow_task_finish_event_id=completed.event_id,
            request_id=str(uuid4()),
        )
    )
    return answer.run_id


async def sentence(client: Client, workflow_id: str) -> str:
    """What an operator reads about a workflow right now."""
    metadata = await client.get_workflow_handle(workflow_id).query(
        METADATA_QUERY, result_type=WorkflowMetadata
    )
    return str(metadata.current_details)


async def attribute(client: Client, workflow_id: str, key: SearchAttributeKey[str]) -> str | None:
    """What an operator finds a workflow by."""
    described = await client.get_workflow_handle(workflow_id).describe()
    return described.typed_search_attributes.get(key)
