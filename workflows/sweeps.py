"""SweepWorkflow: what was deposited at one address goes to a hot wallet, if that is worth its cost."""

from temporalio import workflow
from temporalio.exceptions import FailureError

from activities.estimating import EstimatingActivities
from activities.planning import PlanningActivities
from domain.delegations import BorrowWish
from domain.own_transfers import (
    ReadyTerms,
    TopUpWish,
    TransferFacts,
    TransferInput,
    TransferResult,
    TransferState,
)
from domain.reviews import Reason
from domain.sweeping import SweepEstimate, SweepVerdict
from workflows.borrowing import borrow
from workflows.names import OPS_QUEUE, WorkflowName, chain_queue
from workflows.policies import LOOK, MUST
from workflows.reviews import show_state
from workflows.stepping import failure_code, shielded, take
from workflows.transferring import OwnTransfer, TransferSignals

NO_ESTIMATE = {"CHAIN_FROZEN": Reason.CHAIN_FROZEN, "NOT_YET": Reason.LIQUIDITY}


@workflow.defn(name=WorkflowName.SWEEP)
class SweepWorkflow(TransferSignals):
    """One sweep of one asset at one address.

    PLANNED -> FUNDING | DELEGATING -> READY -> COMMITTED -> SETTLED; SKIPPED if it does not pay off, PARKED
    while people have to look at the address first. Gas is waited for until it is final, energy until it is
    there, never for a time; what was lent goes back however the sweep ends.
    """

    @workflow.init
    def __init__(self, transfer: TransferInput) -> None:
        self._own = OwnTransfer(transfer, self._prepare)

    @workflow.run
    async def run(self, transfer: TransferInput) -> TransferResult:  # noqa: ARG002 - taken in __init__
        facts = await shielded(self._own.body, on_cancel=self._own.unwanted)
        return self._own.result(facts)

    async def _prepare(self, facts: TransferFacts) -> TransferFacts:
        if facts.state is TransferState.PARKED:
            await self._own.desk.stand("estimate", Reason.PARKED, facts.sentence or "")
            facts = await self._own.recall()
            if self._own.is_unwanted:
                return facts
        show_state(facts.state.value, "Weighing what the address holds against what moving it costs.")
        estimate = await self._estimate(facts)
        if estimate is None:
            return await self._own.recall()
        return await self._follow(estimate)

    async def _follow(self, estimate: SweepEstimate) -> TransferFacts:
        """What the verdict asks for; the rows then say where the sweep stands."""
        match estimate.verdict:
            case SweepVerdict.SKIP:
                return await self._end(TransferState.SKIPPED, estimate)
            case SweepVerdict.PARK:
                return await self._end(TransferState.PARKED, estimate)
            case SweepVerdict.DRY:
                await self._own.desk.stand("estimate", Reason.ENERGY_POOL_EMPTY, estimate.sentence or "")
                return await self._own.recall()
            case _:
                self._own.desk.leave()
                return await self._go_on(estimate)

    async def _go_on(self, estimate: SweepEstimate) -> TransferFacts:
        if estimate.verdict is SweepVerdict.FUND:
            return await self._top_up(estimate)
        if estimate.verdict is SweepVerdict.LEND:
            return await self._borrow(estimate)
        return await self._own.ready(
            ReadyTerms(amount=estimate.amount, fee_cap=estimate.fee_cap, height=estimate.height)
        )

    async def _estimate(self, facts: TransferFacts) -> SweepEstimate | None:
        try:
            return await take(
                EstimatingActivities.estimate_sweep,
                self._own.transfer,
                queue=chain_queue(facts.network),
                policy=LOOK,
                summary="See what the address holds and what a sweep costs",
            )
        except FailureError as error:
            code = failure_code(error) or "no answer"
            await self._own.desk.stand("estimate", NO_ESTIMATE.get(code, Reason.RPC_DOWN), code)
            return None

    async def _end(self, state: TransferState, estimate: SweepEstimate) -> TransferFacts:
        code = estimate.code.value if estimate.code else None
        return await self._own.skip(state, code, estimate.sentence)

    async def _top_up(self, estimate: SweepEstimate) -> TransferFacts:
        await take(
            PlanningActivities.top_up,
            TopUpWish(sweep_id=self._own.transfer.transfer_id, wanted=estimate.wanted),
            queue=OPS_QUEUE,
            policy=MUST,
            summary="Plan the gas that the address lacks, and see that it is sent",
        )
        return await self._own.recall()

    async def _borrow(self, estimate: SweepEstimate) -> TransferFacts:
        assert estimate.giver is not None, estimate
        await borrow(
            BorrowWish(
                sweep_id=self._own.transfer.transfer_id,
                giver=estimate.giver,
                sun=estimate.sun,
                energy=estimate.energy,
            )
        )
        return await self._own.recall()
