"""When a sweep pays off on staked energy: who pays, each bound exactly, and what it lacks next."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from domain.assets import Asset, AssetKind, NetworkId
from domain.borrowing import judge_on_energy
from domain.energy import EnergyLook
from domain.sweeping import SweepCode, SweepCosts, SweepLook, SweepVerdict, TransferTerms

NETWORK = NetworkId("tron:0x2b6653dc")
TRX = Asset(1, "TRX", NETWORK, AssetKind.NATIVE, 6)
USDT = Asset(2, "USDT", NETWORK, AssetKind.TOKEN, 6, bytes([7]) * 20)
GIVER = bytes([1]) * 20
ALLOWED, PRICE, BANDWIDTH = 156_000, 100, 345_000
ENERGY_FEE = ALLOWED * PRICE
CAP = 30_000_000
# One TRX is worth at most half a USDT: 15.945 TRX to burn are 7.9725 USDT, the bandwidth 0.1725.
TERMS = TransferTerms(asset_id=2, minimum=1_000_000, fee_cap=CAP, coin_price=500_000)
COSTS = SweepCosts()
LOOK = SweepLook(
    asset=USDT,
    native=TRX,
    height=77,
    booked=100_000_000,
    held=100_000_000,
    coins=BANDWIDTH,
    nonce=None,
    sent=0,
    idle=timedelta(),
    tokens_due=1,
    fee=ENERGY_FEE + BANDWIDTH,
    top_up_fee=1_100_000,
)
LENT = EnergyLook(ALLOWED, PRICE, left=130_000, exists=True)
LENDABLE = replace(LENT, left=0, giver=GIVER, lendable=900, sun=900, lending_fee=550_000)
DRY = replace(LENDABLE, lendable=899)
NOBODY = replace(LENT, left=0)
CODES = (SweepVerdict.SKIP, SweepVerdict.PARK, SweepVerdict.DRY)


def holds(units: int, **changes: Any) -> SweepLook:  # noqa: ANN401 - any field
    """An address with so many tokens."""
    return replace(LOOK, booked=units, held=units, **changes)


@pytest.mark.parametrize(
    ("look", "energy", "verdict", "code"),
    [
        (LOOK, LENT, SweepVerdict.READY, None),
        (LOOK, replace(LENT, left=129_999), SweepVerdict.SKIP, SweepCode.COST),
        (LOOK, LENDABLE, SweepVerdict.LEND, None),
        (holds(10**9, coins=0), LENT, SweepVerdict.FUND, None),
        (LOOK, replace(LENT, exists=False), SweepVerdict.FUND, None),
        (LOOK, replace(LENDABLE, exists=False), SweepVerdict.FUND, None),
        (holds(999_999), LENT, SweepVerdict.SKIP, SweepCode.DUST),
        (replace(LOOK, fee=CAP + 1), LENT, SweepVerdict.SKIP, SweepCode.FEE_CAP),
        (replace(LOOK, held=LOOK.booked - 1), LENT, SweepVerdict.PARK, SweepCode.DIFFERENCE),
        (replace(LOOK, refusal="paused"), LENT, SweepVerdict.PARK, SweepCode.REFUSED),
        (replace(LOOK, lending_failed=True), LENT, SweepVerdict.PARK, SweepCode.LENDING_FAILED),
        # 0.1725 USDT are 2 % of 8.625; with the loan's fees 0.4475 are 2 % of 22.375.
        (holds(8_625_000), LENT, SweepVerdict.READY, None),
        (holds(8_624_999), LENT, SweepVerdict.SKIP, SweepCode.COST),
        (holds(22_375_000), LENDABLE, SweepVerdict.LEND, None),
        (holds(22_374_999), LENDABLE, SweepVerdict.SKIP, SweepCode.COST),
        # Nobody can lend: it burns only for fifty times 7.9725 USDT, with coins that are there.
        (holds(398_625_000, coins=LOOK.fee), DRY, SweepVerdict.READY, None),
        (holds(398_624_999, coins=LOOK.fee), DRY, SweepVerdict.DRY, SweepCode.POOL_EMPTY),
        (holds(398_625_000, coins=LOOK.fee), NOBODY, SweepVerdict.READY, None),
        (holds(398_624_999, coins=LOOK.fee), NOBODY, SweepVerdict.SKIP, SweepCode.COST),
        # An idle address may cost ten per cent, but burning stays bound to fifty times.
        (
            holds(300_000_000, coins=LOOK.fee, idle=timedelta(days=8)),
            DRY,
            SweepVerdict.DRY,
            SweepCode.POOL_EMPTY,
        ),
        # With the top-up it is 8.5225 USDT, times fifty 426.125.
        (holds(426_125_000, coins=0), DRY, SweepVerdict.FUND, None),
        (holds(426_124_999, coins=0), DRY, SweepVerdict.DRY, SweepCode.POOL_EMPTY),
        # Even lent it would not pay off: no reason to wait.
        (holds(8_624_999), DRY, SweepVerdict.SKIP, SweepCode.COST),
    ],
)
def test_the_verdict(
    look: SweepLook, energy: EnergyLook, verdict: SweepVerdict, code: SweepCode | None
) -> None:
    """One verdict per case, with a reason and a sentence wherever nothing is moved now."""
    estimate = judge_on_energy(look, energy, TERMS, COSTS)
    assert (estimate.verdict, estimate.code) == (verdict, code)
    assert bool(estimate.sentence) == (verdict in CODES)


def test_what_is_lent() -> None:
    """The wish names the giver, its stake, and the energy that has to be seen."""
    estimate = judge_on_energy(LOOK, LENDABLE, TERMS, COSTS)
    assert (estimate.giver, estimate.sun, estimate.energy) == (GIVER, 900, 130_000)


@pytest.mark.parametrize(
    ("look", "energy", "fee_cap"),
    [
        (LOOK, LENT, CAP),
        (holds(10**9, coins=LOOK.fee + 5), DRY, LOOK.fee + 5),
        (holds(10**9, coins=10**9), DRY, CAP),
    ],
)
def test_everything_is_moved_under_the_cap(look: SweepLook, energy: EnergyLook, fee_cap: int) -> None:
    """The cap is the policy's, and what the address has where its coins are burnt."""
    estimate = judge_on_energy(look, energy, TERMS, COSTS)
    assert (estimate.amount, estimate.fee_cap) == (look.booked, fee_cap)


@pytest.mark.parametrize(
    ("look", "energy", "wanted"),
    [
        (replace(LOOK, fee=ENERGY_FEE, coins=0), replace(LENT, exists=False), 1),
        (holds(10**9, coins=0), LENT, BANDWIDTH * 11 // 10),
        (holds(10**9, coins=0), DRY, -(-LOOK.fee * 11 // 10)),
    ],
)
def test_the_coins_it_asks_for(look: SweepLook, energy: EnergyLook, wanted: int) -> None:
    """One sun makes an account; bandwidth and burning are asked for with the reserve."""
    estimate = judge_on_energy(look, energy, TERMS, COSTS)
    assert (estimate.verdict, estimate.wanted) == (SweepVerdict.FUND, wanted)
