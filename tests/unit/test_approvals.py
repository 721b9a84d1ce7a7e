"""An approval binds to one content: whatever changes, the hash changes with it."""

from dataclasses import replace
from uuid import UUID

import pytest

from domain.approvals import PaymentContent, content_hash

CONTENT = PaymentContent(
    kind="withdrawal",
    subject=UUID(int=1),
    asset_id=2,
    network="eip155:1",
    payee=bytes([0xAB]) * 20,
    amount=10**18,
    fee=5,
    decision_id=UUID(int=3),
)


def test_the_hash_of_a_content_is_frozen() -> None:
    """Approvals given under one release count under the next."""
    assert content_hash(CONTENT).hex() == "2322f7969447a1f7694c289ac5217474c84e703b0204f8785d7422ec7c6d670f"


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "sweep"},
        {"subject": UUID(int=2)},
        {"asset_id": 1},
        {"network": "eip155:10"},
        {"payee": bytes([0xAC]) * 20},
        {"amount": 10**18 + 1},
        {"fee": 6},
        {"decision_id": UUID(int=4)},
        {"decision_id": None},
    ],
    ids=lambda change: next(iter(change)),
)
def test_any_change_of_the_content_changes_the_hash(change: dict[str, object]) -> None:
    """Asset, amount, fee, payee, network, decision: none can be exchanged under an approval."""
    assert content_hash(replace(CONTENT, **change)) != content_hash(CONTENT)  # type: ignore[arg-type]  # one field each


def test_amounts_that_a_float_confuses_have_different_hashes() -> None:
    """Numbers are text in the hashed document."""
    one, other = (replace(CONTENT, amount=2**53 + number) for number in (0, 1))
    assert content_hash(one) != content_hash(other)
