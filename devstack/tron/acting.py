"""From the action of a transaction to the rules that check it and carry it out."""

from dataclasses import dataclass

from devstack.tron.calling import Ran, call, check_call, check_deployment, deploy
from devstack.tron.contract_messages import CreateSmartContract, TriggerSmartContract
from devstack.tron.delegating import check_delegation, check_return, delegate, give_back
from devstack.tron.messages import (
    AccountCreateContract,
    AccountPermissionUpdateContract,
    DelegateResourceContract,
    FreezeBalanceV2Contract,
    TransferAssetContract,
    TransferContract,
    UnDelegateResourceContract,
    UnfreezeBalanceV2Contract,
    WithdrawExpireUnfreezeContract,
)
from devstack.tron.moment import Moment
from devstack.tron.permissions import check_permission_update, update_permissions
from devstack.tron.staking import (
    check_freeze,
    check_unfreeze,
    check_withdrawal,
    freeze,
    unfreeze,
    withdraw,
)
from devstack.tron.state import State
from devstack.tron.transactions import SignedTransaction
from devstack.tron.transferring import (
    check_account_creation,
    check_asset_transfer,
    check_transfer,
    create_account,
    transfer,
    transfer_asset,
)

Move = TransferContract | TransferAssetContract | AccountCreateContract
Staking = (
    DelegateResourceContract
    | UnDelegateResourceContract
    | FreezeBalanceV2Contract
    | UnfreezeBalanceV2Contract
    | WithdrawExpireUnfreezeContract
)
Plain = Move | Staking | AccountPermissionUpdateContract


@dataclass(frozen=True, slots=True)
class Done:
    """What an action did beside its rows: its own fee, a run of the machine, TRX that came back."""

    fee: int = 0
    ran: Ran | None = None
    withdrawn: int = 0
    unfrozen: int = 0


def act(state: State, moment: Moment, transaction: SignedTransaction, *, in_time: bool) -> Done:
    """Check and carry out the action of a transaction. Raises ContractInvalid and Poor."""
    fee_limit = transaction.signed.fee_limit
    match transaction.action:
        case TriggerSmartContract() as action:
            check_call(state, moment, action, fee_limit)
            return Done(ran=call(state, moment, transaction, action, in_time=in_time))
        case CreateSmartContract() as action:
            check_deployment(state, moment, action, fee_limit, transaction.txid)
            return Done(ran=deploy(state, moment, transaction, action, in_time=in_time))
        case TransferContract() | TransferAssetContract() | AccountCreateContract() as action:
            check(state, moment, action)
            return Done(fee=_move(state, moment, action))
        case AccountPermissionUpdateContract() as action:
            check(state, moment, action)
            return Done(fee=update_permissions(state, moment, action))
        case action:
            check(state, moment, action)
            return _stake(state, moment, action)


def check(state: State, moment: Moment, action: Plain) -> None:
    """Raise ContractInvalid when an action that runs no contract is not possible upon a state."""
    match action:
        case TransferContract():
            check_transfer(state, moment, action)
        case TransferAssetContract():
            check_asset_transfer(state, moment, action)
        case AccountCreateContract():
            check_account_creation(state, moment, action)
        case AccountPermissionUpdateContract():
            check_permission_update(state, moment, action)
        case DelegateResourceContract():
            check_delegation(state, moment, action)
        case UnDelegateResourceContract():
            check_return(state, moment, action)
        case FreezeBalanceV2Contract():
            check_freeze(state, action)
        case UnfreezeBalanceV2Contract():
            check_unfreeze(state, moment, action)
        case WithdrawExpireUnfreezeContract():
            check_withdrawal(state, moment, action)


def _move(state: State, moment: Moment, action: Move) -> int:
    match action:
        case TransferContract():
            return transfer(state, moment, action)
        case TransferAssetContract():
            return transfer_asset(state, moment, action)
        case AccountCreateContract():
            return create_account(state, moment, action)


def _stake(state: State, moment: Moment, action: Staking) -> Done:
    match action:
        case DelegateResourceContract():
            delegate(state, moment, action)
        case UnDelegateResourceContract():
            give_back(state, moment, action)
        case FreezeBalanceV2Contract():
            freeze(state, action)
        case UnfreezeBalanceV2Contract():
            back = unfreeze(state, moment, action)
            return Done(withdrawn=back.withdrawn, unfrozen=action.unfreeze_balance)
        case WithdrawExpireUnfreezeContract():
            return Done(withdrawn=withdraw(state, moment, action).withdrawn)
    return Done()
