"""MoveWorkflow: coins of one hot wallet go to another of its set, or to a cold address."""

from temporalio import workflow

from domain.own_transfers import TransferFacts, TransferInput, TransferResult
from workflows.names import WorkflowName
from workflows.reviews import show_state
from workflows.stepping import shielded
from workflows.transferring import OwnTransfer, TransferSignals


@workflow.defn(name=WorkflowName.MOVE)
class MoveWorkflow(TransferSignals):
    """One move, kind refill or to_cold: PLANNED -> READY -> COMMITTED -> SETTLED; its row names both ends."""

    @workflow.init
    def __init__(self, transfer: TransferInput) -> None:
        self._own = OwnTransfer(transfer, self._prepare)

    @workflow.run
    async def run(self, transfer: TransferInput) -> TransferResult:  # noqa: ARG002 - taken in __init__
        facts = await shielded(self._own.body, on_cancel=self._own.unwanted)
        return self._own.result(facts)

    async def _prepare(self, facts: TransferFacts) -> TransferFacts:
        show_state(facts.state.value, "Looking for room in the wallet it leaves.")
        return await self._own.ready()
