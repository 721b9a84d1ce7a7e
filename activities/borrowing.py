"""BorrowingActivities: rows for delegations that somebody wants, and their workflows started or told.

Whoever plans lends nothing: every row is judged again by its own workflow, the network and the signer.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

from temporalio import activity

from domain.assets import Catalogue
from domain.delegations import BorrowWish, DelegationInput, DelegationPurpose
from domain.energy_rounds import EnergyReport, EnergyRoundResult, LentStake
from domain.ids import SLOTS
from domain.own_transfers import TransferInput
from domain.repairs import Restartable
from domain.rules import Policy
from domain.sends import SendKind
from ledger.delegations import (
    DelegationPlan,
    plan_delegation,
    recall_delegation,
    want_back,
)
from ledger.lent_energy import was_returned
from ledger.own_transfers import recall_transfer
from ledger.session import Sessions

SETTLING = timedelta(minutes=2)
"""A node may show a delegation a little longer than the block that ended it."""


class DelegationStarter(Protocol):
    """Starts and messages workflows by what they are started with; activities cannot see workflows."""

    async def start_again(self, owed: Restartable) -> bool:
        """Start its workflow unless it runs or has completed; raises TemporalUnavailable."""
        ...

    async def tell_transfer(self, transfer: TransferInput) -> None:
        """Tell its workflow, if it runs, that its rows have changed; raises TemporalUnavailable."""
        ...

    async def tell_delegation(self, delegation: DelegationInput) -> None:
        """The same for a delegation."""
        ...


@dataclass(frozen=True, slots=True)
class BorrowingActivities:
    """Plans delegations for a house; `house` books what belongs to no player's brand."""

    sessions: Sessions
    starter: DelegationStarter
    catalogue: Catalogue
    policy: Policy
    house: int

    @activity.defn
    async def borrow(self, wish: BorrowWish) -> DelegationInput | None:
        """Plan the energy that a sweep's address lacks, or find what is on its way; see that it runs.

        None while the address has another delegation that is not back.
        """
        async with self.sessions.begin() as session:
            sweep = await recall_transfer(session, wish.sweep_id)
            assert sweep.source is not None, sweep
            known = sweep.delegation
            if known is not None and (known.is_coming or known.is_usable):
                delegation: DelegationInput | None = DelegationInput(
                    delegation_id=known.delegation_id, network=sweep.network
                )
            else:
                plan = DelegationPlan(
                    purpose=DelegationPurpose.SWEEP,
                    network=sweep.network,
                    asset_id=self.catalogue.native(sweep.network).asset_id,
                    operator=sweep.operator,
                    slot=sweep.slot,
                    giver=wish.giver,
                    receiver=sweep.source,
                    sun=wish.sun,
                    energy=wish.energy,
                    fee_cap=self._fee_cap(sweep.network),
                    sweep_id=wish.sweep_id,
                )
                delegation = await plan_delegation(session, plan, datetime.now(UTC))
        if delegation is not None:
            await self.starter.start_again(delegation)
        return delegation

    @activity.defn
    async def tell_borrower(self, ref: DelegationInput) -> None:
        """Tell the sweep that a delegation is for; what is lost here costs it a timer."""
        async with self.sessions.begin() as session:
            facts = await recall_delegation(session, ref.delegation_id)
        if facts.sweep_id is not None:
            await self.starter.tell_transfer(
                TransferInput(transfer_id=facts.sweep_id, kind=SendKind.SWEEP, network=facts.network)
            )

    @activity.defn
    async def tell_lender(self, ref: DelegationInput) -> None:
        """Tell a delegation's workflow that somebody wants it back; if it does not run, start it."""
        await self._wake(ref)

    @activity.defn
    async def settle_round(self, report: EnergyReport) -> EnergyRoundResult:
        """Ask back what is overdue or has another size by now, and plan leftovers and standing stakes."""
        now = datetime.now(UTC)
        back = [*report.overdue, *report.changed]
        planned: list[DelegationInput] = []
        async with self.sessions.begin() as session:
            await want_back(session, back, now)
            for stake in report.leftovers:
                if await was_returned(session, report.network, stake.receiver, now - SETTLING):
                    continue
                activity.logger.error("0x%s was lent %s sun by no row", stake.receiver.hex(), stake.sun)
                plan = self._plan(DelegationPurpose.LEFTOVER, report.network, stake)
                planned += filter(None, [await plan_delegation(session, plan, now)])
            for stake in report.unlent:
                plan = self._plan(DelegationPurpose.STANDING, report.network, stake)
                planned += filter(None, [await plan_delegation(session, plan, now)])
        wanted = [DelegationInput(delegation_id=one, network=report.network) for one in back]
        for ref in (*wanted, *planned):
            activity.heartbeat(f"telling {ref.delegation_id}")
            await self._wake(ref)
        return EnergyRoundResult(
            planned=tuple(one.delegation_id for one in planned),
            asked_back=tuple(back),
            missing=report.missing,
        )

    async def _wake(self, ref: DelegationInput) -> None:
        if not await self.starter.start_again(ref):
            await self.starter.tell_delegation(ref)

    def _plan(self, purpose: DelegationPurpose, network: str, stake: LentStake) -> DelegationPlan:
        """One that is for no sweep: the house pays for it, and nobody waits for its energy."""
        return DelegationPlan(
            purpose=purpose,
            network=network,
            asset_id=self.catalogue.native(network).asset_id,
            operator=self.house,
            slot=stake.receiver[-1] % SLOTS,
            giver=stake.giver,
            receiver=stake.receiver,
            sun=stake.sun,
            energy=0,
            fee_cap=self._fee_cap(network),
        )

    def _fee_cap(self, network: str) -> int:
        terms = self.policy.transfer_terms_of(self.catalogue.native(network).asset_id)
        return 0 if terms is None else terms.fee_cap
