"""Energy: what contract calls cost on Tron, who pays it with stake, and when coins may be burnt instead.

Energy comes from stake, of one's own or delegated, and recovers within a day; what is lacking is bought by
burning TRX. Amounts of TRX are in sun (10^-6 TRX). Source: java-tron's resource model.
"""

from dataclasses import dataclass

from domain.errors import Unavailable
from domain.money import show_units

SUN_PER_TRX = 1_000_000
DELEGATED_SUN_MIN = SUN_PER_TRX
"""Less than one TRX is never delegated."""
ACTIVATING_SUN = 1
"""Any coin makes an address an account; what it costs the sender is the network's fee."""
ALLOWANCE_NUMERATOR, ALLOWANCE_DENOMINATOR = 12, 10
"""A plan allows a fifth more energy than was estimated, because a contract may become dearer meanwhile."""
DRIFT_NUMERATOR, DRIFT_DENOMINATOR = 101, 100
"""What a stake yields falls while others stake: a hundredth more is delegated than is needed now."""
BURN_VALUE_MIN = 50
"""A sweep burns TRX only if it moves at least so many times what that costs."""
TRX_DECIMALS = 6
TRANSFER_BYTES_MAX = 420
"""A token's transfer takes less bandwidth than this."""


@dataclass(frozen=True, slots=True)
class AccountResources:
    """What an account may use now, and what the network's whole stake yields.

    Energy and its totals are in energy, bandwidth in bytes, the weight of all stake in whole TRX.
    """

    exists: bool
    energy_limit: int
    energy_used: int
    bandwidth_left: int
    total_energy_limit: int
    total_energy_weight: int

    @property
    def energy_left(self) -> int:
        return max(self.energy_limit - self.energy_used, 0)

    @property
    def has_bandwidth(self) -> bool:
        """Whether a token's transfer costs nothing for its bytes; so it will once there is an account."""
        return not self.exists or self.bandwidth_left >= TRANSFER_BYTES_MAX


@dataclass(frozen=True, slots=True)
class Lent:
    """Stake for energy that one account has delegated to another, in sun."""

    giver: bytes
    receiver: bytes
    sun: int


@dataclass(frozen=True, slots=True)
class EnergyLook:
    """What a token's sweep finds: what its plan allows, what its address has, who can lend what it lacks.

    `has_bandwidth` says that its bytes cost nothing: an account has some for free every day. `price` is sun
    per energy; `giver` is the wallet with most stake left to lend, `lendable` sun of it, and
    `sun` the stake that yields what is needed. `lending_fee` is what delegating and taking back costs.
    """

    allowed: int
    price: int
    left: int
    exists: bool
    has_bandwidth: bool = False
    giver: bytes | None = None
    lendable: int = 0
    sun: int = 0
    lending_fee: int = 0

    @property
    def needed(self) -> int:
        return needed_energy(self.allowed)

    @property
    def is_there(self) -> bool:
        return self.left >= self.needed

    @property
    def is_lendable(self) -> bool:
        """Whether the address lacks energy that somebody can lend."""
        return not self.is_there and self.giver is not None and self.lendable >= self.sun > 0

    @property
    def is_burnt(self) -> bool:
        """Whether only coins can pay for it."""
        return not self.is_there and not self.is_lendable


class EnergyPoolEmpty(Unavailable, code="ENERGY_POOL_EMPTY"):
    """No staked energy is left for a transaction, and the day's burning is used up."""

    def __init__(self, network: str, burns: int, room: int) -> None:
        self.network, self.burns, self.room = network, burns, room
        super().__init__(
            f"On {network} this would burn {show_units(burns, TRX_DECIMALS)} TRX,"
            f" and {show_units(room, TRX_DECIMALS)} TRX may still be burnt today."
        )


def needed_energy(allowed: int) -> int:
    """The estimate behind what a plan allows, rounded up."""
    return -(-allowed * ALLOWANCE_DENOMINATOR // ALLOWANCE_NUMERATOR)


def burns_of(*, left: int, in_flight: int, allowed: int, price: int) -> int:
    """Sun that a transaction burns for energy at worst; nothing while its estimate is covered by stake.

    `left` is what its account may use now, of which transactions on their way take `in_flight`.
    """
    free = max(left - in_flight, 0)
    return 0 if free >= needed_energy(allowed) else (allowed - free) * price


def admit_burning(network: str, *, burns: int, burnt: int, promised: int, day_max: int) -> None:
    """Let a withdrawal burn coins while the day's budget has room; raises EnergyPoolEmpty.

    `burnt` is what final and standing blocks of 24 hours show, `promised` what open attempts may burn.
    """
    room = max(day_max - burnt - promised, 0)
    if burns > room:
        raise EnergyPoolEmpty(network, burns, room)


def sun_for(energy: int, *, total_limit: int, total_weight: int) -> int:
    """The stake whose delegation yields this much energy now, in whole TRX as sun; 0 for none."""
    if energy == 0 or total_limit == 0:
        return 0
    with_drift = -(-energy * DRIFT_NUMERATOR // DRIFT_DENOMINATOR)
    trx = -(-with_drift * max(total_weight, 1) // total_limit)
    return max(trx * SUN_PER_TRX, DELEGATED_SUN_MIN)


def may_burn(cost: int, value: int) -> bool:
    """Whether a sweep of this value may pay for its energy with coins; both in units of the asset."""
    return value >= cost * BURN_VALUE_MIN
