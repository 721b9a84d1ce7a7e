"""What a transaction may cost: fees from recent blocks, gas with margins, both under the send's cap.

All amounts are wei; gas and fees are whole numbers throughout, margins are fractions of integers.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median_low

from chains.replacing import Fees
from domain.errors import FeeAboveCap

BASE_FEE_HEADROOM = 2
TOKEN_MARGIN = (125, 100)
CONTRACT_MARGIN = (120, 100)
FEE_HISTORY_BLOCKS = 10
FEE_HISTORY_PERCENTILE = 50


@dataclass(frozen=True, slots=True)
class FeePolicy:
    """Bounds of one network: the least tip to offer (wei per gas) and the most gas a payment may need.

    A first variant is given `patience_seconds`, each later one `patience_again_seconds`, and in any case
    `patience_blocks`, before it is outbid.
    """

    tip_floor: int = 100_000_000
    gas_limit_max: int = 500_000
    patience_seconds: int = 45
    patience_again_seconds: int = 15
    patience_blocks: int = 3


def choose_fees(base_fee: int, tips: Sequence[int], policy: FeePolicy) -> Fees:
    """Fees for the next blocks: twice the base fee plus the median tip of recent blocks that had any."""
    paid = [tip for tip in tips if tip > 0]
    tip = max(median_low(paid) if paid else 0, policy.tip_floor)
    return Fees(BASE_FEE_HEADROOM * base_fee + tip, tip)


def fit_under_cap(fees: Fees, base_fee: int, gas_limit: int, fee_cap: int) -> Fees:
    """The same fees, lowered so that the whole gas costs at most the cap.

    Raises FeeAboveCap if not even the present base fee and the tip would fit.
    """
    max_fee = min(fees.max_fee, fee_cap // gas_limit)
    needed = base_fee + fees.max_priority_fee
    if max_fee < needed:
        raise FeeAboveCap(needed * gas_limit, fee_cap)
    return Fees(max_fee, fees.max_priority_fee)


def with_margin(gas: int, *, is_token: bool) -> int:
    """An estimate plus what state may change until it is executed, rounded up."""
    numerator, denominator = TOKEN_MARGIN if is_token else CONTRACT_MARGIN
    return -(-gas * numerator // denominator)
