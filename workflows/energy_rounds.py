"""EnergyRoundWorkflow: one round of looking after lent energy, started by a schedule for each network."""

from temporalio import workflow

from activities.borrowing import BorrowingActivities
from activities.energy import EnergyActivities
from domain.energy_rounds import EnergyRound, EnergyRoundResult
from workflows.names import OPS_QUEUE, WorkflowName, chain_queue
from workflows.policies import SCAN
from workflows.stepping import take


@workflow.defn(name=WorkflowName.ENERGY_ROUND)
class EnergyRoundWorkflow:
    """Compares the rows with the network's own index; takes back leftovers and what is overdue."""

    @workflow.run
    async def run(self, wanted: EnergyRound) -> EnergyRoundResult:
        """Look once; what one round misses the next finds."""
        report = await take(
            EnergyActivities.compare_delegations,
            wanted,
            queue=chain_queue(wanted.network),
            policy=SCAN,
            summary="Compare what is lent with what the rows say",
        )
        return await take(
            BorrowingActivities.settle_round,
            report,
            queue=OPS_QUEUE,
            policy=SCAN,
            summary="Ask back what is overdue, plan what hot wallets lack",
        )
