"""Staking TRX for bandwidth or energy (Stake 2.0), and taking it back after the waiting time."""

from dataclasses import dataclass, replace

from devstack.tron.accounts import TOTAL_WEIGHT, Account, Unfreezing, account, put_account
from devstack.tron.addresses import is_address, show
from devstack.tron.messages import (
    FreezeBalanceV2Contract,
    ResourceCode,
    UnfreezeBalanceV2Contract,
    WithdrawExpireUnfreezeContract,
)
from devstack.tron.moment import Moment
from devstack.tron.rules import DAY_MS, SUN, UNFREEZINGS_MAX
from devstack.tron.state import State
from devstack.tron.verdicts import ContractInvalid

NAMES = {ResourceCode.BANDWIDTH: "BANDWIDTH", ResourceCode.ENERGY: "Energy"}


@dataclass(frozen=True, slots=True)
class Unstaked:
    """TRX that came back into the balance, in sun."""

    withdrawn: int


def owner_of(state: State, address: bytes) -> Account:
    """Return the account that acts. Raises ContractInvalid when there is none."""
    if not is_address(address):
        raise ContractInvalid("Invalid address")
    found = account(state, address)
    if found is None:
        raise ContractInvalid(f"Account[{show(address)}] does not exist")
    return found


def check_freeze(state: State, action: FreezeBalanceV2Contract) -> None:
    """Raise ContractInvalid unless this TRX can be staked."""
    owner = owner_of(state, action.owner_address)
    if action.frozen_balance <= 0:
        raise ContractInvalid("frozenBalance must be positive")
    if action.frozen_balance < SUN:
        raise ContractInvalid("frozenBalance must be greater than or equal to 1 TRX")
    if action.frozen_balance > owner.balance:
        raise ContractInvalid("frozenBalance must be less than or equal to accountBalance")


def freeze(state: State, action: FreezeBalanceV2Contract) -> None:
    """Stake TRX."""
    owner = owner_of(state, action.owner_address)
    stake = owner.stakes[action.resource]
    staked = replace(stake, own=stake.own + action.frozen_balance)
    put_account(state, owner.paying(action.frozen_balance).staking(action.resource, staked))
    add_weight(state, action.resource, staked.weight - stake.weight)


def check_unfreeze(state: State, moment: Moment, action: UnfreezeBalanceV2Contract) -> None:
    """Raise ContractInvalid unless so much is staked, and not lent, by the owner."""
    owner = owner_of(state, action.owner_address)
    own = owner.stakes[action.resource].own
    if not own:
        raise ContractInvalid(f"no frozenBalance({NAMES[action.resource]})")
    if not 0 < action.unfreeze_balance <= own:
        raise ContractInvalid(f"Invalid unfreeze_balance, [{action.unfreeze_balance}] is error")
    waiting = [one for one in owner.unfreezing if one.expires_ms > moment.head_time_ms]
    if len(waiting) >= UNFREEZINGS_MAX:
        raise ContractInvalid("Invalid unfreeze operation, unfreezing times is over limit")


def unfreeze(state: State, moment: Moment, action: UnfreezeBalanceV2Contract) -> Unstaked:
    """Begin to unstake TRX; what was unstaked long enough ago comes back."""
    withdrawn = _withdraw(state, moment, action.owner_address)
    owner = owner_of(state, action.owner_address)
    stake = owner.stakes[action.resource]
    left = replace(stake, own=stake.own - action.unfreeze_balance)
    expires_ms = moment.head_time_ms + moment.parameters.unfreeze_delay_days * DAY_MS
    coming = Unfreezing(action.resource, action.unfreeze_balance, expires_ms)
    put_account(state, replace(owner.staking(action.resource, left), unfreezing=(*owner.unfreezing, coming)))
    add_weight(state, action.resource, left.weight - stake.weight)
    return Unstaked(withdrawn)


def check_withdrawal(state: State, moment: Moment, action: WithdrawExpireUnfreezeContract) -> None:
    """Raise ContractInvalid unless something unstaked has waited long enough."""
    owner = owner_of(state, action.owner_address)
    if not any(one.expires_ms <= moment.head_time_ms for one in owner.unfreezing):
        raise ContractInvalid("no unFreeze balance to withdraw ")


def withdraw(state: State, moment: Moment, action: WithdrawExpireUnfreezeContract) -> Unstaked:
    """Take back what was unstaked long enough ago."""
    return Unstaked(_withdraw(state, moment, action.owner_address))


def add_weight(state: State, resource: ResourceCode, trx: int) -> None:
    """Count TRX into the total that shares a resource."""
    state.put(TOTAL_WEIGHT, resource, row=(state.get(TOTAL_WEIGHT, resource) or 0) + trx)


def _withdraw(state: State, moment: Moment, address: bytes) -> int:
    owner = owner_of(state, address)
    ripe = sum(one.amount for one in owner.unfreezing if one.expires_ms <= moment.head_time_ms)
    waiting = tuple(one for one in owner.unfreezing if one.expires_ms > moment.head_time_ms)
    put_account(state, replace(owner.receiving(ripe), unfreezing=waiting))
    return ripe
