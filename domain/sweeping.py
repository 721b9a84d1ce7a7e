"""When a sweep pays off: what an address holds, what moving it costs, and what it lacks for that.

Prices are the policy's ceilings, so a coin that became dearer never makes a sweep look cheap.
"""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from domain.assets import Asset, AssetKind
from domain.money import show_units
from domain.wire import Hex, Message, Units

RESERVE_NUMERATOR, RESERVE_DENOMINATOR = 11, 10
"""Gas is topped up, and kept back from a native sweep, with a tenth on top of what it costs now."""
PERMILLE = 1_000


class TransferTerms(Message):
    """What moving one asset between addresses of this house may cost.

    `minimum` is the least that is swept, in the asset's units; `fee_cap` bounds one transaction, in native
    units; `coin_price` is the most that one whole native coin may be worth, in the asset's units. The native
    coin is its own price.
    """

    asset_id: int
    minimum: Units
    fee_cap: Units
    coin_price: Units = 0


class SweepCosts(Message):
    """The part of its value that a sweep may cost, and after how long an idle address may cost more."""

    permille: int = 20
    idle_permille: int = 100
    idle_days: int = 7


class SweepVerdict(StrEnum):
    """What becomes of a planned sweep."""

    READY = "ready"
    FUND = "fund"
    LEND = "lend"
    DRY = "dry"
    SKIP = "skip"
    PARK = "park"


class SweepCode(StrEnum):
    """Why a sweep was skipped or parked."""

    DUST = "DUST"
    COST = "COST"
    FEE_CAP = "FEE_CAP"
    CANCELLED = "CANCELLED"
    DIFFERENCE = "DIFFERENCE"
    FOREIGN_NONCE = "FOREIGN_NONCE"
    REFUSED = "REFUSED"
    FUNDING_FAILED = "FUNDING_FAILED"
    LENDING_FAILED = "LENDING_FAILED"
    POOL_EMPTY = "POOL_EMPTY"


@dataclass(frozen=True, slots=True)
class SweepLook:
    """What rows and network say about one address at one final block, in units of `asset` and `native`.

    `booked` is what our rows count there, `held` what the network says; `coins` are native. `fee` is what
    the sweep costs at worst now, `top_up_fee` what a top-up costs; `tokens_due` counts the tokens that are
    worth a sweep there. `sent` counts our transactions of the address, `nonce` the
    network's, if it counts any.
    """

    asset: Asset
    native: Asset
    height: int
    booked: int
    held: int
    coins: int
    nonce: int | None
    sent: int
    idle: timedelta
    tokens_due: int
    fee: int
    top_up_fee: int
    refusal: str = ""
    funding_failed: bool = False
    lending_failed: bool = False

    @property
    def is_native(self) -> bool:
        return self.asset.kind is AssetKind.NATIVE

    @property
    def lacks_gas(self) -> bool:
        """Whether the address cannot pay for a token's transfer; a native sweep pays from its own amount."""
        return not self.is_native and self.coins < self.fee


class SweepEstimate(Message):
    """READY with amount and fee cap, FUND with the coins the address should hold, or why neither.

    LEND names the giver, the stake in sun and the energy it has to yield; DRY that nobody can lend it now.
    """

    verdict: SweepVerdict
    height: int
    amount: Units = 0
    fee_cap: Units = 0
    wanted: Units = 0
    code: SweepCode | None = None
    sentence: str | None = None
    giver: Hex | None = None
    sun: Units = 0
    energy: int = 0


class FundingEstimate(Message):
    """What a gas top-up has to bring; 0 when the address holds enough."""

    amount: Units
    fee_cap: Units
    height: int


def judge_sweep(look: SweepLook, terms: TransferTerms, costs: SweepCosts) -> SweepEstimate:
    """Decide one sweep from what was seen at a final block; a reason to park wins over everything."""
    return parked(look) or _skipped(look, terms, costs) or _wanted(look, terms)


def pays_off(look: SweepLook, cost: int, terms: TransferTerms, costs: SweepCosts) -> bool:
    """Whether `cost`, in native units, is within the part of the value that the policy allows."""
    is_idle = look.idle > timedelta(days=costs.idle_days)
    permille = costs.idle_permille if is_idle else costs.permille
    return cost_in_asset(cost, look.asset, look.native, terms) * PERMILLE <= look.booked * permille


def cost_in_asset(cost: int, asset: Asset, native: Asset, terms: TransferTerms) -> int:
    """Native units in units of the asset at the policy's ceiling, rounded up."""
    if asset == native:
        return cost
    return -(-cost * terms.coin_price // int(10**native.decimals))


def with_reserve(fee: int) -> int:
    """A fee with the reserve on top, rounded up."""
    return -(-fee * RESERVE_NUMERATOR // RESERVE_DENOMINATOR)


def judge_funding(*, coins: int, wanted: int, fee: int, fee_cap: int, height: int) -> FundingEstimate:
    """What a top-up has to bring to an address that holds `coins`; its fee stays under the policy's cap."""
    return FundingEstimate(
        amount=max(wanted - coins, 0), fee_cap=min(with_reserve(fee), fee_cap), height=height
    )


def parked(look: SweepLook) -> SweepEstimate | None:
    """Reasons to leave an address alone until people have looked at it."""
    if look.nonce is not None and look.nonce > look.sent:
        sentence = f"the address sent {look.nonce} transactions, {look.sent} of them ours"
        return ended(look, SweepVerdict.PARK, SweepCode.FOREIGN_NONCE, sentence)
    if look.held < look.booked:
        lacking = text_of(look.booked - look.held, look.asset)
        sentence = f"the address holds {lacking} less than was booked there"
        return ended(look, SweepVerdict.PARK, SweepCode.DIFFERENCE, sentence)
    if look.refusal:
        return ended(look, SweepVerdict.PARK, SweepCode.REFUSED, look.refusal)
    if look.funding_failed:
        return ended(look, SweepVerdict.PARK, SweepCode.FUNDING_FAILED, "its gas top-up was given up")
    if look.lending_failed:
        return ended(look, SweepVerdict.PARK, SweepCode.LENDING_FAILED, "nobody could lend it energy")
    return None


def ended(look: SweepLook, verdict: SweepVerdict, code: SweepCode, sentence: str) -> SweepEstimate:
    """A sweep that is not made now, with its reason."""
    return SweepEstimate(verdict=verdict, height=look.height, code=code, sentence=sentence)


def text_of(units: int, asset: Asset) -> str:
    """Units of an asset as people read them."""
    return f"{show_units(units, asset.decimals)} {asset.symbol}"


def _skipped(look: SweepLook, terms: TransferTerms, costs: SweepCosts) -> SweepEstimate | None:
    """Reasons to leave the coins where they are for now."""
    what = text_of(look.booked, look.asset)
    if look.booked < terms.minimum:
        return ended(look, SweepVerdict.SKIP, SweepCode.DUST, f"{what} is less than a sweep is made for")
    reserve = with_reserve(look.fee)
    if reserve > terms.fee_cap:
        sentence = f"a transaction costs {text_of(reserve, look.native)}, more than it may"
        return ended(look, SweepVerdict.SKIP, SweepCode.FEE_CAP, sentence)
    cost = look.fee + (look.top_up_fee if look.lacks_gas else 0)
    leaves_nothing = look.is_native and look.booked <= reserve
    if leaves_nothing or not pays_off(look, cost, terms, costs):
        sentence = f"moving {what} would cost {text_of(cost, look.native)}"
        return ended(look, SweepVerdict.SKIP, SweepCode.COST, sentence)
    return None


def _wanted(look: SweepLook, terms: TransferTerms) -> SweepEstimate:
    """What a sweep that pays off needs next: gas for all tokens that are due there, or nothing more."""
    reserve = with_reserve(look.fee)
    if look.lacks_gas:
        wanted = reserve * max(look.tokens_due, 1)
        return SweepEstimate(verdict=SweepVerdict.FUND, height=look.height, wanted=wanted)
    amount = look.booked - reserve if look.is_native else look.booked
    fee_cap = reserve if look.is_native else min(look.coins, terms.fee_cap)
    return SweepEstimate(verdict=SweepVerdict.READY, height=look.height, amount=amount, fee_cap=fee_cap)
