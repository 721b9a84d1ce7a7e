"""Transactions of a block and their results as a node's JSON tells them, read strictly.

Every transaction is proven to hash to its own id, so its bytes are not altered; what it did is told by a
result of its own, which nothing binds to the block.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

from chains.answers import has, member, members
from chains.tron.answers import (
    ADDRESS_BYTES,
    HASH_BYTES,
    address_member,
    data,
    data_or_empty,
    hash_member,
    sized,
    whole_member,
    whole_or_zero,
)

SUCCESS = "SUCCESS"
FAILED = "FAILED"
TRANSFER = "TransferContract"
TRANSFER_ASSET = "TransferAssetContract"
TRIGGER = "TriggerSmartContract"
CREATE = "CreateSmartContract"
RUNS_CODE = frozenset({TRIGGER, CREATE})
MEMBERS_OF_USE = {
    "energy": "energy_usage_total",
    "energy_burnt_sun": "energy_fee",
    "bandwidth": "net_usage",
    "bandwidth_burnt_sun": "net_fee",
}


@dataclass(frozen=True, slots=True)
class Transaction:
    """One transaction of a block: its single contract's type and value, and the outcome the block names."""

    txid: bytes
    kind: str
    value: Mapping[str, object]
    owner: bytes
    outcome: str

    @property
    def runs_code(self) -> bool:
        return self.kind in RUNS_CODE


@dataclass(frozen=True, slots=True)
class Log:
    """One event of a transaction."""

    contract: bytes
    topics: tuple[bytes, ...]
    data: bytes


@dataclass(frozen=True, slots=True)
class Info:
    """How one transaction ended: `outcome` is its receipt's, empty where no code ran; `fee` is sun."""

    txid: bytes
    height: int
    failed: bool
    outcome: str
    fee: int
    used: Mapping[str, str]
    logs: tuple[Log, ...]
    created: bytes

    @property
    def succeeded(self) -> bool:
        """Whether it held, judged by whether code ran."""
        return not self.failed and self.outcome in {"", SUCCESS}


def read_transactions(block: object) -> tuple[Transaction, ...]:
    """The transactions of a block's JSON, each proven to hash to its own id."""
    entries = members(block, "transactions") if has(block, "transactions") else []
    return tuple(_read_transaction(entry) for entry in entries)


def read_info(answer: object) -> Info:
    """The result of a transaction that stands in a block; raises ValueError if it is anything else."""
    receipt = member(answer, "receipt") if has(answer, "receipt") else {}
    outcome = member(receipt, "result") if has(receipt, "result") else ""
    result = member(answer, "result") if has(answer, "result") else SUCCESS
    if not isinstance(result, str) or result not in {SUCCESS, FAILED} or not isinstance(outcome, str):
        raise ValueError(f"a result was expected, not {result!r:.40} and {outcome!r:.40}")
    return Info(
        txid=hash_member(answer, "id"),
        height=whole_member(answer, "blockNumber"),
        failed=result == FAILED,
        outcome=outcome,
        fee=whole_or_zero(answer, "fee"),
        used=_used(receipt),
        logs=tuple(_read_log(entry) for entry in (members(answer, "log") if has(answer, "log") else [])),
        created=address_member(answer, "contract_address") if has(answer, "contract_address") else b"",
    )


def _used(receipt: object) -> dict[str, str]:
    found = {name: whole_or_zero(receipt, told) for name, told in MEMBERS_OF_USE.items()}
    return {name: str(number) for name, number in found.items() if number}


def _read_transaction(answer: object) -> Transaction:
    txid = hash_member(answer, "txID")
    if sha256(data(member(answer, "raw_data_hex"))).digest() != txid:
        raise ValueError(f"transaction {txid.hex()} has other bytes than its id says")
    contracts = members(member(answer, "raw_data"), "contract")
    if len(contracts) != 1:
        raise ValueError(f"transaction {txid.hex()} has {len(contracts)} contracts")
    kind, value = member(contracts[0], "type"), member(member(contracts[0], "parameter"), "value")
    if not isinstance(kind, str) or not isinstance(value, Mapping):
        raise ValueError(f"transaction {txid.hex()} has a contract of no kind")  # noqa: TRY004 - as above
    results = members(answer, "ret") if has(answer, "ret") else []
    outcome = results[0].get("contractRet", "") if results and isinstance(results[0], Mapping) else ""
    return Transaction(
        txid=txid,
        kind=kind,
        value=value,
        owner=address_member(value, "owner_address") if has(value, "owner_address") else b"",
        outcome=str(outcome),
    )


def _read_log(answer: object) -> Log:
    # The address of a log stands without 0x41, as the virtual machine knows it.
    return Log(
        contract=sized(member(answer, "address"), ADDRESS_BYTES),
        topics=tuple(
            sized(topic, HASH_BYTES) for topic in (members(answer, "topics") if has(answer, "topics") else [])
        ),
        data=data_or_empty(answer, "data"),
    )
