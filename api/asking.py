"""The door's only way to change anything: start a workflow and wait for its answer, or say a verb to one.

One operation has one workflow id and the constant update id `accept`, so the same request asked again joins
the running workflow or gets the stored answer. What each outcome of such a call means is decided here alone.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum
from typing import Generic, Protocol, TypeVar
from uuid import UUID

import structlog
from temporalio.client import (
    Client,
    RPCError,
    WithStartWorkflowOperation,
    WorkflowQueryFailedError,
    WorkflowUpdateFailedError,
)
from temporalio.client import WorkflowUpdateRPCTimeoutOrCancelledError as NoAnswerInTime
from temporalio.common import Priority, TypedSearchAttributes, WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import ActivityError, ApplicationError, FailureError, WorkflowAlreadyStartedError
from temporalio.service import RPCStatusCode

from api.errors import INTERNAL, Refused
from domain.cases import Said
from domain.errors import Conflict, TemporalUnavailable
from domain.tickets import TRIES_OF_A_DELIVERY, update_id
from domain.wire import Message
from workflows.names import (
    ACCEPT_UPDATE_ID,
    CONTENT,
    MONEY_NAMESPACE,
    QueryName,
    UpdateName,
    WorkflowName,
    withdrawal_workflow_id,
)

PROBE_PATIENCE = timedelta(seconds=1)
CASE_PATIENCE = timedelta(seconds=2)
HANDLE_PATIENCE_SECONDS = 1
ASKS_MAX = 2
UPDATE_LOST = "AcceptedUpdateCompletedWorkflow"
"""The server's word for: the run closed before it answered. It means ask again, never refused."""

Record = TypeVar("Record", bound=Message)

log = structlog.stdlib.get_logger("api")


class NoAnswer(Enum):
    """What is known when the workflow itself gave no answer."""

    PENDING = "pending"
    """It runs; the answer did not come in time."""
    RECORDED = "recorded"
    """Temporal cannot say any more: the rows have the answer, if there is one."""


@dataclass(frozen=True, slots=True)
class Question(Generic[Record]):
    """One workflow to start, unless it exists, and the record its `accept` update answers with.

    `begins_anew` lets the same request start it again after a run that was ended from outside; for acts that
    nothing else would take up again.
    """

    namespace: str
    workflow: WorkflowName
    workflow_id: str
    queue: str
    argument: Message
    answer: type[Record]
    patience: timedelta
    summary: str
    content: str = ""
    begins_anew: bool = False
    attributes: TypedSearchAttributes = field(default_factory=lambda: TypedSearchAttributes([]))
    priority: Priority = Priority.default


@dataclass(frozen=True, slots=True)
class Verb(Generic[Record]):
    """One update to a running workflow; `ticket` makes a repeated click one act."""

    namespace: str
    workflow_id: str
    update: UpdateName
    ticket: str
    argument: Message
    answer: type[Record]
    patience: timedelta
    first_try: int = 1


class Asker(Protocol):
    """What routes know of workflows.

    Both raise `Refused` with the code a workflow refused with, and TemporalUnavailable when it is not known
    that the request arrived; after either, the same request may be made again.
    """

    async def ask(self, question: Question[Record]) -> Record | NoAnswer: ...

    async def say(self, verb: Verb[Record]) -> Record | NoAnswer: ...

    async def case(self, withdrawal_id: UUID) -> Said | None:
        """What a withdrawal's workflow says about itself; None if it does not answer in time."""
        ...


TURNING = {RPCStatusCode.INTERNAL, RPCStatusCode.FAILED_PRECONDITION}
"""What Temporal answers while a run is reset, or hands over to the next."""


class TemporalAsker:
    """Asks through one Temporal client per namespace."""

    def __init__(self, *clients: Client) -> None:
        self._clients = {client.namespace: client for client in clients}

    async def ask(self, question: Question[Record]) -> Record | NoAnswer:
        """Start and ask; a run that closed before it answered is asked once more, then the rows must say."""
        for number in range(ASKS_MAX):
            operation = _start(question)
            try:
                return await self._update_with_start(question, operation)
            except WorkflowUpdateFailedError as failure:
                if not _is_lost(failure):
                    raise _refusal(failure) from failure
            except (NoAnswerInTime, TimeoutError):
                return await self._pending_or_unavailable(question)
            except WorkflowAlreadyStartedError:
                return NoAnswer.RECORDED
            except RPCError as error:
                if error.status is not RPCStatusCode.FAILED_PRECONDITION or number == ASKS_MAX - 1:
                    raise _unavailable(error, question.workflow_id) from error
            finally:
                await _consume(operation)
        return NoAnswer.RECORDED

    async def say(self, verb: Verb[Record]) -> Record | NoAnswer:
        """Send a verb; a second try has its own update id because a reset run no longer honours the first."""
        last = verb.first_try + TRIES_OF_A_DELIVERY - 1
        for number in range(verb.first_try, last + 1):
            try:
                return await self._update(verb, update_id(verb.ticket, number))
            except WorkflowUpdateFailedError as failure:
                if not _is_lost(failure):
                    raise _refusal(failure) from failure
            except (NoAnswerInTime, TimeoutError):
                return NoAnswer.PENDING
            except RPCError as error:
                if error.status is RPCStatusCode.NOT_FOUND:
                    return NoAnswer.RECORDED
                if error.status not in TURNING or number == last:
                    raise _unavailable(error, verb.workflow_id) from error
        return NoAnswer.RECORDED

    async def case(self, withdrawal_id: UUID) -> Said | None:
        """Ask the workflow by a query, which moves nothing."""
        handle = self._clients[MONEY_NAMESPACE].get_workflow_handle(withdrawal_workflow_id(withdrawal_id))
        try:
            async with _patience(CASE_PATIENCE):
                said = await handle.query(QueryName.CASE.value, result_type=Said, rpc_timeout=CASE_PATIENCE)
        except (RPCError, WorkflowQueryFailedError, TimeoutError, TemporalUnavailable) as error:
            log.info("no sentence", withdrawal_id=str(withdrawal_id), why=type(error).__name__)
            return None
        assert isinstance(said, Said), said
        return said

    async def _update_with_start(
        self, question: Question[Record], operation: "WithStartWorkflowOperation[object, object]"
    ) -> Record:
        client = self._clients[question.namespace]
        async with _patience(question.patience):
            answer = await client.execute_update_with_start_workflow(
                UpdateName.ACCEPT.value,
                question.argument,
                start_workflow_operation=operation,
                id=ACCEPT_UPDATE_ID,
                result_type=question.answer,
                rpc_timeout=question.patience,
            )
        assert isinstance(answer, question.answer), answer
        return answer

    async def _update(self, verb: Verb[Record], update_id: str) -> Record:
        handle = self._clients[verb.namespace].get_workflow_handle(verb.workflow_id)
        async with _patience(verb.patience):
            answer = await handle.execute_update(
                verb.update.value,
                verb.argument,
                id=update_id,
                result_type=verb.answer,
                rpc_timeout=verb.patience,
            )
        assert isinstance(answer, verb.answer), answer
        return answer

    async def _pending_or_unavailable(self, question: Question[Record]) -> NoAnswer:
        """A start without an answer is pending once the server shows the workflow of the same request."""
        handle = self._clients[question.namespace].get_workflow_handle(question.workflow_id)
        try:
            async with _patience(PROBE_PATIENCE):
                seen = await handle.describe(rpc_timeout=PROBE_PATIENCE)
        except (RPCError, TimeoutError) as error:
            raise TemporalUnavailable("the workflow was not seen to start") from error
        if await seen.memo_value(CONTENT, question.content, type_hint=str) != question.content:
            raise Conflict("body")
        return NoAnswer.PENDING


@asynccontextmanager
async def _patience(limit: timedelta) -> AsyncIterator[None]:
    """Bounds a whole call (the SDK bounds each attempt); TemporalUnavailable without a connection."""
    try:
        async with asyncio.timeout(limit.total_seconds()):
            yield
    except RuntimeError as error:
        raise TemporalUnavailable("no connection") from error


def _start(question: Question[Record]) -> "WithStartWorkflowOperation[object, object]":
    return WithStartWorkflowOperation(
        question.workflow.value,
        question.argument,
        id=question.workflow_id,
        task_queue=question.queue,
        id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY
        if question.begins_anew
        else WorkflowIDReusePolicy.REJECT_DUPLICATE,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        search_attributes=question.attributes,
        static_summary=question.summary,
        memo={CONTENT: question.content} if question.content else None,
        priority=question.priority,
    )


async def _consume(operation: "WithStartWorkflowOperation[object, object]") -> None:
    """Read the handle that the SDK always fills, so that a failed start leaves no unread exception behind."""
    with suppress(Exception, asyncio.CancelledError):
        await asyncio.wait_for(operation.workflow_handle(), HANDLE_PATIENCE_SECONDS)


def _cause(failure: WorkflowUpdateFailedError) -> BaseException:
    cause = failure.cause
    return cause.cause or cause if isinstance(cause, ActivityError) else cause


def _is_lost(failure: WorkflowUpdateFailedError) -> bool:
    cause = _cause(failure)
    return isinstance(cause, ApplicationError) and cause.type == UPDATE_LOST


def _refusal(failure: WorkflowUpdateFailedError) -> Refused:
    """The refusal behind a failed update; one without a code is a defect of ours."""
    cause = _cause(failure)
    if isinstance(cause, ApplicationError) and cause.type:
        return Refused(cause.type, cause.message)
    sentence = cause.message if isinstance(cause, FailureError) else str(cause)
    log.error("update failed without a code", sentence=sentence)
    return Refused(INTERNAL, sentence)


def _unavailable(error: RPCError, workflow_id: str) -> TemporalUnavailable:
    log.warning("temporal refused", workflow_id=workflow_id, status=error.status.name, why=error.message)
    return TemporalUnavailable(error.status.name.lower())
