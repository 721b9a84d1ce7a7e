"""What a transaction may cost: energy with a margin, its own bytes, and an account it creates. All in sun.

Energy and prices are whole numbers throughout; the margin is a fraction of integers.
"""

from dataclasses import dataclass

from chains.codecs.tron import TronCodec, TronSigned, TronTransaction, reference_of
from chains.codecs.tron_contracts import Contract
from chains.tron.terms import Prices

ENERGY_MARGIN = (6, 5)
RESULT_BYTES = 64
"""Nodes count room for the result beside the bytes that were sent."""
PERMISSION_ID_MAX = 9
BLOCK_ID_BYTES = 32


@dataclass(frozen=True, slots=True)
class TronPolicy:
    """Bounds of one network: how long a transaction may wait for its block, and the most energy it may need.

    Near a maintenance, when prices and a contract's energy factor may change, less time than
    `lifetime_ms_min` would be left: nothing is planned then.
    """

    lifetime_ms: int = 120_000
    lifetime_ms_min: int = 30_000
    energy_max: int = 1_000_000


@dataclass(frozen=True, slots=True)
class Needs:
    """What a transaction takes at worst: energy as estimated, bandwidth in bytes, an account that is new."""

    energy: int
    bandwidth: int
    creates_account: bool = False


@dataclass(frozen=True, slots=True)
class Left:
    """What an account has left: energy, staked bandwidth, and what is free of bandwidth on this day."""

    energy: int
    staked_bandwidth: int
    free_bandwidth: int


def energy_allowed(estimate: int) -> int:
    """An estimate plus what state may change until it is executed, rounded up."""
    numerator, denominator = ENERGY_MARGIN
    return -(-estimate * numerator // denominator)


def bytes_of(contract: Contract, expires_ms: int, fee_limit: int) -> int:
    """Bandwidth of the transaction that will carry this contract, signed under any permission."""
    ref_block_bytes, ref_block_hash = reference_of(bytes(BLOCK_ID_BYTES))
    transaction = TronTransaction(
        ref_block_bytes=ref_block_bytes,
        ref_block_hash=ref_block_hash,
        expiration_ms=expires_ms,
        timestamp_ms=expires_ms,
        contract=contract,
        permission_id=PERMISSION_ID_MAX,
        fee_limit=fee_limit,
    )
    return len(TronCodec().encode(TronSigned(transaction, 0, 1, 1))) + RESULT_BYTES


def fee_bound(needs: Needs, prices: Prices) -> int:
    """The most that the whole transaction costs: nothing staked or free is counted on."""
    return energy_allowed(needs.energy) * prices.energy + _burnt_for_bytes(needs, prices, Left(0, 0, 0))


def expected_fee(needs: Needs, prices: Prices, left: Left) -> int:
    """What the transaction costs if nothing else of this account takes its resources before."""
    energy = max(0, needs.energy - left.energy)
    return energy * prices.energy + _burnt_for_bytes(needs, prices, left)


def _burnt_for_bytes(needs: Needs, prices: Prices, left: Left) -> int:
    if needs.creates_account:
        # A new account is paid for by staked bandwidth or by its own price, never by free bandwidth.
        return prices.activation + max(prices.account_bandwidth, needs.bandwidth * prices.bandwidth)
    if max(left.staked_bandwidth, left.free_bandwidth) >= needs.bandwidth:
        return 0
    return needs.bandwidth * prices.bandwidth
