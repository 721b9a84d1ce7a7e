"""A round compares what is lent by the rows with what the network shows, and plans what is lacking."""

from uuid import UUID

import pytest

from domain.energy import Lent
from domain.energy_rounds import EnergyReport, EnergyRound, LentStake, OpenStake, compare

NETWORK = "tron:0x2b6653dc"
GIVER, OTHER = bytes([1]) * 20, bytes([2]) * 20
ADDRESS, HOT = bytes([3]) * 20, bytes([4]) * 20
ID = UUID(int=9)


def row(  # noqa: PLR0913 - one keyword per fact
    *,
    receiver: bytes = ADDRESS,
    sun: int = 50,
    shown: bool = True,
    overdue: bool = False,
    standing: bool = False,
    giver: bytes = GIVER,
) -> OpenStake:
    """A delegation that is not back by its row."""
    return OpenStake(
        delegation_id=ID,
        giver=giver,
        receiver=receiver,
        sun=sun,
        is_shown=shown,
        is_overdue=overdue,
        is_standing=standing,
    )


def stake(receiver: bytes = ADDRESS, sun: int = 50, giver: bytes = GIVER) -> LentStake:
    """What a report says of one."""
    return LentStake(giver=giver, receiver=receiver, sun=sun)


@pytest.mark.parametrize(
    ("rows", "shown", "found"),
    [
        ([row()], [Lent(GIVER, ADDRESS, 50)], {}),
        ([], [], {}),
        ([], [Lent(GIVER, ADDRESS, 50)], {"leftovers": (stake(),)}),
        ([row(shown=False)], [Lent(GIVER, ADDRESS, 50)], {}),
        ([row(shown=False)], [], {}),
        ([row()], [], {"missing": (ID,)}),
        ([row()], [Lent(GIVER, ADDRESS, 49)], {"missing": (ID,)}),
        ([row()], [Lent(GIVER, ADDRESS, 90)], {}),
        (
            [row()],
            [Lent(GIVER, ADDRESS, 50), Lent(OTHER, ADDRESS, 7)],
            {"leftovers": (stake(sun=7, giver=OTHER),)},
        ),
        ([row(overdue=True)], [Lent(GIVER, ADDRESS, 50)], {"overdue": (ID,)}),
        ([row(overdue=True, shown=False)], [], {"overdue": (ID,)}),
    ],
)
def test_rows_against_the_network(rows: list[OpenStake], shown: list[Lent], found: dict[str, object]) -> None:
    """Stake without a row goes back, a row without stake is said; what is on its way waits a round."""
    report = compare(EnergyRound(network=NETWORK), rows, shown, hot=(), lendable={})
    assert report == EnergyReport.model_validate({"network": NETWORK, **found})


@pytest.mark.parametrize(
    ("rows", "shown", "lendable", "unlent", "changed"),
    [
        ([], [], {GIVER: 10, OTHER: 30}, (stake(HOT, 30, OTHER),), ()),
        ([], [], {GIVER: 10, OTHER: 29}, (), ()),
        ([], [], {}, (), ()),
        ([row(receiver=HOT, sun=30, standing=True)], [Lent(GIVER, HOT, 30)], {GIVER: 90}, (), ()),
        ([row(receiver=HOT, sun=20, standing=True)], [Lent(GIVER, HOT, 20)], {GIVER: 90}, (), (ID,)),
        ([row(receiver=HOT, sun=20, standing=True, shown=False)], [], {GIVER: 90}, (), ()),
        ([], [Lent(GIVER, HOT, 20)], {GIVER: 90}, (), ()),
    ],
)
def test_standing_stakes(
    rows: list[OpenStake],
    shown: list[Lent],
    lendable: dict[bytes, int],
    unlent: tuple[LentStake, ...],
    changed: tuple[UUID, ...],
) -> None:
    """A hot wallet without one is lent what the house wants by who has most; another size goes back first."""
    report = compare(EnergyRound(network=NETWORK, standing_sun=30), rows, shown, hot=[HOT], lendable=lendable)
    assert (report.unlent, report.changed) == (unlent, changed)


def test_two_hot_wallets_share_what_there_is() -> None:
    """What the first takes is not promised to the second."""
    report = compare(
        EnergyRound(network=NETWORK, standing_sun=30), [], [], hot=[HOT, ADDRESS], lendable={GIVER: 50}
    )
    assert report.unlent == (stake(HOT, 30),)


def test_a_house_that_wants_none_takes_its_stakes_back() -> None:
    """Switched off in the house file, a standing stake comes home."""
    standing = row(receiver=HOT, sun=30, standing=True)
    report = compare(
        EnergyRound(network=NETWORK), [standing], [Lent(GIVER, HOT, 30)], hot=[HOT], lendable={GIVER: 90}
    )
    assert (report.unlent, report.changed) == ((), (ID,))
