"""Starter: starts and messages workflows by kind, for activities, which cannot see workflows."""

from dataclasses import dataclass
from uuid import UUID

from temporalio.client import Client
from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from domain.deposits import DepositInput, DepositState, Observation
from domain.errors import TemporalUnavailable
from domain.sends import Told
from ledger.events import ChainEvent
from workflows.deposits import DepositWorkflow
from workflows.names import (
    CHAIN,
    MONEY_QUEUE,
    STATE,
    SignalName,
    WorkflowName,
    deposit_workflow_id,
    withdrawal_workflow_id,
)


@dataclass(frozen=True, slots=True)
class TemporalStarter:
    """The money namespace's workflows, reached through one client."""

    money: Client

    async def deposit(self, event: ChainEvent) -> None:
        """Start the deposit's workflow with the news, or tell the running one; a closed one needs no news."""
        raise NotImplementedError
