"""What each outcome of asking a workflow means at the door: one row each, through Temporal's own client.

The client is real; its last interceptor stands where the network would be and gives the outcome of the row.
"""

from collections.abc import Awaitable
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from temporalio.api.common.v1 import Payloads, WorkflowType
from temporalio.api.update.v1 import Outcome
from temporalio.api.workflow.v1 import WorkflowExecutionInfo
from temporalio.api.workflowservice.v1 import (
    DescribeWorkflowExecutionResponse,
    StartWorkflowExecutionResponse,
)
from temporalio.client import (
    Client,
    DescribeWorkflowInput,
    Interceptor,
    OutboundInterceptor,
    RPCError,
    StartWorkflowUpdateInput,
    StartWorkflowUpdateWithStartInput,
    UpdateWithStartUpdateWorkflowInput,
    WorkflowExecutionDescription,
    WorkflowUpdateFailedError,
    WorkflowUpdateHandle,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.exceptions import ActivityError, ApplicationError, RetryState, WorkflowAlreadyStartedError
from temporalio.service import RPCStatusCode

from api.asking import UPDATE_LOST, NoAnswer, TemporalAsker
from api.errors import Refused
from api.questions import bet_question, cancel_verb
from bootstrap.temporal import croupier_plugin
from domain.bets import BetInput, BetResult, BetState, Game
from domain.errors import TemporalUnavailable
from domain.ids import bet_id
from domain.withdrawals import CancelAct, WithdrawalFacts, WithdrawalState
from tests.support.door import NOWHERE, PLAYER
from tests.support.ledger_database import NETWORK, TOKEN
from workflows.names import BETS_NAMESPACE, MONEY_NAMESPACE

UpdateInput = StartWorkflowUpdateInput | UpdateWithStartUpdateWorkflowInput

WITHDRAWAL = UUID("b1a6c8de-2f53-5d0e-8f4e-3e6c57f0a9d4")
BET = BetInput(
    bet_id=bet_id(PLAYER, "b-1"),
    player=PLAYER,
    asset_id=2,
    game=Game.DICE,
    stake=1_000_000,
    under=5000,
    client_key="b-1",
    request_id="request-1",
    received_at=datetime(2026, 5, 1, tzinfo=UTC),
)
WON = BetResult(
    bet_id=BET.bet_id, state=BetState.WON, asset_id=2, stake=1_000_000, under=5000, payout=1_980_000
)
CANCELLED = WithdrawalFacts(
    withdrawal_id=WITHDRAWAL,
    state=WithdrawalState.CANCELLED,
    player=PLAYER,
    asset_id=2,
    asset_code=TOKEN.code,
    network=NETWORK,
    payee=bytes(20),
    amount=1,
)


def _rpc(status: RPCStatusCode) -> RPCError:
    return RPCError(status.name, status, b"")


def _failed(code: str, sentence: str = "why") -> WorkflowUpdateFailedError:
    return WorkflowUpdateFailedError(ApplicationError(sentence, type=code))


def _failed_in_an_activity(code: str) -> WorkflowUpdateFailedError:
    error = ActivityError(
        "activity failed",
        scheduled_event_id=1,
        started_event_id=2,
        identity="worker",
        activity_type="accept_bet",
        activity_id="1",
        retry_state=RetryState.NON_RETRYABLE_FAILURE,
    )
    error.__cause__ = ApplicationError("why", type=code)
    return WorkflowUpdateFailedError(error)


class Wire(Interceptor):
    """The end of the wire: each update gives the next outcome, a describe its own; all calls are kept."""

    def __init__(self, outcomes: list[Any], description: Exception | None = None) -> None:
        self.outcomes = outcomes
        self.description = description
        self.updates: list[UpdateInput] = []

    def intercept_client(self, next: OutboundInterceptor) -> OutboundInterceptor:  # noqa: A002 - the SDK's name
        return _End(next, self)

    async def answer(self, client: Client, asked: UpdateInput, workflow_id: str) -> WorkflowUpdateHandle[Any]:
        self.updates.append(asked)
        outcome = self.outcomes.pop(0)
        if isinstance(outcome, WorkflowUpdateFailedError):
            failure = Outcome()
            await client.data_converter.encode_failure(outcome.cause, failure.failure)
            return self._handle(client, asked, workflow_id, failure)
        if isinstance(outcome, Exception):
            raise outcome
        payloads = Payloads(payloads=await client.data_converter.encode([outcome]))
        return self._handle(client, asked, workflow_id, Outcome(success=payloads))

    @staticmethod
    def _handle(
        client: Client, asked: UpdateInput, workflow_id: str, outcome: Outcome
    ) -> WorkflowUpdateHandle[Any]:
        return WorkflowUpdateHandle(
            client, "accept", workflow_id, known_outcome=outcome, result_type=asked.ret_type
        )


class _End(OutboundInterceptor):
    def __init__(self, following: OutboundInterceptor, wire: Wire) -> None:
        super().__init__(following)
        self.wire = wire
        self.client: Client = following._client  # type: ignore[attr-defined]  # the last link knows its client

    async def start_update_with_start_workflow(
        self,
        input: StartWorkflowUpdateWithStartInput,  # noqa: A002 - the SDK's name
    ) -> WorkflowUpdateHandle[Any]:
        try:
            handle = await self.wire.answer(
                self.client, input.update_workflow_input, input.start_workflow_input.id
            )
        except Exception as error:
            input._on_start_error(error)
            raise
        input._on_start(StartWorkflowExecutionResponse(run_id="run"))
        return handle

    async def start_workflow_update(
        self,
        input: StartWorkflowUpdateInput,  # noqa: A002 - the SDK's name
    ) -> WorkflowUpdateHandle[Any]:
        return await self.wire.answer(self.client, input, input.id)

    async def describe_workflow(
        self,
        input: DescribeWorkflowInput,  # noqa: A002 - the SDK's name
    ) -> WorkflowExecutionDescription:
        if self.wire.description is not None:
            raise self.wire.description
        execution = WorkflowExecutionInfo(type=WorkflowType(name=input.id), start_time=Timestamp())
        raw = DescribeWorkflowExecutionResponse(workflow_execution_info=execution)
        return await WorkflowExecutionDescription._from_raw_description(
            raw, self.client.namespace, self.client.data_converter
        )


async def _asker(namespace: str, wire: Wire) -> TemporalAsker:
    client = await Client.connect(
        NOWHERE, namespace=namespace, plugins=[croupier_plugin()], interceptors=[wire], lazy=True
    )
    return TemporalAsker(client)


class Row(NamedTuple):
    """Outcomes of the calls one question makes, how often it may ask, and what the route is told."""

    name: str
    outcomes: list[Any]
    expected: Any
    asks: int = 1
    description: Exception | None = None


LOST = _failed(UPDATE_LOST)
ASK = [
    Row("a result", [WON], WON),
    Row("a refusal with a code", [_failed("CONFLICT")], "CONFLICT"),
    Row("a refusal from inside an activity", [_failed_in_an_activity("NOT_FOUND")], "NOT_FOUND"),
    Row("the run closed, the second answer counts", [LOST, WON], WON, asks=2),
    Row("the run closed, the second is a refusal", [LOST, _failed("BUSY")], "BUSY", asks=2),
    Row("the run closed twice", [LOST, LOST], NoAnswer.RECORDED, asks=2),
    Row("no answer in time, and it runs", [WorkflowUpdateRPCTimeoutOrCancelledError()], NoAnswer.PENDING),
    Row(
        "no answer in time, and nobody saw it start",
        [WorkflowUpdateRPCTimeoutOrCancelledError()],
        TemporalUnavailable,
        description=_rpc(RPCStatusCode.NOT_FOUND),
    ),
    Row(
        "no answer in time, and the server is gone",
        [WorkflowUpdateRPCTimeoutOrCancelledError()],
        TemporalUnavailable,
        description=RuntimeError("connection refused"),
    ),
    Row("closed long ago", [WorkflowAlreadyStartedError(BET.client_key, "BetWorkflow")], NoAnswer.RECORDED),
    Row("the server is down", [_rpc(RPCStatusCode.UNAVAILABLE)], TemporalUnavailable),
    Row("too many requests", [_rpc(RPCStatusCode.RESOURCE_EXHAUSTED)], TemporalUnavailable),
    Row("an inner error of the server", [_rpc(RPCStatusCode.INTERNAL)], TemporalUnavailable),
    Row("a namespace that is missing", [_rpc(RPCStatusCode.NOT_FOUND)], TemporalUnavailable),
    Row("no connection", [RuntimeError("Failed client connect")], TemporalUnavailable),
]
SAY = [
    Row("a result", [CANCELLED], CANCELLED),
    Row("a refusal with a code", [_failed("TOO_LATE")], "TOO_LATE"),
    Row("no such run any more", [_rpc(RPCStatusCode.NOT_FOUND)], NoAnswer.RECORDED),
    Row("no answer in time", [WorkflowUpdateRPCTimeoutOrCancelledError()], NoAnswer.PENDING),
    Row(
        "a reset run answers the old id with an inner error",
        [_rpc(RPCStatusCode.INTERNAL), CANCELLED],
        CANCELLED,
        2,
    ),
    Row(
        "inner errors only",
        [_rpc(RPCStatusCode.INTERNAL), _rpc(RPCStatusCode.INTERNAL)],
        TemporalUnavailable,
        2,
    ),
    Row("the run closed, the second answer counts", [LOST, CANCELLED], CANCELLED, 2),
    Row("the run closed twice", [LOST, LOST], NoAnswer.RECORDED, 2),
    Row("the server is down", [_rpc(RPCStatusCode.UNAVAILABLE)], TemporalUnavailable),
]


async def _check(call: Awaitable[object], row: Row, wire: Wire) -> None:
    if isinstance(row.expected, str):
        with pytest.raises(Refused) as refused:
            await call
        assert (refused.value.code, refused.value.sentence) == (row.expected, "why")
    elif row.expected is TemporalUnavailable:
        with pytest.raises(TemporalUnavailable):
            await call
    else:
        assert await call == row.expected
    assert len(wire.updates) == row.asks


@pytest.mark.parametrize("row", ASK, ids=lambda row: row.name)
async def test_every_outcome_of_a_question_has_one_meaning(row: Row) -> None:
    """A question ends in its record, a code, a look into the rows, or a clean 'try the same again'."""
    wire = Wire(list(row.outcomes), row.description)
    asker = await _asker(BETS_NAMESPACE, wire)
    await _check(asker.ask(bet_question(BET, TOKEN)), row, wire)


@pytest.mark.parametrize("row", SAY, ids=lambda row: row.name)
async def test_every_outcome_of_a_verb_has_one_meaning(row: Row) -> None:
    """A verb ends in its record, a code, a look into the rows, or a clean 'try the same again'."""
    wire = Wire(list(row.outcomes))
    asker = await _asker(MONEY_NAMESPACE, wire)
    verb = cancel_verb(CancelAct(withdrawal_id=WITHDRAWAL, request_id="request-1"))
    await _check(asker.say(verb), row, wire)


async def test_a_question_is_asked_again_under_the_same_ids() -> None:
    """A repeat joins the first question: workflow id and update id never change."""
    wire = Wire([LOST, WON])
    asker = await _asker(BETS_NAMESPACE, wire)
    await asker.ask(bet_question(BET, TOKEN))
    assert [update.update_id for update in wire.updates] == ["accept", "accept"]


async def test_a_verb_is_said_again_under_a_new_update_id_of_the_same_ticket() -> None:
    """A reset run does not honour the first update id, the ticket inside makes both one act."""
    wire = Wire([_rpc(RPCStatusCode.INTERNAL), CANCELLED])
    asker = await _asker(MONEY_NAMESPACE, wire)
    await asker.say(cancel_verb(CancelAct(withdrawal_id=WITHDRAWAL, request_id="request-1")))
    assert [update.update_id for update in wire.updates] == ["cancel-request-1.1", "cancel-request-1.2"]


async def test_a_refusal_without_a_code_is_a_defect_of_ours() -> None:
    """An update that failed with anything but a coded error is never shown as a refusal."""
    wire = Wire([WorkflowUpdateFailedError(ApplicationError("boom"))])
    asker = await _asker(BETS_NAMESPACE, wire)
    with pytest.raises(Refused) as refused:
        await asker.ask(bet_question(BET, TOKEN))
    assert refused.value.code == "INTERNAL"


async def test_patience_is_bounded_when_nobody_answers() -> None:
    """Without a server the door says so instead of retrying for ten seconds on a caller's time."""
    client = await Client.connect(NOWHERE, namespace=BETS_NAMESPACE, plugins=[croupier_plugin()], lazy=True)
    question = bet_question(BET, TOKEN)
    assert question.patience == timedelta(seconds=2)
    with pytest.raises(TemporalUnavailable):
        await TemporalAsker(client).ask(question)
