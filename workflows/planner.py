"""PlannerWorkflow: one round of planning, started by a schedule; it plans rows and starts their workflows."""

from temporalio import workflow

from activities.planning import PlanningActivities
from domain.planning import PlanReport, PlanRound
from workflows.names import OPS_QUEUE, WorkflowName
from workflows.policies import SCAN
from workflows.stepping import take


@workflow.defn(name=WorkflowName.PLANNER)
class PlannerWorkflow:
    """One look at everything that lies at deposit addresses; what it misses the next round finds."""

    @workflow.run
    async def run(self, wanted: PlanRound) -> PlanReport:
        return await take(
            PlanningActivities.plan_sweeps,
            wanted,
            queue=OPS_QUEUE,
            policy=SCAN,
            summary="Plan the sweeps that are due",
        )
