"""What Tron paid to whom, read from the node's solid blocks by their JSON, without the product's adapter."""

from typing import Any

from bench.judging import COIN, TRANSFER_TOPIC, Payment
from devstack.house_files import hex_text
from devstack.local_chains import SeededNetwork
from devstack.tron_network import LocalTron

SUCCESS = "SUCCESS"
TRANSFER = "TransferContract"


def payments_of(seeded: SeededNetwork[LocalTron]) -> list[Payment]:
    """Every movement of TRX or token in every block since the house was opened."""
    found: list[Payment] = []
    newest = seeded.chain.ask("wallet/getnowblock")["block_header"]["raw_data"]["number"]
    for height in range(seeded.start_height + 1, newest + 1):
        block = seeded.chain.ask("wallet/getblockbynum", num=height)
        if block.get("transactions"):
            infos = seeded.chain.ask("wallet/gettransactioninfobyblocknum", num=height)
            found += _coins(block) + _tokens(infos, seeded.token.contract)
    return found


def _coins(block: Any) -> list[Payment]:  # noqa: ANN401 - a node's JSON
    found = []
    for transaction in block["transactions"]:
        contract = transaction["raw_data"]["contract"][0]
        if contract["type"] != TRANSFER or transaction["ret"][0]["contractRet"] != SUCCESS:
            continue
        moved, txid = contract["parameter"]["value"], "0x" + transaction["txID"]
        sender, payee = (_address(moved[name]) for name in ("owner_address", "to_address"))
        found.append(Payment(sender, payee, COIN, moved["amount"], txid))
    return found


def _tokens(infos: Any, contract: bytes) -> list[Payment]:  # noqa: ANN401 - a node's JSON
    return [
        Payment(
            "0x" + log["topics"][1][-40:],
            "0x" + log["topics"][2][-40:],
            hex_text(contract),
            int(log["data"], 16),
            "0x" + info["id"],
        )
        for info in infos
        if info["receipt"].get("result") == SUCCESS
        for log in info.get("log", ())
        if log["address"] == contract.hex() and log["topics"][0] == TRANSFER_TOPIC
    ]


def _address(text: str) -> str:
    """Of 21 bytes in hexadecimal the 20 behind the prefix."""
    return "0x" + text[-40:]
