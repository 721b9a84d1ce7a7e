"""Tron transactions: fields to bytes, bytes to fields, digest and id; no keys, no I/O.

One contract, one signature, no authorities and no scripts: Croupier signs nothing else. A memo and the
permission are part of the bytes and so of the id. Source: the message `Transaction` of Tron's protocol.
"""

from dataclasses import dataclass
from hashlib import sha256

from chains.codecs.abi import decode_transfer, encode_transfer
from chains.codecs.curve import SCALAR_BYTES, is_signature
from chains.codecs.payments import Payment
from chains.codecs.protobuf import decode_message, encode_message
from chains.codecs.tron_contracts import (
    Contract,
    ContractType,
    Transfer,
    Trigger,
    decode_contract,
    encode_contract,
)
from domain.errors import BytesMismatch

BLOCK_ID_BYTES = 32
REF_BYTES = slice(6, 8)
REF_HASH = slice(8, 16)
REF_BYTES_LENGTH = 2
REF_HASH_LENGTH = 8
SIGNATURE_BYTES = 65
PERMISSION_ID_MAX = 2**31 - 1

# Numbers of the fields of Transaction, of its raw data, of a contract's envelope and of its packing.
RAW_DATA, SIGNATURE = 1, 2
REF_BLOCK_BYTES, REF_BLOCK_HASH, EXPIRATION, MEMO, CONTRACT, TIMESTAMP, FEE_LIMIT = 1, 4, 8, 10, 11, 14, 18
CONTRACT_TYPE, PARAMETER, PERMISSION_ID = 1, 2, 5
TYPE_URL, PACKED = 1, 2


@dataclass(frozen=True, slots=True)
class TronTransaction:
    """The unsigned fields. Times are Unix milliseconds, `fee_limit` is sun, `memo` is the field `data`.

    `permission_id` names the permission that signs: 0 is the owner's, 2 the first active one.
    """

    ref_block_bytes: bytes
    ref_block_hash: bytes
    expiration_ms: int
    timestamp_ms: int
    contract: Contract
    permission_id: int = 0
    fee_limit: int = 0
    memo: bytes = b""


@dataclass(frozen=True, slots=True)
class TronSigned:
    """A transaction with its one signature."""

    transaction: TronTransaction
    y_parity: int
    r: int
    s: int


class TronCodec:
    """Signed transactions: `encode` and `decode` are inverse, everything else is refused.

    Nodes also take signatures whose last byte is 27 or 28; here it is 0 or 1 alone, so that one transaction
    has one form.
    """

    def encode(self, fields: TronSigned) -> bytes:
        """Bytes to store and to send; raises BytesMismatch for a signature out of range."""
        _check_signature(fields)
        signature = fields.r.to_bytes(SCALAR_BYTES, "big") + fields.s.to_bytes(SCALAR_BYTES, "big")
        raw_data = encode_unsigned(fields.transaction)
        return encode_message((RAW_DATA, raw_data), (SIGNATURE, signature + bytes([fields.y_parity])))

    def decode(self, raw: bytes) -> TronSigned:
        """Fields of stored bytes; raises BytesMismatch unless they encode to the same bytes again."""
        raw_data, signature = _parts(raw)
        fields = TronSigned(
            transaction=decode_unsigned(raw_data),
            y_parity=signature[-1],
            r=int.from_bytes(signature[:SCALAR_BYTES], "big"),
            s=int.from_bytes(signature[SCALAR_BYTES:-1], "big"),
        )
        if self.encode(fields) != raw:
            raise BytesMismatch("the transaction does not encode to its own bytes")
        return fields

    def txid(self, raw: bytes) -> bytes:
        """The id that every node gives to these bytes: SHA-256 over the raw data, signature left out."""
        return sha256(_parts(raw)[0]).digest()


def signing_digest(transaction: TronTransaction) -> bytes:
    """The 32 bytes that the sender signs, which are the transaction's id too."""
    return sha256(encode_unsigned(transaction)).digest()


def encode_unsigned(transaction: TronTransaction) -> bytes:
    """The raw data: the bytes under the signature."""
    _check_terms(transaction)
    kind, body = encode_contract(transaction.contract)
    packed = encode_message((TYPE_URL, kind.type_url), (PACKED, body))
    envelope = encode_message(
        (CONTRACT_TYPE, kind), (PARAMETER, packed), (PERMISSION_ID, transaction.permission_id)
    )
    return encode_message(
        (REF_BLOCK_BYTES, transaction.ref_block_bytes),
        (REF_BLOCK_HASH, transaction.ref_block_hash),
        (EXPIRATION, transaction.expiration_ms),
        (MEMO, transaction.memo),
        (CONTRACT, envelope),
        (TIMESTAMP, transaction.timestamp_ms),
        (FEE_LIMIT, transaction.fee_limit),
    )


def decode_unsigned(raw_data: bytes) -> TronTransaction:
    """Fields of raw data; raises BytesMismatch unless it is exactly what `encode_unsigned` writes."""
    fields = decode_message(
        raw_data,
        integers={EXPIRATION, TIMESTAMP, FEE_LIMIT},
        binaries={REF_BLOCK_BYTES, REF_BLOCK_HASH, MEMO, CONTRACT},
    )
    envelope = decode_message(
        fields.binary(CONTRACT), integers={CONTRACT_TYPE, PERMISSION_ID}, binaries={PARAMETER}
    )
    packed = decode_message(envelope.binary(PARAMETER), integers=(), binaries={TYPE_URL, PACKED})
    number = envelope.integer(CONTRACT_TYPE)
    contract = decode_contract(number, packed.binary(PACKED))
    if packed.binary(TYPE_URL) != ContractType(number).type_url:
        raise BytesMismatch("the contract is packed under another name than that of its type")
    transaction = TronTransaction(
        ref_block_bytes=fields.binary(REF_BLOCK_BYTES),
        ref_block_hash=fields.binary(REF_BLOCK_HASH),
        expiration_ms=fields.integer(EXPIRATION),
        timestamp_ms=fields.integer(TIMESTAMP),
        contract=contract,
        permission_id=envelope.integer(PERMISSION_ID),
        fee_limit=fields.integer(FEE_LIMIT),
        memo=fields.binary(MEMO),
    )
    if encode_unsigned(transaction) != raw_data:
        raise BytesMismatch("the raw data does not encode to its own bytes")
    return transaction


def reference_of(block_id: bytes) -> tuple[bytes, bytes]:
    """The two fields that bind a transaction to the branch of a block: `ref_block_bytes`, `ref_block_hash`.

    The first holds the low bytes of the block's number, which begins its id.
    """
    assert len(block_id) == BLOCK_ID_BYTES, block_id
    return block_id[REF_BYTES], block_id[REF_HASH]


def contract_of(payment: Payment, owner: bytes) -> Contract:
    """The contract by which an owner makes a payment."""
    if payment.contract:
        return Trigger(owner, payment.contract, encode_transfer(payment.payee, payment.amount))
    return Transfer(owner, payment.payee, payment.amount)


def payment_of(transaction: TronTransaction) -> Payment:
    """The payment that a transaction makes; raises BytesMismatch if it is anything but one plain payment."""
    contract = transaction.contract
    if transaction.memo:
        raise BytesMismatch("the transaction carries a memo")
    if isinstance(contract, Transfer):
        return Payment(b"", contract.payee, contract.amount)
    call = decode_transfer(contract.data) if isinstance(contract, Trigger) else None
    if not isinstance(contract, Trigger) or call is None or contract.call_value:
        raise BytesMismatch("the transaction is not one plain payment")
    return Payment(contract.contract, call.receiver, call.amount)


def _parts(raw: bytes) -> tuple[bytes, bytes]:
    fields = decode_message(raw, integers=(), binaries={RAW_DATA, SIGNATURE})
    raw_data, signature = fields.binary(RAW_DATA), fields.binary(SIGNATURE)
    if not raw_data or len(signature) != SIGNATURE_BYTES:
        raise BytesMismatch("the bytes are not raw data and one signature of 65 bytes")
    return raw_data, signature


def _check_terms(transaction: TronTransaction) -> None:
    reference = (len(transaction.ref_block_bytes), len(transaction.ref_block_hash))
    if reference != (REF_BYTES_LENGTH, REF_HASH_LENGTH):
        raise BytesMismatch("the reference to a block has not 2 and 8 bytes")
    if not transaction.expiration_ms or not transaction.timestamp_ms:
        raise BytesMismatch("the transaction has no expiration or no timestamp")
    if not 0 <= transaction.permission_id <= PERMISSION_ID_MAX:
        raise BytesMismatch(f"permission {transaction.permission_id} is out of range")


def _check_signature(fields: TronSigned) -> None:
    if not is_signature(fields.y_parity, fields.r, fields.s):
        raise BytesMismatch("the signature is out of range or has a high S")
