"""Bandwidth and energy: what a stake gives, what is left of it, and who pays how when it does not suffice.

A stake gives its share of a network-wide total. Bandwidth comes from the stake, else from the free allowance,
else TRX is burnt; energy from the stake first, then TRX is burnt, both together within the fee limit.
Source: the resource model of developers.tron.network.
"""

from dataclasses import dataclass, replace

from devstack.tron.accounts import TOTAL_WEIGHT, Account, ContractRecord, account, burn, put_account
from devstack.tron.messages import ResourceCode
from devstack.tron.moment import Moment
from devstack.tron.rules import SUN, ChainParameters
from devstack.tron.state import State
from devstack.tron.verdicts import ResourcesMissing

ALL_PERCENT = 100


@dataclass(frozen=True, slots=True)
class Share:
    """What an account has of one resource now; the totals are those of the whole network."""

    limit: int
    used: int
    total_limit: int
    total_weight: int

    @property
    def left(self) -> int:
        return max(self.limit - self.used, 0)


@dataclass(frozen=True, slots=True)
class BandwidthBill:
    """What a transaction's bytes cost: bandwidth used, or TRX burnt."""

    usage: int = 0
    sun: int = 0


@dataclass(frozen=True, slots=True)
class EnergyBill:
    """What a call cost: energy of the caller's stake and of the contract owner's, and TRX burnt."""

    usage: int = 0
    origin_usage: int = 0
    sun: int = 0


def share(state: State, moment: Moment, who: Account, resource: ResourceCode) -> Share:
    """Return what an account has of a resource at this moment."""
    total_limit, total_weight = totals(state, moment.parameters, resource)
    weight = who.stakes[resource].giving // SUN
    limit = weight * total_limit // total_weight if total_weight else 0
    return Share(limit, who.used[resource].recovered(moment.head_slot), total_limit, total_weight)


def totals(state: State, parameters: ChainParameters, resource: ResourceCode) -> tuple[int, int]:
    """Return the network's total of a resource per day, and the TRX that share it."""
    staked = state.get(TOTAL_WEIGHT, resource) or 0
    if resource is ResourceCode.BANDWIDTH:
        return parameters.total_net_limit, parameters.net_staked_elsewhere + staked
    return parameters.total_energy_limit, parameters.energy_staked_elsewhere + staked


def free_bandwidth_used(moment: Moment, who: Account) -> int:
    """Return what is used of the free daily bandwidth at this moment."""
    return who.free_used.recovered(moment.head_slot)


def use(moment: Moment, who: Account, resource: ResourceCode, amount: int) -> Account:
    """Return the account after it used some of its stake's resource."""
    usage = who.used[resource].increased(amount, moment.head_slot, moment.window)
    return replace(who.using(resource, usage), latest_operation_ms=moment.head_time_ms)


def pay_bandwidth(state: State, moment: Moment, owner: bytes, size: int, *, activates: bool) -> BandwidthBill:
    """Let the owner pay for the bytes of a transaction. Raises ResourcesMissing.

    A transaction that activates an account may not use the free allowance: without a stake it burns a fee.
    """
    who = account(state, owner)
    assert who is not None, "a validated owner"
    rules = moment.parameters
    cost = size * rules.create_new_account_bandwidth_rate if activates else size
    if cost <= share(state, moment, who, ResourceCode.BANDWIDTH).left:
        put_account(state, use(moment, who, ResourceCode.BANDWIDTH, cost))
        return BandwidthBill(usage=cost)
    if activates:
        return _burn_bandwidth(state, who, rules.create_account_fee, size)
    if size <= rules.free_net_limit - free_bandwidth_used(moment, who):
        free_used = who.free_used.increased(size, moment.head_slot, moment.window)
        put_account(state, replace(who, free_used=free_used, latest_operation_ms=moment.head_time_ms))
        return BandwidthBill(usage=size)
    return _burn_bandwidth(state, who, size * rules.transaction_fee, size)


def _burn_bandwidth(state: State, who: Account, sun: int, size: int) -> BandwidthBill:
    if who.balance < sun:
        raise ResourcesMissing(f"{who.address.hex()} has neither bandwidth [{size}] nor balance [{sun}]")
    burn_from(state, who, sun)
    return BandwidthBill(sun=sun)


def burn_from(state: State, who: Account, sun: int) -> None:
    """Take a fee from an account and destroy it. Raises Poor."""
    put_account(state, who.paying(sun))
    burn(state, sun)


def energy_limit(  # noqa: PLR0913, PLR0917 - who pays within what
    state: State, moment: Moment, caller: Account, contract: ContractRecord | None, fee_limit: int, value: int
) -> int:
    """Return the energy a call may use: what the caller can pay within the fee limit, and the owner's part.

    The fee limit caps staked energy too, at the price of burnt energy. Without a contract it is a deployment.
    """
    price = moment.parameters.energy_fee
    staked = share(state, moment, caller, ResourceCode.ENERGY).left
    own = min(staked + max(caller.balance - value, 0) // price, fee_limit // price)
    if contract is None or contract.origin == caller.address:
        return own
    percent = contract.consume_user_resource_percent
    offered = _origin_offer(state, moment, contract)
    if percent == 0:
        return own + offered
    return own + min(own * (ALL_PERCENT - percent) // percent, offered)


def pay_energy(
    state: State, moment: Moment, caller: bytes, contract: ContractRecord | None, used: int
) -> EnergyBill:
    """Let the contract's owner and then the caller pay for used energy, after the call. Raises Poor."""
    origin_usage = 0
    if contract is not None and contract.origin != caller:
        wanted = used * (ALL_PERCENT - contract.consume_user_resource_percent) // ALL_PERCENT
        origin_usage = min(wanted, _origin_offer(state, moment, contract))
    if origin_usage:
        assert contract is not None, "only an owner pays a part"
        origin = account(state, contract.origin)
        assert origin is not None, "an owner that offers energy"
        put_account(state, use(moment, origin, ResourceCode.ENERGY, origin_usage))
    who = account(state, caller)
    assert who is not None, "a validated caller"
    usage = min(used - origin_usage, share(state, moment, who, ResourceCode.ENERGY).left)
    sun = (used - origin_usage - usage) * moment.parameters.energy_fee
    burn_from(state, use(moment, who, ResourceCode.ENERGY, usage), sun)
    return EnergyBill(usage, origin_usage, sun)


def _origin_offer(state: State, moment: Moment, contract: ContractRecord) -> int:
    if contract.consume_user_resource_percent >= ALL_PERCENT:
        return 0
    origin = account(state, contract.origin)
    if origin is None:
        return 0
    return min(share(state, moment, origin, ResourceCode.ENERGY).left, contract.origin_energy_limit)
