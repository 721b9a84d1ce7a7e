"""What the network charges now: its parameters, read at run time and never used across a maintenance."""

import logging
from collections.abc import Callable
from dataclasses import dataclass

from chains.answers import has, member, members
from chains.tron.answers import address_member, milliseconds, whole_member, whole_or_zero, wire
from chains.tron.client import HEAD_STORE, TronNode
from domain.onchain import Header

AGE_MS_MAX = 3_600_000
ENERGY_PRICE = "getEnergyFee"
BANDWIDTH_PRICE = "getTransactionFee"
ACTIVATION_PRICE = "getCreateNewAccountFeeInSystemContract"
ACCOUNT_BANDWIDTH_PRICE = "getCreateAccountFee"
FEE_LIMIT_MAX = "getMaxFeeLimit"
PARAMETERS = (ENERGY_PRICE, BANDWIDTH_PRICE, ACTIVATION_PRICE, ACCOUNT_BANDWIDTH_PRICE, FEE_LIMIT_MAX)

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Prices:
    """Sun per energy, per byte and per new account, until the maintenance at `until_ms`."""

    energy: int
    bandwidth: int
    activation: int
    account_bandwidth: int
    fee_limit_max: int
    until_ms: int


class PriceBook:
    """The prices of one network, kept for an hour at most, and the energy factors met so far."""

    def __init__(self, clock_ms: Callable[[], int]) -> None:
        self._clock_ms = clock_ms
        self._prices: Prices | None = None
        self._read_ms = 0
        self._factors: dict[bytes, tuple[int, int]] = {}  # contract: factor, maintenance it holds until

    async def prices(self, node: TronNode, head: Header) -> Prices:
        """Prices that hold for the block after this head."""
        now_ms, known = self._clock_ms(), self._prices
        if known is not None and now_ms - self._read_ms < AGE_MS_MAX and milliseconds(head) < known.until_ms:
            return known
        # The maintenance comes first: prices read after it may be newer than it says, never older.
        until_ms = await node.ask(
            lambda answer: whole_member(answer, "num"), f"{HEAD_STORE}/getnextmaintenancetime"
        )
        parameters = await node.ask(_parameters, f"{HEAD_STORE}/getchainparameters")
        self._prices, self._read_ms = _prices(parameters, until_ms), now_ms
        return self._prices

    async def watch_factor(self, node: TronNode, contract: bytes, prices: Prices) -> None:
        """Report a contract whose calls cost another multiple of energy than before the last maintenance."""
        seen, until_ms = self._factors.get(contract, (None, 0))
        if until_ms == prices.until_ms:
            return
        factor = await node.ask(
            lambda answer: _factor(answer, contract),
            f"{HEAD_STORE}/getcontractinfo",
            {"value": wire(contract)},
        )
        if seen is not None and factor != seen:
            logger.warning(
                "the energy factor of contract %s went from %d to %d", contract.hex(), seen, factor
            )
        self._factors[contract] = factor, prices.until_ms


def _prices(parameters: dict[str, int], until_ms: int) -> Prices:
    return Prices(
        energy=parameters[ENERGY_PRICE],
        bandwidth=parameters[BANDWIDTH_PRICE],
        activation=parameters[ACTIVATION_PRICE],
        account_bandwidth=parameters[ACCOUNT_BANDWIDTH_PRICE],
        fee_limit_max=parameters[FEE_LIMIT_MAX],
        until_ms=until_ms,
    )


def _parameters(answer: object) -> dict[str, int]:
    """All parameters by name; each that is used must be named, its value may be left out as zero."""
    found: dict[str, int] = {}
    for entry in members(answer, "chainParameter"):
        name = member(entry, "key")
        if name in PARAMETERS:
            found[str(name)] = whole_or_zero(entry, "value")
    missing = [name for name in PARAMETERS if name not in found]
    if missing:
        raise ValueError(f"parameters are missing: {', '.join(missing)}")
    return found


def _factor(answer: object, contract: bytes) -> int:
    """How much more energy a contract costs, in ten-thousandths; left out where it is nothing."""
    if address_member(member(answer, "smart_contract"), "contract_address") != contract:
        raise ValueError("another contract came instead")
    state = member(answer, "contract_state") if has(answer, "contract_state") else {}
    return whole_or_zero(state, "energy_factor")
