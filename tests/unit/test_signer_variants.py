"""The signer's checks against what it signed before: repeats, next attempts, variants and claimed nonces."""

from typing import Any

import pytest

from chains.codecs.evm import EvmTransaction
from domain.sends import AttemptOutcome, SendKind, TxPurpose
from domain.signing import Refusal
from signer.building_evm import check_variant
from signer.policy import check_attempt, check_claim, check_repeat, fingerprint_of
from signer.records import Claim, StoredSignature
from tests.support.signing import GWEI, NETWORK, TOKEN, make_intent, make_obligation
from tests.support.signing_checks import OTHER, OWED, SEND, WALLET, code_of


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({}, None),
        ({"max_fee": 99 * GWEI, "gas_limit": 70_000, "planned_at_ms": 0, "fee_cap": 1}, None),
        ({"wallet": OTHER}, Refusal.CONFLICT),
        ({"network": "eip155:1"}, Refusal.CONFLICT),
        ({"kind": SendKind.GAS}, Refusal.CONFLICT),
        ({"purpose": TxPurpose.BUMP}, Refusal.CONFLICT),
    ],
)
def test_repeat(changes: dict[str, Any], code: Refusal | None) -> None:
    """A newer plan is the same wish; another wallet, network, kind or purpose is not."""
    stored = stored_variant(1)
    assert code_of(check_repeat, make_intent(SEND, changes.pop("wallet", WALLET), **changes), stored) == code


@pytest.mark.parametrize(
    ("attempt", "previous", "code"),
    [
        (1, None, None),
        (2, None, Refusal.MAY_STILL_LAND),
        (2, AttemptOutcome.PAID, Refusal.MAY_STILL_LAND),
        (2, AttemptOutcome.FAILED, None),
        (2, AttemptOutcome.CANCELLED, None),
        (2, AttemptOutcome.DEAD, None),
        (3, None, Refusal.MAY_STILL_LAND),
    ],
)
def test_attempt(attempt: int, previous: AttemptOutcome | None, code: Refusal | None) -> None:
    """The next attempt waits for proof that the one before it paid nothing."""
    assert code_of(check_attempt, make_intent(SEND, WALLET, attempt=attempt), previous) == code


@pytest.mark.parametrize(
    ("variant", "purpose", "earlier", "fees", "code"),
    [
        (1, TxPurpose.PAY, (), (1, 1), None),
        (2, TxPurpose.PAY, (), (1, 1), Refusal.BAD_VARIANT),
        (1, TxPurpose.BUMP, (), (1, 1), Refusal.BAD_VARIANT),
        (1, TxPurpose.CANCEL, (), (1, 1), Refusal.BAD_VARIANT),
        (2, TxPurpose.PAY, ("pay",), (1_800, 900), Refusal.BAD_VARIANT),
        (2, TxPurpose.BUMP, ("pay",), (1_800, 900), None),
        (2, TxPurpose.BUMP, ("pay",), (1_799, 900), Refusal.BAD_VARIANT),
        (2, TxPurpose.BUMP, ("pay",), (1_800, 899), Refusal.BAD_VARIANT),
        (3, TxPurpose.BUMP, ("pay",), (1_800, 900), Refusal.BAD_VARIANT),
        (3, TxPurpose.BUMP, ("pay", "bump"), (1_800, 900), None),
        (2, TxPurpose.CANCEL, ("pay",), (1_800, 900), None),
        (2, TxPurpose.CANCEL, ("pay",), (1_799, 900), Refusal.BAD_VARIANT),
        (3, TxPurpose.CANCEL, ("pay", "cancel"), (1_800, 900), None),
        (3, TxPurpose.BUMP, ("pay", "cancel"), (1_800, 900), Refusal.BAD_VARIANT),
    ],
)
def test_variant(
    variant: int, purpose: TxPurpose, earlier: tuple[str, ...], fees: tuple[int, int], code: Refusal | None
) -> None:
    """Variants follow each other without a gap, each raising both fees of the last, 1600 and 800, enough."""
    stored = tuple(stored_variant(number, one) for number, one in enumerate(earlier, start=1))
    last = EvmTransaction(31337, 7, 800, 1_600, 60_000, TOKEN, 0) if stored else None
    intent = make_intent(
        SEND, WALLET, variant=variant, purpose=purpose, max_fee=fees[0], max_priority_fee=fees[1]
    )
    assert code_of(check_variant, intent, stored, last) == code


@pytest.mark.parametrize(
    ("claim", "code"),
    [
        (None, None),
        (Claim(NETWORK, WALLET, 7, bytes(32)), None),
        (Claim(NETWORK, WALLET, None, bytes(32)), Refusal.CONFLICT),
        (Claim(NETWORK, OTHER, 7, bytes(32)), Refusal.CONFLICT),
        (Claim("eip155:1", WALLET, 7, bytes(32)), Refusal.CONFLICT),
        (Claim(NETWORK, WALLET, 7, bytes(31) + b"\x01"), Refusal.CONFLICT),
    ],
)
def test_claim(claim: Claim | None, code: Refusal | None) -> None:
    """A claimed nonce stays with its payment, and a tombstone with nothing."""
    assert code_of(check_claim, claim, make_intent(SEND, WALLET), bytes(32)) == code


@pytest.mark.parametrize(
    "changes",
    [
        {"kind": "gas"},
        {"chain_id": "eip155:1"},
        {"contract": b""},
        {"payee": OTHER},
        {"amount": 20_000_001},
    ],
)
def test_fingerprint_covers_the_payment(changes: dict[str, Any]) -> None:
    """Another payment has another fingerprint, another fee cap has not."""
    assert fingerprint_of(make_obligation(WALLET, **changes), WALLET) != fingerprint_of(OWED, WALLET)
    assert fingerprint_of(OWED, OTHER) != fingerprint_of(OWED, WALLET)
    assert fingerprint_of(make_obligation(WALLET, fee_cap=1), WALLET) == fingerprint_of(OWED, WALLET)


def stored_variant(number: int, purpose: str = "pay") -> StoredSignature:
    """Return a signed variant of the send as it is stored."""
    return StoredSignature(
        variant=number,
        chain_id=NETWORK,
        wallet=WALLET,
        serial=7,
        kind="withdrawal",
        purpose=purpose,
        txid=bytes(32),
        raw=b"\x02",
    )
