"""Answers about accounts: money, stakes, permissions, what they may use and what they lend each other."""

from devstack.tron.accounts import (
    Account,
    Delegation,
    Unfreezing,
    account,
    delegation,
    givers_of,
    receivers_of,
)
from devstack.tron.addresses import parse, show
from devstack.tron.asking import Answer, Question
from devstack.tron.delegating import delegatable
from devstack.tron.messages import AccountType, ResourceCode
from devstack.tron.rendering import Json, shown
from devstack.tron.resources import Share, free_bandwidth_used, share

ENERGY = ResourceCode.ENERGY
BANDWIDTH = ResourceCode.BANDWIDTH
ADDRESS_HEX_DIGITS = 42


def known(found: Json) -> Json:
    """Leave out what has its default value."""
    return {name: value for name, value in found.items() if value not in (0, "", [], {}, False, None)}


def account_of(question: Question) -> Json:
    """Show an account; an address that nobody activated has none."""
    found = account(question.view.state, question.address("address"))
    return {} if found is None else _shown_account(question, found)


def resource_of(question: Question) -> Json:
    """Show bandwidth and energy of an account and the network's totals."""
    found = account(question.view.state, question.address("address"))
    if found is None:
        return {}
    energy = _share(question, found, ENERGY)
    return known(
        {
            **_bandwidth(question, found),
            "tronPowerLimit": sum(stake.weight for stake in found.stakes),
            "EnergyUsed": energy.used,
            "EnergyLimit": energy.limit,
            "TotalEnergyLimit": energy.total_limit,
            "TotalEnergyWeight": energy.total_weight,
        }
    )


def bandwidth_of(question: Question) -> Json:
    """Show bandwidth alone."""
    found = account(question.view.state, question.address("address"))
    return {} if found is None else known(_bandwidth(question, found))


def delegated(question: Question) -> Json:
    """Show what one account lends another: an entry for what is free to take back, one for what is locked."""
    giver, receiver = question.address("fromAddress"), question.address("toAddress")
    parts = (delegation(question.view.state, giver, receiver, locked=locked) for locked in (False, True))
    shown_parts = [_shown_delegation(question, part) for part in parts if part is not None]
    return known({"delegatedResource": shown_parts})


def delegation_index(question: Question) -> Json:
    """Show to whom an account lends and from whom it borrows."""
    who = question.address("value")
    givers, receivers = givers_of(question.view.state, who), receivers_of(question.view.state, who)
    if not givers and not receivers:
        return {}
    return {
        "account": address_shown(question, who),
        **known(
            {
                "fromAccounts": [address_shown(question, one) for one in givers],
                "toAccounts": [address_shown(question, one) for one in receivers],
            }
        ),
    }


def can_delegate(question: Question) -> Json:
    """Show how much staked TRX an account can still lend for a resource."""
    resource = ResourceCode(question.number("type", 0))
    giver = account(question.view.state, question.address("owner_address"))
    if giver is None:
        return {}
    size = delegatable(question.view.state, question.view.moment, giver, resource)
    return known({"max_size": size})


def withdrawable(question: Question) -> Json:
    """Show what of an account's unstaking can be withdrawn by a time."""
    found = account(question.view.state, question.address("owner_address"))
    if found is None:
        return {}
    until = question.number("timestamp", question.view.top.time_ms)
    return known({"amount": sum(one.amount for one in found.unfreezing if one.expires_ms <= until)})


def validate_address(question: Question) -> Json:
    """Say of an address in base58 or hex whether it is one of this network."""
    text = question.text("address")
    is_hex = len(text) == ADDRESS_HEX_DIGITS
    try:
        parse(text)
    except ValueError:
        return {"result": False, "message": "Invalid address"}
    return {"result": True, "message": "Hex string format" if is_hex else "Base58check format"}


def address_shown(question: Question, address: bytes) -> str:
    """Write an address as the question wants it."""
    return show(address) if question.visible else address.hex()


def _shown_account(question: Question, found: Account) -> Json:
    bandwidth, energy = found.stakes
    moment = question.view.moment
    permissions: Json = {}
    if found.type is not AccountType.Contract:
        owner = found.permission(0)
        assert owner is not None, "every account has an owner permission"
        permissions = {
            "owner_permission": shown(owner, visible=question.visible),
            "active_permission": [shown(one, visible=question.visible) for one in found.active_permissions],
        }
    resource = known(
        {
            "energy_usage": found.used[ENERGY].recovered(moment.head_slot),
            "delegated_frozenV2_balance_for_energy": energy.lent,
            "acquired_delegated_frozenV2_balance_for_energy": energy.borrowed,
        }
    )
    return {
        "address": address_shown(question, found.address),
        **known(
            {
                "type": found.type.name if found.type is not AccountType.Normal else "",
                "balance": found.balance,
                "create_time": found.create_time_ms,
                "latest_opration_time": found.latest_operation_ms,  # Tron spells it so
                "net_usage": found.used[BANDWIDTH].recovered(moment.head_slot),
                "free_net_usage": free_bandwidth_used(moment, found),
                "delegated_frozenV2_balance_for_bandwidth": bandwidth.lent,
                "acquired_delegated_frozenV2_balance_for_bandwidth": bandwidth.borrowed,
                "account_resource": resource,
                "unfrozenV2": [_shown_unfreezing(one) for one in found.unfreezing],
                "assetV2": [{"key": name, "value": held} for name, held in sorted(found.assets.items())],
            }
        ),
        **permissions,
        "frozenV2": [
            known({"amount": bandwidth.own}),
            known({"type": "ENERGY", "amount": energy.own}),
            {"type": "TRON_POWER"},
        ],
        "asset_optimized": True,
    }


def _shown_unfreezing(one: Unfreezing) -> Json:
    kind = {"type": "ENERGY"} if one.resource is ENERGY else {}
    return {**kind, "unfreeze_amount": one.amount, "unfreeze_expire_time": one.expires_ms}


def _shown_delegation(question: Question, part: Delegation) -> Json:
    bandwidth, energy = part.sun
    bandwidth_until, energy_until = part.expires_ms
    return known(
        {
            "from": address_shown(question, part.giver),
            "to": address_shown(question, part.receiver),
            "frozen_balance_for_bandwidth": bandwidth,
            "frozen_balance_for_energy": energy,
            "expire_time_for_bandwidth": bandwidth_until,
            "expire_time_for_energy": energy_until,
        }
    )


def _bandwidth(question: Question, found: Account) -> Json:
    moment = question.view.moment
    bandwidth = _share(question, found, BANDWIDTH)
    return {
        "freeNetUsed": free_bandwidth_used(moment, found),
        "freeNetLimit": moment.parameters.free_net_limit,
        "NetUsed": bandwidth.used,
        "NetLimit": bandwidth.limit,
        "TotalNetLimit": bandwidth.total_limit,
        "TotalNetWeight": bandwidth.total_weight,
    }


def _share(question: Question, found: Account, resource: ResourceCode) -> Share:
    return share(question.view.state, question.view.moment, found, resource)


ANSWERS: dict[str, Answer] = {
    "getaccount": account_of,
    "getdelegatedresourcev2": delegated,
    "getdelegatedresourceaccountindexv2": delegation_index,
    "getcandelegatedmaxsize": can_delegate,
    "getcanwithdrawunfreezeamount": withdrawable,
}
HEAD_ANSWERS: dict[str, Answer] = {
    "getaccountresource": resource_of,
    "getaccountnet": bandwidth_of,
    "validateaddress": validate_address,
}
