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

    As a node does, it writes the signed part anew in canonical protobuf (fields it does not know are lost):
    for a sender who wrote it otherwise the id is another, and the signature not the owner's. Raises Malformed
    for bytes that are no transaction, and ContractInvalid unless there is exactly one action of a known kind.
    """
    envelope = decode(TransactionEnvelope, data)
    signed = decode(RawTransaction, envelope.raw_data)
    raw = encode(signed)
    txid = hashlib.sha256(raw).digest()
    if not signed.contract:
        raise ContractInvalid("No contract!")
    if len(signed.contract) > 1:
        raise ContractInvalid(
            f"tx {txid.hex()} contract size should be exactly 1, this is extend feature "
            f",actual :{len(signed.contract)}"
        )
    try:
        action = unpack(signed.contract[0])
    except Malformed as problem:
        raise ContractInvalid(str(problem)) from None
    size = len(encode(Transaction(signed, envelope.signature)))
    return SignedTransaction(
        txid=txid,
        raw=raw,
        signed=signed,
        signatures=envelope.signature,
        contract=signed.contract[0],
        action=action,
        bandwidth_bytes=size + RESULT_BYTES,
        size=size,
    )
