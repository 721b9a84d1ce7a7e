"""What an EVM chain paid to whom, read by a plain node client that knows nothing of the house."""

from typing import Any

from bench.judging import COIN, TRANSFER_TOPIC, Payment
from devstack.anvil import Anvil
from devstack.evm_network import LocalEvm
from devstack.house_files import hex_text
from devstack.local_chains import SeededNetwork


def payments_of(seeded: SeededNetwork[LocalEvm]) -> list[Payment]:
    """Every movement of coin or token in every block since the house was opened."""
    found: list[Payment] = []
    for height in range(seeded.start_height + 1, seeded.chain.height() + 1):
        found += _payments_in(seeded.chain, hex(height), hex_text(seeded.token.contract))
    return found


def _payments_in(chain: Anvil, height: str, token: str) -> list[Payment]:
    block: Any = chain.rpc("eth_getBlockByNumber", height, True)  # noqa: FBT003 - JSON-RPC counts places
    if not block["transactions"]:
        return []
    receipts: Any = chain.rpc("eth_getBlockReceipts", height)
    succeeded = {receipt["transactionHash"] for receipt in receipts if receipt["status"] == "0x1"}
    coins = [
        Payment(tx["from"], tx["to"], COIN, int(tx["value"], 16), tx["hash"])
        for tx in block["transactions"]
        if tx["hash"] in succeeded and tx["to"] and int(tx["value"], 16)
    ]
    tokens = [
        Payment(
            "0x" + log["topics"][1][-40:],
            "0x" + log["topics"][2][-40:],
            token,
            int(log["data"], 16),
            log["transactionHash"],
        )
        for receipt in receipts
        for log in receipt["logs"]
        if log["address"] == token and log["topics"][0] == "0x" + TRANSFER_TOPIC
    ]
    return coins + tokens
