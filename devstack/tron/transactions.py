"""A signed transaction as it came in: its bytes, its id, its action."""

import hashlib
from dataclasses import dataclass, replace

from devstack.tron.contract_messages import Action, unpack
from devstack.tron.messages import Contract, RawTransaction, Result, Transaction, TransactionEnvelope
from devstack.tron.rules import RESULT_BYTES
from devstack.tron.schema import Malformed, decode, encode
from devstack.tron.verdicts import ContractInvalid


@dataclass(frozen=True, slots=True)
class SignedTransaction:
    """A transaction; `raw` is the signed part as bytes, `bandwidth_bytes` what bandwidth is counted by."""

    txid: bytes
    raw: bytes
    signed: RawTransaction
    signatures: tuple[bytes, ...]
    contract: Contract
    action: Action
    bandwidth_bytes: int
    size: int

    @property
    def message(self) -> Transaction:
        """The transaction without what a producer writes beside it."""
        return Transaction(self.signed, self.signatures)

    def with_result(self, result: Result) -> Transaction:
        """Return the transaction as its block holds it."""
        return replace(self.message, ret=(result,))


def read(data: bytes) -> SignedTransaction:
    """Read the bytes of a transaction, with or without a producer's result.

    Raises Malformed for bytes that are no transaction, and for a signed part that canonical protobuf would
    write otherwise: a node of Tron writes it anew, so its id would not be the sender's. Raises
    ContractInvalid unless there is exactly one action, of a kind that is carried out here.
    """
    envelope = decode(TransactionEnvelope, data)
    signed = decode(RawTransaction, envelope.raw_data)
    if encode(signed) != envelope.raw_data:
        raise Malformed("raw_data is not in the canonical form of protobuf, or has unknown fields")
    if len(signed.contract) != 1:
        raise ContractInvalid(f"contract size should be exactly 1, actual :{len(signed.contract)}")
    try:
        action = unpack(signed.contract[0])
    except Malformed as problem:
        raise ContractInvalid(str(problem)) from None
    size = len(encode(replace(envelope, ret=())))
    return SignedTransaction(
        txid=hashlib.sha256(envelope.raw_data).digest(),
        raw=envelope.raw_data,
        signed=signed,
        signatures=envelope.signature,
        contract=signed.contract[0],
        action=action,
        bandwidth_bytes=size + RESULT_BYTES,
        size=size,
    )
