"""A network is stalled by the age of its blocks, and open again by itself well inside its bounds."""

from datetime import UTC, datetime, timedelta

import pytest

from domain.stalls import UNWATCHED, Pace, StallBounds, stall_of

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
BOUNDS = StallBounds(head_seconds=30, final_seconds=60)


@pytest.mark.parametrize(
    ("head_age", "final_lag", "is_stalled", "says"),
    [
        (30, 60, False, None),
        (31, 0, False, "its newest block is older than 30 s"),
        (0, 61, False, "its final block is more than 60 s behind the newest"),
        (16, 0, True, "its newest block is older than 30 s"),
        (15, 31, True, "its final block is more than 60 s behind the newest"),
        (15, 30, True, None),
        (-5, 0, False, None),
    ],
)
def test_the_age_of_blocks_decides(
    head_age: int,
    final_lag: int,
    is_stalled: bool,  # noqa: FBT001
    says: str | None,
) -> None:
    """Beyond a bound it is stalled; to open again it has to be back at half of it."""
    head_at = NOW - timedelta(seconds=head_age)
    pace = Pace(head_at, head_at - timedelta(seconds=final_lag))
    assert stall_of(BOUNDS, pace, NOW, is_stalled=is_stalled) == says


@pytest.mark.parametrize(
    ("blocks_behind", "is_stalled", "stalls"),
    [(60, False, False), (61, False, True), (60, True, True), (31, True, True), (30, True, False)],
)
def test_sixty_blocks_of_three_seconds_stall_and_thirty_are_open_again(
    blocks_behind: int,
    is_stalled: bool,  # noqa: FBT001 - a column of the table
    stalls: bool,  # noqa: FBT001 - a column of the table
) -> None:
    """Tron's rule in the terms of its house entry: 180 seconds between final and newest block."""
    pace = Pace(NOW, NOW - timedelta(seconds=3 * blocks_behind))
    said = stall_of(StallBounds(final_seconds=180), pace, NOW, is_stalled=is_stalled)
    assert (said is not None) is stalls


def test_a_network_without_bounds_never_stalls() -> None:
    """What nobody watches is open, however old."""
    assert (
        stall_of(UNWATCHED, Pace(NOW - timedelta(days=9), NOW - timedelta(days=99)), NOW, is_stalled=True)
        is None
    )
