"""When a sweep pays off: each bound exactly, and one unit beside it."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from domain.sweeping import (
    SweepCode,
    SweepCosts,
    SweepLook,
    SweepVerdict,
    TransferTerms,
    cost_in_asset,
    judge_funding,
    judge_sweep,
    with_reserve,
)
from tests.support.ledger_database import COIN, TOKEN

ONE = 10**18
FEE = 10**14
TOP_UP = 5 * 10**13
CAP = 10**16
COSTS = SweepCosts()
TERMS = {
    COIN: TransferTerms(asset_id=COIN.asset_id, minimum=10**15, fee_cap=CAP),
    # One coin is worth at most 2000 tokens, so the fee costs 0.2 of them and the top-up 0.1.
    TOKEN: TransferTerms(asset_id=TOKEN.asset_id, minimum=10**6, fee_cap=CAP, coin_price=2_000 * 10**6),
}
TOKENS = SweepLook(
    asset=TOKEN,
    native=COIN,
    height=77,
    booked=100 * 10**6,
    held=100 * 10**6,
    coins=FEE,
    nonce=0,
    sent=0,
    idle=timedelta(),
    tokens_due=1,
    fee=FEE,
    top_up_fee=TOP_UP,
)
COINS = replace(TOKENS, asset=COIN, booked=ONE, held=ONE, coins=ONE, tokens_due=0)
WEEK = timedelta(days=7)


def tokens(**changes: Any) -> SweepLook:  # noqa: ANN401 - any field
    """An address that holds as many tokens as are booked there."""
    booked = changes.get("booked", TOKENS.booked)
    return replace(TOKENS, **({"held": booked} | changes))


def coins(**changes: Any) -> SweepLook:  # noqa: ANN401 - any field
    """An address that holds as many coins as are booked there."""
    booked = changes.get("booked", COINS.booked)
    return replace(COINS, **({"held": booked, "coins": booked} | changes))


@pytest.mark.parametrize(
    ("look", "verdict", "code"),
    [
        (TOKENS, SweepVerdict.READY, None),
        (COINS, SweepVerdict.READY, None),
        (tokens(coins=FEE - 1), SweepVerdict.FUND, None),
        (tokens(held=TOKENS.booked - 1), SweepVerdict.PARK, SweepCode.DIFFERENCE),
        (tokens(held=TOKENS.booked + 1), SweepVerdict.READY, None),
        (tokens(nonce=1), SweepVerdict.PARK, SweepCode.FOREIGN_NONCE),
        (tokens(nonce=1, sent=1), SweepVerdict.READY, None),
        (tokens(refusal="it is paused"), SweepVerdict.PARK, SweepCode.REFUSED),
        (tokens(funding_failed=True), SweepVerdict.PARK, SweepCode.FUNDING_FAILED),
        (tokens(booked=10**6 - 1), SweepVerdict.SKIP, SweepCode.DUST),
        (tokens(fee=CAP, booked=10**12), SweepVerdict.SKIP, SweepCode.FEE_CAP),
        # 0.2 tokens are 2 % of 10; with the top-up it is 0.3, which are 2 % of 15.
        (tokens(booked=10 * 10**6), SweepVerdict.READY, None),
        (tokens(booked=10 * 10**6 - 1), SweepVerdict.SKIP, SweepCode.COST),
        (tokens(booked=15 * 10**6, coins=0), SweepVerdict.FUND, None),
        (tokens(booked=15 * 10**6 - 1, coins=0), SweepVerdict.SKIP, SweepCode.COST),
        (tokens(booked=2 * 10**6, idle=WEEK), SweepVerdict.SKIP, SweepCode.COST),
        (tokens(booked=2 * 10**6, idle=WEEK + timedelta(seconds=1)), SweepVerdict.READY, None),
        (tokens(booked=2 * 10**6 - 1, idle=2 * WEEK), SweepVerdict.SKIP, SweepCode.COST),
        (coins(booked=50 * FEE), SweepVerdict.READY, None),
        (coins(booked=50 * FEE - 1), SweepVerdict.SKIP, SweepCode.COST),
    ],
)
def test_verdict(look: SweepLook, verdict: SweepVerdict, code: SweepCode | None) -> None:
    """Parked before skipped, skipped before funded, and ready only if nothing speaks against it."""
    estimate = judge_sweep(look, TERMS[look.asset], COSTS)
    assert (estimate.verdict, estimate.code, estimate.height) == (verdict, code, 77)
    assert (estimate.sentence is None) is (code is None)


def test_a_ready_token_moves_whole_and_may_cost_what_is_there() -> None:
    """Every token goes; the gas at the address bounds the fee, and so does the policy."""
    estimate = judge_sweep(tokens(coins=3 * FEE), TERMS[TOKEN], COSTS)
    assert (estimate.amount, estimate.fee_cap) == (TOKENS.booked, 3 * FEE)
    assert judge_sweep(tokens(coins=ONE), TERMS[TOKEN], COSTS).fee_cap == CAP


def test_a_native_sweep_keeps_its_fee_back() -> None:
    """Amount and fee cap are together what is booked, not what was sent there unseen."""
    estimate = judge_sweep(coins(held=2 * ONE), TERMS[COIN], COSTS)
    assert estimate.amount + estimate.fee_cap == ONE
    assert estimate.fee_cap == with_reserve(FEE)


@pytest.mark.parametrize(("due", "wanted"), [(0, 11), (1, 11), (2, 22)])
def test_a_top_up_serves_every_token_that_is_due(due: int, wanted: int) -> None:
    """Two tokens of one address share one top-up."""
    estimate = judge_sweep(tokens(coins=0, tokens_due=due), TERMS[TOKEN], COSTS)
    assert estimate.wanted == wanted * FEE // 10


@pytest.mark.parametrize(("coins_there", "amount"), [(0, 100), (99, 1), (100, 0), (101, 0)])
def test_a_top_up_brings_what_lacks(coins_there: int, amount: int) -> None:
    """Nothing is sent to an address that holds enough; the fee stays under its cap."""
    estimate = judge_funding(coins=coins_there, wanted=100, fee=10, fee_cap=10, height=3)
    assert (estimate.amount, estimate.fee_cap, estimate.height) == (amount, 10, 3)


@pytest.mark.parametrize(("fee", "with_it"), [(0, 0), (1, 2), (10, 11), (11, 13), (100, 110)])
def test_the_reserve_is_rounded_up(fee: int, with_it: int) -> None:
    """A tenth on top, never a unit less."""
    assert with_reserve(fee) == with_it


def test_costs_are_rounded_up_at_the_ceiling_price() -> None:
    """One native unit costs at least one unit of every asset; the native coin is its own price."""
    assert cost_in_asset(1, TOKEN, COIN, TERMS[TOKEN]) == 1
    assert cost_in_asset(ONE, TOKEN, COIN, TERMS[TOKEN]) == 2_000 * 10**6
    assert cost_in_asset(7, COIN, COIN, TERMS[COIN]) == 7
