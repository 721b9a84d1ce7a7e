"""The chart of accounts against the design's table."""

import pytest

from domain.accounts import (
    Guard,
    Purpose,
    Side,
    house_account,
    owner_text,
    player_account,
    purpose_of,
)
from domain.ids import account_parts, player_of

CHART = [
    # number, normal side, belongs to, guard
    *[(number, "C", "player", 1) for number in (10, 11, 12, 13, 14, 15, 16)],
    (20, "C", "house", 1),
    *[(number, "C", "house", 0) for number in (21, 22, 23, 24, 25, 40, 50, 51, 52, 70, 71)],
    *[(number, "D", "house", 0) for number in (30, 31, 32, 33, 34, 60, 61, 62, 63, 72, 73)],
    (35, "D", "player", 0),
]


@pytest.mark.parametrize(("number", "side", "belongs_to", "guard"), CHART)
def test_a_purpose_is_what_the_chart_says(number: int, side: str, belongs_to: str, guard: int) -> None:
    """Side, owner and guard of every account of the chart."""
    purpose = Purpose(number)
    assert (purpose.normal_side, purpose.guard) == (Side(side), Guard(guard))
    assert purpose.is_players == (belongs_to == "player")


def test_the_chart_is_complete() -> None:
    """No purpose without a row, no row without a purpose."""
    assert sorted(number for number, *_ in CHART) == sorted(Purpose)


@pytest.mark.parametrize("purpose", list(Purpose))
def test_an_account_is_made_for_its_owner_only(purpose: Purpose) -> None:
    """A player's purpose has no house account and the reverse."""
    player = player_of(3, 5)
    if purpose.is_players:
        account = player_account(player, 9, purpose)
        assert account_parts(account) == (3, 5, 9, purpose)
        assert owner_text(account) == "player/3/5"
        with pytest.raises(ValueError, match="no purpose of the house"):
            house_account(3, 9, purpose)
    else:
        account = house_account(3, 9, purpose)
        assert account_parts(account) == (3, 0, 9, purpose)
        assert owner_text(account) == "house/3"
        with pytest.raises(ValueError, match="no purpose of a player"):
            player_account(player, 9, purpose)
    assert purpose_of(account) is purpose
