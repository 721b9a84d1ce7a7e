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
from domain.deposits import DepositState
from domain.ids import operator_of_player
from domain.rules import CreditTier
from domain.sends import TxPurpose
from domain.wishes import SupportVerb
from domain.withdrawals import ReviewVerb, WithdrawalInput, WithdrawalState
from tests.support.ledger_database import COIN, NETWORK
from tests.support.world import Terms, World, running_world
from tests.support.world_buttons import attribute, terminate
from tests.support.world_house import ETHER, FAMILY, OPERATOR
from tests.support.world_people import People
from tests.support.world_repairs import search
from tests.support.world_support import agree, attempts_of, dear, refusing, say
from tests.support.world_waits import is_watching, stands, workflow_of
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

FOLDER = Path(__file__).parents[1] / "histories"
VERSION = str(tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"])
POOR = Terms(wallets=1, coins=ETHER)
LENT_AFTER = 3
LENDING = Terms(
    early=(CreditTier(up_to=ETHER, confirmations=LENT_AFTER),), finality_depth=6, final_seconds_max=60
)
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
            self.outbid,
            self.cancelled_by_self_send,
            self.tried_again,
            self.refunded,
            self.orphaned,
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

    async def outbid(self) -> None:
        """A network that asks more, then more than the cap: a bump, a wait under FEE_CAP, a payment."""
        wish = await self._sent_and_still()
        with dear(self.world, times=1000):
            self.world.is_still = False
            await stands(self.world, wish, "FEE_CAP")
        await self._kept("outbid", wish, WithdrawalState.SETTLED)

    async def cancelled_by_self_send(self) -> None:
        wish = await self._sent_and_still()
        await agree(self.world, wish, SupportVerb.CANCEL_BY_SELF_SEND)
        await self.people.withdrawal_until(
            wish, lambda facts: attempts_of(facts)[-1].purpose is TxPurpose.CANCEL, "a cancel"
        )
        self.world.is_still = False
        await self._kept("cancelled_by_self_send", wish, WithdrawalState.REFUNDED)

    async def tried_again(self) -> None:
        wish = await self._sent_and_still()
        with refusing(self.world, wish.payee):
            self.world.chain.mine()
        self.world.is_still = False
        await self._kept("tried_again", wish, WithdrawalState.SETTLED)

    async def refunded(self) -> None:
        """Committed, refused by its payee before anything was signed, and given back by support."""
        wish = self.people.wish(await self.people.rich_player())
        held = self.world.mischief.hold(workflow_of(wish), "plan_send")
        await self.people.withdraw(wish)
        await self.world.reached(held)
        with refusing(self.world, wish.payee):
            held.let_go()
            await stands(self.world, wish, "PAYEE_REFUSES")
            await say(self.world, wish, SupportVerb.REJECT_AND_REFUND)
            await self._kept("refunded", wish, WithdrawalState.REFUNDED)

    async def orphaned(self) -> None:
        """A deposit whose block leaves the chain before it is final, and comes back in another."""
        address = await self.people.address(await self.people.register())
        self.world.is_still = True
        paid = self.people.pay_in(address, ETHER)
        self.world.chain.mine(2)
        await self.people.deposit_until(paid, lambda facts: facts.state is DepositState.CONFIRMING)
        self.world.chain.reorg(2)
        self.world.chain.mine()
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
        self.world.chain.reorg(LENT_AFTER)
        self.world.chain.mine()
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

    async def _sent_and_still(self) -> WithdrawalInput:
        """A withdrawal whose transaction is with the nodes of a network that makes no block."""
        wish = self.people.wish(await self.people.rich_player())
        self.world.is_still = True
        await self.people.withdraw(wish)
        await self.people.withdrawal_until(wish, is_watching, "a transaction with the nodes")
        return wish

    async def _kept(self, scenario: str, wish: WithdrawalInput, state: WithdrawalState) -> None:
        await self.people.ended(wish, state)
        await self.keep(scenario, self.world.money, workflow_of(wish))

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
    async with running_world(postgres, directory, POOR) as world:
        await Recorder(world).topped_up()
    async with running_world(postgres, directory, LENDING) as world:
        await Recorder(world).reversed()
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
