"""HotWalletWorkflow: one per network and asset; serves who waits, calls for top-ups, moves what is too much.

It holds no queue and no balance, both are rows: losing a signal or the workflow costs one timer.
"""

from datetime import datetime
from functools import partial

from temporalio import workflow

from activities.granting import GrantingActivities
from activities.planning import PlanningActivities
from chains.codecs.addresses import show_address
from domain.levels import HotWalletFacts, HotWalletInput, Level, explain_level
from domain.planning import PlanReport
from domain.reviews import Reason
from domain.sends import Told
from workflows.names import (
    LEDGER_QUEUE,
    NEEDS_HUMAN,
    OPS_QUEUE,
    REASON,
    SINCE,
    STATE,
    SignalName,
    WorkflowName,
)
from workflows.policies import BLOCKED_RETRY, MUST
from workflows.reviews import Desk, set_attributes
from workflows.stepping import take


@workflow.defn(name=WorkflowName.HOT_WALLET)
class HotWalletWorkflow:
    """LEVEL | LOW | DRY | HIGH, looked at when coins came, when somebody began to wait, and by the clock."""

    @workflow.init
    def __init__(self, hot: HotWalletInput) -> None:
        self._hot = hot
        self._level: Level | None = None
        self._needs_human = False
        self._since: datetime | None = hot.since
        self._heard = 0
        self._desk = Desk()

    @workflow.run
    async def run(self, hot: HotWalletInput) -> None:
        while not workflow.info().is_continue_as_new_suggested():
            understood = self._heard
            facts = await self._desk.insist("grant", self._grant)
            if facts.has_surplus and (await self._desk.insist("move", self._move)).planned:
                continue  # what is moved now may fill who lacks: look again before people are called
            self._show(facts)
            await self._news(understood)
        await workflow.wait_condition(workflow.all_handlers_finished)
        workflow.continue_as_new(hot.model_copy(update={"level": self._level, "since": self._since}))

    @workflow.signal(name=SignalName.FUNDS_CHANGED)
    def funds_changed(self, news: Told) -> None:
        """Coins came to a hot wallet, or one fell below its floor."""
        self._heard = max(self._heard, news.number)

    @workflow.signal(name=SignalName.DEMAND_CHANGED)
    def demand_changed(self, news: Told) -> None:
        """Somebody began to wait."""
        self._heard = max(self._heard, news.number)

    async def _grant(self) -> HotWalletFacts:
        return await take(
            GrantingActivities.grant_liquidity,
            self._hot,
            queue=LEDGER_QUEUE,
            policy=MUST,
            summary="Serve the queue for coins and weigh the wallets",
        )

    async def _move(self) -> PlanReport:
        return await take(
            PlanningActivities.plan_moves,
            self._hot,
            queue=OPS_QUEUE,
            policy=MUST,
            summary="Plan what leaves a wallet above its ceiling",
        )

    def _show(self, facts: HotWalletFacts) -> None:
        """Put the level where operators search, once it changes, and what to do where they read."""
        workflow.set_current_details(explain_level(facts, partial(show_address, self._hot.network)))
        if (facts.level, facts.needs_human) == (self._level, self._needs_human):
            return
        if self._since is None or facts.level is not (self._level or self._hot.level):
            self._since = workflow.now()
        self._level, self._needs_human = facts.level, facts.needs_human
        lacks = facts.level.needs_coins
        set_attributes(
            STATE.value_set(facts.level.value),
            NEEDS_HUMAN.value_set(facts.needs_human),
            REASON.value_set(Reason.LIQUIDITY.value) if lacks else REASON.value_unset(),
            SINCE.value_set(self._since) if lacks else SINCE.value_unset(),
        )

    async def _news(self, understood: int) -> None:
        try:
            await workflow.wait_condition(
                lambda: self._heard > understood,
                timeout=BLOCKED_RETRY,
                timeout_summary="Look again without news",
            )
        except TimeoutError:
            return
