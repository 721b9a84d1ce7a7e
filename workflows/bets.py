"""BetWorkflow: reserve a stake, play, settle; the answer is given only after the money has moved."""

from temporalio import workflow
from temporalio.exceptions import FailureError

from activities.playing import PlayingActivities
from domain.bets import BetInput, BetResult, BetStep, next_step
from workflows.names import LEDGER_QUEUE, UpdateName, WorkflowName
from workflows.policies import ACCEPT, MUST
from workflows.reviews import Desk
from workflows.stepping import shielded, take, take_local, take_soon


@workflow.defn(name=WorkflowName.BET)
class BetWorkflow:
    """One in-house bet from its stake to its payout.

    NEW -> DECLINED | RESERVED -> WON | LOST; a stake whose acceptance got no answer in time is VOIDED.
    """

    @workflow.init
    def __init__(self, request: BetInput) -> None:
        self._request = request
        self._bet: BetResult | None = None
        self._desk = Desk()

    @workflow.run
    async def run(self, request: BetInput) -> BetResult:  # noqa: ARG002 - taken in __init__
        bet = await shielded(self._body, on_cancel=lambda: None)
        await workflow.wait_condition(workflow.all_handlers_finished)
        return bet

    @workflow.update(name=UpdateName.ACCEPT)
    async def accept(self, request: BetInput) -> BetResult:  # noqa: ARG002 - the run has it
        await workflow.wait_condition(lambda: self._bet is not None)
        assert self._bet is not None
        return self._bet

    async def _body(self) -> BetResult:
        bet = await self._reserve()
        if next_step(bet) is BetStep.SETTLE:
            bet = await self._desk.insist("settle", self._settle)
        self._bet = bet
        return bet

    async def _settle(self) -> BetResult:
        return await take_soon(
            PlayingActivities.settle_bet,
            self._request,
            queue=LEDGER_QUEUE,
            summary="Roll the dice and settle",
        )

    async def _reserve(self) -> BetResult:
        """Reserve the stake, or take it back for ever: who got no answer must not lose it silently."""
        try:
            return await take_local(
                PlayingActivities.accept_bet,
                self._request,
                policy=ACCEPT,
                summary="Decide and reserve the stake",
            )
        except FailureError:
            return await self._desk.insist("void", self._void)

    async def _void(self) -> BetResult:
        return await take(
            PlayingActivities.void_bet,
            self._request,
            queue=LEDGER_QUEUE,
            policy=MUST,
            summary="No answer in time: void the bet under its own id",
        )
