"""What a Tron transaction costs at worst and as things stand, in whole sun."""

import pytest

from chains.codecs.abi import encode_transfer
from chains.codecs.tron import TronCodec, TronSigned, TronTransaction
from chains.codecs.tron_contracts import Contract, Transfer, Trigger
from chains.tron.costs import RESULT_BYTES, Left, Needs, bytes_of, energy_allowed, expected_fee, fee_bound
from chains.tron.terms import Prices
from tests.support.tron_blocks import TIME_MS, address

PRICES = Prices(
    energy=100,
    bandwidth=1_000,
    activation=1_000_000,
    account_bandwidth=100_000,
    fee_limit_max=15_000_000_000,
    until_ms=TIME_MS,
)
NOTHING = Left(energy=0, staked_bandwidth=0, free_bandwidth=0)


@pytest.mark.parametrize(
    ("estimate", "allowed"), [(0, 0), (1, 2), (5, 6), (10, 12), (64_285, 77_142), (130_285, 156_342)]
)
def test_an_estimate_gets_a_fifth_more(estimate: int, allowed: int) -> None:
    """T4: the energy allowed is 1.2 times the estimate, rounded up."""
    assert energy_allowed(estimate) == allowed


@pytest.mark.parametrize(
    ("needs", "left", "expected", "bound"),
    [
        # What is left pays first; the bound counts on nothing.
        (Needs(130_000, 345), NOTHING, 13_000_000 + 345_000, 15_600_000 + 345_000),
        (Needs(130_000, 345), Left(130_000, 0, 0), 345_000, 15_945_000),
        (Needs(130_000, 345), Left(100_000, 0, 600), 3_000_000, 15_945_000),
        (Needs(130_000, 345), Left(200_000, 345, 0), 0, 15_945_000),
        # Bandwidth is free or burnt as a whole: too little of it helps nothing.
        (Needs(0, 268), Left(0, 267, 267), 268_000, 268_000),
        (Needs(0, 268), Left(0, 0, 268), 0, 268_000),
        # A new account is paid for beside the bytes, and free bandwidth does not pay for it.
        (Needs(0, 268, creates_account=True), Left(0, 0, 600), 1_268_000, 1_268_000),
        (Needs(0, 50, creates_account=True), Left(0, 0, 600), 1_100_000, 1_100_000),
    ],
)
def test_fees_by_what_is_left(needs: Needs, left: Left, expected: int, bound: int) -> None:
    """T4, T16: energy, bytes and activation, as things stand and at worst."""
    assert expected_fee(needs, PRICES, left) == expected
    assert fee_bound(needs, PRICES) == bound


@pytest.mark.parametrize(
    "contract",
    [
        Transfer(address(1), address(2), 1),
        Transfer(address(1), address(2), 2**62),
        Trigger(address(1), address(2), encode_transfer(address(3), 10**18)),
    ],
)
def test_bytes_are_never_counted_too_low(contract: Contract) -> None:
    """The signed transaction has as many bytes as were counted, and no more under any permission."""
    for permission_id in (0, 2, 9):
        transaction = TronTransaction(
            b"\xff" * 2, b"\xff" * 8, TIME_MS + 120_000, TIME_MS, contract, permission_id, 10**9
        )
        raw = TronCodec().encode(TronSigned(transaction, 1, 2**255, 2**254))
        counted = bytes_of(contract, TIME_MS + 120_000, 10**9)
        assert 0 <= counted - RESULT_BYTES - len(raw) <= 2
