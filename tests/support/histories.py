"""Histories of a release, kept for later ones: `python -m tests.support.histories` plays and writes them.

Each scenario is played in a real world; what names the machine it ran on is taken out before it is kept.
"""

import asyncio
from pathlib import Path

from devstack.postgres import Postgres
from devstack.runs import open_run
from domain.deposits import DepositState
from domain.ids import operator_of_player
from domain.rules import CreditTier
from tests.support.ledger_database import NETWORK
from tests.support.scenes_lending import LendingScenes
from tests.support.scenes_transfers import TransferScenes
from tests.support.scenes_withdrawals import WithdrawalScenes
from tests.support.world import Terms, running_world
from tests.support.world_buttons import terminate
from tests.support.world_house import ETHER, FAMILY, OPERATOR
from tests.support.world_lending import lending_house
from tests.support.world_repairs import search
from workers.running import finish, leave
from workflows.names import (
    address_pool_workflow_id,
    address_workflow_id,
    bet_workflow_id,
    feed_workflow_id,
    player_workflow_id,
    seed_rotation_workflow_id,
    stuck_finder_id,
    withdrawal_workflow_id,
)

POOR = Terms(wallets=1, coins=ETHER)
LENT_AFTER = 3
LENDING = Terms(
    early=(CreditTier(up_to=ETHER, confirmations=LENT_AFTER),), finality_depth=6, final_seconds_max=60
)


class Scenes(WithdrawalScenes, TransferScenes):
    """Plays scenarios and keeps their histories under workflow type and scenario."""

    async def play(self) -> None:
        """Every scenario once."""
        for scene in (
            self.registered,
            self.played,
            self.credited,
            self.paid,
            self.reviewed,
            self.cancelled,
            self.paused,
            self.answer_lost,
            self.outbid,
            self.cancelled_by_self_send,
            self.tried_again,
            self.refunded,
            self.orphaned,
            self.swept,
            self.moved,
            self.followed,
            self.searched,
        ):
            await scene()

    async def registered(self) -> None:
        player = await self.people.register("anna")
        await self.people.address(player)
        money = self.world.money
        await self.keep("registered", money, player_workflow_id(OPERATOR, "anna"))
        await self.keep("given", money, address_workflow_id(player, FAMILY))

    async def played(self) -> None:
        player, poor = await self.people.rich_player(), await self.people.register()
        for scenario, bet in (("played", self.people.bet(player)), ("declined", self.people.bet(poor))):
            await self.people.play(bet)
            await self.keep(
                scenario, self.world.bets, bet_workflow_id(operator_of_player(bet.player), bet.bet_id)
            )
        await self.people.rotate(player, "turn", "my-seed")
        await self.keep("turned", self.world.bets, seed_rotation_workflow_id(player, "turn"))

    async def credited(self) -> None:
        address = await self.people.address(await self.people.register())
        for scenario, units in (("credited", ETHER), ("dust", 5)):
            paid = self.people.pay_in(address, units)
            await self.people.credited(paid)
            await self.world.money.get_workflow_handle(paid.workflow_id).result()
            await self.keep(scenario, self.world.money, paid.workflow_id)

    async def orphaned(self) -> None:
        """A deposit whose block leaves the chain before it is final, and comes back in another."""
        address = await self.people.address(await self.people.register())
        self.world.is_still = True
        paid = self.people.pay_in(address, ETHER)
        self.world.chain.mine(2)
        await self.people.deposit_until(paid, lambda facts: facts.state is DepositState.CONFIRMING)
        self.world.chain.reorg(2, reinject=True)
        await self.people.deposit_until(paid, lambda facts: facts.state is DepositState.ORPHANED)
        self.world.is_still = False
        await self.people.credited(paid)
        await self.world.money.get_workflow_handle(paid.workflow_id).result()
        await self.keep("orphaned", self.world.money, paid.workflow_id)

    async def reversed(self) -> None:
        """In a world that lends: credited early, taken back with its block, credited again."""
        address = await self.people.address(await self.people.register())
        self.world.is_still = True
        paid = self.people.pay_in(address, ETHER)
        self.world.chain.mine(LENT_AFTER)
        await self.people.credited(paid)
        self.world.chain.reorg(LENT_AFTER, reinject=True)
        await self.people.deposit_until(paid, lambda facts: facts.returns == 1)
        self.world.is_still = False
        await self.people.deposit_until(paid, lambda facts: facts.credits > 1 and not facts.is_locked)
        await self.world.money.get_workflow_handle(paid.workflow_id).result()
        await self.keep("reversed", self.world.money, paid.workflow_id)

    async def followed(self) -> None:
        await self.keep("followed", self.world.money, feed_workflow_id(NETWORK))
        await self.keep("filled", self.world.money, address_pool_workflow_id(FAMILY))

    async def searched(self) -> None:
        wish = self.people.wish(await self.people.rich_player(), 11 * ETHER)
        await self.people.withdraw(wish)
        await terminate(self.world.money, withdrawal_workflow_id(wish.withdrawal_id))
        await search(self.world.money, workflow_id=stuck_finder_id())
        await self.keep("searched", self.world.money, stuck_finder_id())


async def record(postgres: Postgres, directory: Path) -> None:
    """Play all scenarios in a fresh world and write their histories."""
    async with running_world(postgres, directory, Terms()) as world:
        await Scenes(world).play()
    async with running_world(postgres, directory, POOR) as world:
        await Scenes(world).topped_up()
    async with running_world(postgres, directory, LENDING) as world:
        await Scenes(world).reversed()
    await record_lending(postgres, directory)
    await finish()


async def record_lending(postgres: Postgres, directory: Path) -> None:
    """In a world whose network lends energy: a stake goes to a hot wallet and comes back."""
    async with lending_house(postgres, directory) as world:
        await LendingScenes(world).lent_and_back()


def main() -> None:
    """Record on a database server of its own."""
    run = open_run("histories")
    postgres = Postgres(run.path / "postgres")
    try:
        postgres.start()
        asyncio.run(record(postgres, run.path))
    finally:
        postgres.stop()
        run.close()
    leave(0)


if __name__ == "__main__":
    main()
