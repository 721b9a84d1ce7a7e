"""EnergyActivities: what a network shows of lent energy, at one address or beside all of our rows."""

from collections.abc import Mapping
from dataclasses import dataclass

from temporalio import activity

from chains.gateway import EnergyReader
from domain.delegations import DelegationInput, DelegationPurpose
from domain.energy import Lent
from domain.energy_rounds import EnergyReport, EnergyRound, OpenStake, compare
from ledger.delegations import recall_delegation
from ledger.lent_energy import borrowers_of, givers_of, open_delegations
from ledger.session import Sessions


@dataclass(frozen=True, slots=True)
class EnergyActivities:
    """Looks; it changes nothing, and whoever acts on its answers checks the rows again."""

    sessions: Sessions
    readers: Mapping[str, EnergyReader]

    @activity.defn
    async def see_energy(self, ref: DelegationInput) -> bool:
        """Whether the receiver of an open delegation has the energy it was lent."""
        async with self.sessions.begin() as session:
            facts = await recall_delegation(session, ref.delegation_id)
        has = await self.readers[ref.network].resources(facts.receiver)
        return has.energy_left >= facts.energy

    @activity.defn
    async def compare_delegations(self, wanted: EnergyRound) -> EnergyReport:
        """Compare the rows of a network with its own index, and see what its hot wallets lack."""
        async with self.sessions.begin() as session:
            rows = await open_delegations(session, wanted.network)
            givers = await givers_of(session, wanted.network)
            hot = await borrowers_of(session, wanted.network)
        reader = self.readers[wanted.network]
        shown: list[Lent] = []
        lendable: dict[bytes, int] = {}
        for giver in sorted({*givers, *(row.giver for row in rows)}):
            activity.heartbeat(f"0x{giver.hex()}")
            shown += await reader.delegations(giver)
            if giver in givers:
                lendable[giver] = await reader.lendable(giver) - givers[giver]
        stakes = [
            OpenStake(
                delegation_id=row.delegation.delegation_id,
                giver=row.giver,
                receiver=row.receiver,
                sun=row.sun,
                is_shown=row.is_shown,
                is_overdue=row.is_overdue,
                is_standing=row.purpose is DelegationPurpose.STANDING,
            )
            for row in rows
        ]
        report = compare(wanted, stakes, shown, hot=hot, lendable=lendable)
        for missing in report.missing:
            activity.logger.error(
                "delegation %s is open by its row, but %s does not show it", missing, wanted.network
            )
        return report
