"""Histories of a release, kept for later ones: `python -m tests.support.histories` plays and writes them.

Each scenario is played in a real world; what names the machine it ran on is taken out before it is kept.
"""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from devstack.postgres import Postgres
from devstack.runs import open_run
from domain.ids import operator_of_player
from domain.withdrawals import ReviewVerb, WithdrawalInput, WithdrawalState
from tests.support.history_keeping import Keeper
from tests.support.history_troubles import LENDING, Troubles
from tests.support.ledger_database import COIN, NETWORK
from tests.support.world import Terms, running_world
from tests.support.world_buttons import attribute, terminate
from tests.support.world_house import ETHER, FAMILY, OPERATOR
from tests.support.world_repairs import search
from workers.running import finish, leave
from workflows.names import (
    REASON,
    STATE,
    SignalName,
    address_pool_workflow_id,
    address_workflow_id,
    bet_workflow_id,
    feed_workflow_id,
    hot_wallet_workflow_id,
    player_workflow_id,
    seed_rotation_workflow_id,
    stuck_finder_id,
    withdrawal_workflow_id,
)

POOR = Terms(wallets=1, coins=ETHER)


class Recorder(Keeper):
    """Plays what every house sees each day, and what it waits for."""

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

    async def paid(self) -> None:
        wish = self.people.wish(await self.people.rich_player())
        await self._ended("paid", wish, WithdrawalState.SETTLED, _nothing)

    async def reviewed(self) -> None:
        wish = self.people.wish(await self.people.rich_player(), 11 * ETHER)
        await self._ended(
            "reviewed", wish, WithdrawalState.SETTLED, lambda: self.people.review(wish, ReviewVerb.APPROVE)
        )

    async def cancelled(self) -> None:
        wish = self.people.wish(await self.people.rich_player(), 11 * ETHER)
        await self._ended("cancelled", wish, WithdrawalState.CANCELLED, lambda: self.people.cancel(wish))

    async def paused(self) -> None:
        wish = self.people.wish(await self.people.rich_player())
        workflow_id = withdrawal_workflow_id(wish.withdrawal_id)
        with self.world.database.raw() as connection:
            connection.execute("INSERT INTO signer.switches (scope, why) VALUES ('any', 'a test')")

        async def resume() -> None:
            async def is_paused() -> bool:
                return await attribute(self.world.money, workflow_id, REASON) == "PAUSED"

            await self.world.until(is_paused, "the reason PAUSED")
            with self.world.database.raw() as connection:
                connection.execute("DELETE FROM signer.switches")
            await self.world.money.get_workflow_handle(workflow_id).signal(SignalName.RETRY_NOW, "anna")

        await self._ended("paused", wish, WithdrawalState.SETTLED, resume)

    async def answer_lost(self) -> None:
        wish = self.people.wish(await self.people.rich_player())
        self.world.mischief.lose_answer(withdrawal_workflow_id(wish.withdrawal_id), "sign")
        await self._ended("answer_lost", wish, WithdrawalState.SETTLED, _nothing)

    async def followed(self) -> None:
        await self.keep("followed", self.world.money, feed_workflow_id(NETWORK))
        await self.keep("filled", self.world.money, address_pool_workflow_id(FAMILY))

    async def searched(self) -> None:
        wish = self.people.wish(await self.people.rich_player(), 11 * ETHER)
        await self.people.withdraw(wish)
        await terminate(self.world.money, withdrawal_workflow_id(wish.withdrawal_id))
        await search(self.world.money, workflow_id=stuck_finder_id())
        await self.keep("searched", self.world.money, stuck_finder_id())

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

    async def _ended(
        self,
        scenario: str,
        wish: WithdrawalInput,
        state: WithdrawalState,
        then: Callable[[], Awaitable[object]],
    ) -> None:
        await self.people.withdraw(wish)
        await then()
        await self.people.ended(wish, state)
        await self.keep(scenario, self.world.money, withdrawal_workflow_id(wish.withdrawal_id))


async def record(postgres: Postgres, directory: Path) -> None:
    """Play all scenarios in a fresh world and write their histories."""
    async with running_world(postgres, directory, Terms()) as world:
        await Recorder(world).play()
    async with running_world(postgres, directory, Terms()) as world:
        await Troubles(world).play()
    async with running_world(postgres, directory, POOR) as world:
        await Recorder(world).topped_up()
    async with running_world(postgres, directory, LENDING) as world:
        await Troubles(world).reversed()
    await finish()


async def _nothing() -> None:
    return


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
