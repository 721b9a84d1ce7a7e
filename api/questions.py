"""Which workflow answers what: ids, queues, patience and what an operator sees of it in Temporal's list."""

from datetime import timedelta

from temporalio.common import Priority, SearchAttributePair, TypedSearchAttributes

from api.asking import Question, Verb
from api.sameness import content_of_withdrawal
from domain.assets import Asset
from domain.bets import BetInput, BetResult
from domain.ids import operator_of_player, player_text
from domain.money import show_units
from domain.players import (
    AddressInput,
    AddressRecord,
    PlayerInput,
    PlayerRecord,
    SeedRotationInput,
    SeedRotationRecord,
)
from domain.wishes import SupportAct, SupportVerb
from domain.withdrawals import CancelAct, ReviewAct, ReviewVerb, WithdrawalFacts, WithdrawalInput
from workflows.names import (
    ASSET,
    BETS_NAMESPACE,
    BETS_QUEUE,
    CHAIN,
    MONEY_NAMESPACE,
    MONEY_QUEUE,
    OPERATOR,
    PLAYER,
    UpdateName,
    WorkflowName,
    address_workflow_id,
    bet_workflow_id,
    player_workflow_id,
    seed_rotation_workflow_id,
    withdrawal_workflow_id,
)

BET_PATIENCE = timedelta(seconds=2)
WITHDRAWAL_PATIENCE = timedelta(seconds=3)
RECORD_PATIENCE = timedelta(seconds=5)
"""For small acts: registering a player, giving out an address, turning a seed pair."""
WITHDRAWAL_PRIORITY = 2
UPDATE_OF = {
    SupportVerb.BUMP_FEE: UpdateName.BUMP_FEE,
    SupportVerb.CANCEL_BY_SELF_SEND: UpdateName.CANCEL_BY_SELF_SEND,
    SupportVerb.REJECT_AND_REFUND: UpdateName.REJECT_AND_REFUND,
}


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
        summary=f"Give {player_text(request.player)} a deposit address",
        attributes=_attributes(request.player),
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
        summary=f"Turn the seed pair of {player_text(request.player)}",
        attributes=_attributes(request.player),
    )


def bet_question(request: BetInput, asset: Asset) -> Question[BetResult]:
    """What a bet came to."""
    operator = operator_of_player(request.player)
    return Question(
        namespace=BETS_NAMESPACE,
        workflow=WorkflowName.BET,
        workflow_id=bet_workflow_id(operator, request.bet_id),
        queue=BETS_QUEUE,
        argument=request,
        answer=BetResult,
        patience=BET_PATIENCE,
        summary=f"{request.game.value}: {show_units(request.stake, asset.decimals)} {asset.symbol}",
        attributes=_attributes(request.player, asset),
        priority=Priority(fairness_key=str(operator)),
    )


def withdrawal_question(request: WithdrawalInput, asset: Asset) -> Question[WithdrawalFacts]:
    """Whether a withdrawal is accepted, and under which decision."""
    return Question(
        namespace=MONEY_NAMESPACE,
        workflow=WorkflowName.WITHDRAWAL,
        workflow_id=withdrawal_workflow_id(request.withdrawal_id),
        queue=MONEY_QUEUE,
        argument=request,
        answer=WithdrawalFacts,
        patience=WITHDRAWAL_PATIENCE,
        summary=f"Pay out {show_units(request.amount, asset.decimals)} {asset.code}",
        content=content_of_withdrawal(request),
        attributes=_attributes(request.player, asset),
        priority=Priority(
            priority_key=WITHDRAWAL_PRIORITY, fairness_key=str(operator_of_player(request.player))
        ),
    )


def cancel_verb(act: CancelAct) -> Verb[WithdrawalFacts]:
    """The player's wish to have a withdrawal back."""
    return _withdrawal_verb(act, UpdateName.CANCEL, f"cancel-{act.request_id}")


def review_verb(act: ReviewAct) -> Verb[WithdrawalFacts]:
    """A reviewer's word on a withdrawal."""
    update = UpdateName.APPROVE if act.verb is ReviewVerb.APPROVE else UpdateName.REJECT
    return _withdrawal_verb(act, update, f"{update.value}-{act.ticket}")


def support_verb(act: SupportAct) -> Verb[WithdrawalFacts]:
    """What a person in support wants of a committed withdrawal."""
    return _withdrawal_verb(act, UPDATE_OF[act.verb], f"{act.verb.value}-{act.ticket}")


def _withdrawal_verb(
    act: CancelAct | ReviewAct | SupportAct, update: UpdateName, ticket: str
) -> Verb[WithdrawalFacts]:
    return Verb(
        namespace=MONEY_NAMESPACE,
        workflow_id=withdrawal_workflow_id(act.withdrawal_id),
        update=update,
        ticket=ticket,
        argument=act,
        answer=WithdrawalFacts,
        patience=WITHDRAWAL_PATIENCE,
    )


def _attributes(player: int, asset: Asset | None = None) -> TypedSearchAttributes:
    pairs: list[SearchAttributePair[str]] = [
        SearchAttributePair(OPERATOR, str(operator_of_player(player))),
        SearchAttributePair(PLAYER, player_text(player)),
    ]
    if asset is not None:
        pairs += [SearchAttributePair(ASSET, asset.code), SearchAttributePair(CHAIN, asset.network)]
    return TypedSearchAttributes(pairs)
