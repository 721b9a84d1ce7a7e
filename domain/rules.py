"""The rules engine: a policy and the facts of one call give one decision.

`evaluate` is total: what no tier allows is refused. A later policy version never changes a recorded decision.
"""

from dataclasses import dataclass
from enum import IntEnum

from domain.sweeping import SweepCosts, TransferTerms
from domain.wire import Message, Units


class Verdict(IntEnum):
    """Outcome of the rules, in rising severity; the number is the one stored in decision rows."""

    ALLOW = 1
    REVIEW = 2
    REFUSE = 3


class AmountTier(Message):
    """Bounds for one asset in its units: up to `allow` at once, to `review` by a person, above refused."""

    asset_id: int
    allow: Units
    review: Units


class WithdrawalTerms(Message):
    """What a withdrawal of one asset costs the player (asset units) and may cost us (native units)."""

    asset_id: int
    minimum: Units
    fee: Units
    network_fee_cap: Units


class CreditTier(Message):
    """Deposits up to `up_to` units are playable at this many confirmations, before they are final."""

    up_to: Units
    confirmations: int


class DepositTerms(Message):
    """What becomes of a deposit of one asset, amounts in its units.

    Below `minimum` nobody is credited. Without `early` tiers every deposit waits for its final block; with
    them a small one is credited provisionally, while the final block is at most `final_lag_max` seconds
    older than the newest. It can be withdrawn `unlock_after` blocks after it is final. Above `review_above` a
    person looks first.
    """

    asset_id: int
    minimum: Units
    early: tuple[CreditTier, ...] = ()
    final_lag_max: int = 1_800
    unlock_after: int = 0
    review_above: Units | None = None


class StakeBounds(Message):
    """The smallest and largest stake of one asset, in its units."""

    asset_id: int
    minimum: Units
    maximum: Units


class Policy(Message):
    """One version of all rules. Assets without an entry are refused."""

    version: int
    withdrawal_tiers: tuple[AmountTier, ...] = ()
    withdrawal_terms: tuple[WithdrawalTerms, ...] = ()
    deposit_terms: tuple[DepositTerms, ...] = ()
    stake_bounds: tuple[StakeBounds, ...] = ()
    transfer_terms: tuple[TransferTerms, ...] = ()
    sweep_costs: SweepCosts = SweepCosts()

    def terms_of(self, asset_id: int) -> WithdrawalTerms | None:
        return next((terms for terms in self.withdrawal_terms if terms.asset_id == asset_id), None)

    def deposit_terms_of(self, asset_id: int) -> DepositTerms:
        listed = (terms for terms in self.deposit_terms if terms.asset_id == asset_id)
        return next(listed, DepositTerms(asset_id=asset_id, minimum=1))

    def deposit_minimum(self, asset_id: int) -> int:
        return self.deposit_terms_of(asset_id).minimum

    def transfer_terms_of(self, asset_id: int) -> TransferTerms | None:
        return next((terms for terms in self.transfer_terms if terms.asset_id == asset_id), None)

    def bounds_of(self, asset_id: int) -> StakeBounds | None:
        return next((bounds for bounds in self.stake_bounds if bounds.asset_id == asset_id), None)


@dataclass(frozen=True, slots=True)
class Decision:
    """What the rules said and why; `policy_version` says which rules."""

    verdict: Verdict
    reasons: tuple[str, ...]
    policy_version: int


@dataclass(frozen=True, slots=True)
class WithdrawalCall:
    """The facts of a withdrawal that the rules look at; amount in the asset's units."""

    asset_id: int
    amount: int


@dataclass(frozen=True, slots=True)
class BetCall:
    """The facts of a bet that the rules look at; stake in the asset's units."""

    asset_id: int
    stake: int


def evaluate_withdrawal(policy: Policy, call: WithdrawalCall) -> Decision:
    """Decide one withdrawal: the severest rule wins, and an asset without a tier is refused."""
    tier = next((tier for tier in policy.withdrawal_tiers if tier.asset_id == call.asset_id), None)
    terms = policy.terms_of(call.asset_id)
    if tier is None or terms is None:
        return Decision(Verdict.REFUSE, ("NO_TIER",), policy.version)
    if call.amount < terms.minimum:
        return Decision(Verdict.REFUSE, ("BELOW_MINIMUM",), policy.version)
    if call.amount <= tier.allow:
        return Decision(Verdict.ALLOW, (), policy.version)
    if call.amount <= tier.review:
        return Decision(Verdict.REVIEW, ("AMOUNT_TIER",), policy.version)
    return Decision(Verdict.REFUSE, ("ABOVE_MAXIMUM",), policy.version)


def evaluate_bet(policy: Policy, call: BetCall) -> Decision:
    """Decide one bet by the stake bounds of its asset."""
    bounds = policy.bounds_of(call.asset_id)
    if bounds is None:
        return Decision(Verdict.REFUSE, ("NO_BOUNDS",), policy.version)
    if call.stake < bounds.minimum:
        return Decision(Verdict.REFUSE, ("BELOW_MINIMUM",), policy.version)
    if call.stake > bounds.maximum:
        return Decision(Verdict.REFUSE, ("ABOVE_MAXIMUM",), policy.version)
    return Decision(Verdict.ALLOW, (), policy.version)
