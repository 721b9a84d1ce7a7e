"""Desk: where a workflow waits for the world or for a person, and says why while it waits."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

from temporalio import workflow
from temporalio.common import SearchAttributeUpdate
from temporalio.exceptions import FailureError, is_cancelled_exception

from domain.reviews import Reason, Waiting, explain
from workflows.names import NEEDS_HUMAN, REASON, SINCE, STATE, STEP
from workflows.policies import BLOCKED_RETRY, PERSON_FALLBACK
from workflows.stepping import failure_code

BLOCKED = "blocked"

Result = TypeVar("Result")


class Desk:
    """One workflow's waiting place. `nudge` ends a wait early; the body then decides again from rows."""

    def __init__(self, verbs: tuple[str, ...] = ()) -> None:
        self._verbs: Callable[[], tuple[str, ...]] = lambda: verbs
        self._nudged = False
        self._step = ""
        self.waiting: Waiting | None = None
        self.stands = 0

    def offer(self, verbs: Callable[[], tuple[str, ...]]) -> None:
        """Say which verbs are open by asking whenever it has to be said."""
        self._verbs = verbs

    def nudge(self) -> None:
        self._nudged = True

    async def stand(
        self,
        step: str,
        reason: Reason,
        detail: str = "",
        *,
        at_most: timedelta | None = None,
    ) -> None:
        """Wait until nudged, or until the reason is due for another look; the caller goes on from facts."""
        since = _since(reason)
        self.stands += 1
        self._step = step
        self.waiting = Waiting(reason=reason, since=since, verbs=(), detail=detail)
        self.waiting = replace(self.waiting, verbs=self._verbs())
        self.show()
        patience = at_most or (BLOCKED_RETRY if reason.retries_by_itself else PERSON_FALLBACK)
        with suppress(TimeoutError):
            await workflow.wait_condition(
                lambda: self._nudged, timeout=patience, timeout_summary=f"{reason}: look again"
            )
        self._nudged = False

    def show(self) -> None:
        """Put the wait where people look; again, if another wait of the same workflow hid it."""
        if self.waiting is None:
            return
        workflow.set_current_details(explain(self.waiting))
        set_attributes(
            STATE.value_set(BLOCKED),
            STEP.value_set(self._step),
            REASON.value_set(self.waiting.reason.value),
            NEEDS_HUMAN.value_set(self.waiting.reason.needs_human),
            SINCE.value_set(datetime.fromisoformat(self.waiting.since)),
        )

    async def insist(self, step: str, take_it: Callable[[], Awaitable[Result]]) -> Result:
        """Take a step that has to happen: an error that is final stands here and is tried again later.

        So no error leaves the workflow, and money it holds keeps its owner.
        """
        while True:
            try:
                result = await take_it()
            except FailureError as error:
                if is_cancelled_exception(error):
                    raise
                await self.stand(step, Reason.CORRUPT, failure_code(error) or "no answer")
            else:
                self.leave()
                return result

    def leave(self) -> None:
        """Say that the wait is over, once the step it was for has gone through."""
        if self.waiting is None:
            return
        self.waiting = None
        needs_human = NEEDS_HUMAN.value_set(False)  # noqa: FBT003 - the SDK takes the value alone
        set_attributes(REASON.value_unset(), needs_human, SINCE.value_unset())


def _since(reason: Reason) -> str:
    """When this reason began, which a run before this one may have noted."""
    noted = workflow.info().typed_search_attributes
    began = noted.get(SINCE) if noted.get(REASON) == reason.value else None
    return (began or workflow.now()).isoformat(timespec="seconds")


def show_state(state: str, sentence: str) -> None:
    """Put the state where operators search and the sentence where they read."""
    set_attributes(STATE.value_set(state))
    workflow.set_current_details(sentence)


def set_attributes(*updates: SearchAttributeUpdate[Any]) -> None:
    """Put values where operators search."""
    workflow.upsert_search_attributes(updates)  # pyright: ignore[reportUnknownMemberType] - typed loosely by the SDK
