"""What only time does: reminders, expiries and fallback timers, on a server that skips the waiting."""

from typing import Any

from temporalio.api.common.v1 import TimeSkippingConfig
from temporalio.client import Client, Interceptor, OutboundInterceptor, StartWorkflowInput, WorkflowHandle

from bootstrap.temporal import croupier_plugin
from domain.withdrawals import WithdrawalState
from tests.support.world import World
from tests.support.world_buttons import start_again
from tests.support.world_house import ETHER
from tests.support.world_people import RICHES, People
from workflows.names import MONEY_NAMESPACE, withdrawal_workflow_id

HOURS_OF_REVIEW = 72
HOURS_BETWEEN_REMINDERS = 4


class SkippingTime(Interceptor):
    """Starts workflows whose timers end as soon as nothing else happens."""

    def intercept_client(self, next: OutboundInterceptor) -> OutboundInterceptor:  # noqa: A002 - the SDK's name
        return _Skipping(next)


class _Skipping(OutboundInterceptor):
    async def start_workflow(self, input: StartWorkflowInput) -> WorkflowHandle[Any, Any]:  # noqa: A002 - the SDK's name
        input.time_skipping_config = TimeSkippingConfig(enabled=True)
        return await super().start_workflow(input)


async def test_a_review_that_nobody_decides_ends_after_three_days(world: World, people: People) -> None:
    """A reminder every four hours, and after the last of them the money is back with its player."""
    player = await people.rich_player()
    wish = people.wish(player, 11 * ETHER)
    hurried = await Client.connect(
        world.temporal.address,
        namespace=MONEY_NAMESPACE,
        plugins=[croupier_plugin()],
        interceptors=[SkippingTime()],
    )
    await start_again(hurried, wish)
    facts = await people.ended(wish, WithdrawalState.REJECTED)
    assert facts.code == "REVIEW_EXPIRED"
    assert await people.units(player) == RICHES
    assert people.payments(wish) == 0
    history = await world.money.get_workflow_handle(
        withdrawal_workflow_id(wish.withdrawal_id)
    ).fetch_history()
    timers = [event for event in history.events if event.HasField("timer_fired_event_attributes")]
    assert len(timers) == HOURS_OF_REVIEW // HOURS_BETWEEN_REMINDERS
