"""Scenes of sweeps, moves and top-ups whose histories are golden."""

from domain.ids import SLOTS
from domain.own_transfers import TransferState
from domain.sends import SendKind
from domain.withdrawals import WithdrawalState
from ledger.own_transfers import TransferPlan
from tests.support.ledger_database import COIN, NETWORK, TOKEN
from tests.support.recorder import Recorder
from tests.support.world import World
from tests.support.world_buttons import attribute
from tests.support.world_house import ETHER, OPERATOR
from tests.support.world_transfers import ended, plan_round, planned, transfers_at
from workflows.names import (
    STATE,
    funding_workflow_id,
    hot_wallet_workflow_id,
    move_workflow_id,
    planner_id,
    sweep_workflow_id,
)


class TransferScenes(Recorder[World]):
    """Coins between our own addresses, and coins that people bring."""

    async def swept(self) -> None:
        address = await self.people.address(await self.people.register())
        await self.people.credited(self.people.pay_in(address, 100 * 10**6, TOKEN))
        await plan_round(self.world, workflow_id=planner_id())
        (sweep,) = await transfers_at(self.world, SendKind.SWEEP, address)
        await ended(self.world, sweep, TransferState.SETTLED)
        (top_up,) = await transfers_at(self.world, SendKind.GAS, address)
        for scenario, workflow_id in (
            ("planned", planner_id()),
            ("funded", sweep_workflow_id(sweep.transfer_id)),
            ("topped_up", funding_workflow_id(top_up.transfer_id)),
        ):
            await self.keep(scenario, self.world.money, workflow_id)

    async def moved(self) -> None:
        source, payee = self.world.keys.wallets[:2]
        plan = TransferPlan(
            kind=SendKind.REFILL,
            network=NETWORK,
            asset_id=COIN.asset_id,
            operator=OPERATOR,
            slot=source[-1] % SLOTS,
            policy_version=1,
            wanted=ETHER,
            source=source,
            payee=payee,
        )
        move = await planned(self.world, plan)
        await ended(self.world, move, TransferState.SETTLED)
        await self.keep("refilled", self.world.money, move_workflow_id(move.transfer_id))

    async def topped_up(self) -> None:
        """In a poor world: a withdrawal waits until somebody sends what the keeper asks for."""
        wish = self.people.wish(await self.people.rich_player(), 5 * ETHER)
        await self.people.withdraw(wish)
        keeper = hot_wallet_workflow_id(NETWORK, COIN.symbol)

        async def is_dry() -> bool:
            return await attribute(self.world.money, keeper, STATE) == "dry"

        await self.world.until(is_dry, "the level dry")
        self.people.pay_in(self.world.keys.wallets[0], 5 * ETHER)
        await self.people.ended(wish, WithdrawalState.SETTLED)
        await self.keep("topped_up", self.world.money, keeper)
