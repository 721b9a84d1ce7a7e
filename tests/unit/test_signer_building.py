"""From an obligation to bytes, and the refusal to answer with bytes that say anything else."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from chains.codecs.evm import EvmCodec, payment_of
from chains.codecs.payments import Payment
from chains.codecs.signatures import sender_of
from domain.errors import BytesMismatch
from domain.sends import TxPurpose
from signer.building import payment_for
from signer.building_evm import build, sign_transaction, transaction_of
from signer.keystore_keys import KeystoreKey
from tests.support.signing import CHAIN_ID, PAYEE, TOKEN, make_intent, make_obligation

KEY = KeystoreKey(b"\x21" * 32)
SEND = UUID(int=5)
OWED = make_obligation(KEY.address, send_id=SEND)


@pytest.mark.parametrize(
    ("purpose", "changes", "payment"),
    [
        (TxPurpose.PAY, {}, Payment(TOKEN, PAYEE, 20_000_000)),
        (TxPurpose.BUMP, {}, Payment(TOKEN, PAYEE, 20_000_000)),
        (TxPurpose.PAY, {"contract": b""}, Payment(b"", PAYEE, 20_000_000)),
        (TxPurpose.PAY, {"amount": 2**256 - 1}, Payment(TOKEN, PAYEE, 2**256 - 1)),
        (TxPurpose.CANCEL, {}, Payment(b"", KEY.address, 0)),
    ],
)
def test_bytes_make_the_payment(purpose: TxPurpose, changes: dict[str, Any], payment: Payment) -> None:
    """Signed bytes decode to exactly the payment, the nonce, the fees and the sender asked for."""
    intent = make_intent(SEND, KEY.address, purpose=purpose)
    wanted = payment_for(intent, replace(OWED, **changes))
    signed = sign_transaction(build(intent, wanted, CHAIN_ID, 9), wanted, KEY)
    stored = EvmCodec().decode(signed.raw)
    assert wanted == payment == payment_of(stored.transaction)
    assert sender_of(stored) == KEY.address
    assert transaction_of(signed.raw).nonce == 9
    assert (stored.transaction.max_fee, stored.transaction.max_priority_fee) == (
        intent.max_fee,
        intent.max_priority_fee,
    )


@pytest.mark.parametrize(
    "payment", [Payment(TOKEN, PAYEE, 1), Payment(TOKEN, TOKEN, 20_000_000), Payment(b"", PAYEE, 20_000_000)]
)
def test_bytes_of_another_payment_do_not_leave(payment: Payment) -> None:
    """A transaction that pays something else than was allowed is Corrupt."""
    intent = make_intent(SEND, KEY.address)
    transaction = build(intent, payment_for(intent, OWED), CHAIN_ID, 0)
    with pytest.raises(BytesMismatch):
        sign_transaction(transaction, payment, KEY)


def test_damaged_stored_bytes_are_noticed() -> None:
    """Stored bytes that lost a byte are never the ground of a bump."""
    intent = make_intent(SEND, KEY.address)
    payment = payment_for(intent, OWED)
    signed = sign_transaction(build(intent, payment, CHAIN_ID, 0), payment, KEY)
    with pytest.raises(BytesMismatch):
        transaction_of(signed.raw[:-1])
