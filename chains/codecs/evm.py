"""EIP-1559 transactions: fields to bytes, bytes to fields, digest and id; no keys, no I/O.

Access lists and authorisations are refused: Croupier signs plain payments only. Sources: EIP-1559, EIP-2718,
EIP-2 (low S).
"""

from dataclasses import dataclass

from chains.codecs.abi import ADDRESS_BYTES, decode_transfer, encode_transfer
from chains.codecs.curve import is_signature
from chains.codecs.keccak import keccak256
from chains.codecs.payments import Payment
from chains.codecs.rlp import Item, decode_int, encode_int
from chains.codecs.rlp import decode as decode_rlp
from chains.codecs.rlp import encode as encode_rlp
from domain.errors import BytesMismatch

TYPE_BYTE = b"\x02"
UNSIGNED_ITEMS = 9
SIGNED_ITEMS = 12
NONCE_BITS = 64
WORD_BITS = 256


@dataclass(frozen=True, slots=True)
class EvmTransaction:
    """The unsigned fields of a type-2 transaction; fees are wei per gas, `value` is wei."""

    chain_id: int
    nonce: int
    max_priority_fee: int
    max_fee: int
    gas_limit: int
    to: bytes
    value: int
    data: bytes = b""


@dataclass(frozen=True, slots=True)
class EvmSigned:
    """A transaction with its signature."""

    transaction: EvmTransaction
    y_parity: int
    r: int
    s: int


class EvmCodec:
    """Signed type-2 transactions: `encode` and `decode` are inverse, everything else is refused."""

    def encode(self, fields: EvmSigned) -> bytes:
        """Bytes to store and to send; raises BytesMismatch for a signature no node would take."""
        _check_signature(fields)
        signature = (encode_int(fields.y_parity), encode_int(fields.r), encode_int(fields.s))
        return TYPE_BYTE + encode_rlp((*_items(fields.transaction), *signature))

    def decode(self, raw: bytes) -> EvmSigned:
        """Fields of stored bytes; raises BytesMismatch unless they encode to the same bytes again."""
        items = _typed_items(raw, SIGNED_ITEMS)
        fields = EvmSigned(
            transaction=_transaction(items[:UNSIGNED_ITEMS]),
            y_parity=decode_int(items[UNSIGNED_ITEMS], bits_max=1),
            r=decode_int(items[UNSIGNED_ITEMS + 1], bits_max=WORD_BITS),
            s=decode_int(items[UNSIGNED_ITEMS + 2], bits_max=WORD_BITS),
        )
        _check_signature(fields)
        if self.encode(fields) != raw:
            raise BytesMismatch("the transaction does not encode to its own bytes")
        return fields

    def txid(self, raw: bytes) -> bytes:
        """The id that every node gives to these bytes."""
        return keccak256(raw)


def signing_digest(transaction: EvmTransaction) -> bytes:
    """The 32 bytes that the sender signs."""
    return keccak256(encode_unsigned(transaction))


def encode_unsigned(transaction: EvmTransaction) -> bytes:
    """The bytes under the signature."""
    return TYPE_BYTE + encode_rlp(_items(transaction))


def call_of(payment: Payment) -> tuple[bytes, int, bytes]:
    """Target, value and data of the call that makes a payment."""
    if payment.contract:
        return payment.contract, 0, encode_transfer(payment.payee, payment.amount)
    return payment.payee, payment.amount, b""


def payment_of(transaction: EvmTransaction) -> Payment:
    """The payment that a transaction makes; raises BytesMismatch if it is anything but one plain payment."""
    if not transaction.data:
        return Payment(b"", transaction.to, transaction.value)
    call = decode_transfer(transaction.data)
    if call is None or transaction.value:
        raise BytesMismatch("the transaction is not one plain payment")
    return Payment(transaction.to, call.receiver, call.amount)


def _items(transaction: EvmTransaction) -> tuple[Item, ...]:
    assert len(transaction.to) == ADDRESS_BYTES, transaction
    return (
        encode_int(transaction.chain_id),
        encode_int(transaction.nonce),
        encode_int(transaction.max_priority_fee),
        encode_int(transaction.max_fee),
        encode_int(transaction.gas_limit),
        transaction.to,
        encode_int(transaction.value),
        transaction.data,
        (),
    )


def _typed_items(raw: bytes, count: int) -> tuple[Item, ...]:
    if raw[:1] != TYPE_BYTE:
        raise BytesMismatch("the transaction is not of type 2")
    items = decode_rlp(raw[1:])
    if not isinstance(items, tuple) or len(items) != count:
        raise BytesMismatch(f"the transaction has not exactly {count} fields")
    return items


def _transaction(items: tuple[Item, ...]) -> EvmTransaction:
    chain_id, nonce, priority, max_fee, gas_limit, to, value, data, access_list = items
    if not isinstance(to, bytes) or len(to) != ADDRESS_BYTES:
        raise BytesMismatch("the transaction has no payee of 20 bytes")
    if not isinstance(data, bytes):
        raise BytesMismatch("the call data is not a byte string")
    if access_list != ():
        raise BytesMismatch("the transaction carries an access list")
    return EvmTransaction(
        chain_id=decode_int(chain_id, bits_max=WORD_BITS),
        nonce=decode_int(nonce, bits_max=NONCE_BITS),
        max_priority_fee=decode_int(priority, bits_max=WORD_BITS),
        max_fee=decode_int(max_fee, bits_max=WORD_BITS),
        gas_limit=decode_int(gas_limit, bits_max=NONCE_BITS),
        to=to,
        value=decode_int(value, bits_max=WORD_BITS),
        data=data,
    )


def _check_signature(fields: EvmSigned) -> None:
    if not is_signature(fields.y_parity, fields.r, fields.s):
        raise BytesMismatch("the signature is out of range or has a high S")
