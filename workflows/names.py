"""The contract between everybody who talks through Temporal: namespaces, queues, ids, message names.

All of it is wire format: a name that has been released is never changed. `tests/replay` keeps a golden copy.
"""

from enum import StrEnum
from uuid import UUID

from temporalio.common import SearchAttributeKey

BETS_NAMESPACE = "croupier-bets"
MONEY_NAMESPACE = "croupier-money"

BETS_QUEUE = "bets"
MONEY_QUEUE = "money"
LEDGER_QUEUE = "ledger"
OPS_QUEUE = "ops"


def chain_queue(network: str) -> str:
    """Reads, plans and broadcasts of one network; its width is the node's rate limit."""
    return f"chain-{network}"


def feed_queue(network: str) -> str:
    """The endless follow activity of one network and nothing else."""
    return f"feed-{network}"


def player_workflow_id(operator: int, external_id: str) -> str:
    """One registration per player of an operator."""
    return f"player/{operator}/{external_id}"


def address_workflow_id(player: int, family: str) -> str:
    """One deposit address per player and family of networks."""
    return f"address/{player}/{family}"


def seed_rotation_workflow_id(player: int, client_key: str) -> str:
    """One rotation per key the player chose."""
    return f"seeds/{player}/{client_key}"


def bet_workflow_id(operator: int, bet_id: UUID) -> str:
    """One bet, whatever operator numbered it."""
    return f"bet/{operator}/{bet_id}"


def deposit_workflow_id(network: str, txid: str, position: str) -> str:
    """One effect of one transaction on an address of ours."""
    return f"deposit/{network}/{txid}/{position}"


def withdrawal_workflow_id(withdrawal_id: UUID) -> str:
    """One withdrawal, from the wish to the final block."""
    return f"withdrawal/{withdrawal_id}"


def sweep_workflow_id(transfer_id: UUID) -> str:
    """One sweep of an address, from its plan to the final block."""
    return f"sweep/{transfer_id}"


def funding_workflow_id(transfer_id: UUID) -> str:
    """One gas top-up of an address."""
    return f"funding/{transfer_id}"


def move_workflow_id(transfer_id: UUID) -> str:
    """One move from a hot wallet to another or to a cold address."""
    return f"move/{transfer_id}"


def energy_workflow_id(delegation_id: UUID) -> str:
    """One delegation of staked energy, until all of it is back."""
    return f"energy/{delegation_id}"


def feed_workflow_id(network: str) -> str:
    """The endless follower of one network."""
    return f"feed/{network}"


def hot_wallet_workflow_id(network: str, symbol: str) -> str:
    """The endless keeper of one asset of a network's hot wallets."""
    return f"hotwallet/{network}/{symbol}"


def address_pool_workflow_id(family: str) -> str:
    """The endless keeper of ready addresses of one family."""
    return f"addresspool/{family}"


def stuck_finder_id() -> str:
    """The schedule of a namespace's searches; Temporal adds the time of each to its workflow id."""
    return "stuckfinder"


def planner_id() -> str:
    """The schedule of planning rounds; Temporal adds the time of each to its workflow id."""
    return "planner"


def energy_round_id(network: str) -> str:
    """The schedule of a network's rounds of looking after lent energy; Temporal adds the time of each."""
    return f"energyround/{network}"


class WorkflowName(StrEnum):
    """Types of workflows."""

    PLAYER = "PlayerWorkflow"
    ADDRESS = "AddressWorkflow"
    SEED_ROTATION = "SeedRotationWorkflow"
    BET = "BetWorkflow"
    DEPOSIT = "DepositWorkflow"
    WITHDRAWAL = "WithdrawalWorkflow"
    SWEEP = "SweepWorkflow"
    FUNDING = "FundingWorkflow"
    MOVE = "MoveWorkflow"
    ENERGY = "EnergyWorkflow"
    CHAIN_FEED = "ChainFeedWorkflow"
    ADDRESS_POOL = "AddressPoolWorkflow"
    HOT_WALLET = "HotWalletWorkflow"
    STUCK_FINDER = "StuckFinderWorkflow"
    PLANNER = "PlannerWorkflow"
    ENERGY_ROUND = "EnergyRoundWorkflow"


class UpdateName(StrEnum):
    """Updates: a request with an answer, checked by a validator before it enters history."""

    ACCEPT = "accept"
    CANCEL = "cancel"
    APPROVE = "approve"
    REJECT = "reject"
    CHECK_NOW = "check_now"
    RESUME = "resume"
    REBROADCAST = "rebroadcast"
    BUMP_FEE = "bump_fee"
    CANCEL_BY_SELF_SEND = "cancel_by_self_send"
    REJECT_AND_REFUND = "reject_and_refund"


class QueryName(StrEnum):
    """Queries: what a workflow says about itself without moving."""

    CASE = "case"


class SignalName(StrEnum):
    """Signals: monotonic news whose loss costs a timer."""

    OBSERVED = "observed"
    GRANTED = "granted"
    RETRY_NOW = "retry_now"
    FUNDS_CHANGED = "funds_changed"
    DEMAND_CHANGED = "demand_changed"


ACCEPT_UPDATE_ID = "accept"
CONTENT = "content"
"""Key of the memo that holds a fingerprint of what was asked."""

STATE = SearchAttributeKey.for_keyword("CroupierState")
STEP = SearchAttributeKey.for_keyword("CroupierStep")
REASON = SearchAttributeKey.for_keyword("CroupierReason")
OPERATOR = SearchAttributeKey.for_keyword("CroupierOperator")
PLAYER = SearchAttributeKey.for_keyword("CroupierPlayer")
ASSET = SearchAttributeKey.for_keyword("CroupierAsset")
CHAIN = SearchAttributeKey.for_keyword("CroupierChain")
NEEDS_HUMAN = SearchAttributeKey.for_bool("CroupierNeedsHuman")
SINCE = SearchAttributeKey.for_datetime("CroupierSince")
