"""The scenes of lent energy whose histories are golden."""

from domain.own_transfers import TransferState
from domain.sends import SendKind
from tests.support.recorder import Recorder
from tests.support.world_lending import LendingHouse, held, returned, workflow_of
from tests.support.world_transfers import ended, plan_round, transfers_at
from tests.support.world_tron import SUN
from workflows.names import energy_round_id, sweep_workflow_id


class LendingScenes(Recorder[LendingHouse]):
    """Stake that goes to a hot wallet for good, or to an address for its sweep, and comes back."""

    def __init__(self, world: LendingHouse) -> None:
        super().__init__(world)
        self.house = world

    async def lent_and_back(self) -> None:
        """Two rounds: one plans the stake, one asks it back."""
        (planned,) = (await self.house.round(workflow_id=energy_round_id(self.house.place.network))).planned
        await held(self.house, planned)
        await self.house.round(standing_sun=0)
        await returned(self.house, planned)
        await self.swept()
        await self.keep("planned", self.house.money, energy_round_id(self.house.place.network))
        await self.keep("lent_and_back", self.house.money, workflow_of(planned))

    async def swept(self) -> None:
        """Tokens at a fresh address: activated, lent energy, swept, given back."""
        address = await self.people.address(await self.people.register())
        await self.people.credited(self.people.pay_in(address, 500 * SUN, self.house.place.token))
        await plan_round(self.house)
        (sweep,) = await transfers_at(self.house, SendKind.SWEEP, address)
        await ended(self.house, sweep, TransferState.SETTLED)
        await self.keep("on_energy", self.house.money, sweep_workflow_id(sweep.transfer_id))
