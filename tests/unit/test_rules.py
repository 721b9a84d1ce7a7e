"""The rules engine: every amount gets one verdict, and what nobody allowed is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.rules import (
    AmountTier,
    BetCall,
    DepositTerms,
    Policy,
    StakeBounds,
    Verdict,
    WithdrawalCall,
    WithdrawalTerms,
    evaluate_bet,
    evaluate_withdrawal,
)

LISTED, TIER_ONLY, UNLISTED = 1, 2, 3
POLICY = Policy(
    version=7,
    withdrawal_tiers=(
        AmountTier(asset_id=LISTED, allow=1000, review=5000),
        AmountTier(asset_id=TIER_ONLY, allow=1000, review=5000),
    ),
    withdrawal_terms=(WithdrawalTerms(asset_id=LISTED, minimum=10, fee=1, network_fee_cap=9),),
    deposit_terms=(DepositTerms(asset_id=LISTED, minimum=50),),
    stake_bounds=(StakeBounds(asset_id=LISTED, minimum=5, maximum=500),),
)


@pytest.mark.parametrize(
    ("asset_id", "amount", "verdict", "reasons"),
    [
        (LISTED, 9, Verdict.REFUSE, ("BELOW_MINIMUM",)),
        (LISTED, 10, Verdict.ALLOW, ()),
        (LISTED, 1000, Verdict.ALLOW, ()),
        (LISTED, 1001, Verdict.REVIEW, ("AMOUNT_TIER",)),
        (LISTED, 5000, Verdict.REVIEW, ("AMOUNT_TIER",)),
        (LISTED, 5001, Verdict.REFUSE, ("ABOVE_MAXIMUM",)),
        (TIER_ONLY, 100, Verdict.REFUSE, ("NO_TIER",)),
        (UNLISTED, 100, Verdict.REFUSE, ("NO_TIER",)),
    ],
)
def test_withdrawals_at_the_edges_of_their_tiers(
    asset_id: int, amount: int, verdict: Verdict, reasons: tuple[str, ...]
) -> None:
    """One unit decides between at once, after a person agreed, and never."""
    decision = evaluate_withdrawal(POLICY, WithdrawalCall(asset_id, amount))
    assert (decision.verdict, decision.reasons, decision.policy_version) == (verdict, reasons, 7)


@pytest.mark.parametrize(
    ("asset_id", "stake", "verdict", "reasons"),
    [
        (LISTED, 4, Verdict.REFUSE, ("BELOW_MINIMUM",)),
        (LISTED, 5, Verdict.ALLOW, ()),
        (LISTED, 500, Verdict.ALLOW, ()),
        (LISTED, 501, Verdict.REFUSE, ("ABOVE_MAXIMUM",)),
        (UNLISTED, 100, Verdict.REFUSE, ("NO_BOUNDS",)),
    ],
)
def test_stakes_at_their_bounds(
    asset_id: int, stake: int, verdict: Verdict, reasons: tuple[str, ...]
) -> None:
    """Both bounds are allowed, one unit beyond is not, and no bounds mean no bets."""
    decision = evaluate_bet(POLICY, BetCall(asset_id, stake))
    assert (decision.verdict, decision.reasons, decision.policy_version) == (verdict, reasons, 7)


@given(st.integers(0, 10**30), st.integers(0, 10**30))
def test_a_larger_withdrawal_is_never_judged_more_kindly(one: int, more: int) -> None:
    """Above the minimum, severity only rises with the amount."""
    small, large = sorted((one + 10, more + 10))
    assert (
        evaluate_withdrawal(POLICY, WithdrawalCall(LISTED, small)).verdict
        <= evaluate_withdrawal(POLICY, WithdrawalCall(LISTED, large)).verdict
    )


@given(st.integers(min_value=-(10**30), max_value=10**30))
def test_an_empty_policy_refuses_everything(amount: int) -> None:
    """Nothing is allowed by omission."""
    empty = Policy(version=1)
    assert evaluate_withdrawal(empty, WithdrawalCall(LISTED, amount)).verdict is Verdict.REFUSE
    assert evaluate_bet(empty, BetCall(LISTED, amount)).verdict is Verdict.REFUSE


def test_the_smallest_deposit_is_one_unit_unless_said() -> None:
    """An asset without terms credits whatever is more than nothing."""
    assert POLICY.deposit_minimum(LISTED) == 50
    assert POLICY.deposit_minimum(UNLISTED) == 1
