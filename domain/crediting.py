"""When a deposit is playable and when it is withdrawable: thresholds, caps, and what they hold back.

Credit below the final block is a loan on the network's word: bounded per player, per block and per asset, and
locked until the network cannot take it back. Source: the confirmation policy of the chain design.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from domain.errors import Rejected
from domain.rules import DepositTerms

BLOCK_CAP_TIMES = 5
"""Early credit of one block, as a multiple of the largest early tier."""
ASSET_CAP_TIMES = 20
"""Early credit of one asset on its network, as a multiple of the largest early tier."""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Confirmations that make a deposit playable (None: only final does) and blocks from final to unlock."""

    confirmations: int | None
    unlock_after: int


@dataclass(frozen=True, slots=True)
class EarlyCredit:
    """Units credited before they were final and not unlocked so far: of a player, a block, an asset."""

    player: int
    block: int
    asset: int


@dataclass(frozen=True, slots=True)
class Restraints:
    """What holds a player's balance of one asset back, in its units; `debts` are per asset."""

    available: int
    locked: int
    debts: Mapping[str, int]


class FundsLocked(Rejected, code="FUNDS_LOCKED"):
    """A balance that may be played with and not taken out, until its deposits are final."""

    def __init__(self, asset: str, locked: int) -> None:
        super().__init__(
            f"{locked} units of the balance in {asset} can be withdrawn once their deposit is final.",
            asset=asset,
            locked=locked,
        )


class DebtOpen(Rejected, code="DEBT_OPEN"):
    """A player who spent a deposit that its network took back, and has not repaid it."""

    def __init__(self, asset: str, units: int) -> None:
        super().__init__(
            f"{units} units of {asset} are owed for a deposit that its network took back.",
            asset=asset,
            units=units,
        )


def thresholds_for(terms: DepositTerms, amount: int) -> Thresholds:
    """The thresholds of a deposit of this amount: those of the smallest tier that covers it."""
    covering = [tier for tier in terms.early if amount <= tier.up_to]
    tier = min(covering, key=lambda tier: tier.up_to, default=None)
    confirmations = None if tier is None else max(tier.confirmations, 1)
    return Thresholds(confirmations, max(terms.unlock_after, 0))


def tighter(first: Thresholds, second: Thresholds) -> Thresholds:
    """The later of two credits and the later of two unlocks; a policy may only tighten a judged deposit."""
    depths = (first.confirmations, second.confirmations)
    later = None if None in depths else max(depth for depth in depths if depth is not None)
    return Thresholds(later, max(first.unlock_after, second.unlock_after))


def has_room(terms: DepositTerms, amount: int, credited: EarlyCredit) -> bool:
    """Whether one more early credit of this amount stays inside all three caps."""
    bound = max((tier.up_to for tier in terms.early), default=0)
    return (
        credited.player + amount <= bound
        and credited.block + amount <= BLOCK_CAP_TIMES * bound
        and credited.asset + amount <= ASSET_CAP_TIMES * bound
    )


def repayment(debt: int, available: int, locked: int) -> int:
    """How much of a debt the balance can repay now: what is locked may yet be taken back itself."""
    return max(min(debt, available - locked), 0)


def withheld(asset: str, wanted: int, restraints: Restraints) -> Rejected | None:
    """Why a balance that covers `wanted` (amount and fee) may not leave; None if nothing holds it back."""
    debt = next((owed for owed in restraints.debts if restraints.debts[owed] > 0), None)
    if debt is not None:
        return DebtOpen(debt, restraints.debts[debt])
    is_covered = restraints.available >= wanted
    if is_covered and restraints.available - wanted < restraints.locked:
        return FundsLocked(asset, restraints.locked)
    return None
