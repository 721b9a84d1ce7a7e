"""Staked energy at the signer: lent to our own addresses up to a bound, taken back from anybody."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from chains.codecs.payments import Payment
from chains.codecs.tron import TronCodec, TronTransaction, contract_of
from chains.codecs.tron_contracts import DelegateResource, FreezeBalanceV2, Resource, UnDelegateResource
from chains.codecs.tron_stakes import Stake, stake_contract, stake_of
from domain.errors import BytesMismatch
from domain.sends import SendKind
from domain.signing import Refusal
from signer.building import deed_for
from signer.building_tron import TronBuilder, build, sign_transaction
from signer.keystore_keys import KeystoreKey
from signer.policy import WalletRole, check_kind
from signer.settings import NetworkEntry
from signer.transfers import check_transfer
from tests.support.signing import NATIVE_ID, NOW_MS, PAYEE
from tests.support.signing_checks import code_of
from tests.support.signing_tron import tron_intent, tron_obligation, tron_terms

KEY = KeystoreKey(b"\x22" * 32)
GIVER, HOT = KEY.address, bytes([9]) * 20
SEND = UUID(int=6)
TERMS = replace(tron_terms({GIVER: WalletRole.ENERGY, HOT: WalletRole.HOT}), delegation_max=1_000)
OWED = tron_obligation(
    GIVER,
    send_id=SEND,
    kind=SendKind.ENERGY.value,
    contract=b"",
    asset_id=NATIVE_ID,
    withdrawal_asset_id=NATIVE_ID,
    amount=1_000,
    withdrawal_amount=1_000,
)
BACK = replace(OWED, returns=True)
LEND = Stake(PAYEE, 1_000, returns=False)
INTENT = tron_intent(SEND, GIVER, kind=SendKind.ENERGY, gas_limit=0, max_fee=0)


@pytest.mark.parametrize(
    ("owed", "is_deposit", "code"),
    [
        (OWED, True, None),
        (OWED, False, Refusal.NOT_ALLOWED),
        (replace(OWED, payee=HOT), False, None),
        (replace(OWED, payee=GIVER), False, Refusal.NOT_ALLOWED),
        (replace(OWED, amount=1_001), True, Refusal.CAP),
        (replace(OWED, asset_id=99), True, Refusal.NOT_ALLOWED),
        (BACK, False, None),
        (replace(BACK, amount=1_001), False, None),
    ],
)
def test_whom_a_stake_may_be_lent_to(owed: Any, is_deposit: bool, code: Refusal | None) -> None:  # noqa: ANN401, FBT001 - an obligation; a column
    """Our deposit addresses and hot wallets, each up to the bound; what comes back comes from anybody."""
    assert code_of(check_transfer, owed, TERMS, payee_is_deposit=is_deposit) == code


@pytest.mark.parametrize(
    ("wallet", "kind", "code"),
    [
        (GIVER, SendKind.ENERGY, None),
        (HOT, SendKind.ENERGY, Refusal.UNKNOWN_KIND),
        (GIVER, SendKind.WITHDRAWAL, Refusal.UNKNOWN_KIND),
        (GIVER, SendKind.GAS, Refusal.UNKNOWN_KIND),
        (GIVER, SendKind.REFILL, Refusal.UNKNOWN_KIND),
    ],
)
def test_an_energy_wallet_only_lends(wallet: bytes, kind: SendKind, code: Refusal | None) -> None:
    """Its key signs nothing that moves coins, and no other key lends."""
    assert code_of(check_kind, tron_intent(SEND, wallet, kind=kind), TERMS) == code


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({}, None),
        ({"gas_limit": 1, "max_fee": 1}, Refusal.FEE_CAP),
        ({"expires_ms": NOW_MS}, Refusal.PLAN_STALE),
    ],
)
def test_the_plan_of_a_stake(changes: dict[str, Any], code: Refusal | None) -> None:
    """It runs no code, so it has no fee limit, and lives as shortly as a payment."""
    intent = tron_intent(SEND, GIVER, kind=SendKind.ENERGY, **({"gas_limit": 0, "max_fee": 0} | changes))
    assert code_of(TronBuilder().check_plan, intent, OWED, TERMS, NOW_MS) == code


@pytest.mark.parametrize(("owed", "kind"), [(OWED, DelegateResource), (BACK, UnDelegateResource)])
def test_the_bytes_of_a_stake(owed: Any, kind: type[DelegateResource | UnDelegateResource]) -> None:  # noqa: ANN401 - an obligation
    """The direction is the row's; the resource is energy, without a lock, by the wallet's permission."""
    deed = deed_for(INTENT, owed)
    signed = TronBuilder().sign(INTENT, deed, NOW_MS, KEY, replace(TERMS, permissions={GIVER: 2}))
    transaction = TronCodec().decode(signed.raw).transaction
    assert transaction.contract == kind(GIVER, PAYEE, 1_000, Resource.ENERGY)
    assert (transaction.permission_id, transaction.fee_limit, transaction.memo) == (2, 0, b"")
    assert stake_of(transaction) == deed == Stake(PAYEE, 1_000, returns=owed.returns)


@pytest.mark.parametrize(
    "deed",
    [Stake(PAYEE, 999, returns=False), Stake(HOT, 1_000, returns=False), Stake(PAYEE, 1_000, returns=True)],
)
def test_bytes_of_another_stake_do_not_leave(deed: Stake) -> None:
    """Another amount, receiver or direction than was allowed is Corrupt."""
    with pytest.raises(BytesMismatch):
        sign_transaction(build(INTENT, LEND, NOW_MS, 2), deed, KEY)


@pytest.mark.parametrize(
    "changes",
    [
        {"memo": b"x"},
        {"fee_limit": 1},
        {"contract": contract_of(Payment(b"", PAYEE, 1), GIVER)},
        {"contract": FreezeBalanceV2(GIVER, 1, Resource.ENERGY)},
        {"contract": DelegateResource(GIVER, PAYEE, 1, Resource.BANDWIDTH)},
    ],
)
def test_what_is_no_plain_stake(changes: dict[str, Any]) -> None:
    """A memo, a fee limit, a payment, staking itself, another resource."""
    plain: TronTransaction = build(INTENT, LEND, NOW_MS, 2)
    assert plain.contract == stake_contract(LEND, GIVER)
    with pytest.raises(BytesMismatch):
        stake_of(replace(plain, **changes))


@pytest.mark.parametrize(
    ("network", "delegation_max", "is_fine"),
    [("tron:0x2b6653dc", 1, True), ("tron:0x2b6653dc", 0, False), ("eip155:1", 1, False)],
)
def test_energy_wallets_of_a_policy_file(network: str, delegation_max: int, *, is_fine: bool) -> None:
    """They need a bound, and a network of staked energy."""
    entry = NetworkEntry.model_validate(
        {
            "network": network,
            "gas_limit_max": 1,
            "fee_cap_max": "1",
            "assets": [{"id": 1}],
            "wallets": [{"address": "0x" + "11" * 20, "role": "energy"}],
            "delegation_max": str(delegation_max),
        }
    )
    if is_fine:
        assert entry.terms().delegation_max == delegation_max
    else:
        with pytest.raises(ValueError, match="delegation_max"):
            entry.terms()
