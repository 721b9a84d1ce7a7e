"""Unmodified tronpy drives the devnet from a new key to a paid token."""

import pytest
from tronpy import Tron
from tronpy.contract import Contract
from tronpy.exceptions import AddressNotFound, BlockNotFound, TransactionNotFound, TvmError

from devstack.tron.addresses import show
from devstack.tron.node import TronDevnet
from tests.support.tron_devnet import FEE_LIMIT, SUN, USDT_UNIT, balance, dev_account, stranger, usdt

ACTIVATION_SUN = 1_100_000
NO_ID = "00" * 32


def test_a_new_address_is_no_account(tronpy_client: Tron) -> None:
    """A generated key has an address that the chain does not know."""
    address = tronpy_client.generate_address()["base58check_address"]
    with pytest.raises(AddressNotFound):
        tronpy_client.get_account_balance(address)


def test_trx_arrives_and_the_sender_pays_the_activation(devnet: TronDevnet, tronpy_client: Tron) -> None:
    """The payee of a first transfer gets the exact amount; the sender pays 1.1 TRX on top."""
    key, sender = dev_account(devnet, 1)
    _, payee = stranger()
    before = balance(devnet, sender)
    sent = tronpy_client.trx.transfer(sender, payee, 5 * SUN).build().sign(key).broadcast()
    devnet.mine()
    receipt = sent.wait()
    assert receipt["blockNumber"] == tronpy_client.get_latest_block_number()
    assert receipt["fee"] == ACTIVATION_SUN
    assert balance(devnet, sender) == before - 5 * SUN - ACTIVATION_SUN
    assert tronpy_client.get_account_balance(payee) == 5


def test_inclusion_and_finality_are_two_things(devnet: TronDevnet, tronpy_client: Tron) -> None:
    """A transaction waits, then stands in a block, then in a solid one; each is told apart."""
    key, sender = dev_account(devnet, 2)
    _, payee = dev_account(devnet, 3)
    sent = tronpy_client.trx.transfer(sender, payee, SUN).build().sign(key).broadcast()
    assert tronpy_client.get_transaction(sent.txid)["ret"] == [{"contractRet": "SUCCESS"}]
    with pytest.raises(TransactionNotFound):
        tronpy_client.get_transaction_info(sent.txid)
    devnet.mine()
    assert tronpy_client.get_transaction_info(sent.txid)["id"] == sent.txid
    with pytest.raises(TransactionNotFound):
        tronpy_client.get_solid_transaction_info(sent.txid)
    devnet.solidify()
    assert tronpy_client.get_solid_transaction_info(sent.txid)["id"] == sent.txid


def test_usdt_moves_though_it_says_false(devnet: TronDevnet, tronpy_client: Tron) -> None:
    """`transfer` of USDT succeeds, logs and moves, and its return value is false."""
    key, sender = dev_account(devnet, 1)
    _, payee = stranger()
    token = usdt(tronpy_client, devnet)
    held = token.functions.balanceOf(sender)
    call = token.functions.transfer(payee, 3 * USDT_UNIT).with_owner(sender).fee_limit(FEE_LIMIT)
    sent = call.build().sign(key).broadcast()
    devnet.mine()
    receipt = sent.wait()
    assert receipt["receipt"]["result"] == "SUCCESS"
    assert "result" not in receipt
    assert sent.result() is False
    assert token.functions.balanceOf(sender) == held - 3 * USDT_UNIT
    assert token.functions.balanceOf(payee) == 3 * USDT_UNIT
    (told,) = token.events.Transfer.process_receipt(receipt)
    assert told["args"]["value"] == 3 * USDT_UNIT


def test_usdt_taken_with_an_allowance_says_true(devnet: TronDevnet, tronpy_client: Tron) -> None:
    """`transferFrom` of USDT answers true."""
    owner_key, owner = dev_account(devnet, 4)
    spender_key, spender = dev_account(devnet, 5)
    token = usdt(tronpy_client, devnet)
    allowing = token.functions.approve(spender, USDT_UNIT).with_owner(owner).fee_limit(FEE_LIMIT)
    allowing.build().sign(owner_key).broadcast()
    devnet.mine()
    taking = token.functions.transferFrom(owner, spender, USDT_UNIT).with_owner(spender)
    taken = taking.fee_limit(FEE_LIMIT).build().sign(spender_key).broadcast()
    devnet.mine()
    assert taken.result() is True


def test_a_small_fee_limit_runs_out_of_energy(devnet: TronDevnet, tronpy_client: Tron) -> None:
    """A call whose fee limit is too small stands in its block as OUT_OF_ENERGY: all paid, nothing moved."""
    key, sender = dev_account(devnet, 6)
    _, payee = stranger()
    token = usdt(tronpy_client, devnet)
    before = balance(devnet, sender)
    call = token.functions.transfer(payee, USDT_UNIT).with_owner(sender).fee_limit(SUN)
    sent = call.build().sign(key).broadcast()
    devnet.mine()
    receipt = sent.wait()
    assert receipt["result"] == "FAILED"
    assert receipt["receipt"]["result"] == "OUT_OF_ENERGY"
    assert receipt["receipt"]["energy_fee"] == SUN
    assert balance(devnet, sender) == before - receipt["fee"]
    assert token.functions.balanceOf(payee) == 0
    with pytest.raises(TvmError):
        sent.result()


def test_blocks_are_found_by_number_and_id(devnet: TronDevnet, tronpy_client: Tron) -> None:
    """One block is the same by number, by id and in its child's header; an unknown one is not found."""
    devnet.mine(2)
    newest = tronpy_client.get_block()
    number = newest["block_header"]["raw_data"]["number"]
    parent = tronpy_client.get_block(number - 1)
    assert tronpy_client.get_block(parent["blockID"]) == parent
    assert newest["block_header"]["raw_data"]["parentHash"] == parent["blockID"]
    assert tronpy_client.get_latest_solid_block()["blockID"] == tronpy_client.get_latest_solid_block_id()
    with pytest.raises(BlockNotFound):
        tronpy_client.get_block(number + 1)
    with pytest.raises(BlockNotFound):
        tronpy_client.get_block(NO_ID)


def test_a_deployed_contract_lies_where_its_transaction_says(devnet: TronDevnet, tronpy_client: Tron) -> None:
    """The paymaster deployed anew by tronpy pays TRX from inside, which no log tells."""
    key, sender = dev_account(devnet, 7)
    _, payee = stranger()
    known = tronpy_client.get_contract(show(devnet.contracts.paymaster))
    again = Contract(bytecode=known.bytecode, abi=known.abi, name="Again", origin_energy_limit=1_000_000)
    deployed = (
        tronpy_client.trx.deploy_contract(sender, again).fee_limit(1_000 * SUN).build().sign(key).broadcast()
    )
    devnet.mine()
    made = tronpy_client.get_contract(deployed.wait()["contract_address"])
    paying = made.functions.pay.with_owner(sender).with_transfer(2 * SUN)(payee).fee_limit(FEE_LIMIT)
    paid = paying.build().sign(key).broadcast()
    devnet.mine()
    assert "log" not in paid.wait()
    assert balance(devnet, payee) == 2 * SUN


def test_what_the_chain_says_of_itself(devnet: TronDevnet, tronpy_client: Tron) -> None:
    """Parameters, producers and tokens are listed as tronpy expects them."""
    parameters = {entry["key"]: entry.get("value", 0) for entry in tronpy_client.get_chain_parameters()}
    assert parameters["getEnergyFee"] == 100
    assert len(tronpy_client.list_witnesses()) == 27
    (token,) = tronpy_client.list_assets()
    assert (token["name"], token["abbr"]) == ("Tether USD", "USDT")
    assert tronpy_client.get_account_asset_balance(devnet.account(0)[1], token["id"]) == token["total_supply"]
