"""What can go wrong between an activity and its workflow: answers get lost, steps fail or are held back."""

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from temporalio import activity
from temporalio.exceptions import ApplicationError
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

from domain.errors import CroupierError

Step = tuple[str, str]
"""A workflow's id and the name of one of its activities."""


class AnswerLost(Exception):
    """The activity did all it had to do, and its worker died before it could say so."""


@dataclass(slots=True)
class Hold:
    """A step that waits before it acts: `reached` is set when it stands there, `let_go` sends it on."""

    reached: asyncio.Event = field(default_factory=asyncio.Event)
    gone: asyncio.Event = field(default_factory=asyncio.Event)

    def let_go(self) -> None:
        self.gone.set()


class Mischief(Interceptor):
    """Stands inside every worker of a world, idle until told; `calls` counts executions of steps."""

    def __init__(self) -> None:
        self.calls: Counter[Step] = Counter()
        self.lost: Counter[Step] = Counter()
        self._losing: Counter[Step] = Counter()
        self._losing_for_good: set[Step] = set()
        self._failing: dict[Step, list[CroupierError]] = {}
        self._holds: dict[Step, Hold] = {}

    def lose_answer(self, workflow_id: str, step: str, times: int = 1) -> None:
        """The next executions of this step take effect and then fail."""
        self._losing[workflow_id, step] += times

    def lose_for_good(self, workflow_id: str, step: str) -> None:
        """The next execution of this step takes effect, and no repetition of it is ever tried."""
        self._losing_for_good.add((workflow_id, step))

    def fail(self, workflow_id: str, step: str, *errors: CroupierError) -> None:
        """The next executions of this step fail before they do anything, one error each."""
        self._failing.setdefault((workflow_id, step), []).extend(errors)

    def forgive(self, workflow_id: str, step: str) -> None:
        """The step fails no more."""
        self._failing.pop((workflow_id, step), None)

    def hold(self, workflow_id: str, step: str) -> Hold:
        """The next execution of this step waits before it does anything."""
        return self._holds.setdefault((workflow_id, step), Hold())

    def let_all_go(self) -> None:
        """Nobody waits any more, so that workers can stop."""
        for hold in self._holds.values():
            hold.let_go()

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002 - the SDK's name
        return _Mischievous(super().intercept_activity(next), self)

    async def before(self, step: Step) -> None:
        """What happens to a step before it acts."""
        self.calls[step] += 1
        hold = self._holds.pop(step, None)
        if hold is not None:
            hold.reached.set()
            await hold.gone.wait()
        errors = self._failing.get(step)
        if errors:
            raise errors.pop(0)

    def after(self, step: Step) -> None:
        """What happens to its answer."""
        if step in self._losing_for_good:
            self._losing_for_good.remove(step)
            self.lost[step] += 1
            message = "the answer came after all patience"
            raise ApplicationError(message, type="TOO_SLOW", non_retryable=True)
        if self._losing[step] > 0:
            self._losing[step] -= 1
            self.lost[step] += 1
            raise AnswerLost(step)


class _Mischievous(ActivityInboundInterceptor):
    def __init__(self, following: ActivityInboundInterceptor, mischief: Mischief) -> None:
        super().__init__(following)
        self._mischief = mischief

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002, ANN401 - the SDK's signature
        info = activity.info()
        step = (info.workflow_id or "", info.activity_type)
        await self._mischief.before(step)
        answer = await super().execute_activity(input)
        self._mischief.after(step)
        return answer
