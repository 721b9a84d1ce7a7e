"""ChainFeedWorkflow: one per network; keeps three endless activities running and holds no cursor.

The cursor is a row: an activity that outlived its run moves nothing, because advancing it is compare-and-set.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from temporalio import workflow
from temporalio.exceptions import FailureError, is_cancelled_exception

from activities.broadcasting import BroadcastingActivities
from activities.delivering import DeliveringActivities
from activities.following import FollowingActivities
from domain.reviews import Reason
from domain.sends import FeedInput
from workflows.names import OPS_QUEUE, SignalName, UpdateName, WorkflowName, chain_queue, feed_queue
from workflows.policies import FOLLOW
from workflows.reviews import Desk, show_state
from workflows.stepping import failure_code, take

RUN_MAX = timedelta(days=1)
GOES_ON_SECONDS = 5
FOLLOWING = "following"


@workflow.defn(name=WorkflowName.CHAIN_FEED)
class ChainFeedWorkflow:
    """Follow one network for ever: read its blocks, deliver what they changed, send again what is due."""

    @workflow.init
    def __init__(self, feed: FeedInput) -> None:
        self._feed = feed
        self._desks: list[Desk] = []

    @workflow.run
    async def run(self, feed: FeedInput) -> None:
        self._show()
        started = workflow.now()
        loops = [
            self._endless(
                FollowingActivities.follow_chain, feed_queue(feed.network), "Follow the chain, block by block"
            ),
            self._endless(DeliveringActivities.deliver_events, OPS_QUEUE, "Tell workflows what changed"),
            self._endless(
                BroadcastingActivities.heal_sends, chain_queue(feed.network), "Send open transactions again"
            ),
        ]
        tasks = [asyncio.ensure_future(loop) for loop in loops]
        try:
            await workflow.wait_condition(
                lambda: workflow.info().is_continue_as_new_suggested(),
                timeout=RUN_MAX,
                timeout_summary="A new run each day",
            )
        except TimeoutError:
            workflow.logger.info("the run ends after %s", workflow.now() - started)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await workflow.wait_condition(workflow.all_handlers_finished)
        workflow.continue_as_new(feed)

    @workflow.update(name=UpdateName.RESUME)
    async def resume(self) -> None:
        """Look again at a network that stands blocked, after people agreed on its final block."""
        self._nudge()

    @workflow.signal(name=SignalName.RETRY_NOW)
    def retry_now(self, who: str) -> None:  # noqa: ARG002 - for the history
        self._nudge()

    def _nudge(self) -> None:
        for desk in self._desks:
            desk.nudge()

    def _show(self) -> None:
        """A loop that stands is what people have to see, whatever the others do."""
        show_state(FOLLOWING, f"Follows {self._feed.network}, tells what changed, sends again what is due.")
        for desk in self._desks:
            desk.show()

    async def _endless(
        self, step: Callable[[Any, FeedInput], Awaitable[None]], queue: str, summary: str
    ) -> None:
        """One shift after the other; a broken finality waits for people, and only this loop stands."""
        desk = Desk(("resume",))
        self._desks.append(desk)
        while True:
            shift = asyncio.ensure_future(take(step, self._feed, queue=queue, policy=FOLLOW, summary=summary))
            try:
                if desk.waiting is not None:
                    await self._see_it_go_on(desk, shift)
                await shift
            except FailureError as error:
                if is_cancelled_exception(error):
                    raise
                code = failure_code(error)
                reason = Reason.CHAIN_FROZEN if code == "FINALITY_BROKEN" else Reason.CORRUPT
                await desk.stand(step.__name__, reason, code or "no answer")

    async def _see_it_go_on(self, desk: Desk, shift: "asyncio.Task[None]") -> None:
        """A wait is over once its loop runs again without an error; a shift itself lasts half an hour."""
        _, running = await workflow.wait([shift], timeout=GOES_ON_SECONDS)
        if running:
            desk.leave()
            self._show()
