"""What contract calls cost on staked energy, and when coins may be burnt instead."""

from contextlib import nullcontext

import pytest

from domain.energy import (
    SUN_PER_TRX,
    AccountResources,
    EnergyPoolEmpty,
    admit_burning,
    burns_of,
    may_burn,
    needed_energy,
    sun_for,
)

NETWORK = "tron:0x2b6653dc"
PRICE = 100


@pytest.mark.parametrize(("allowed", "needed"), [(0, 0), (156_000, 130_000), (12, 10), (13, 11), (1, 1)])
def test_the_estimate_behind_an_allowance(allowed: int, needed: int) -> None:
    """A fifth on top is taken off again, rounded up."""
    assert needed_energy(allowed) == needed


@pytest.mark.parametrize(
    ("left", "in_flight", "burns"),
    [
        (130_000, 0, 0),
        (1_000_000, 870_000, 0),
        (129_999, 0, 26_001 * PRICE),
        (1_000_000, 870_001, (156_000 - 129_999) * PRICE),
        (0, 0, 156_000 * PRICE),
        (100_000, 500_000, 156_000 * PRICE),
    ],
)
def test_what_a_withdrawal_burns(left: int, in_flight: int, burns: int) -> None:
    """Free while what others leave covers the estimate; else all of the allowance that is not covered."""
    assert burns_of(left=left, in_flight=in_flight, allowed=156_000, price=PRICE) == burns


@pytest.mark.parametrize(
    ("burnt", "promised", "day_max", "is_admitted"),
    [
        (0, 0, 500, True),
        (250, 150, 500, True),
        (250, 151, 500, False),
        (600, 0, 500, False),
        (0, 0, 0, False),
    ],
)
def test_the_budget_of_a_day(burnt: int, promised: int, day_max: int, *, is_admitted: bool) -> None:
    """What blocks show and what open plans may still burn count together, to the sun."""
    with nullcontext() if is_admitted else pytest.raises(EnergyPoolEmpty):
        admit_burning(NETWORK, burns=100, burnt=burnt, promised=promised, day_max=day_max)


def test_the_sentence_of_an_empty_pool() -> None:
    """It names the network, what would burn and what may."""
    error = EnergyPoolEmpty(NETWORK, burns=15_600_000, room=2_500_000)
    assert error.sentence == f"On {NETWORK} this would burn 15.6 TRX, and 2.5 TRX may still be burnt today."


@pytest.mark.parametrize(
    ("energy", "limit", "weight", "trx"),
    [
        (130_000, 180_000_000_000, 20_000_000_000, 14_589),
        (130_000, 1_000, 1, 132),
        (1, 10**12, 1, 1),
        (0, 10**12, 1, 0),
        (130_000, 0, 0, 0),
    ],
)
def test_the_stake_behind_energy(energy: int, limit: int, weight: int, trx: int) -> None:
    """A hundredth more than is needed now, in whole coins, at least one; and it yields what is needed."""
    sun = sun_for(energy, total_limit=limit, total_weight=weight)
    assert sun == trx * SUN_PER_TRX
    assert not sun or sun // SUN_PER_TRX * limit // max(weight, 1) >= energy


@pytest.mark.parametrize(("cost", "value", "may"), [(10, 500, True), (10, 499, False), (0, 0, True)])
def test_burning_for_a_sweep(cost: int, value: int, *, may: bool) -> None:
    """Only for fifty times its cost."""
    assert may_burn(cost, value) is may


def test_energy_left_is_never_negative() -> None:
    """A stake that shrank leaves nothing, not a debt."""
    has = AccountResources(
        exists=True,
        energy_limit=5,
        energy_used=9,
        bandwidth_left=600,
        total_energy_limit=1,
        total_energy_weight=1,
    )
    assert has.energy_left == 0
