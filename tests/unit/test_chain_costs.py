"""Fees and gas of an EVM payment: what is chosen, and how a cap holds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chains.evm.costs import FeePolicy, Fees, choose_fees, fit_under_cap, with_margin
from domain.errors import FeeAboveCap

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
