"""When a sweep pays off on staked energy: lent if somebody can lend, burnt only where that is worth it.

The address needs to be an account and to have bandwidth or coins for it; its energy is somebody else's stake.
"""

from domain.energy import ACTIVATING_SUN, EnergyLook, may_burn
from domain.sweeping import (
    SweepCode,
    SweepCosts,
    SweepEstimate,
    SweepLook,
    SweepVerdict,
    TransferTerms,
    cost_in_asset,
    ended,
    parked,
    pays_off,
    text_of,
    with_reserve,
)


def judge_on_energy(
    look: SweepLook, energy: EnergyLook, terms: TransferTerms, costs: SweepCosts
) -> SweepEstimate:
    """Decide a token's sweep on a network of staked energy; a reason to park wins over everything."""
    return parked(look) or _skipped(look, energy, terms, costs) or _wanted(look, energy, terms)


def _skipped(
    look: SweepLook, energy: EnergyLook, terms: TransferTerms, costs: SweepCosts
) -> SweepEstimate | None:
    what = text_of(look.booked, look.asset)
    if look.booked < terms.minimum:
        return ended(look, SweepVerdict.SKIP, SweepCode.DUST, f"{what} is less than a sweep is made for")
    if look.fee > terms.fee_cap:
        sentence = f"a transaction may cost {text_of(look.fee, look.native)}, more than it may"
        return ended(look, SweepVerdict.SKIP, SweepCode.FEE_CAP, sentence)
    pays = pays_off(look, _cost(look, energy), terms, costs)
    if pays and (not energy.is_burnt or _may_burn(look, energy, terms)):
        return None
    would_pay = energy.is_burnt and pays_off(look, _cost_if_lent(look, energy), terms, costs)
    if would_pay and energy.giver is not None:
        sentence = f"{text_of(look.fee, look.native)} is too much to burn for {what}"
        return ended(look, SweepVerdict.DRY, SweepCode.POOL_EMPTY, sentence)
    sentence = f"moving {what} would cost {text_of(_cost(look, energy), look.native)}"
    return ended(look, SweepVerdict.SKIP, SweepCode.COST, sentence)


def _wanted(look: SweepLook, energy: EnergyLook, terms: TransferTerms) -> SweepEstimate:
    """The next thing it lacks: an account, coins for bandwidth, energy; or nothing more."""
    if _needs_coins(look, energy):
        wanted = max(with_reserve(_own_fee(look, energy)), ACTIVATING_SUN)
        return SweepEstimate(verdict=SweepVerdict.FUND, height=look.height, wanted=wanted)
    if energy.is_lendable:
        return SweepEstimate(
            verdict=SweepVerdict.LEND,
            height=look.height,
            giver=energy.giver,
            sun=energy.sun,
            energy=energy.needed,
        )
    fee_cap = min(look.coins, terms.fee_cap) if energy.is_burnt else terms.fee_cap
    return SweepEstimate(verdict=SweepVerdict.READY, height=look.height, amount=look.booked, fee_cap=fee_cap)


def _cost(look: SweepLook, energy: EnergyLook) -> int:
    """Everything it costs from here on, in native units: its own fee, a top-up, a loan's two transactions."""
    top_up = look.top_up_fee if _needs_coins(look, energy) else 0
    lending = energy.lending_fee if energy.is_lendable else 0
    return _own_fee(look, energy) + top_up + lending


def _cost_if_lent(look: SweepLook, energy: EnergyLook) -> int:
    """The least it costs once somebody can lend the energy."""
    top_up = 0 if energy.exists else look.top_up_fee
    return _bandwidth_fee(look, energy) + top_up


def _may_burn(look: SweepLook, energy: EnergyLook, terms: TransferTerms) -> bool:
    cost = cost_in_asset(_cost(look, energy), look.asset, look.native, terms)
    return may_burn(cost, look.booked)


def _own_fee(look: SweepLook, energy: EnergyLook) -> int:
    """What the address itself pays at worst: bandwidth, and energy only where it is burnt."""
    energy_fee = energy.allowed * energy.price if energy.is_burnt else 0
    return energy_fee + _bandwidth_fee(look, energy)


def _bandwidth_fee(look: SweepLook, energy: EnergyLook) -> int:
    return 0 if energy.has_bandwidth else max(look.fee - energy.allowed * energy.price, 0)


def _needs_coins(look: SweepLook, energy: EnergyLook) -> bool:
    return not energy.exists or look.coins < _own_fee(look, energy)
