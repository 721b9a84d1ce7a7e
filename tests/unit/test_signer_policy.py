"""The signer's checks of what is owed and its cost: each exactly at its bound, and one step beyond it."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from domain.rules import Verdict
from domain.sends import SendKind
from domain.signing import Refusal
from signer.building_evm import EvmBuilder
from signer.policy import (
    check_decision,
    check_kind,
    check_owed,
    check_payment,
    check_running,
    switch_scopes,
)
from signer.transfers import check_transfer
from tests.support.signing import FEE_CAP, GWEI, NATIVE_ID, NOW_MS, PAYEE, TOKEN, make_intent, make_obligation
from tests.support.signing_checks import COLD, GAS, OTHER, OWED, SEND, TERMS, WALLET, code_of


def test_any_switch_stops() -> None:
    """One standing switch of any scope is enough."""
    assert code_of(check_running, ()) is None
    assert code_of(check_running, ("asset/2",)) == Refusal.STOPPED


def test_scopes_of_an_intent() -> None:
    """An intent falls under the switch of everything, of its network and of its wallet."""
    assert switch_scopes(make_intent(SEND, WALLET)) == (
        "any",
        "network/eip155:31337",
        "wallet/eip155:31337/0x" + "a1" * 20,
    )


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({}, None),
        ({"wallet": OTHER}, Refusal.UNKNOWN_KIND),
        ({"attempt": 0}, Refusal.BAD_VARIANT),
        ({"attempt": 32_767}, None),
        ({"attempt": 32_768}, Refusal.BAD_VARIANT),
        ({"variant": 0}, Refusal.BAD_VARIANT),
        ({"variant": 32_768}, Refusal.BAD_VARIANT),
        ({"kind": SendKind.REFILL}, None),
        ({"kind": SendKind.TO_COLD}, None),
        ({"kind": SendKind.GAS}, Refusal.UNKNOWN_KIND),
        ({"kind": SendKind.GAS, "wallet": GAS}, None),
        ({"kind": SendKind.WITHDRAWAL, "wallet": GAS}, Refusal.UNKNOWN_KIND),
        ({"kind": SendKind.REFILL, "wallet": GAS}, Refusal.UNKNOWN_KIND),
        ({"kind": SendKind.SWEEP}, Refusal.UNKNOWN_KIND),
        ({"kind": SendKind.SWEEP, "wallet": GAS}, Refusal.UNKNOWN_KIND),
        ({"kind": SendKind.SWEEP, "wallet": OTHER}, None),
        ({"kind": SendKind.ENERGY}, Refusal.UNKNOWN_KIND),
    ],
)
def test_kind_and_wallet(changes: dict[str, Any], code: Refusal | None) -> None:
    """Only kinds with an obligation, only from wallets of the role."""
    assert code_of(check_kind, make_intent(SEND, changes.pop("wallet", WALLET), **changes), TERMS) == code


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({}, None),
        ({"send_id": UUID(int=1)}, Refusal.NOT_OWED),
        ({"kind": "sweep"}, Refusal.NOT_OWED),
        ({"chain_id": "eip155:1"}, Refusal.NOT_OWED),
        ({"withdrawal_network": "eip155:1"}, Refusal.NOT_OWED),
        ({"wallet": OTHER}, Refusal.NOT_OWED),
        ({"wallet": None}, Refusal.NOT_OWED),
        ({"payee": OTHER}, Refusal.NOT_OWED),
        ({"withdrawal_payee": OTHER}, Refusal.NOT_OWED),
        ({"amount": 20_000_001}, Refusal.NOT_OWED),
        ({"withdrawal_amount": 19_999_999}, Refusal.NOT_OWED),
        ({"amount": 0, "withdrawal_amount": 0}, Refusal.NOT_OWED),
        ({"asset_id": NATIVE_ID}, Refusal.NOT_OWED),
        ({"withdrawal_asset_id": NATIVE_ID}, Refusal.NOT_OWED),
    ],
)
def test_owed(changes: dict[str, Any], code: Refusal | None) -> None:
    """The send's row, the withdrawal's row and the intent say the same, field by field."""
    owed = make_obligation(WALLET, **({"send_id": SEND} | changes))
    assert code_of(check_owed, make_intent(SEND, WALLET), owed) == code


def test_nothing_owed() -> None:
    """Without a committed and open posting there is nothing to sign."""
    assert code_of(check_owed, make_intent(SEND, WALLET), None) == Refusal.NOT_OWED


@pytest.mark.parametrize(
    ("verdict", "approvals", "code"),
    [
        (Verdict.ALLOW, 0, None),
        (Verdict.REVIEW, 0, Refusal.NOT_APPROVED),
        (Verdict.REVIEW, 1, None),
        (Verdict.REFUSE, 0, Refusal.RULES_DISAGREE),
        (Verdict.REFUSE, 9, Refusal.RULES_DISAGREE),
        (None, 9, Refusal.RULES_DISAGREE),
    ],
)
def test_decision(verdict: Verdict | None, approvals: int, code: Refusal | None) -> None:
    """An allowing decision, or a review with a person behind it."""
    assert code_of(check_decision, make_obligation(WALLET, verdict=verdict, approvals=approvals)) == code


@pytest.mark.parametrize(
    ("changes", "is_ours", "code"),
    [
        ({}, False, None),
        ({}, True, Refusal.NOT_ALLOWED),
        ({"asset_id": NATIVE_ID, "contract": b""}, False, None),
        ({"asset_id": NATIVE_ID}, False, Refusal.NOT_ALLOWED),
        ({"asset_id": 3}, False, Refusal.NOT_ALLOWED),
        ({"contract": OTHER}, False, Refusal.NOT_ALLOWED),
        ({"contract": b""}, False, Refusal.NOT_ALLOWED),
        ({"payee": WALLET}, False, Refusal.NOT_ALLOWED),
        ({"payee": TOKEN}, False, Refusal.NOT_ALLOWED),
        ({"payee": bytes(20)}, False, Refusal.NOT_ALLOWED),
        ({"payee": bytes(19) + b"\x04"}, False, Refusal.NOT_ALLOWED),
        ({"payee": PAYEE[:19]}, False, Refusal.NOT_ALLOWED),
        ({"payee": PAYEE + b"\x00"}, False, Refusal.NOT_ALLOWED),
        ({"payee": b""}, False, Refusal.NOT_ALLOWED),
    ],
)
def test_payment(changes: dict[str, Any], *, is_ours: bool, code: Refusal | None) -> None:
    """A listed asset with its own contract, to somebody outside who can receive it."""
    owed = make_obligation(WALLET, **changes)
    assert code_of(check_payment, owed, TERMS, payee_is_ours=is_ours) == code


@pytest.mark.parametrize("kind", ["sweep", "refill", "to_cold", "gas"])
def test_nobody_decides_an_own_transfer(kind: str) -> None:
    """Coins that stay in the house need no decision and no approval: their payees are pinned."""
    assert code_of(check_decision, make_obligation(WALLET, kind=kind, verdict=None, approvals=0)) is None


@pytest.mark.parametrize(
    ("kind", "payee", "is_deposit", "changes", "code"),
    [
        ("sweep", WALLET, False, {}, None),
        ("sweep", COLD, False, {}, Refusal.NOT_ALLOWED),
        ("sweep", GAS, False, {}, Refusal.NOT_ALLOWED),
        ("sweep", OTHER, False, {}, Refusal.NOT_ALLOWED),
        ("sweep", OTHER, True, {}, Refusal.NOT_ALLOWED),
        ("sweep", WALLET, False, {"asset_id": 3}, Refusal.NOT_ALLOWED),
        ("sweep", WALLET, False, {"contract": OTHER}, Refusal.NOT_ALLOWED),
        ("refill", WALLET, False, {"wallet": OTHER}, None),
        ("refill", WALLET, False, {}, Refusal.NOT_ALLOWED),
        ("refill", COLD, False, {}, Refusal.NOT_ALLOWED),
        ("refill", PAYEE, False, {}, Refusal.NOT_ALLOWED),
        ("to_cold", COLD, False, {}, None),
        ("to_cold", WALLET, False, {}, Refusal.NOT_ALLOWED),
        ("to_cold", PAYEE, False, {}, Refusal.NOT_ALLOWED),
        ("gas", PAYEE, True, {"asset_id": NATIVE_ID, "contract": b""}, None),
        ("gas", PAYEE, True, {}, Refusal.NOT_ALLOWED),
        ("gas", PAYEE, False, {"asset_id": NATIVE_ID, "contract": b""}, Refusal.NOT_ALLOWED),
        ("gas", WALLET, False, {"asset_id": NATIVE_ID, "contract": b""}, Refusal.NOT_ALLOWED),
        ("energy", WALLET, True, {}, Refusal.NOT_ALLOWED),
    ],
)
def test_payee_of_an_own_transfer(
    kind: str, payee: bytes, changes: dict[str, Any], *, is_deposit: bool, code: Refusal | None
) -> None:
    """Each kind pays exactly the addresses it exists for, in a listed asset."""
    owed = make_obligation(changes.pop("wallet", WALLET), kind=kind, payee=payee, **changes)
    assert code_of(check_transfer, owed, TERMS, payee_is_deposit=is_deposit) == code


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({}, None),
        ({"gas_limit": 20_999}, Refusal.FEE_CAP),
        ({"gas_limit": 21_000}, None),
        ({"gas_limit": 200_000}, None),
        ({"gas_limit": 200_001}, Refusal.FEE_CAP),
        ({"gas_limit": 100_000, "max_fee": 100 * GWEI}, None),
        ({"gas_limit": 100_001, "max_fee": 100 * GWEI}, Refusal.FEE_CAP),
        ({"fee_cap": 60_000 * 16 * GWEI}, None),
        ({"fee_cap": 60_000 * 16 * GWEI - 1}, Refusal.FEE_CAP),
        ({"fee_cap": FEE_CAP + 1}, Refusal.FEE_CAP),
        ({"max_priority_fee": 16 * GWEI}, None),
        ({"max_priority_fee": 16 * GWEI + 1}, Refusal.FEE_CAP),
        ({"max_priority_fee": 0}, None),
        ({"max_priority_fee": -1}, Refusal.FEE_CAP),
        ({"max_fee": 0, "max_priority_fee": 0}, Refusal.FEE_CAP),
        ({"planned_at_ms": NOW_MS - 60_000}, None),
        ({"planned_at_ms": NOW_MS - 60_001}, Refusal.PLAN_STALE),
        ({"planned_at_ms": NOW_MS + 5_000}, None),
        ({"planned_at_ms": NOW_MS + 5_001}, Refusal.PLAN_STALE),
    ],
)
def test_fees(changes: dict[str, Any], code: Refusal | None) -> None:
    """What may be burnt is bounded by the intent, the row and the signer's own file; plans are young."""
    assert code_of(EvmBuilder().check_plan, make_intent(SEND, WALLET, **changes), OWED, TERMS, NOW_MS) == code


@pytest.mark.parametrize(("row_cap", "code"), [(FEE_CAP, None), (FEE_CAP - 1, Refusal.FEE_CAP)])
def test_intent_cannot_raise_the_cap(row_cap: int, code: Refusal | None) -> None:
    """The cap of the row binds, whatever the intent says."""
    owed = make_obligation(WALLET, fee_cap=row_cap)
    assert code_of(EvmBuilder().check_plan, make_intent(SEND, WALLET), owed, TERMS, NOW_MS) == code


@pytest.mark.parametrize(
    ("own_cap", "code"), [(60_000 * 16 * GWEI, None), (60_000 * 16 * GWEI - 1, Refusal.FEE_CAP)]
)
def test_own_bound_holds_under_a_higher_cap(own_cap: int, code: Refusal | None) -> None:
    """The signer's own file bounds a transaction, even when intent and row allow more."""
    terms = replace(TERMS, fee_cap_max=own_cap)
    assert code_of(EvmBuilder().check_plan, make_intent(SEND, WALLET), OWED, terms, NOW_MS) == code
