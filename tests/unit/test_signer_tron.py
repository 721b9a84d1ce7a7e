"""The signer's judgement and building on Tron: each bound exactly at it and one step beyond it."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from chains.codecs.payments import Payment
from chains.codecs.tron import TronCodec, payment_of, signing_digest
from chains.codecs.tron_contracts import Transfer
from domain.errors import BadSignature, BytesMismatch
from domain.signing import Refusal
from signer.building import BUILDERS, builder_of, payment_for
from signer.building_evm import EvmBuilder
from signer.building_tron import TronBuilder, build, sign_transaction
from signer.keys import Signature
from signer.keystore_keys import KeystoreKey
from signer.policy import WalletRole, check_payment
from tests.support.signing import NATIVE_ID, NOW_MS, PAYEE, TOKEN, make_terms
from tests.support.signing_checks import code_of
from tests.support.signing_tron import (
    ENERGY,
    REFERENCE,
    SUN_PER_ENERGY,
    TRON_FEE_CAP,
    tron_intent,
    tron_obligation,
    tron_terms,
)

KEY = KeystoreKey(b"\x21" * 32)
WALLET = KEY.address
SEND = UUID(int=5)
TERMS = tron_terms({WALLET: WalletRole.HOT})
OWED = tron_obligation(WALLET, send_id=SEND)
TRX = tron_obligation(WALLET, send_id=SEND, contract=b"", asset_id=NATIVE_ID, withdrawal_asset_id=NATIVE_ID)
BURN = ENERGY * SUN_PER_ENERGY


def test_every_family_has_its_builder() -> None:
    """A network's name chooses who builds its transactions."""
    assert isinstance(builder_of(TERMS), TronBuilder)
    assert isinstance(builder_of(make_terms([WALLET])), EvmBuilder)
    assert set(BUILDERS) == {"eip155", "tron"}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({}, None),
        ({"gas_limit": 1}, None),
        ({"gas_limit": 0}, Refusal.FEE_CAP),
        ({"gas_limit": -1}, Refusal.FEE_CAP),
        ({"gas_limit": 200_000}, None),
        ({"gas_limit": 200_001}, Refusal.FEE_CAP),
        ({"max_fee": 0}, Refusal.FEE_CAP),
        ({"max_fee": -1}, Refusal.FEE_CAP),
        ({"max_priority_fee": 1}, Refusal.FEE_CAP),
        ({"max_priority_fee": -1}, Refusal.FEE_CAP),
        ({"gas_limit": 150_000, "max_fee": 200}, None),
        ({"gas_limit": 150_001, "max_fee": 200}, Refusal.FEE_CAP),
        ({"fee_cap": BURN}, None),
        ({"fee_cap": BURN - 1}, Refusal.FEE_CAP),
        ({"fee_cap": TRON_FEE_CAP + 1}, Refusal.FEE_CAP),
        ({"planned_at_ms": NOW_MS - 60_000}, None),
        ({"planned_at_ms": NOW_MS - 60_001}, Refusal.PLAN_STALE),
        ({"planned_at_ms": NOW_MS + 5_001}, Refusal.PLAN_STALE),
        ({"expires_ms": NOW_MS + 1}, None),
        ({"expires_ms": NOW_MS}, Refusal.PLAN_STALE),
        ({"expires_ms": NOW_MS + 600_000}, None),
        ({"expires_ms": NOW_MS + 600_001}, Refusal.PLAN_STALE),
        ({"reference": REFERENCE + b"\x00"}, Refusal.PLAN_STALE),
        ({"reference": b""}, Refusal.PLAN_STALE),
    ],
)
def test_plan_of_a_call(changes: dict[str, Any], code: Refusal | None) -> None:
    """Energy, its price, the caps, the age of the plan and the life of the transaction have bounds."""
    intent = tron_intent(SEND, WALLET, **changes)
    assert code_of(TronBuilder().check_plan, intent, OWED, TERMS, NOW_MS) == code


@pytest.mark.parametrize(
    ("changes", "amount", "code"),
    [
        ({"gas_limit": 0, "max_fee": 0}, 1, None),
        ({"gas_limit": 0, "max_fee": SUN_PER_ENERGY}, 1, None),
        ({"gas_limit": 1, "max_fee": SUN_PER_ENERGY}, 1, Refusal.FEE_CAP),
        ({"gas_limit": 0, "max_fee": -1}, 1, Refusal.FEE_CAP),
        ({"gas_limit": 0, "max_fee": 0}, 2**63 - 1, None),
        ({"gas_limit": 0, "max_fee": 0}, 2**63, Refusal.NOT_ALLOWED),
    ],
)
def test_plan_of_a_transfer(changes: dict[str, Any], amount: int, code: Refusal | None) -> None:
    """TRX use no energy, and no more of them are sent than the network can count."""
    intent, owed = tron_intent(SEND, WALLET, **changes), replace(TRX, amount=amount)
    assert code_of(TronBuilder().check_plan, intent, owed, TERMS, NOW_MS) == code


@pytest.mark.parametrize(
    ("terms_cap", "row_cap", "code"),
    [
        (BURN, TRON_FEE_CAP, None),
        (BURN - 1, TRON_FEE_CAP, Refusal.FEE_CAP),
        (TRON_FEE_CAP, TRON_FEE_CAP - 1, Refusal.FEE_CAP),
    ],
)
def test_row_and_own_file_bind(terms_cap: int, row_cap: int, code: Refusal | None) -> None:
    """Whatever the intent says, the row's cap and the signer's own file hold."""
    terms, owed = replace(TERMS, fee_cap_max=terms_cap), replace(OWED, fee_cap=row_cap)
    assert code_of(TronBuilder().check_plan, tron_intent(SEND, WALLET), owed, terms, NOW_MS) == code


@pytest.mark.parametrize(
    ("changes", "is_ours", "code"),
    [
        ({}, False, None),
        ({}, True, Refusal.NOT_ALLOWED),
        ({"payee": TOKEN}, False, Refusal.NOT_ALLOWED),
        ({"payee": bytes(20)}, False, Refusal.NOT_ALLOWED),
        ({"payee": bytes(16) + b"\x01\x00\x00\x05"}, False, Refusal.NOT_ALLOWED),
        ({"payee": WALLET}, False, Refusal.NOT_ALLOWED),
        ({"payee": b"\x41" + PAYEE}, False, Refusal.NOT_ALLOWED),
    ],
)
def test_payee(changes: dict[str, Any], *, is_ours: bool, code: Refusal | None) -> None:
    """The payee is judged by the Tron book: its precompiles reach further than those of EVM networks."""
    owed = tron_obligation(WALLET, **changes)
    assert code_of(check_payment, owed, TERMS, payee_is_ours=is_ours) == code


@pytest.mark.parametrize("payment", [Payment(TOKEN, PAYEE, 2**256 - 1), Payment(b"", PAYEE, 2**63 - 1)])
def test_bytes_make_the_payment(payment: Payment) -> None:
    """Signed bytes decode to exactly the payment, the stamp and the terms, and their id was signed."""
    transaction = build(tron_intent(SEND, WALLET), payment, NOW_MS + 7, 2)
    signed = sign_transaction(transaction, payment, KEY)
    stored = TronCodec().decode(signed.raw).transaction
    assert stored == transaction
    assert (payment_of(stored), stored.fee_limit, stored.memo) == (payment, BURN, b"")
    assert (stored.timestamp_ms, stored.permission_id) == (NOW_MS + 7, 2)
    assert signed.txid == signing_digest(stored) == TronCodec().txid(signed.raw)


@pytest.mark.parametrize(
    "payment", [Payment(TOKEN, PAYEE, 1), Payment(TOKEN, TOKEN, 20_000_000), Payment(b"", PAYEE, 20_000_000)]
)
def test_bytes_of_another_payment_do_not_leave(payment: Payment) -> None:
    """A transaction that pays something else than was allowed is Corrupt."""
    intent = tron_intent(SEND, WALLET)
    transaction = build(intent, payment_for(intent, OWED), NOW_MS, 2)
    with pytest.raises(BytesMismatch):
        sign_transaction(transaction, payment, KEY)


def test_a_memo_does_not_leave() -> None:
    """No payment of ours says anything beside what it pays, whoever built it."""
    payment = Payment(b"", PAYEE, 5)
    plain = build(tron_intent(SEND, WALLET), payment, NOW_MS, 2)
    assert plain.contract == Transfer(WALLET, PAYEE, 5)
    with pytest.raises(BytesMismatch):
        sign_transaction(replace(plain, memo=b"hello"), payment, KEY)


class Impostor:
    """A key that names another address than its own."""

    address = PAYEE

    def sign_digest(self, digest: bytes) -> Signature:
        return KEY.sign_digest(digest)


def test_a_signature_of_another_key_does_not_leave() -> None:
    """What recovers to another address than the key's is Corrupt."""
    payment = Payment(b"", PAYEE, 5)
    with pytest.raises(BadSignature):
        sign_transaction(build(tron_intent(SEND, WALLET), payment, NOW_MS, 2), payment, Impostor())
