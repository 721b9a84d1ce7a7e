"""What a Tron transaction pays follows from its bytes, and what is bound to a block from the block's id."""

from dataclasses import replace

import pytest
from hypothesis import given

from chains.codecs.abi import encode_transfer
from chains.codecs.payments import Payment
from chains.codecs.tron import contract_of, payment_of, reference_of
from chains.codecs.tron_contracts import (
    Contract,
    DelegateResource,
    FreezeBalanceV2,
    Resource,
    Transfer,
    Trigger,
    UnDelegateResource,
    from_wire,
    to_wire,
)
from domain.errors import BytesMismatch
from tests.support.tron_transactions import EXAMPLE, addresses, int63


def test_the_reference_is_cut_from_the_block_id() -> None:
    """The low bytes of the number and the next eight bytes of the id."""
    block_id = (0x0102030405060708).to_bytes(8, "big") + bytes(range(24))
    assert reference_of(block_id) == (b"\x07\x08", bytes(range(8)))


@given(addresses, addresses, addresses, int63)
def test_a_payment_is_read_back_from_its_contract(
    owner: bytes, token: bytes, payee: bytes, amount: int
) -> None:
    """What a transaction pays follows from its bytes alone, for coins and for tokens."""
    for payment in (Payment(token, payee, amount), Payment(b"", payee, amount)):
        contract = contract_of(payment, owner)
        assert contract.owner == owner
        assert payment_of(replace(EXAMPLE.transaction, contract=contract)) == payment


@pytest.mark.parametrize(
    ("contract", "memo"),
    [
        pytest.param(Transfer(b"\x11" * 20, b"\x22" * 20, 5), b"hello", id="a memo"),
        pytest.param(
            Trigger(b"\x11" * 20, b"\x22" * 20, encode_transfer(b"\x33" * 20, 5), 1), b"", id="coins along"
        ),
        pytest.param(Trigger(b"\x11" * 20, b"\x22" * 20, b""), b"", id="no call"),
        pytest.param(Trigger(b"\x11" * 20, b"\x22" * 20, b"\x01\x02\x03\x04"), b"", id="another call"),
        pytest.param(FreezeBalanceV2(b"\x11" * 20, 5, Resource.ENERGY), b"", id="staking"),
        pytest.param(
            DelegateResource(b"\x11" * 20, b"\x22" * 20, 5, Resource.ENERGY), b"", id="a delegation"
        ),
        pytest.param(UnDelegateResource(b"\x11" * 20, b"\x22" * 20, 5, Resource.ENERGY), b"", id="its end"),
    ],
)
def test_anything_but_one_plain_payment_is_refused(contract: Contract, memo: bytes) -> None:
    """A transaction that does more, less or else than one payment is not a payment."""
    with pytest.raises(BytesMismatch):
        payment_of(replace(EXAMPLE.transaction, contract=contract, memo=memo))


@given(addresses)
def test_addresses_keep_their_bytes_on_the_wire(address: bytes) -> None:
    """0x41 stands in front of every address and of nothing else."""
    assert from_wire(to_wire(address)) == address
    assert to_wire(address)[:1] == b"\x41"
    for spoiled in (address, b"\x42" + address, to_wire(address) + b"\x00"):
        with pytest.raises(BytesMismatch):
            from_wire(spoiled)
