"""TemporalStarter: starts and messages workflows by kind, for activities, which cannot see workflows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from temporalio.client import (
    Client,
    WorkflowExecutionStatus,
    WorkflowHandle,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import ActivityError, ApplicationError, WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from activities.redelivering import Refusal
from activities.repairing import Run
from bootstrap.settings import HouseFile
from domain.assets import Catalogue
from domain.delegations import DelegationInput
from domain.deposits import Observation, WalletRole
from domain.errors import (
    AlreadyClosed,
    Conflict,
    MayStillLand,
    NotFound,
    RequestInvalid,
    TemporalUnavailable,
    TooLate,
)
from domain.levels import HotWalletInput
from domain.own_transfers import OWN_KINDS, TransferInput
from domain.players import PoolInput
from domain.repairs import Restartable, RunState
from domain.replacements import NotReplaceable
from domain.sends import FeedInput, Told
from domain.tickets import Ticket, first_number, update_id
from ledger.events import DEMAND_CHANGED, GRANTED, DepositEvent, FloatEvent, SendEvent
from workflows.names import (
    CONTENT,
    MONEY_NAMESPACE,
    SignalName,
    UpdateName,
    hot_wallet_workflow_id,
    withdrawal_workflow_id,
)
from workflows.starts import Start, delegation_start, deposit_start, start_of, transfer_start

TELL_PATIENCE = timedelta(seconds=5)
REFUSALS = {
    error.code
    for error in (TooLate, MayStillLand, NotReplaceable, Conflict, NotFound, RequestInvalid, AlreadyClosed)
}
"""What a verb may be refused with for good."""
NEWS = {GRANTED: SignalName.GRANTED, DEMAND_CHANGED: SignalName.DEMAND_CHANGED}
STATES = {
    WorkflowExecutionStatus.RUNNING: RunState.OPEN,
    WorkflowExecutionStatus.COMPLETED: RunState.COMPLETED,
    WorkflowExecutionStatus.FAILED: RunState.BROKEN,
    WorkflowExecutionStatus.CANCELED: RunState.BROKEN,
    WorkflowExecutionStatus.TERMINATED: RunState.BROKEN,
    WorkflowExecutionStatus.TIMED_OUT: RunState.BROKEN,
}
"""What each status of a newest run means; one that is not listed is on its way to the next run."""


def refusal_behind(failure: WorkflowUpdateFailedError) -> Refusal | None:
    """The final refusal of a failed update; None if its run was lost, or failed by what may be mended."""
    cause = failure.cause.cause if isinstance(failure.cause, ActivityError) else failure.cause
    if isinstance(cause, ApplicationError) and cause.type in REFUSALS:
        return Refusal(cause.type, cause.message)
    return None


def endless_of(house: HouseFile) -> tuple[FeedInput | PoolInput | HotWalletInput, ...]:
    """What runs for ever in this house: a feed for each network, a pool for each family of keys.

    And a keeper for each asset of each network that has a hot wallet.
    """
    feeds = [FeedInput(network=entry.network) for entry in house.networks]
    pools = [
        PoolInput(family=entry.family, network=_first_network(house, entry.family))
        for entry in house.addresses
    ]
    paying = {wallet.network for wallet in house.wallets if wallet.role is WalletRole.HOT}
    keepers = [
        HotWalletInput(network=entry.network, asset_id=entry.id)
        for entry in house.assets
        if entry.network in paying
    ]
    return (*feeds, *pools, *keepers)


def cold_wallets(house: HouseFile) -> dict[str, bytes]:
    """Where coins that a network's hot wallets hold above their ceilings go: its first cold wallet."""
    found: dict[str, bytes] = {}
    for wallet in house.wallets:
        if wallet.role is WalletRole.COLD:
            found.setdefault(wallet.network, wallet.address)
    return found


@dataclass(frozen=True, slots=True)
class TemporalStarter:
    """The workflows of both namespaces, reached through one client each; raises TemporalUnavailable."""

    bets: Client
    money: Client
    catalogue: Catalogue

    async def deposit(self, event: DepositEvent) -> None:
        """Start the deposit's workflow with the news, or tell the running one; a finished one needs none."""
        try:
            await self._start(
                deposit_start(event.deposit),
                WorkflowIDReusePolicy.REJECT_DUPLICATE,
                WorkflowIDConflictPolicy.USE_EXISTING,
                news=[Observation(number=event.number, state=event.state)],
            )
        except WorkflowAlreadyStartedError:
            return

    async def send(self, event: SendEvent) -> None:
        """Tell the workflow that owns a send; one that has ended has nothing to learn."""
        await self._tell(_owner_of(event), NEWS.get(event.state, SignalName.OBSERVED), event.number)

    async def hot_wallets(self, event: FloatEvent) -> None:
        """Tell the keeper of an asset; one that does not run reads the rows when it begins."""
        asset = self.catalogue.by_id(event.asset_id)
        signal = NEWS.get(event.state, SignalName.FUNDS_CHANGED)
        await self._tell(hot_wallet_workflow_id(event.network, asset.symbol), signal, event.number)

    async def tell(self, ticket: Ticket, deliveries_before: int) -> Refusal | bool:
        """Say a ticket to its withdrawal under the ids of its next delivery."""
        handle = self.money.get_workflow_handle(withdrawal_workflow_id(ticket.withdrawal_id))
        update = UpdateName(ticket.verb.value)
        try:
            await handle.execute_update(
                update.value,
                ticket.act,
                id=update_id(ticket.ticket, first_number(deliveries_before)),
                rpc_timeout=TELL_PATIENCE,
            )
        except WorkflowUpdateFailedError as failure:
            said = refusal_behind(failure)
            if said is None:
                raise TemporalUnavailable("the update was lost") from failure
            return said
        except (WorkflowUpdateRPCTimeoutOrCancelledError, TimeoutError) as error:
            raise TemporalUnavailable("no answer in time") from error
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return False
            raise TemporalUnavailable(error.message) from error
        return True

    async def tell_transfer(self, transfer: TransferInput) -> None:
        """Tell its workflow that its rows have changed; one that has ended has nothing to learn."""
        await self._tell(transfer_start(transfer).workflow_id, SignalName.OBSERVED, 0)

    async def tell_delegation(self, delegation: DelegationInput) -> None:
        """Tell its workflow that its rows have changed; one that has ended has nothing to learn."""
        await self._tell(delegation_start(delegation).workflow_id, SignalName.OBSERVED, 0)

    async def run_of(self, owed: Restartable) -> Run:
        """What Temporal knows of its newest run; one that retention has taken is absent."""
        start = start_of(owed, self.catalogue)
        try:
            described = await self._client(start).get_workflow_handle(start.workflow_id).describe()
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return Run(start.workflow_id, RunState.ABSENT)
            raise TemporalUnavailable(error.message) from error
        status = described.status
        return Run(start.workflow_id, RunState.OPEN if status is None else STATES.get(status, RunState.OPEN))

    async def start_again(self, owed: Restartable) -> bool:
        """Start its workflow; False if it runs, or if its last run completed.

        A plain start, because an update would be answered from the run that was ended, and start nothing.
        """
        try:
            await self._start(
                start_of(owed, self.catalogue),
                WorkflowIDReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY,
                WorkflowIDConflictPolicy.FAIL,
            )
        except WorkflowAlreadyStartedError:
            return False
        return True

    async def _tell(self, workflow_id: str, signal: SignalName, number: int) -> None:
        try:
            await self.money.get_workflow_handle(workflow_id).signal(signal, Told(number=number))
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise TemporalUnavailable(error.message) from error

    async def _start(
        self,
        start: Start,
        reuse: WorkflowIDReusePolicy,
        conflict: WorkflowIDConflictPolicy,
        news: Sequence[Observation] = (),
    ) -> WorkflowHandle[Any, Any]:
        try:
            return await self._client(start).start_workflow(
                start.workflow.value,
                start.argument,
                id=start.workflow_id,
                task_queue=start.queue,
                id_reuse_policy=reuse,
                id_conflict_policy=conflict,
                start_signal=SignalName.OBSERVED.value if news else None,
                start_signal_args=news,
                search_attributes=start.attributes,
                static_summary=start.summary,
                memo={CONTENT: start.content} if start.content else None,
                priority=start.priority,
            )
        except RPCError as error:
            raise TemporalUnavailable(error.message) from error

    def _client(self, start: Start) -> Client:
        return self.money if start.namespace == MONEY_NAMESPACE else self.bets


def _owner_of(event: SendEvent) -> str:
    """The id of the workflow that a send belongs to."""
    if event.delegation_id is not None:
        delegation = DelegationInput(delegation_id=event.delegation_id, network=event.network)
        return delegation_start(delegation).workflow_id
    if event.send_kind in OWN_KINDS:
        transfer = TransferInput(transfer_id=event.send_id, kind=event.send_kind, network=event.network)
        return transfer_start(transfer).workflow_id
    return withdrawal_workflow_id(event.send_id)


def _first_network(house: HouseFile, family: str) -> str:
    """The network under whose name the signer of a family is asked."""
    return next(entry.network for entry in house.networks if entry.network.startswith(f"{family}:"))
