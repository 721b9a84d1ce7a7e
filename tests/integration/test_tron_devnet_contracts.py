"""The contracts of the devnet's genesis keep the quirks that a casino meets on Tron."""

from typing import Any

import pytest
from eth_abi.abi import encode
from tronpy import Tron
from tronpy.contract import Contract

from devstack.tron.addresses import show
from devstack.tron.node import TronDevnet
from tests.support.tron_devnet import SUN, USDT_UNIT, balance, dev_account, stranger, usdt

FEE_LIMIT = 2_000 * SUN
TRANSFER = "ddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"
PLAYERS = 50


def called(net: TronDevnet, call: Any, index: int) -> dict[str, Any]:  # noqa: ANN401 - tronpy has no types
    """Let a funded account make a call, and return what became of it."""
    key, _ = dev_account(net, index)
    sent = call.fee_limit(FEE_LIMIT).build().sign(key).broadcast()
    net.mine()
    receipt: dict[str, Any] = sent.wait()
    return receipt


def transfers(receipt: dict[str, Any]) -> list[int]:
    """Return the amounts of the Transfer logs of a receipt."""
    return [int(log["data"], 16) for log in receipt.get("log", ()) if log["topics"][0] == TRANSFER]


@pytest.fixture
def token(devnet: TronDevnet, tronpy_client: Tron) -> Contract:
    """USDT, owned by account 0."""
    return usdt(tronpy_client, devnet)


def owned(net: TronDevnet, call: Any) -> dict[str, Any]:  # noqa: ANN401 - tronpy has no types
    """Let the owner of USDT call."""
    return called(net, call.with_owner(dev_account(net, 0)[1]), 0)


def test_a_fee_is_a_second_log(devnet: TronDevnet, token: Contract) -> None:
    """With a fee of 10 basis points the payee gets less, and the owner's share is told on its own."""
    _, payee = stranger()
    _, sender = dev_account(devnet, 1)
    owned(devnet, token.functions.setParams(10, 40))
    receipt = called(devnet, token.functions.transfer(payee, 10_000).with_owner(sender), 1)
    assert transfers(receipt) == [9_990, 10]
    assert token.functions.balanceOf(payee) == 9_990
    owned(devnet, token.functions.setParams(0, 0))


def test_a_pause_stops_every_transfer(devnet: TronDevnet, token: Contract) -> None:
    """While it is paused a transfer ends as REVERT and costs energy."""
    _, sender = dev_account(devnet, 2)
    owned(devnet, token.functions.pause())
    receipt = called(devnet, token.functions.transfer(dev_account(devnet, 3)[1], 1).with_owner(sender), 2)
    assert receipt["receipt"]["result"] == "REVERT"
    assert receipt["fee"] > 0
    assert transfers(receipt) == []
    owned(devnet, token.functions.unpause())


def test_a_barred_holder_can_receive_but_not_send(devnet: TronDevnet, token: Contract) -> None:
    """The blacklist is one of senders; what a barred one holds can vanish without a Transfer log."""
    _, barred = dev_account(devnet, 4)
    owned(devnet, token.functions.addBlackList(barred))
    _, payer = dev_account(devnet, 5)
    coming = called(devnet, token.functions.transfer(barred, USDT_UNIT).with_owner(payer), 5)
    going = called(devnet, token.functions.transfer(payer, USDT_UNIT).with_owner(barred), 4)
    assert (coming["receipt"]["result"], going["receipt"]["result"]) == ("SUCCESS", "REVERT")
    destroyed = owned(devnet, token.functions.destroyBlackFunds(barred))
    assert transfers(destroyed) == []
    assert token.functions.balanceOf(barred) == 0


def test_issue_is_silent(devnet: TronDevnet, token: Contract) -> None:
    """New units appear at the owner without a Transfer log."""
    _, owner = dev_account(devnet, 0)
    before = token.functions.balanceOf(owner)
    assert transfers(owned(devnet, token.functions.issue(77))) == []
    assert token.functions.balanceOf(owner) == before + 77


def test_a_spoof_looks_the_same_in_logs(devnet: TronDevnet, tronpy_client: Tron, token: Contract) -> None:
    """Equal name, symbol, decimals and log; only the address differs, and `transfer` answers true."""
    spoof = tronpy_client.get_contract(show(devnet.contracts.spoof))
    for name in ("name", "symbol", "decimals"):
        assert getattr(spoof.functions, name)() == getattr(token.functions, name)()
    _, sender = dev_account(devnet, 1)
    _, payee = stranger()
    true = called(devnet, token.functions.transfer(payee, 5).with_owner(sender), 1)["log"][0]
    false = called(devnet, spoof.functions.transfer(payee, 5).with_owner(sender), 1)["log"][0]
    assert {**false, "address": true["address"]} == true
    assert false["address"] != true["address"]


def test_trx_paid_from_inside_is_seen_only_in_the_balance(devnet: TronDevnet, tronpy_client: Tron) -> None:
    """The paymaster hands TRX on: no log, no internal transactions in the info of this node."""
    _, sender = dev_account(devnet, 6)
    _, payee = stranger()
    paymaster = tronpy_client.get_contract(show(devnet.contracts.paymaster))
    receipt = called(devnet, paymaster.functions.pay.with_owner(sender).with_transfer(3 * SUN)(payee), 6)
    assert receipt["receipt"]["result"] == "SUCCESS"
    assert not {"log", "internal_transactions"} & receipt.keys()
    assert balance(devnet, payee) == 3 * SUN


def test_one_transaction_pays_fifty_players(devnet: TronDevnet, tronpy_client: Tron, token: Contract) -> None:
    """50 players and two more payments to one of them: 52 logs of one transaction, in order."""
    players = [bytes([index + 1]) * 20 for index in range(PLAYERS)]
    receivers = [*players, players[0], players[0]]
    amounts = list(range(1, len(receivers) + 1))
    data = encode(["address", "address[]", "uint256[]"], [devnet.contracts.usdt[1:], receivers, amounts])
    key, sender = dev_account(devnet, 0)
    batching = tronpy_client.get_contract(show(devnet.contracts.batching))
    call = batching.functions.pay._trigger_contract(data.hex()).with_owner(sender)
    sent = call.fee_limit(FEE_LIMIT).build().sign(key).broadcast()
    devnet.mine()
    receipt = sent.wait()
    assert receipt["receipt"]["result"] == "SUCCESS"
    assert transfers(receipt) == amounts
    assert token.functions.balanceOf(show(b"\x41" + players[0])) == 1 + 51 + 52


def test_a_trc10_token_may_call_itself_usdt(devnet: TronDevnet, tronpy_client: Tron) -> None:
    """The chain's own token of that name moves by its number, in a transaction of another kind."""
    key, owner = dev_account(devnet, 0)
    _, payee = dev_account(devnet, 7)
    (spoof,) = tronpy_client.list_assets()
    sent = tronpy_client.trx.asset_transfer(owner, payee, 9, spoof["id"]).build().sign(key).broadcast()
    devnet.mine()
    assert tronpy_client.get_account_asset_balance(payee, spoof["id"]) == 9
    action = tronpy_client.get_transaction(sent.txid)["raw_data"]["contract"][0]
    assert action["type"] == "TransferAssetContract"
    assert action["parameter"]["value"]["asset_name"] == str(spoof["id"])
