"""Lending the resource of staked TRX to another account, and taking it back.

What the receiver used of the lent part comes back with it, as use of the giver.
Source: the staking chapter of developers.tron.network and java-tron's (Un)DelegateResourceActuator.
"""

from dataclasses import replace

from devstack.tron.accounts import (
    DELEGATIONS,
    GIVERS,
    RECEIVERS,
    Account,
    Delegation,
    account,
    delegation,
    givers_of,
    put_account,
    receivers_of,
)
from devstack.tron.addresses import is_address, show
from devstack.tron.messages import (
    AccountType,
    DelegateResourceContract,
    ResourceCode,
    UnDelegateResourceContract,
)
from devstack.tron.moment import Moment
from devstack.tron.resources import totals
from devstack.tron.rules import SUN
from devstack.tron.staking import NAMES, owner_of
from devstack.tron.state import State
from devstack.tron.usage import Usage
from devstack.tron.verdicts import ContractInvalid

NAMES_V2 = {ResourceCode.BANDWIDTH: "FreezeBandwidthV2", ResourceCode.ENERGY: "FreezeEnergyV2"}


def delegatable(state: State, moment: Moment, giver: Account, resource: ResourceCode) -> int:
    """Return how much of its stake an account can lend now, in sun: what it used of its own stays."""
    total_limit, total_weight = totals(state, moment.parameters, resource)
    used = giver.used[resource].recovered(moment.head_slot)
    used_sun = used * SUN * total_weight // total_limit
    stake = giver.stakes[resource]
    return max(stake.own - max(used_sun - stake.borrowed, 0), 0)


def check_delegation(state: State, moment: Moment, action: DelegateResourceContract) -> None:
    """Raise ContractInvalid unless so much can be lent to that receiver."""
    giver = owner_of(state, action.owner_address)
    if action.balance < SUN:
        raise ContractInvalid("delegateBalance must be greater than or equal to 1 TRX")
    if delegatable(state, moment, giver, action.resource) < action.balance:
        raise ContractInvalid(
            f"delegateBalance must be less than or equal to available {NAMES_V2[action.resource]} balance"
        )
    _check_receiver(action.owner_address, action.receiver_address)
    receiver = account(state, action.receiver_address)
    if receiver is None:
        raise ContractInvalid(f"Account[{show(action.receiver_address)}] not exists")
    if action.lock:
        _check_lock(state, moment, action)
    if receiver.type is AccountType.Contract:
        raise ContractInvalid("Do not allow delegate resources to contract addresses")


def delegate(state: State, moment: Moment, action: DelegateResourceContract) -> None:
    """Lend the resource of a stake; a locked part cannot be taken back before its end."""
    pair = (action.owner_address, action.receiver_address)
    _unlock(state, moment, *pair)
    known = delegation(state, *pair, locked=action.lock) or Delegation(*pair)
    expires_ms = moment.head_time_ms + _lock_ms(moment, action) if action.lock else 0
    _put(state, _changed(known, action.resource, action.balance, expires_ms), locked=action.lock)
    giver, receiver = owner_of(state, pair[0]), owner_of(state, pair[1])
    stake = giver.stakes[action.resource]
    lent = replace(stake, own=stake.own - action.balance, lent=stake.lent + action.balance)
    put_account(state, giver.staking(action.resource, lent))
    stake = receiver.stakes[action.resource]
    borrowed = replace(stake, borrowed=stake.borrowed + action.balance)
    put_account(state, receiver.staking(action.resource, borrowed))


def check_return(state: State, moment: Moment, action: UnDelegateResourceContract) -> None:
    """Raise ContractInvalid unless so much is lent to that receiver and not locked."""
    owner_of(state, action.owner_address)
    _check_receiver(action.owner_address, action.receiver_address)
    pair = (action.owner_address, action.receiver_address)
    free, locked = delegation(state, *pair, locked=False), delegation(state, *pair, locked=True)
    if free is None and locked is None:
        raise ContractInvalid("delegated Resource does not exist")
    if action.balance <= 0:
        raise ContractInvalid("unDelegateBalance must be more than 0 TRX")
    unlocked = free.sun[action.resource] if free else 0
    if locked and locked.expires_ms[action.resource] < moment.head_time_ms:
        unlocked += locked.sun[action.resource]
    if unlocked < action.balance:
        raise ContractInvalid(
            f"insufficient delegatedFrozenBalance({NAMES[action.resource]}), "
            f"request={action.balance}, unlock_balance={unlocked}"
        )


def give_back(state: State, moment: Moment, action: UnDelegateResourceContract) -> None:
    """Take a lent resource back, together with the use the receiver made of it."""
    pair = (action.owner_address, action.receiver_address)
    moved = _take_from_receiver(state, moment, action)
    _unlock(state, moment, *pair)
    known = delegation(state, *pair, locked=False)
    assert known is not None, "a validated delegation"
    _put(state, _changed(known, action.resource, -action.balance, 0), locked=False)
    giver = owner_of(state, action.owner_address)
    stake = giver.stakes[action.resource]
    back = replace(stake, own=stake.own + action.balance, lent=stake.lent - action.balance)
    giver = giver.staking(action.resource, back)
    if moved.amount:
        usage = giver.used[action.resource].merged(
            moved.amount, moved.window, moment.head_slot, moment.window
        )
        giver = giver.using(action.resource, usage)
    put_account(state, giver)


def _take_from_receiver(state: State, moment: Moment, action: UnDelegateResourceContract) -> Usage:
    receiver = account(state, action.receiver_address)
    if receiver is None:
        return Usage()
    usage = receiver.used[action.resource].increased(0, moment.head_slot, moment.window)
    stake = receiver.stakes[action.resource]
    total_limit, total_weight = totals(state, moment.parameters, action.resource)
    most = action.balance * total_limit // (total_weight * SUN) if total_weight else 0
    moved = min(most, usage.amount * action.balance // stake.giving)
    receiver = receiver.staking(action.resource, replace(stake, borrowed=stake.borrowed - action.balance))
    put_account(state, receiver.using(action.resource, replace(usage, amount=usage.amount - moved)))
    return replace(usage, amount=moved)


def _check_receiver(giver: bytes, receiver: bytes) -> None:
    if not is_address(receiver):
        raise ContractInvalid("Invalid receiverAddress")
    if receiver == giver:
        raise ContractInvalid("receiverAddress must not be the same as ownerAddress")


def _check_lock(state: State, moment: Moment, action: DelegateResourceContract) -> None:
    longest = moment.parameters.max_delegate_lock_period
    if not 0 <= action.lock_period <= longest:
        raise ContractInvalid(
            f"The lock period of delegate resource cannot be less than 0 and cannot exceed {longest}!"
        )
    known = delegation(state, action.owner_address, action.receiver_address, locked=True)
    remaining = known.expires_ms[action.resource] - moment.head_time_ms if known else 0
    if _lock_ms(moment, action) < remaining:
        name = action.resource.name
        raise ContractInvalid(
            f"The lock period for {name} this time cannot be less than the "
            f"remaining time[{remaining}ms] of the last lock period for {name}!"
        )


def _lock_ms(moment: Moment, action: DelegateResourceContract) -> int:
    return (action.lock_period or moment.parameters.default_delegate_lock_period) * moment.slot_ms


def _unlock(state: State, moment: Moment, giver: bytes, receiver: bytes) -> None:
    locked = delegation(state, giver, receiver, locked=True)
    if locked is None:
        return
    free = delegation(state, giver, receiver, locked=False) or Delegation(giver, receiver)
    for resource in ResourceCode:
        if locked.expires_ms[resource] < moment.head_time_ms:
            free = _changed(free, resource, locked.sun[resource], 0)
            locked = _changed(locked, resource, -locked.sun[resource], 0)
    _put(state, locked, locked=True)
    _put(state, free, locked=False)


def _changed(known: Delegation, resource: ResourceCode, sun: int, expires_ms: int) -> Delegation:
    suns, ends = list(known.sun), list(known.expires_ms)
    suns[resource] += sun
    ends[resource] = expires_ms
    return replace(known, sun=(suns[0], suns[1]), expires_ms=(ends[0], ends[1]))


def _put(state: State, changed: Delegation, *, locked: bool) -> None:
    giver, receiver = changed.giver, changed.receiver
    state.put(DELEGATIONS, giver, receiver, locked, row=changed if any(changed.sun) else None)
    lends = any(delegation(state, giver, receiver, locked=part) for part in (False, True))
    state.put(RECEIVERS, giver, row=_listed(receivers_of(state, giver), receiver, wanted=lends))
    state.put(GIVERS, receiver, row=_listed(givers_of(state, receiver), giver, wanted=lends))


def _listed(addresses: tuple[bytes, ...], address: bytes, *, wanted: bool) -> tuple[bytes, ...]:
    others = tuple(one for one in addresses if one != address)
    return (*others, address) if wanted else others
