"""EVM transactions at the signer: their fees, the variants of a nonce, and their bytes."""

from collections.abc import Sequence

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
from chains.codecs.tron_stakes import Stake
from domain.errors import BadSignature, BytesMismatch
from domain.sends import SignedTx, TxPurpose
from domain.signing import Refusal, SigningIntent
from signer.keys import Key, sign_checked
from signer.obligations import Obligation
from signer.policy import NetworkTerms, check_age, check_burn, refusal
from signer.records import StoredSignature

GAS_LIMIT_MIN = 21_000
# Nodes demand ten per cent more before they replace a transaction; 112.5 % stays clear of their rounding.
BUMP_NUMERATOR, BUMP_DENOMINATOR = 9, 8

_CODEC = EvmCodec()


class EvmBuilder:
    """Type-2 transactions whose serial is the nonce; a bump or a cancel replaces the variant before it."""

    def check_plan(self, intent: SigningIntent, owed: Obligation, terms: NetworkTerms, now_ms: int) -> None:
        check_fees(intent, owed, terms)
        check_age(intent, now_ms)

    def check_variant(self, intent: SigningIntent, earlier: Sequence[StoredSignature]) -> None:
        check_variant(intent, earlier, transaction_of(earlier[-1].raw) if earlier else None)

    def serial_from(self, now_ms: int) -> int:  # noqa: ARG002 - a nonce has nothing to do with time
        return 0

    def nonce_of(self, serial: int) -> int | None:
        return serial

    def sign(
        self, intent: SigningIntent, deed: Payment | Stake, serial: int, key: Key, terms: NetworkTerms
    ) -> SignedTx:
        assert isinstance(deed, Payment), deed
        assert terms.chain_id is not None, terms.network
        return sign_transaction(build(intent, deed, terms.chain_id, serial), deed, key)


def check_fees(intent: SigningIntent, owed: Obligation, terms: NetworkTerms) -> None:
    """9: gas and fees are such, and what they may burn stays under every cap."""
    if not GAS_LIMIT_MIN <= intent.gas_limit <= terms.gas_limit_max:
        raise refusal(Refusal.FEE_CAP, f"a gas limit of {intent.gas_limit} is out of bounds")
    if not 0 <= intent.max_priority_fee <= intent.max_fee or intent.max_fee == 0:
        raise refusal(Refusal.FEE_CAP, "the fees per gas are no fees")
    check_burn(intent.gas_limit * intent.max_fee, intent, owed, terms)


def check_variant(
    intent: SigningIntent, earlier: Sequence[StoredSignature], last: EvmTransaction | None
) -> None:
    """10: the first variant pays; each later one follows the last, with fees high enough to replace it."""
    if intent.variant != len(earlier) + 1:
        raise refusal(Refusal.BAD_VARIANT, f"the next variant is {len(earlier) + 1}, not {intent.variant}")
    if last is None:
        if intent.purpose is not TxPurpose.PAY:
            raise refusal(Refusal.BAD_VARIANT, "the first variant of an attempt pays")
        return
    if intent.purpose is TxPurpose.PAY:
        raise refusal(Refusal.BAD_VARIANT, "a later variant is a bump or a cancel")
    if intent.purpose is TxPurpose.BUMP and any(one.purpose == TxPurpose.CANCEL for one in earlier):
        raise refusal(Refusal.BAD_VARIANT, "a cancelled attempt is not bumped back to life")
    if not (
        intent.max_fee * BUMP_DENOMINATOR >= last.max_fee * BUMP_NUMERATOR
        and intent.max_priority_fee * BUMP_DENOMINATOR >= last.max_priority_fee * BUMP_NUMERATOR
    ):
        raise refusal(Refusal.BAD_VARIANT, "both fees must be at least 112.5 % of the last variant's")


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
