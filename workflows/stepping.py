"""How a workflow takes one step: an activity under a named policy, with a sentence for its history."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Generic, TypeVar

from temporalio import workflow
from temporalio.exceptions import ApplicationError, FailureError

from workflows.policies import ACCEPT, MUST, StepPolicy

Argument = TypeVar("Argument")
Result = TypeVar("Result")


async def take_local(
    step: Callable[[Any, Argument], Awaitable[Result]],
    argument: Argument,
    *,
    policy: StepPolicy,
    summary: str,
) -> Result:
    """Run a step inside the workflow task; for short database work whose caller is waiting."""
    return await workflow.execute_local_activity_method(
        step,
        argument,
        start_to_close_timeout=policy.start_to_close,
        schedule_to_close_timeout=policy.total,
        retry_policy=policy.retry,
        summary=summary,
    )


async def take(
    step: Callable[[Any, Argument], Awaitable[Result]],
    argument: Argument,
    *,
    queue: str,
    policy: StepPolicy,
    summary: str,
) -> Result:
    """Run a step on the queue that stands for its downstream limit."""
    return await workflow.execute_activity_method(
        step,
        argument,
        task_queue=queue,
        start_to_close_timeout=policy.start_to_close,
        schedule_to_close_timeout=policy.total,
        heartbeat_timeout=policy.heartbeat,
        retry_policy=policy.retry,
        summary=summary,
    )


async def take_soon(
    step: Callable[[Any, Argument], Awaitable[Result]], argument: Argument, *, queue: str, summary: str
) -> Result:
    """Run a step at once while its caller waits; if the database does not answer, repeat it until it does.

    An error that no repetition would change is the answer and is raised.
    """
    try:
        return await take_local(step, argument, policy=ACCEPT, summary=summary)
    except FailureError as error:
        said = _said(error)
        if said is not None and said.non_retryable:
            raise
        workflow.set_current_details(f"The ledger does not answer. Repeated until it does: {summary}.")
        return await take(step, argument, queue=queue, policy=MUST, summary=summary)


def failure_code(error: FailureError) -> str | None:
    """The code of the error behind a failed step; None when time ran out without any answer."""
    cause = _said(error)
    return cause.type if cause else None


def failure_details(error: FailureError) -> tuple[Any, ...]:
    """What the failing step said beside its code."""
    cause = _said(error)
    return tuple(cause.details) if cause else ()


def _said(error: FailureError) -> ApplicationError | None:
    """A local failure is the bare application error; remote, or last before a timeout, it is wrapped."""
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, ApplicationError):
        cause = cause.__cause__
    return cause


async def shielded(body: Callable[[], Awaitable[Result]], on_cancel: Callable[[], None]) -> Result:
    """Run the body so that a cancel from outside becomes a note and never interrupts a money step."""
    task = asyncio.ensure_future(body())
    while True:
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            if task.cancelled():
                raise
            on_cancel()


class Answer(Generic[Result]):
    """The one answer of a workflow that takes a single step: what every caller, early or late, is given."""

    def __init__(self) -> None:
        self.record: Result | None = None
        self._refusal: tuple[str, str] | None = None

    async def come_from(self, step: Awaitable[Result]) -> None:
        """Take the step's result, or remember why it was refused, so that no error leaves the workflow."""
        try:
            self.record = await step
        except FailureError as error:
            self._refusal = (failure_code(error) or "INTERNAL", str(error.cause or error))

    async def given(self) -> Result:
        """Wait for the answer; a refusal reaches the caller as an application error with its code."""
        await workflow.wait_condition(lambda: self.record is not None or self._refusal is not None)
        if self._refusal is not None:
            code, sentence = self._refusal
            raise ApplicationError(sentence, type=code, non_retryable=True)
        assert self.record is not None
        return self.record
