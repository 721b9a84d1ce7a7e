"""FundingWorkflow: a gas wallet gives a deposit address the coins that its sweeps need."""

from temporalio import workflow
from temporalio.exceptions import FailureError

from activities.estimating import EstimatingActivities
from activities.planning import PlanningActivities
from domain.own_transfers import ReadyTerms, TransferFacts, TransferInput, TransferResult, TransferState
from domain.reviews import Reason
from workflows.names import OPS_QUEUE, WorkflowName, chain_queue
from workflows.policies import LOOK, MUST
from workflows.reviews import show_state
from workflows.stepping import failure_code, shielded, take
from workflows.transferring import OwnTransfer, TransferSignals


@workflow.defn(name=WorkflowName.FUNDING)
class FundingWorkflow(TransferSignals):
    """One top-up, kind gas: PLANNED -> NOT_NEEDED | READY -> COMMITTED -> SETTLED.

    Only one is open per address, so two sweeps never fund it twice; those that wait are told of its end.
    """

    @workflow.init
    def __init__(self, transfer: TransferInput) -> None:
        self._own = OwnTransfer(transfer, self._prepare)

    @workflow.run
    async def run(self, transfer: TransferInput) -> TransferResult:
        facts = await shielded(self._own.body, on_cancel=self._own.unwanted)
        await take(
            PlanningActivities.tell_sweeps,
            transfer,
            queue=OPS_QUEUE,
            policy=MUST,
            summary="Tell the sweeps that wait for it",
        )
        return self._own.result(facts)

    async def _prepare(self, facts: TransferFacts) -> TransferFacts:
        show_state(facts.state.value, "Looking what the address lacks.")
        try:
            estimate = await take(
                EstimatingActivities.estimate_funding,
                self._own.transfer,
                queue=chain_queue(facts.network),
                policy=LOOK,
                summary="See what the address holds and what a top-up costs",
            )
        except FailureError as error:
            await self._own.desk.stand("estimate", Reason.RPC_DOWN, failure_code(error) or "no answer")
            return await self._own.recall()
        if not estimate.amount:
            return await self._own.skip(TransferState.NOT_NEEDED, sentence="the address holds enough")
        return await self._own.ready(
            ReadyTerms(amount=estimate.amount, fee_cap=estimate.fee_cap, height=estimate.height)
        )
