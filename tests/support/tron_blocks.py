"""Blocks and results as java-tron writes them, made of the codec's own bytes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256

from chains.codecs.tron import TronTransaction, encode_unsigned
from chains.codecs.tron_contracts import Contract, Transfer, Trigger

Json = dict[str, object]
TIME_MS = 1_790_000_000_000


def address(number: int) -> bytes:
    """An address that is told by its number."""
    return bytes([number]) * 20


def shown(value: bytes) -> str:
    """An address as nodes write it."""
    return "41" + value.hex()


def word(value: bytes) -> str:
    """An address as it stands in a topic."""
    return (bytes(12) + value).hex()


@dataclass
class Tx:
    """A transaction and its result, each as JSON; what is not given is left out, as nodes do."""

    kind: str
    value: Json
    raw: bytes
    outcome: str = "SUCCESS"
    info: Json = field(default_factory=dict)

    @property
    def txid(self) -> bytes:
        return sha256(self.raw).digest()

    def as_json(self) -> Json:
        contract = {"parameter": {"value": self.value}, "type": self.kind}
        return {
            "ret": [{"contractRet": self.outcome}],
            "signature": ["00" * 65],
            "txID": self.txid.hex(),
            "raw_data": {"contract": [contract]},
            "raw_data_hex": self.raw.hex(),
        }

    def result(self, height: int) -> Json:
        return {"id": self.txid.hex(), "blockNumber": height, "contractResult": [""], **self.info}


def raw_of(contract: Contract, serial: int, memo: bytes = b"") -> bytes:
    """The raw data of a transaction with this contract."""
    return encode_unsigned(
        TronTransaction(bytes(2), bytes(8), TIME_MS + 60_000, TIME_MS + serial, contract, memo=memo)
    )


def coins(payer: bytes, payee: bytes, amount: int, serial: int = 0, memo: bytes = b"") -> Tx:
    """A payment of TRX."""
    value: Json = {"owner_address": shown(payer), "to_address": shown(payee), "amount": amount}
    return Tx(
        "TransferContract",
        value,
        raw_of(Transfer(payer, payee, amount), serial, memo),
        info={"receipt": {"net_usage": 267}},
    )


def call(caller: bytes, contract: bytes, data: bytes, logs: list[Json], serial: int = 0) -> Tx:
    """A call of a contract that succeeded."""
    value: Json = {
        "owner_address": shown(caller),
        "contract_address": shown(contract),
        "data": data.hex(),
    }
    receipt = {"energy_usage_total": 1_000, "energy_fee": 100_000, "net_usage": 345, "result": "SUCCESS"}
    info: Json = {
        "fee": 100_000,
        "contract_address": shown(contract),
        "receipt": receipt,
        "log": logs,
    }
    return Tx("TriggerSmartContract", value, raw_of(Trigger(caller, contract, data), serial), info=info)


def failed(tx: Tx, outcome: str) -> Tx:
    """The same call, ended otherwise."""
    receipt = tx.info["receipt"]
    assert isinstance(receipt, Mapping)
    tx.outcome = outcome
    tx.info = tx.info | {"receipt": {**receipt, "result": outcome}, "result": "FAILED"}
    del tx.info["log"]
    return tx


def block(height: int, transactions: list[Tx], parent: bytes = bytes(32)) -> Json:
    """A block with these transactions; one without any leaves the list out."""
    block_id = height.to_bytes(8, "big") + sha256(b"".join(tx.txid for tx in transactions)).digest()[8:]
    raw_data: Json = {"number": height, "parentHash": parent.hex(), "timestamp": TIME_MS + height * 3_000}
    found: Json = {"blockID": block_id.hex(), "block_header": {"raw_data": raw_data}}
    return found | ({"transactions": [tx.as_json() for tx in transactions]} if transactions else {})


def id_of(found: Json) -> bytes:
    """The id of a block."""
    return bytes.fromhex(str(found["blockID"]))
