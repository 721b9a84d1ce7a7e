"""From fields to stored bytes: build, sign, recover, decode again, compare.

The bytes are believed only after reading them back: what leaves the signer says what the obligation says.
"""

from chains.codecs.evm import (
    EvmCodec,
    EvmSigned,
    EvmTransaction,
    call_of,
    payment_of,
    signing_digest,
)
from chains.codecs.payments import Payment
from chains.codecs.signatures import sender_of
from domain.errors import BadSignature, BytesMismatch
from domain.sends import SignedTx, TxPurpose
from domain.signing import SigningIntent
from signer.keys import Key, sign_checked
from signer.obligations import Obligation

_CODEC = EvmCodec()


def payment_for(intent: SigningIntent, owed: Obligation) -> Payment:
    """Return what the variant does with money: the obligation, or for a cancel nothing, sent to itself."""
    if intent.purpose is TxPurpose.CANCEL:
        return Payment(contract=b"", payee=intent.wallet, amount=0)
    return Payment(contract=owed.contract, payee=owed.payee, amount=owed.amount)


def build(intent: SigningIntent, payment: Payment, chain_id: int, nonce: int) -> EvmTransaction:
    """Return the unsigned type-2 transaction that makes exactly this payment."""
    to, value, data = call_of(payment)
    return EvmTransaction(
        chain_id=chain_id,
        nonce=nonce,
        max_priority_fee=intent.max_priority_fee,
        max_fee=intent.max_fee,
        gas_limit=intent.gas_limit,
        to=to,
        value=value,
        data=data,
    )


def sign_transaction(transaction: EvmTransaction, payment: Payment, key: Key) -> SignedTx:
    """Sign, and read the bytes back; raises BadSignature or BytesMismatch rather than answer in doubt."""
    signature = sign_checked(key, signing_digest(transaction))
    raw = _CODEC.encode(EvmSigned(transaction, signature.y_parity, signature.r, signature.s))
    read_back = _CODEC.decode(raw)
    if read_back.transaction != transaction or payment_of(read_back.transaction) != payment:
        raise BytesMismatch("the signed bytes do not say what was asked for")
    if sender_of(read_back) != key.address:
        raise BadSignature(key.address.hex())
    return SignedTx(txid=_CODEC.txid(raw), raw=raw)


def transaction_of(raw: bytes) -> EvmTransaction:
    """Return the fields of bytes that were stored; raises BytesMismatch if they are damaged."""
    return _CODEC.decode(raw).transaction
