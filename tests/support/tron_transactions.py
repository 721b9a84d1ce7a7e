"""Tron transactions to try things on: any of them, one example, and fields as the protocol names them."""

from typing import Any

from hypothesis import strategies as st

from chains.codecs.abi import encode_transfer
from chains.codecs.curve import CURVE_ORDER, LOW_S_MAX
from chains.codecs.tron import TronSigned, TronTransaction
from chains.codecs.tron_contracts import (
    Contract,
    DelegateResource,
    FreezeBalanceV2,
    Resource,
    Transfer,
    Trigger,
    UnDelegateResource,
    to_wire,
)

NAMES: dict[type[Contract], str] = {
    Transfer: "TransferContract",
    Trigger: "TriggerSmartContract",
    FreezeBalanceV2: "FreezeBalanceV2Contract",
    DelegateResource: "DelegateResourceContract",
    UnDelegateResource: "UnDelegateResourceContract",
}
int63 = st.integers(0, 2**63 - 1)
addresses = st.binary(min_size=20, max_size=20)
resources = st.sampled_from(Resource)
contracts: st.SearchStrategy[Contract] = st.one_of(
    st.builds(Transfer, addresses, addresses, int63),
    st.builds(Trigger, addresses, addresses, st.binary(max_size=100), int63),
    st.builds(FreezeBalanceV2, addresses, int63, resources),
    st.builds(DelegateResource, addresses, addresses, int63, resources),
    st.builds(UnDelegateResource, addresses, addresses, int63, resources),
)
transactions = st.builds(
    TronTransaction,
    ref_block_bytes=st.binary(min_size=2, max_size=2),
    ref_block_hash=st.binary(min_size=8, max_size=8),
    expiration_ms=st.integers(1, 2**63 - 1),
    timestamp_ms=st.integers(1, 2**63 - 1),
    contract=contracts,
    permission_id=st.integers(0, 2**31 - 1),
    fee_limit=int63,
    memo=st.binary(max_size=200),
)
signed = st.builds(
    TronSigned,
    transaction=transactions,
    y_parity=st.integers(0, 1),
    r=st.integers(1, CURVE_ORDER - 1),
    s=st.integers(1, LOW_S_MAX),
)
EXAMPLE = TronSigned(
    TronTransaction(
        b"\x12\x34",
        b"\x56" * 8,
        1_700_000_120_000,
        1_700_000_000_000,
        Trigger(b"\x11" * 20, b"\x22" * 20, encode_transfer(b"\x33" * 20, 5)),
        permission_id=2,
        fee_limit=30_000_000,
    ),
    1,
    2**255,
    LOW_S_MAX,
)


def wire_fields(contract: Contract) -> dict[str, Any]:
    """The contract's fields under the protocol's own names."""
    owner = {"owner_address": to_wire(contract.owner)}
    match contract:
        case Transfer():
            return owner | {"to_address": to_wire(contract.payee), "amount": contract.amount}
        case Trigger():
            return owner | {
                "contract_address": to_wire(contract.contract),
                "call_value": contract.call_value,
                "data": contract.data,
            }
        case FreezeBalanceV2():
            return owner | {"frozen_balance": contract.amount, "resource": contract.resource}
        case DelegateResource() | UnDelegateResource():
            return owner | {
                "receiver_address": to_wire(contract.receiver),
                "balance": contract.amount,
                "resource": contract.resource,
            }
