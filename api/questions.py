"""Which workflow answers what: ids, queues, patience and what an operator sees of it in Temporal's list."""

from datetime import timedelta

from temporalio.common import SearchAttributePair, TypedSearchAttributes

from api.asking import Question, Record, Verb
from domain.assets import Asset
from domain.bets import BetInput, BetResult
from domain.ids import player_text
from domain.players import (
    AddressInput,
    AddressRecord,
    PlayerInput,
    PlayerRecord,
    SeedRotationInput,
    SeedRotationRecord,
)
from domain.tickets import Ticket, first_number
from domain.wishes import SupportAct
from domain.withdrawals import CancelAct, ReviewAct, WithdrawalFacts, WithdrawalInput
from workflows.names import (
    BETS_NAMESPACE,
    BETS_QUEUE,
    MONEY_NAMESPACE,
    MONEY_QUEUE,
    OPERATOR,
    UpdateName,
    WorkflowName,
    address_workflow_id,
    player_workflow_id,
    seed_rotation_workflow_id,
    withdrawal_workflow_id,
)
from workflows.starts import Start, bet_start, player_attributes, withdrawal_start

BET_PATIENCE = timedelta(seconds=2)
WITHDRAWAL_PATIENCE = timedelta(seconds=3)
RECORD_PATIENCE = timedelta(seconds=5)
"""For small acts: registering a player, giving out an address, turning a seed pair."""


def player_question(request: PlayerInput) -> Question[PlayerRecord]:
    """Who a person is here, from now on."""
    return Question(
        namespace=MONEY_NAMESPACE,
        workflow=WorkflowName.PLAYER,
        workflow_id=player_workflow_id(request.operator, request.external_id),
        queue=MONEY_QUEUE,
        argument=request,
        answer=PlayerRecord,
        patience=RECORD_PATIENCE,
        begins_anew=True,
        summary="Register a player",
        attributes=TypedSearchAttributes([SearchAttributePair(OPERATOR, str(request.operator))]),
    )


def address_question(request: AddressInput) -> Question[AddressRecord]:
    """Which deposit address a player has in a key family."""
    return Question(
        namespace=MONEY_NAMESPACE,
        workflow=WorkflowName.ADDRESS,
        workflow_id=address_workflow_id(request.player, request.family),
        queue=MONEY_QUEUE,
        argument=request,
        answer=AddressRecord,
        patience=RECORD_PATIENCE,
        begins_anew=True,
        summary=f"Give {player_text(request.player)} a deposit address",
        attributes=player_attributes(request.player),
    )


def seed_rotation_question(request: SeedRotationInput) -> Question[SeedRotationRecord]:
    """Which seed pair comes next, and what the last one was."""
    return Question(
        namespace=BETS_NAMESPACE,
        workflow=WorkflowName.SEED_ROTATION,
        workflow_id=seed_rotation_workflow_id(request.player, request.client_key),
        queue=BETS_QUEUE,
        argument=request,
        answer=SeedRotationRecord,
        patience=RECORD_PATIENCE,
        begins_anew=True,
        summary=f"Turn the seed pair of {player_text(request.player)}",
        attributes=player_attributes(request.player),
    )


def bet_question(request: BetInput, asset: Asset) -> Question[BetResult]:
    """What a bet came to."""
    return _asked(bet_start(request, asset), BetResult, BET_PATIENCE)


def withdrawal_question(request: WithdrawalInput, asset: Asset) -> Question[WithdrawalFacts]:
    """Whether a withdrawal is accepted, and under which decision."""
    return _asked(withdrawal_start(request, asset), WithdrawalFacts, WITHDRAWAL_PATIENCE)


def cancel_verb(act: CancelAct) -> Verb[WithdrawalFacts]:
    """The player's wish to have a withdrawal back."""
    return _withdrawal_verb(act, UpdateName.CANCEL, f"cancel-{act.request_id}")


def staff_verb(ticket: Ticket, deliveries_before: int = 0) -> Verb[WithdrawalFacts]:
    """What a person of the staff said; another delivery has update ids of its own."""
    update, first = UpdateName(ticket.verb.value), first_number(deliveries_before)
    return _withdrawal_verb(ticket.act, update, ticket.ticket, first)


def _withdrawal_verb(
    act: CancelAct | ReviewAct | SupportAct, update: UpdateName, ticket: str, first_try: int = 1
) -> Verb[WithdrawalFacts]:
    return Verb(
        namespace=MONEY_NAMESPACE,
        workflow_id=withdrawal_workflow_id(act.withdrawal_id),
        update=update,
        ticket=ticket,
        argument=act,
        answer=WithdrawalFacts,
        patience=WITHDRAWAL_PATIENCE,
        first_try=first_try,
    )


def _asked(start: Start, answer: type[Record], patience: timedelta) -> Question[Record]:
    return Question(
        namespace=start.namespace,
        workflow=start.workflow,
        workflow_id=start.workflow_id,
        queue=start.queue,
        argument=start.argument,
        answer=answer,
        patience=patience,
        summary=start.summary,
        content=start.content,
        attributes=start.attributes,
        priority=start.priority,
    )
