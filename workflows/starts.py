"""How each workflow that stands for something owed is started: the same by whoever starts or restarts it."""

from dataclasses import dataclass, field
from hashlib import sha256

from temporalio.common import Priority, SearchAttributePair, TypedSearchAttributes

from domain.assets import Asset, Catalogue
from domain.bets import BetInput
from domain.delegations import DelegationInput
from domain.deposits import DepositInput
from domain.ids import operator_of_player, player_text
from domain.levels import HotWalletInput
from domain.money import show_units
from domain.own_transfers import TransferInput
from domain.players import PoolInput
from domain.repairs import Restartable
from domain.sends import FeedInput, SendKind
from domain.withdrawals import WithdrawalInput
from workflows.names import (
    ASSET,
    BETS_NAMESPACE,
    BETS_QUEUE,
    CHAIN,
    MONEY_NAMESPACE,
    MONEY_QUEUE,
    OPERATOR,
    PLAYER,
    WorkflowName,
    address_pool_workflow_id,
    bet_workflow_id,
    deposit_workflow_id,
    energy_workflow_id,
    feed_workflow_id,
    funding_workflow_id,
    hot_wallet_workflow_id,
    move_workflow_id,
    sweep_workflow_id,
    withdrawal_workflow_id,
)

WITHDRAWAL_PRIORITY = 2
TRANSFER_PRIORITY = 4
TRANSFERS = {
    SendKind.SWEEP: (WorkflowName.SWEEP, sweep_workflow_id, "Sweep an address"),
    SendKind.GAS: (WorkflowName.FUNDING, funding_workflow_id, "Top up the gas of an address"),
    SendKind.REFILL: (WorkflowName.MOVE, move_workflow_id, "Refill a hot wallet"),
    SendKind.TO_COLD: (WorkflowName.MOVE, move_workflow_id, "Move coins to a cold address"),
}


@dataclass(frozen=True, slots=True)
class Start:
    """One workflow to start: where, as what, under which id, and what an operator sees of it in a list.

    `content` is a fingerprint of what was asked, kept in its memo for repeats that come before any answer.
    """

    namespace: str
    workflow: WorkflowName
    workflow_id: str
    queue: str
    argument: Restartable
    summary: str
    content: str = ""
    attributes: TypedSearchAttributes = field(default_factory=lambda: TypedSearchAttributes([]))
    priority: Priority = Priority.default


def start_of(owed: Restartable, catalogue: Catalogue) -> Start:  # noqa: PLR0911 - one for each kind
    """How the workflow of this input is started; raises AssetUnknown for an asset that is not listed."""
    match owed:
        case BetInput():
            return bet_start(owed, catalogue.by_id(owed.asset_id))
        case WithdrawalInput():
            return withdrawal_start(owed, catalogue.by_id(owed.asset_id))
        case DepositInput():
            return deposit_start(owed)
        case TransferInput():
            return transfer_start(owed)
        case DelegationInput():
            return delegation_start(owed)
        case FeedInput():
            return feed_start(owed)
        case PoolInput():
            return pool_start(owed)
        case HotWalletInput():
            return hot_wallet_start(owed, catalogue.by_id(owed.asset_id))


def bet_start(request: BetInput, asset: Asset) -> Start:
    """How a bet's workflow is started."""
    operator = operator_of_player(request.player)
    return Start(
        namespace=BETS_NAMESPACE,
        workflow=WorkflowName.BET,
        workflow_id=bet_workflow_id(operator, request.bet_id),
        queue=BETS_QUEUE,
        argument=request,
        summary=f"{request.game.value}: {show_units(request.stake, asset.decimals)} {asset.symbol}",
        attributes=player_attributes(request.player, asset),
        priority=Priority(fairness_key=str(operator)),
    )


def withdrawal_start(request: WithdrawalInput, asset: Asset) -> Start:
    """How a withdrawal's workflow is started."""
    return Start(
        namespace=MONEY_NAMESPACE,
        workflow=WorkflowName.WITHDRAWAL,
        workflow_id=withdrawal_workflow_id(request.withdrawal_id),
        queue=MONEY_QUEUE,
        argument=request,
        summary=f"Pay out {show_units(request.amount, asset.decimals)} {asset.code}",
        attributes=player_attributes(request.player, asset),
        priority=Priority(
            priority_key=WITHDRAWAL_PRIORITY, fairness_key=str(operator_of_player(request.player))
        ),
        content=_content_of_withdrawal(request),
    )


def deposit_start(deposit: DepositInput) -> Start:
    """How a deposit's workflow is started."""
    return Start(
        namespace=MONEY_NAMESPACE,
        workflow=WorkflowName.DEPOSIT,
        workflow_id=deposit_workflow_id(deposit.network, deposit.txid, deposit.position),
        queue=MONEY_QUEUE,
        argument=deposit,
        summary=f"Deposit on {deposit.network}",
        attributes=_network_attributes(deposit.network),
    )


def transfer_start(transfer: TransferInput) -> Start:
    """How the workflow of an own transfer is started: a sweep, a top-up or a move by its kind."""
    workflow, workflow_id, what = TRANSFERS[transfer.kind]
    return Start(
        namespace=MONEY_NAMESPACE,
        workflow=workflow,
        workflow_id=workflow_id(transfer.transfer_id),
        queue=MONEY_QUEUE,
        argument=transfer,
        summary=f"{what} on {transfer.network}",
        attributes=_network_attributes(transfer.network),
        priority=Priority(priority_key=TRANSFER_PRIORITY),
    )


def delegation_start(delegation: DelegationInput) -> Start:
    """How the workflow of a delegation is started."""
    return Start(
        namespace=MONEY_NAMESPACE,
        workflow=WorkflowName.ENERGY,
        workflow_id=energy_workflow_id(delegation.delegation_id),
        queue=MONEY_QUEUE,
        argument=delegation,
        summary=f"Lend energy on {delegation.network}",
        attributes=_network_attributes(delegation.network),
        priority=Priority(priority_key=TRANSFER_PRIORITY),
    )


def feed_start(feed: FeedInput) -> Start:
    """How a network's feed is started."""
    return Start(
        namespace=MONEY_NAMESPACE,
        workflow=WorkflowName.CHAIN_FEED,
        workflow_id=feed_workflow_id(feed.network),
        queue=MONEY_QUEUE,
        argument=feed,
        summary=f"Follows {feed.network}",
        attributes=_network_attributes(feed.network),
    )


def pool_start(pool: PoolInput) -> Start:
    """How the keeper of a family's addresses is started."""
    return Start(
        namespace=MONEY_NAMESPACE,
        workflow=WorkflowName.ADDRESS_POOL,
        workflow_id=address_pool_workflow_id(pool.family),
        queue=MONEY_QUEUE,
        argument=pool,
        summary=f"Keeps deposit addresses of {pool.family} ready",
    )


def hot_wallet_start(hot: HotWalletInput, asset: Asset) -> Start:
    """How the keeper of one asset of a network's hot wallets is started."""
    return Start(
        namespace=MONEY_NAMESPACE,
        workflow=WorkflowName.HOT_WALLET,
        workflow_id=hot_wallet_workflow_id(hot.network, asset.symbol),
        queue=MONEY_QUEUE,
        argument=hot,
        summary=f"Serves who waits for {asset.code}",
        attributes=TypedSearchAttributes(
            [SearchAttributePair(ASSET, asset.code), SearchAttributePair(CHAIN, hot.network)]
        ),
    )


def player_attributes(player: int, asset: Asset | None = None) -> TypedSearchAttributes:
    """What an operator finds a player's workflows by."""
    pairs: list[SearchAttributePair[str]] = [
        SearchAttributePair(OPERATOR, str(operator_of_player(player))),
        SearchAttributePair(PLAYER, player_text(player)),
    ]
    if asset is not None:
        pairs += [SearchAttributePair(ASSET, asset.code), SearchAttributePair(CHAIN, asset.network)]
    return TypedSearchAttributes(pairs)


def _content_of_withdrawal(asked: WithdrawalInput) -> str:
    content = (asked.network, asked.asset_id, asked.payee.hex(), asked.amount)
    return sha256("|".join(map(str, content)).encode()).hexdigest()


def _network_attributes(network: str) -> TypedSearchAttributes:
    return TypedSearchAttributes([SearchAttributePair(CHAIN, network)])
