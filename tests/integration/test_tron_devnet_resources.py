"""Staking and lending with unmodified tronpy: energy appears, moves and comes back."""

import pytest
from tronpy import Tron
from tronpy.exceptions import ValidationError

from devstack.tron.addresses import show
from devstack.tron.node import TronDevnet
from tests.support.tron_devnet import FEE_LIMIT, SUN, USDT_UNIT, balance, dev_account, stranger, usdt

STAKE = 10_000_000 * SUN
LENT = 5_000_000 * SUN


def test_lent_energy_pays_a_transfer_and_comes_back(devnet: TronDevnet, tronpy_client: Tron) -> None:
    """A holder without TRX for energy moves USDT on lent energy, which its giver then takes back."""
    giver_key, giver = dev_account(devnet, 1)
    holder_key, holder = stranger()
    tronpy_client.trx.freeze_balance(giver, STAKE, "ENERGY").build().sign(giver_key).broadcast()
    devnet.mine()
    assert tronpy_client.get_can_delegated_max_size(giver)["max_size"] == STAKE
    for step in (
        tronpy_client.trx.transfer(giver, holder, SUN),
        usdt(tronpy_client, devnet)
        .functions.transfer(holder, USDT_UNIT)
        .with_owner(giver)
        .fee_limit(FEE_LIMIT),
    ):
        step.build().sign(giver_key).broadcast()
    devnet.mine()
    tronpy_client.trx.delegate_resource(giver, holder, LENT, "ENERGY").build().sign(giver_key).broadcast()
    devnet.mine()
    assert tronpy_client.get_energy(holder) > 40_000
    (part,) = tronpy_client.get_delegated_resource_v2(giver, holder)["delegatedResource"]
    assert (part["to"], part["frozen_balance_for_energy"]) == (holder, LENT)
    assert tronpy_client.get_delegated_resource_account_index_v2(giver)["toAccounts"] == [holder]

    call = (
        usdt(tronpy_client, devnet)
        .functions.transfer(giver, USDT_UNIT)
        .with_owner(holder)
        .fee_limit(FEE_LIMIT)
    )
    moved = call.build().sign(holder_key).broadcast()
    devnet.mine()
    receipt = moved.wait()
    assert receipt["receipt"]["energy_usage"] == receipt["receipt"]["energy_usage_total"]
    assert receipt.get("fee", 0) == 0
    assert balance(devnet, holder) == SUN

    tronpy_client.trx.undelegate_resource(giver, holder, LENT, "ENERGY").build().sign(giver_key).broadcast()
    devnet.mine()
    assert tronpy_client.get_account_resource(holder).get("EnergyLimit", 0) == 0
    assert tronpy_client.get_delegated_resource_v2(giver, holder) == {}
    assert tronpy_client.get_account_resource(giver)["EnergyUsed"] > 0  # the use came back with the loan


def test_more_than_the_stake_cannot_be_lent(devnet: TronDevnet, tronpy_client: Tron) -> None:
    """A delegation beyond what is staked is refused, and says so."""
    key, giver = dev_account(devnet, 2)
    _, receiver = dev_account(devnet, 3)
    with pytest.raises(ValidationError, match="available"):
        tronpy_client.trx.delegate_resource(giver, receiver, LENT, "ENERGY").build().sign(key).broadcast()


def test_free_bandwidth_is_used_before_trx(devnet: TronDevnet, tronpy_client: Tron) -> None:
    """The first two transfers of a day are free of TRX, the third burns."""
    key, sender = dev_account(devnet, 4)
    _, payee = dev_account(devnet, 5)
    assert tronpy_client.get_bandwidth(sender) == 600
    fees = []
    for _ in range(3):
        sent = tronpy_client.trx.transfer(sender, payee, SUN).build().sign(key).broadcast()
        devnet.mine()
        fees.append(sent.wait().get("fee", 0))
    assert fees == [0, 0, 267 * 1_000]


def test_an_energy_factor_raises_the_price_of_a_call(devnet: TronDevnet, tronpy_client: Tron) -> None:
    """A factor of 10,000 doubles the energy of a call, and the contract's record shows it."""
    _, owner = dev_account(devnet, 1)
    contract = show(devnet.contracts.usdt)
    argument = ("0" * 24 + "11" * 20) + "1".zfill(64)
    plain = tronpy_client.get_estimated_energy(owner, contract, "transfer(address,uint256)", argument)
    devnet.dev("factor", address=contract, factor=10_000)
    devnet.mine()
    doubled = tronpy_client.get_estimated_energy(owner, contract, "transfer(address,uint256)", argument)
    assert doubled == 2 * plain
    assert tronpy_client.get_contract_info(contract)["contract_state"]["energy_factor"] == 10_000
    devnet.dev("factor", address=contract, factor=0)
    devnet.mine()
