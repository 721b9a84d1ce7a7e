"""When a deposit is playable and withdrawable, what caps early credit, and what holds a balance back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.crediting import (
    EarlyCredit,
    Restraints,
    Thresholds,
    has_room,
    repayment,
    thresholds_for,
    tighter,
    withheld,
)
from domain.rules import CreditTier, DepositTerms

USDT = DepositTerms(
    asset_id=2,
    minimum=1,
    early=(CreditTier(up_to=2_000, confirmations=32), CreditTier(up_to=200, confirmations=12)),
    unlock_after=15,
)
OFF = DepositTerms(asset_id=2, minimum=1)
CODE = "USDT@eip155:1"


@pytest.mark.parametrize(
    ("terms", "amount", "confirmations"),
    [(USDT, 1, 12), (USDT, 200, 12), (USDT, 201, 32), (USDT, 2_000, 32), (USDT, 2_001, None), (OFF, 1, None)],
)
def test_the_smallest_tier_that_covers_an_amount_decides(
    terms: DepositTerms, amount: int, confirmations: int | None
) -> None:
    """Above the largest tier, and wherever early credit is off, a deposit waits for its final block."""
    assert thresholds_for(terms, amount) == Thresholds(confirmations, terms.unlock_after)


@pytest.mark.parametrize(
    ("first", "second", "both"),
    [
        (Thresholds(12, 0), Thresholds(32, 15), Thresholds(32, 15)),
        (Thresholds(32, 15), Thresholds(12, 0), Thresholds(32, 15)),
        (Thresholds(12, 3), Thresholds(None, 0), Thresholds(None, 3)),
        (Thresholds(None, 0), Thresholds(None, 1), Thresholds(None, 1)),
    ],
)
def test_a_policy_only_tightens_what_was_judged(
    first: Thresholds, second: Thresholds, both: Thresholds
) -> None:
    """Of two judgements the later credit and the later unlock hold; no number means final."""
    assert tighter(first, second) == both


@pytest.mark.parametrize(
    ("amount", "player", "block", "asset", "fits"),
    [
        (2_000, 0, 0, 0, True),
        (200, 1_800, 1_800, 1_800, True),
        (201, 1_800, 1_800, 1_800, False),
        (1_000, 0, 9_000, 9_000, True),
        (1_001, 0, 9_000, 9_000, False),
        (1_000, 0, 0, 39_000, True),
        (1_001, 0, 0, 39_000, False),
    ],
)
def test_early_credit_is_capped_three_times(
    amount: int,
    player: int,
    block: int,
    asset: int,
    fits: bool,  # noqa: FBT001
) -> None:
    """Per player the largest tier, per block five times that, per asset twenty times."""
    assert has_room(USDT, amount, EarlyCredit(player, block, asset)) is fits


def test_without_tiers_there_is_no_room() -> None:
    """Off means off, whatever is asked."""
    assert not has_room(OFF, 1, EarlyCredit(0, 0, 0))


@pytest.mark.parametrize(
    ("available", "locked", "debts", "code"),
    [
        (100, 0, {}, None),
        (100, 40, {}, None),
        (100, 41, {}, "FUNDS_LOCKED"),
        (59, 41, {}, None),
        (100, 0, {CODE: 1}, "DEBT_OPEN"),
        (100, 41, {"ETH@eip155:1": 1}, "DEBT_OPEN"),
    ],
    ids=["free", "the rest is locked", "too much is locked", "not covered at all", "owes", "owes elsewhere"],
)
def test_what_is_locked_or_owed_does_not_leave(
    available: int, locked: int, debts: dict[str, int], code: str | None
) -> None:
    """Sixty units may leave only what is neither; a balance that is too small is the ledger's own answer."""
    refused = withheld(CODE, 60, Restraints(available, locked, debts))
    assert (None if refused is None else refused.code) == code


@given(st.integers(0, 500), st.integers(0, 500), st.integers(0, 500))
def test_a_debt_is_repaid_out_of_what_is_free(debt: int, available: int, locked: int) -> None:
    """Never more than is owed, never what is locked, and all of it where that suffices."""
    units = repayment(debt, available, locked)
    free = max(available - locked, 0)
    assert units == min(debt, free)
