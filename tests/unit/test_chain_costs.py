"""Fees and gas of an EVM payment: what is chosen, and how a cap holds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chains.codecs.evm import EvmTransaction
from chains.evm.costs import FeePolicy, choose_fees, fit_under_cap, with_margin
from chains.replacing import Fees, outbid, replacement_gas
from domain.errors import FeeAboveCap
from domain.sends import TxPurpose

GWEI = 10**9
POLICY = FeePolicy(tip_floor=GWEI // 10)
fees_per_gas = st.integers(0, 10**15)


@pytest.mark.parametrize(
    ("base_fee", "tips", "max_fee", "tip"),
    [
        pytest.param(10 * GWEI, [], 20 * GWEI + GWEI // 10, GWEI // 10, id="no blocks with tips"),
        pytest.param(
            10 * GWEI, [0, 0, 0], 20 * GWEI + GWEI // 10, GWEI // 10, id="empty blocks count for nothing"
        ),
        pytest.param(10 * GWEI, [0, 2 * GWEI, 0], 22 * GWEI, 2 * GWEI, id="one block with tips"),
        pytest.param(10 * GWEI, [GWEI, 2 * GWEI, 9 * GWEI], 22 * GWEI, 2 * GWEI, id="the median"),
        pytest.param(10 * GWEI, [GWEI, 2 * GWEI], 21 * GWEI, GWEI, id="the lower of two"),
        pytest.param(10 * GWEI, [1], 20 * GWEI + GWEI // 10, GWEI // 10, id="never below the floor"),
        pytest.param(0, [GWEI], GWEI, GWEI, id="a chain without base fee"),
    ],
)
def test_fees_follow_the_recent_blocks(base_fee: int, tips: list[int], max_fee: int, tip: int) -> None:
    """Twice the base fee plus the median of the tips that were paid at all."""
    assert choose_fees(base_fee, tips, POLICY) == Fees(max_fee, tip)


@given(
    fees_per_gas, st.lists(fees_per_gas, max_size=10), st.integers(21_000, 500_000), st.integers(0, 10**22)
)
def test_no_plan_costs_more_than_its_cap(base_fee: int, tips: list[int], gas_limit: int, cap: int) -> None:
    """P15: the whole gas at the highest fee fits the cap and can be mined now; else it raises."""
    chosen = choose_fees(base_fee, tips, POLICY)
    try:
        fitted = fit_under_cap(chosen, base_fee, gas_limit, cap)
    except FeeAboveCap as refusal:
        asked = (base_fee + chosen.max_priority_fee) * gas_limit
        assert refusal.objects == {"needed": asked, "cap": cap}  # noqa: PT017 - both outcomes are checked
        assert asked > cap
        return
    assert fitted.max_fee * gas_limit <= cap
    assert fitted.max_fee >= base_fee + fitted.max_priority_fee
    assert fitted.max_fee <= chosen.max_fee


@pytest.mark.parametrize(
    ("gas", "is_token", "expected"),
    [
        pytest.param(50_000, True, 62_500, id="a quarter for tokens"),
        pytest.param(50_000, False, 60_000, id="a fifth for contracts"),
        pytest.param(50_001, True, 62_502, id="rounded up"),
        pytest.param(1, False, 2, id="never less than the estimate"),
    ],
)
def test_margins_are_whole_numbers(gas: int, expected: int, *, is_token: bool) -> None:
    """An estimate grows by a fixed share, rounded up."""
    assert with_margin(gas, is_token=is_token) == expected


def pooled(max_fee: int, tip: int, gas_limit: int = 60_000) -> EvmTransaction:
    """Return a transaction that waits in a pool."""
    return EvmTransaction(1, 7, tip, max_fee, gas_limit, bytes(20), 0)


@pytest.mark.parametrize(
    ("last", "market", "cap", "offered"),
    [
        pytest.param((1_600, 800), (0, 0), 10**9, (1_801, 901), id="an eighth and one unit"),
        pytest.param((1_601, 801), (0, 0), 10**9, (1_803, 903), id="rounded up"),
        pytest.param((1_600, 800), (5_000, 900), 10**9, (5_000, 901), id="a dearer market"),
        pytest.param((1_600, 800), (5_000, 4_000), 10**9, (5_000, 4_000), id="both fees of a dearer market"),
        pytest.param(
            (1_600, 800), (5_000, 4_000), 60_000 * 2_000, (2_000, 2_000), id="as far as the cap goes"
        ),
        pytest.param((1_600, 800), (0, 0), 60_000 * 1_801, (1_801, 901), id="just under the cap"),
        pytest.param((0, 0), (0, 0), 10**9, (1, 1), id="from nothing"),
    ],
)
def test_a_replacement_offers_more_of_both_fees(
    last: tuple[int, int], market: tuple[int, int], cap: int, offered: tuple[int, int]
) -> None:
    """The market's price, at least what nodes demand above the last one, at most the cap."""
    assert outbid(Fees(*market), pooled(*last), 60_000, cap) == Fees(*offered)


def test_what_cannot_be_outbid_under_the_cap_is_not() -> None:
    """One unit below the least replacement there is none."""
    with pytest.raises(FeeAboveCap):
        outbid(Fees(0, 0), pooled(1_600, 800), 60_000, 60_000 * 1_801 - 1)


@given(fees_per_gas, fees_per_gas, st.integers(0, 10**22))
def test_every_replacement_is_one(max_fee: int, tip: int, cap: int) -> None:
    """Whatever stood before: above 112.5 % of both fees, the tip within the fee, the gas within the cap."""
    last = pooled(max(max_fee, tip), tip)
    try:
        fees = outbid(Fees(max_fee, tip), last, 60_000, cap)
    except FeeAboveCap:
        return
    assert fees.max_fee * 8 > last.max_fee * 9
    assert fees.max_priority_fee * 8 > last.max_priority_fee * 9
    assert fees.max_priority_fee <= fees.max_fee
    assert fees.max_fee * 60_000 <= cap


def test_a_cancel_needs_the_gas_of_a_plain_transfer() -> None:
    """A bump repeats the call with the call's gas."""
    assert replacement_gas(TxPurpose.CANCEL, pooled(1, 1)) == 21_000
    assert replacement_gas(TxPurpose.BUMP, pooled(1, 1)) == 60_000
