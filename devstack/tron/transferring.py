"""Moving TRX and TRC-10 tokens, and activating accounts: the rules and the effect of each."""

from devstack.tron.accounts import account, activated, burn, put_account, token
from devstack.tron.addresses import is_address, show
from devstack.tron.messages import AccountCreateContract, AccountType, TransferAssetContract, TransferContract
from devstack.tron.moment import Moment
from devstack.tron.state import State
from devstack.tron.verdicts import ContractInvalid

INT64_MAX = 2**63 - 1


def activates(state: State, action: object) -> bool:
    """Say whether an action makes an account of an address that is none yet."""
    match action:
        case AccountCreateContract():
            return True
        case TransferContract(to_address=payee) | TransferAssetContract(to_address=payee):
            return account(state, payee) is None
        case _:
            return False


def check_transfer(state: State, moment: Moment, action: TransferContract) -> None:
    """Raise ContractInvalid unless this TRX can move."""
    _check_addresses(action.owner_address, action.to_address)
    if action.to_address == action.owner_address:
        raise ContractInvalid("Cannot transfer TRX to yourself.")
    owner = account(state, action.owner_address)
    if owner is None:
        raise ContractInvalid("Validate TransferContract error, no OwnerAccount.")
    if action.amount <= 0:
        raise ContractInvalid("Amount must be greater than 0.")
    payee = account(state, action.to_address)
    if payee is not None and payee.type is AccountType.Contract:
        raise ContractInvalid("Cannot transfer TRX to a smartContract.")
    if owner.balance < action.amount + _activation_sun(state, moment, action.to_address):
        raise ContractInvalid("Validate TransferContract error, balance is not sufficient.")
    if payee is not None and payee.balance + action.amount > INT64_MAX:
        raise ContractInvalid("long overflow")


def transfer(state: State, moment: Moment, action: TransferContract) -> int:
    """Move TRX and return the fee of the action in sun."""
    fee = _activate(state, moment, action.owner_address, action.to_address)
    owner, payee = account(state, action.owner_address), account(state, action.to_address)
    assert owner is not None, "a validated owner"
    assert payee is not None, "an activated payee"
    put_account(state, owner.paying(action.amount))
    put_account(state, payee.receiving(action.amount))
    return fee


def check_asset_transfer(state: State, moment: Moment, action: TransferAssetContract) -> None:
    """Raise ContractInvalid unless these TRC-10 tokens can move."""
    _check_addresses(action.owner_address, action.to_address)
    if action.amount <= 0:
        raise ContractInvalid("Amount must be greater than 0.")
    if action.to_address == action.owner_address:
        raise ContractInvalid("Cannot transfer asset to yourself.")
    owner = account(state, action.owner_address)
    if owner is None:
        raise ContractInvalid("No owner account!")
    number = action.asset_name.decode(errors="replace")
    if token(state, number) is None:
        raise ContractInvalid("No asset!")
    if owner.assets.get(number, 0) < action.amount:
        raise ContractInvalid("assetBalance is not sufficient.")
    payee = account(state, action.to_address)
    if payee is not None and payee.type is AccountType.Contract:
        raise ContractInvalid("Cannot transfer asset to smartContract.")
    if owner.balance < _activation_sun(state, moment, action.to_address):
        raise ContractInvalid("Validate TransferAssetActuator error, insufficient fee.")


def transfer_asset(state: State, moment: Moment, action: TransferAssetContract) -> int:
    """Move TRC-10 tokens and return the fee of the action in sun."""
    fee = _activate(state, moment, action.owner_address, action.to_address)
    owner, payee = account(state, action.owner_address), account(state, action.to_address)
    assert owner is not None, "a validated owner"
    assert payee is not None, "an activated payee"
    number = action.asset_name.decode()
    put_account(state, owner.holding(number, owner.assets[number] - action.amount))
    put_account(state, payee.holding(number, payee.assets.get(number, 0) + action.amount))
    return fee


def check_account_creation(state: State, moment: Moment, action: AccountCreateContract) -> None:
    """Raise ContractInvalid unless the account can be activated."""
    if not is_address(action.owner_address):
        raise ContractInvalid("Invalid ownerAddress")
    owner = account(state, action.owner_address)
    if owner is None:
        raise ContractInvalid(f"Account[{show(action.owner_address)}] not exists")
    if owner.balance < moment.parameters.create_new_account_fee_in_system_contract:
        raise ContractInvalid("Validate CreateAccountActuator error, insufficient fee.")
    if not is_address(action.account_address):
        raise ContractInvalid("Invalid account address")
    if account(state, action.account_address) is not None:
        raise ContractInvalid("Account has existed")


def create_account(state: State, moment: Moment, action: AccountCreateContract) -> int:
    """Activate an account and return the fee of the action in sun."""
    return _activate(state, moment, action.owner_address, action.account_address)


def _check_addresses(owner: bytes, payee: bytes) -> None:
    if not is_address(owner):
        raise ContractInvalid("Invalid ownerAddress!")
    if not is_address(payee):
        raise ContractInvalid("Invalid toAddress!")


def _activation_sun(state: State, moment: Moment, payee: bytes) -> int:
    known = account(state, payee) is not None
    return 0 if known else moment.parameters.create_new_account_fee_in_system_contract


def _activate(state: State, moment: Moment, owner: bytes, payee: bytes) -> int:
    fee = _activation_sun(state, moment, payee)
    if account(state, payee) is None:
        put_account(state, activated(payee, moment.head_time_ms))
        who = account(state, owner)
        assert who is not None, "a validated owner"
        put_account(state, who.paying(fee))
        burn(state, fee)
    return fee
