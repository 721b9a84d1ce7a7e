"""The devnet's HTTP interface has java-tron's shapes: defaults left out, `visible`, errors under 200."""

import json
import urllib.request
from typing import Any

import pytest
from tronpy import Tron

from devstack.tron.addresses import parse, show
from devstack.tron.node import DevnetError, TronDevnet
from tests.support.tron_devnet import SUN, dev_account, stranger

MEMO = b"thanks"


@pytest.fixture(scope="module")
def paid(devnet: TronDevnet, tronpy_client: Tron) -> dict[str, Any]:
    """A transfer with a memo in a block, as the node shows it in hex."""
    key, sender = dev_account(devnet, 1)
    transfer = tronpy_client.trx.transfer(sender, dev_account(devnet, 2)[1], SUN).memo(MEMO).build()
    txid = transfer.sign(key).broadcast().txid
    devnet.mine()
    shown: dict[str, Any] = devnet.ask("wallet/gettransactionbyid", value=txid)
    return shown


def get(net: TronDevnet, path: str) -> Any:  # noqa: ANN401 - JSON of any shape
    """Ask with GET."""
    with urllib.request.urlopen(f"{net.url}/{path}") as answer:
        return json.load(answer)


def test_what_is_zero_is_left_out(devnet: TronDevnet, paid: dict[str, Any]) -> None:
    """A success has no `result`, an empty account no balance, a block without transactions no list."""
    info = devnet.ask("wallet/gettransactioninfobyid", value=paid["txID"])
    assert "result" not in info
    assert paid["ret"] == [{"contractRet": "SUCCESS"}]
    empty = devnet.ask("wallet/getblockbynum", num=1)
    assert set(empty) == {"blockID", "block_header"}
    contract = devnet.ask("wallet/getaccount", address=show(devnet.contracts.usdt), visible=True)
    assert "balance" not in contract
    assert contract["type"] == "Contract"


def test_visible_changes_addresses_and_nothing_of_the_bytes(devnet: TronDevnet, paid: dict[str, Any]) -> None:
    """Base58 with it, hex without; id and signed bytes are the same."""
    visible = devnet.ask("wallet/gettransactionbyid", value=paid["txID"], visible=True)
    (plain,), (readable,) = paid["raw_data"]["contract"], visible["raw_data"]["contract"]
    for name in ("owner_address", "to_address"):
        assert parse(readable["parameter"]["value"][name]).hex() == plain["parameter"]["value"][name]
    assert [visible[name] for name in ("txID", "raw_data_hex")] == [
        paid[name] for name in ("txID", "raw_data_hex")
    ]
    assert bytes.fromhex(paid["raw_data"]["data"]) == MEMO


def test_get_and_post_answer_alike(devnet: TronDevnet, paid: dict[str, Any]) -> None:
    """Every question may come either way."""
    assert get(devnet, f"wallet/gettransactionbyid?value={paid['txID']}") == paid
    number = devnet.dev("status")["head"]
    assert get(devnet, f"walletsolidity/getblockbynum?num={number}") == {}
    _, address = dev_account(devnet, 1)
    asked = devnet.ask("wallet/getaccount", address=address, visible=True)
    assert get(devnet, f"wallet/getaccount?address={address}&visible=true") == asked


@pytest.mark.parametrize(
    ("path", "params"),
    [
        ("wallet/getaccount", {"address": "TNotAnAddress", "visible": True}),
        ("wallet/getaccount", {"address": "xyz"}),
        ("wallet/getaccount", {}),
        ("wallet/getblockbynum", {"num": "seven"}),
        ("wallet/getblockbyid", {"value": "0g"}),
        ("wallet/gettransactioninfobyid", {"value": "00"}),
        ("wallet/broadcasthex", {"transaction": "zz"}),
        ("wallet/broadcasthex", {"transaction": "ffff"}),
        ("wallet/broadcasttransaction", {"raw_data": {"contract": [{"type": "VoteWitnessContract"}]}}),
        ("wallet/broadcasttransaction", {}),
        ("wallet/getcandelegatedmaxsize", {"owner_address": "41" + "00" * 20, "type": 7}),
        ("wallet/deploycontract", {"owner_address": "41" + "00" * 20, "abi": "[{", "bytecode": "00"}),
    ],
)
def test_what_cannot_be_read_is_an_error_under_200(
    devnet: TronDevnet, path: str, params: dict[str, Any]
) -> None:
    """No status tells of it: only the key `Error`."""
    answer = devnet.ask(path, **params)
    assert set(answer) == {"Error"}
    assert answer["Error"].startswith("class ")


@pytest.mark.parametrize(
    ("path", "params"),
    [
        ("wallet/getaccount", {"address": "41" + "00" * 20}),
        ("wallet/getaccountresource", {"address": "41" + "00" * 20}),
        ("wallet/gettransactionbyid", {"value": "00" * 32}),
        ("wallet/gettransactioninfobyid", {"value": "00" * 32}),
        ("wallet/getblockbynum", {"num": 10**9}),
        ("wallet/getcontract", {"value": "41" + "00" * 20}),
    ],
)
def test_what_does_not_exist_is_empty(devnet: TronDevnet, path: str, params: dict[str, Any]) -> None:
    """Absence is an empty object, not an error."""
    assert devnet.ask(path, **params) == {}


def test_an_unknown_path_is_not_found(devnet: TronDevnet) -> None:
    """Neither a call that nobody has, nor a full node's call at the solidity part."""
    for path in ("wallet/makemoney", "walletsolidity/broadcasthex"):
        with pytest.raises(DevnetError, match="404"):
            devnet.ask(path)


def test_bytes_that_were_sent_are_the_bytes_that_stand(devnet: TronDevnet, tronpy_client: Tron) -> None:
    """`broadcasthex` takes exactly these bytes; the id is the one that was signed."""
    key, sender = dev_account(devnet, 3)
    signed = tronpy_client.trx.transfer(sender, dev_account(devnet, 4)[1], SUN).build().sign(key)
    raw = devnet.ask("wallet/getsignweight", **signed.to_json())["transaction"]["transaction"]["raw_data_hex"]
    signature = signed.to_json()["signature"][0]
    data = "0a" + varint(len(raw) // 2) + raw + "12" + varint(len(signature) // 2) + signature
    answer = devnet.ask("wallet/broadcasthex", transaction=data)
    assert (answer["result"], answer["code"], answer["txid"]) == (True, "SUCCESS", signed.txid)
    again = devnet.ask("wallet/broadcasthex", transaction=data)
    assert (again["result"], again["code"]) == (False, "DUP_TRANSACTION_ERROR")
    devnet.mine()
    assert devnet.ask("wallet/gettransactionbyid", value=signed.txid)["raw_data_hex"] == raw


def varint(number: int) -> str:
    """Write a small number as protobuf does, in hex."""
    return f"{number:02x}" if number < 0x80 else f"{number & 0x7F | 0x80:02x}{number >> 7:02x}"


def test_a_node_builds_transactions_for_those_who_trust_it(devnet: TronDevnet) -> None:
    """`createtransaction` and the staking builders give unsigned transactions, or the reason why not."""
    _, owner = dev_account(devnet, 5)
    _, payee = dev_account(devnet, 6)
    built = devnet.ask(
        "wallet/createtransaction", owner_address=owner, to_address=payee, amount=SUN, visible=True
    )
    assert built["visible"] is True
    assert built["raw_data"]["contract"][0]["type"] == "TransferContract"
    staking = devnet.ask(
        "wallet/freezebalancev2", owner_address=owner, frozen_balance=SUN, resource="ENERGY", visible=True
    )
    assert staking["raw_data"]["contract"][0]["parameter"]["value"]["resource"] == "ENERGY"
    _, nobody = stranger()
    refused = devnet.ask(
        "wallet/createtransaction", owner_address=nobody, to_address=payee, amount=SUN, visible=True
    )
    assert "ContractValidateException" in refused["Error"]


def test_a_constant_call_tells_result_cost_and_failure(devnet: TronDevnet) -> None:
    """A simulated transfer shows its false, its energy and its log; one that reverts shows that."""
    _, owner = dev_account(devnet, 1)
    question: dict[str, Any] = {
        "owner_address": owner,
        "contract_address": show(devnet.contracts.usdt),
        "function_selector": "transfer(address,uint256)",
        "visible": True,
    }
    receiver = "0" * 24 + "11" * 20
    good = devnet.ask("wallet/triggerconstantcontract", parameter=receiver + "1".zfill(64), **question)
    assert good["result"] == {"result": True}
    assert good["constant_result"] == ["0" * 64]
    assert good["energy_used"] > 25_000
    assert len(good["logs"]) == 1
    bad = devnet.ask("wallet/triggerconstantcontract", parameter=receiver + "f" * 64, **question)
    assert bad["result"] == {"result": True, "message": "REVERT opcode executed"}
    assert bad["transaction"]["ret"] == [{"ret": "FAILED"}]
    estimated = devnet.ask("wallet/estimateenergy", parameter=receiver + "1".zfill(64), **question)
    assert estimated == {"result": {"result": True}, "energy_required": good["energy_used"]}
    nowhere = devnet.ask("wallet/triggerconstantcontract", **{**question, "contract_address": owner})
    assert nowhere["result"]["code"] == "CONTRACT_VALIDATE_ERROR"


def test_addresses_are_validated(devnet: TronDevnet) -> None:
    """Base58 and hex of this network are valid, anything else is not."""
    _, address = dev_account(devnet, 1)
    assert devnet.ask("wallet/validateaddress", address=address)["result"] is True
    assert devnet.ask("wallet/validateaddress", address=parse(address).hex())["result"] is True
    assert devnet.ask("wallet/validateaddress", address=address[:-1] + "x")["result"] is False
