"""TemporalStarter: starts and messages workflows by kind, for activities, which cannot see workflows."""

from dataclasses import dataclass

from temporalio.client import Client
from temporalio.common import (
    SearchAttributePair,
    TypedSearchAttributes,
    WorkflowIDConflictPolicy,
    WorkflowIDReusePolicy,
)
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from activities.granting import GRANTED
from domain.deposits import Observation
from domain.errors import TemporalUnavailable
from domain.sends import Told
from ledger.events import DepositEvent, SendEvent
from workflows.deposits import DepositWorkflow
from workflows.names import CHAIN, MONEY_QUEUE, SignalName, deposit_workflow_id, withdrawal_workflow_id

NEWS = {GRANTED: SignalName.GRANTED}


@dataclass(frozen=True, slots=True)
class TemporalStarter:
    """The money namespace's workflows, reached through one client; raises TemporalUnavailable."""

    money: Client

    async def deposit(self, event: DepositEvent) -> None:
        """Start the deposit's workflow with the news, or tell the running one; a finished one needs none."""
        deposit = event.deposit
        try:
            await self.money.start_workflow(
                DepositWorkflow.run,
                deposit,
                id=deposit_workflow_id(deposit.network, deposit.txid, deposit.position),
                task_queue=MONEY_QUEUE,
                id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                start_signal=SignalName.OBSERVED,
                start_signal_args=[Observation(number=event.number, state=event.state)],
                search_attributes=TypedSearchAttributes([SearchAttributePair(CHAIN, event.network)]),
                static_summary=f"Deposit on {event.network}",
            )
        except WorkflowAlreadyStartedError:
            return
        except RPCError as error:
            raise TemporalUnavailable(error.message) from error

    async def send(self, event: SendEvent) -> None:
        """Tell the withdrawal that owns a send; one that has ended has nothing to learn."""
        handle = self.money.get_workflow_handle(withdrawal_workflow_id(event.send_id))
        try:
            await handle.signal(NEWS.get(event.state, SignalName.OBSERVED), Told(number=event.number))
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise TemporalUnavailable(error.message) from error
