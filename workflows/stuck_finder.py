"""StuckFinderWorkflow: nothing is forgotten; what is owed has an open workflow, or gets one.

A schedule starts it every minute in each namespace. It repairs by starting, never by posting: whatever button
was pressed on a workflow, its rows say where the next run goes on.
"""

from temporalio import workflow
from temporalio.exceptions import FailureError, is_cancelled_exception

from activities.redelivering import RedeliveringActivities
from activities.repairing import RepairingActivities
from domain.repairs import Owed, PageRepairs, StuckPage, StuckReport, StuckSearch
from workflows.names import OPS_QUEUE, WorkflowName
from workflows.policies import SCAN
from workflows.stepping import failure_code, take


@workflow.defn(name=WorkflowName.STUCK_FINDER)
class StuckFinderWorkflow:
    """One search through everything unfinished of a namespace, page by page."""

    @workflow.run
    async def run(self, search: StuckSearch) -> StuckReport:
        kinds, after, report = search.kinds, search.after, search.so_far
        while kinds:
            page = StuckPage(kind=kinds[0], grace_seconds=search.grace_seconds, after=after)
            try:
                repairs = await self._repair(page)
            except FailureError as error:
                if is_cancelled_exception(error):
                    raise
                # One kind that cannot be read must not hide the others.
                why = failure_code(error) or "no answer"
                report = report.found(f"{page.kind.value}: not searched to the end, {why}")
                repairs = PageRepairs()
            report = report.plus(repairs)
            after = repairs.next
            if after is None:
                kinds = kinds[1:]
            if kinds and workflow.info().is_continue_as_new_suggested():
                workflow.continue_as_new(
                    search.model_copy(update={"kinds": kinds, "after": after, "so_far": report})
                )
        return report

    async def _repair(self, page: StuckPage) -> PageRepairs:
        if page.kind is Owed.TICKET:
            return await take(
                RedeliveringActivities.deliver_tickets,
                page,
                queue=OPS_QUEUE,
                policy=SCAN,
                summary="Deliver again what the staff said and nobody answered",
            )
        what = "endless workflows" if page.kind is Owed.ENDLESS else f"every unfinished {page.kind.value}"
        return await take(
            RepairingActivities.restart_stuck,
            page,
            queue=OPS_QUEUE,
            policy=SCAN,
            summary=f"See that somebody works on {what}",
        )
