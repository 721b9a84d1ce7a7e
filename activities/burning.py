"""Burning: a plan of a hot wallet runs on staked energy, or on coins while the day's budget has room."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from chains.gateway import EnergyReader
from domain.energy import admit_burning, burns_of
from domain.sends import SendKind, SendOrder, SendPlan, SimulationVerdict
from ledger.burning import burning_books, hold_budget

DAY = timedelta(hours=24)
FROM_HOT_WALLETS = {SendKind.WITHDRAWAL, SendKind.REFILL, SendKind.TO_COLD}


@dataclass(frozen=True, slots=True)
class Burning:
    """The budget of one network; `day_max` is sun in 24 hours."""

    network: str
    reader: EnergyReader
    day_max: int

    async def energy_left(self, order: SendOrder, plan: SendPlan) -> int | None:
        """What energy the wallet of a plan may use now; None for a plan that is not counted."""
        is_counted = order.kind in FROM_HOT_WALLETS and plan.verdict is SimulationVerdict.PASSES
        if not is_counted or not plan.gas_limit:
            return None
        return (await self.reader.resources(order.wallet)).energy_left

    async def admit(self, session: AsyncConnection, order: SendOrder, plan: SendPlan, left: int) -> SendPlan:
        """The plan with what it may burn; raises EnergyPoolEmpty beyond the budget.

        Plans of a network count one after the other until the transaction ends that stores them.
        """
        await hold_budget(session, self.network)
        since = datetime.now(UTC) - DAY
        books = await burning_books(session, self.network, order.wallet, order.send_id, since)
        burns = burns_of(
            left=left, in_flight=books.in_flight, allowed=plan.gas_limit, price=int(plan.max_fee)
        )
        if burns:
            admit_burning(
                self.network,
                burns=burns,
                burnt=books.burnt,
                promised=books.promised,
                day_max=self.day_max,
            )
        return plan.model_copy(update={"burns": burns})
