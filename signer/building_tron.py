"""Tron transactions at the signer: their fee limit, their life, and their bytes.

The serial of a wallet's lane is the transaction's timestamp in milliseconds, so that no two transactions of
a wallet have the same bytes. Nothing is ever replaced: an attempt is one variant, and its expiration ends it.
"""

from collections.abc import Sequence

from chains.codecs.payments import Payment
from chains.codecs.protobuf import INT64_MAX
from chains.codecs.signatures import sender_of
from chains.codecs.tron import (
    BLOCK_ID_BYTES,
    TronCodec,
    TronSigned,
    TronTransaction,
    contract_of,
    payment_of,
    reference_of,
    signing_digest,
)
from chains.codecs.tron_stakes import Stake, stake_contract, stake_of
from domain.errors import BadSignature, BytesMismatch
from domain.sends import SignedTx, TxPurpose
from domain.signing import Refusal, SigningIntent
from signer.keys import Key, sign_checked
from signer.obligations import Obligation
from signer.policy import NetworkTerms, check_age, check_burn, refusal
from signer.records import StoredSignature

LIFE_MS_MAX = 10 * 60 * 1_000
OWNER_PERMISSION = 0

_CODEC = TronCodec()


class TronBuilder:
    """One contract under one signature, without a memo, by the permission that the policy file names."""

    def check_plan(self, intent: SigningIntent, owed: Obligation, terms: NetworkTerms, now_ms: int) -> None:
        check_amount(owed)
        check_fee_limit(intent, owed, terms)
        check_age(intent, now_ms)
        check_life(intent, now_ms)

    def check_variant(self, intent: SigningIntent, earlier: Sequence[StoredSignature]) -> None:
        if earlier or intent.variant != 1 or intent.purpose is not TxPurpose.PAY:
            raise refusal(Refusal.BAD_VARIANT, "an attempt is one payment, which nothing replaces")

    def serial_from(self, now_ms: int) -> int:
        return now_ms

    def nonce_of(self, serial: int) -> int | None:  # noqa: ARG002 - a timestamp is no place in an order
        return None

    def sign(
        self, intent: SigningIntent, deed: Payment | Stake, serial: int, key: Key, terms: NetworkTerms
    ) -> SignedTx:
        permission_id = terms.permissions.get(intent.wallet, OWNER_PERMISSION)
        return sign_transaction(build(intent, deed, serial, permission_id), deed, key)


def check_amount(owed: Obligation) -> None:
    """8: TRX are counted in 64 bits there; more than that nobody has."""
    if not owed.contract and owed.amount > INT64_MAX:
        raise refusal(Refusal.NOT_ALLOWED, f"{owed.amount} sun are more than a transfer can carry")


def check_fee_limit(intent: SigningIntent, owed: Obligation, terms: NetworkTerms) -> None:
    """9: a call pays for its energy, a transfer of TRX uses none, and what may be burnt is under every cap.

    What bandwidth and a payee's activation cost besides follows from the bytes; no intent can raise it.
    """
    needs_energy = bool(owed.contract)
    if (intent.gas_limit > 0) is not needs_energy or not 0 <= intent.gas_limit <= terms.gas_limit_max:
        raise refusal(Refusal.FEE_CAP, f"an energy limit of {intent.gas_limit} is out of bounds")
    if intent.max_priority_fee or intent.max_fee < 0 or (needs_energy and intent.max_fee == 0):
        raise refusal(Refusal.FEE_CAP, "the price of energy is no price")
    check_burn(intent.gas_limit * intent.max_fee, intent, owed, terms)


def check_life(intent: SigningIntent, now_ms: int) -> None:
    """9: the transaction names a block, and lives from now on and not for long.

    A short life is what makes an unsent transaction provably dead, so nobody asks for a longer one.
    """
    if len(intent.reference) != BLOCK_ID_BYTES:
        raise refusal(Refusal.PLAN_STALE, "the plan names no block")
    left_ms = intent.expires_ms - now_ms
    if not 0 < left_ms <= LIFE_MS_MAX:
        raise refusal(Refusal.PLAN_STALE, f"the transaction would expire in {left_ms} ms")


def build(intent: SigningIntent, deed: Payment | Stake, stamp_ms: int, permission_id: int) -> TronTransaction:
    """Return the unsigned transaction by which the wallet does exactly this."""
    wallet = intent.wallet
    contract = stake_contract(deed, wallet) if isinstance(deed, Stake) else contract_of(deed, wallet)
    ref_block_bytes, ref_block_hash = reference_of(intent.reference)
    return TronTransaction(
        ref_block_bytes=ref_block_bytes,
        ref_block_hash=ref_block_hash,
        expiration_ms=intent.expires_ms,
        timestamp_ms=stamp_ms,
        contract=contract,
        permission_id=permission_id,
        fee_limit=intent.gas_limit * intent.max_fee,
    )


def sign_transaction(transaction: TronTransaction, deed: Payment | Stake, key: Key) -> SignedTx:
    """Sign, and read the bytes back; raises BadSignature or BytesMismatch rather than answer in doubt."""
    digest = signing_digest(transaction)
    signature = sign_checked(key, digest)
    raw = _CODEC.encode(TronSigned(transaction, signature.y_parity, signature.r, signature.s))
    read_back = _CODEC.decode(raw)
    read_deed = stake_of if isinstance(deed, Stake) else payment_of
    if read_back.transaction != transaction or read_deed(read_back.transaction) != deed:
        raise BytesMismatch("the signed bytes do not say what was asked for")
    if sender_of(read_back) != key.address:
        raise BadSignature(key.address.hex())
    if _CODEC.txid(raw) != digest:
        raise BytesMismatch("the id of the signed bytes is not what was signed")
    return SignedTx(txid=digest, raw=raw)
