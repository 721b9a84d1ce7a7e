"""In-house games in integers: what a roll is and what it pays."""

from dataclasses import dataclass

from domain.errors import LimitExceeded
from domain.fairness import draw, scaled

DICE_OUTCOMES = 10_001
DICE_UNDER_MIN = 100
DICE_UNDER_MAX = 9_800
DICE_RETURN = 99_000_000
MULTIPLIER_ONE = 10_000


@dataclass(frozen=True, slots=True)
class DiceRoll:
    """One roll in hundredths (0 to 10,000), whether it won, and the payout in the stake's units."""

    roll: int
    is_win: bool
    multiplier: int
    payout: int


def check_under(under: int) -> None:
    """Refuse a target outside 1.00 to 98.00 (in hundredths); raises LimitExceeded."""
    if not DICE_UNDER_MIN <= under <= DICE_UNDER_MAX:
        raise LimitExceeded("dice target", f"between {DICE_UNDER_MIN} and {DICE_UNDER_MAX}")


def dice_multiplier(under: int) -> int:
    """What a win pays per unit staked, in ten-thousandths, rounded down."""
    return DICE_RETURN // under


def roll_dice(server_seed: str, client_seed: str, nonce: int, *, under: int, stake: int) -> DiceRoll:
    """Roll once: a result below `under` (hundredths) pays stake x multiplier, rounded down to whole units."""
    (value,) = draw(server_seed, client_seed, nonce, 1)
    roll = scaled(value, DICE_OUTCOMES)
    multiplier = dice_multiplier(under)
    payout = stake * multiplier // MULTIPLIER_ONE if roll < under else 0
    return DiceRoll(roll=roll, is_win=roll < under, multiplier=multiplier, payout=payout)
