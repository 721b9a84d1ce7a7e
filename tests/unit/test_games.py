"""Dice in integers: golden rolls, floored multipliers, and what the game returns."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import LimitExceeded
from domain.games import (
    DICE_OUTCOMES,
    DICE_UNDER_MAX,
    DICE_UNDER_MIN,
    MULTIPLIER_ONE,
    check_under,
    dice_multiplier,
    roll_dice,
)

SERVER_SEED = "0" * 63 + "1"
CLIENT_SEED = "croupier-demo"
ROLLS = {0: 776, 1: 8176, 2: 2470, 3: 5687, 4: 7154, 1000: 8746}


@pytest.mark.parametrize("nonce", ROLLS)
def test_the_published_rolls(nonce: int) -> None:
    """The vectors a player checks first."""
    assert roll_dice(SERVER_SEED, CLIENT_SEED, nonce, under=5000, stake=100).roll == ROLLS[nonce]


@pytest.mark.parametrize(
    ("nonce", "under", "stake", "is_win", "payout"),
    [
        (0, 5000, 100, True, 198),
        (0, 776, 100, False, 0),
        (0, 777, 100, True, 1274),
        (1, 5000, 100, False, 0),
        (0, 5000, 1, True, 1),
        (0, 5000, 3, True, 5),
        (0, 9800, 10**18, True, 1_010_200_000_000_000_000),
    ],
)
def test_a_roll_below_the_target_pays_floored_units(
    nonce: int,
    under: int,
    stake: int,
    is_win: bool,  # noqa: FBT001 - a table's column
    payout: int,
) -> None:
    """The target itself loses; a payout never has more than whole units."""
    roll = roll_dice(SERVER_SEED, CLIENT_SEED, nonce, under=under, stake=stake)
    assert (roll.is_win, roll.payout) == (is_win, payout)


@pytest.mark.parametrize(
    ("under", "multiplier"), [(5000, 19_800), (100, 990_000), (9800, 10_102), (3333, 29_702)]
)
def test_multipliers_are_floored(under: int, multiplier: int) -> None:
    """99 % divided by the chance, in ten-thousandths, never rounded up."""
    assert dice_multiplier(under) == multiplier


def test_under_fifty_returns_what_we_print() -> None:
    """5,000 of 10,001 outcomes pay 1.98: 98.990 % of the stakes come back."""
    returned = Fraction(5000, DICE_OUTCOMES) * Fraction(dice_multiplier(5000), MULTIPLIER_ONE)
    assert round(float(returned) * 100, 3) == 98.990


@given(st.integers(DICE_UNDER_MIN, DICE_UNDER_MAX))
def test_no_target_returns_more_than_ninety_nine_percent(under: int) -> None:
    """However the player chooses, the house never pays more than it takes."""
    returned = Fraction(under, DICE_OUTCOMES) * Fraction(dice_multiplier(under), MULTIPLIER_ONE)
    assert Fraction(95, 100) < returned < Fraction(99, 100)


@pytest.mark.parametrize(
    ("under", "is_allowed"),
    [(99, False), (100, True), (9800, True), (9801, False), (0, False), (-5000, False)],
)
def test_targets_have_bounds(under: int, is_allowed: bool) -> None:  # noqa: FBT001 - a table's column
    """Outside 1.00 to 98.00 nothing is rolled."""
    if is_allowed:
        check_under(under)
        return
    with pytest.raises(LimitExceeded):
        check_under(under)
