"""The scene of lent energy whose histories are golden."""

from tests.support.recorder import Recorder
from tests.support.world_lending import LendingHouse, held, returned, workflow_of
from workflows.names import energy_round_id


class LendingScenes(Recorder[LendingHouse]):
    """Stake that goes to a hot wallet, and comes back when the house wants none lent any more."""

    def __init__(self, world: LendingHouse) -> None:
        super().__init__(world)
        self.house = world

    async def lent_and_back(self) -> None:
        """Two rounds: one plans the stake, one asks it back."""
        (planned,) = (await self.house.round(workflow_id=energy_round_id(self.house.place.network))).planned
        await held(self.house, planned)
        await self.house.round(standing_sun=0)
        await returned(self.house, planned)
        await self.keep("planned", self.house.money, energy_round_id(self.house.place.network))
        await self.keep("lent_and_back", self.house.money, workflow_of(planned))
