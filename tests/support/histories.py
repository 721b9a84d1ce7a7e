"""Histories of a release, kept for later ones: `python -m tests.support.histories` plays and writes them.

Each scenario is played in a real world; what names the machine it ran on is taken out before it is kept.
"""

import asyncio
import json
import tomllib
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from temporalio.client import Client

from devstack.postgres import Postgres
from devstack.runs import CHECKOUT, open_run
from domain.ids import SLOTS, operator_of_player
from domain.own_transfers import TransferState
from domain.sends import SendKind
from domain.withdrawals import ReviewVerb, WithdrawalInput, WithdrawalState
from ledger.own_transfers import TransferPlan
from tests.support.ledger_database import COIN, NETWORK, TOKEN
from tests.support.world import Terms, World, running_world
from tests.support.world_buttons import attribute, terminate
from tests.support.world_house import ETHER, FAMILY, OPERATOR
from tests.support.world_people import People
from tests.support.world_repairs import search
from tests.support.world_transfers import ended, plan_round, planned, transfers_at
from workers.running import finish, leave
from workflows.names import (
    REASON,
    SignalName,
    address_pool_workflow_id,
    address_workflow_id,
    bet_workflow_id,
    feed_workflow_id,
    funding_workflow_id,
    move_workflow_id,
    planner_id,
    player_workflow_id,
    seed_rotation_workflow_id,
    stuck_finder_id,
    sweep_workflow_id,
    withdrawal_workflow_id,
)

FOLDER = Path(__file__).parents[1] / "histories"
VERSION = str(tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"])
NAMING = ("identity", "workerInstanceKey", "hostName", "processId", "stackTrace", "workerId")
"""Fields of a history that name a machine, a process or a path; replay needs none of them."""


class Recorder:
    """Plays scenarios and keeps their histories under workflow type and scenario."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.people = People(world, stock=6)

    async def keep(self, scenario: str, client: Client, workflow_id: str) -> None:
        """Write one history down."""
        history = await client.get_workflow_handle(workflow_id).fetch_history()
        kind = history.events[0].workflow_execution_started_event_attributes.workflow_type.name
        document = scrubbed(json.loads(history.to_json()))
        path = FOLDER / kind / f"{scenario}-{VERSION}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(
            json.dumps({"workflow_id": workflow_id, "history": document}, indent=1) + "\n", encoding="utf-8"
        )

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

    async def followed(self) -> None:
        await self.keep("followed", self.world.money, feed_workflow_id(NETWORK))
        await self.keep("filled", self.world.money, address_pool_workflow_id(FAMILY))

    async def searched(self) -> None:
        wish = self.people.wish(await self.people.rich_player(), 11 * ETHER)
        await self.people.withdraw(wish)
        await terminate(self.world.money, withdrawal_workflow_id(wish.withdrawal_id))
        await search(self.world.money, workflow_id=stuck_finder_id())
        await self.keep("searched", self.world.money, stuck_finder_id())

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


def scrubbed(value: Any) -> Any:  # noqa: ANN401 - any JSON
    """A copy without what names a machine."""
    if isinstance(value, dict):
        return {key: scrubbed(inner) for key, inner in value.items() if key not in NAMING}
    if isinstance(value, list):
        return [scrubbed(inner) for inner in value]
    return value


async def record(postgres: Postgres, directory: Path) -> None:
    """Play all scenarios in a fresh world and write their histories."""
    async with running_world(postgres, directory, Terms()) as world:
        await Recorder(world).play()
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
