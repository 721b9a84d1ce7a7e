"""What outbids a pooled transaction of the same nonce: more of both fees, never more than the send's cap."""

from dataclasses import dataclass

from chains.codecs.evm import EvmTransaction
from domain.errors import FeeAboveCap
from domain.sends import TxPurpose

PLAIN_TRANSFER_GAS = 21_000
REPLACEMENT = (9, 8)
"""Nodes demand ten per cent more of both fees; 112.5 % and one unit stay clear of their rounding."""


@dataclass(frozen=True, slots=True)
class Fees:
    """Fees per gas of one transaction, in the smallest native unit."""

    max_fee: int
    max_priority_fee: int


def outbid(market: Fees, last: EvmTransaction, gas_limit: int, fee_cap: int) -> Fees:
    """The market's fees, or what nodes demand above those of `last` if that is more; whole gas under the cap.

    Raises FeeAboveCap if the least that replaces `last` would not fit.
    """
    least = Fees(_raised(last.max_fee), _raised(last.max_priority_fee))
    if least.max_fee * gas_limit > fee_cap:
        raise FeeAboveCap(least.max_fee * gas_limit, fee_cap)
    max_fee = max(least.max_fee, min(market.max_fee, fee_cap // gas_limit))
    return Fees(max_fee, min(max_fee, max(least.max_priority_fee, market.max_priority_fee)))


def replacement_gas(purpose: TxPurpose, last: EvmTransaction) -> int:
    """The gas of a replacement: a bump repeats the call, a cancel is a plain transfer to oneself."""
    assert purpose is not TxPurpose.PAY, purpose
    return PLAIN_TRANSFER_GAS if purpose is TxPurpose.CANCEL else last.gas_limit


def _raised(fee: int) -> int:
    numerator, denominator = REPLACEMENT
    return -(-fee * numerator // denominator) + 1
