"""Recorder: keeps the history of a workflow as a golden file, and waits until there is one to keep."""

import json
import tomllib
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Generic, TypeVar

from temporalio.client import Client

from devstack.runs import CHECKOUT
from domain.withdrawals import WithdrawalInput, WithdrawalState
from tests.support.world import RunningHouse
from tests.support.world_people import People
from tests.support.world_waits import is_watching, workflow_of
from workflows.names import (
    withdrawal_workflow_id,
)

FOLDER = Path(__file__).parents[1] / "histories"
VERSION = str(tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"])
NAMING = ("identity", "workerInstanceKey", "hostName", "processId", "stackTrace", "workerId")
"""Fields of a history that name a machine, a process or a path; replay needs none of them."""

House = TypeVar("House", bound=RunningHouse)


class Recorder(Generic[House]):
    """Keeps histories under workflow type and scenario."""

    def __init__(self, world: House) -> None:
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

    async def sent_and_still(self) -> WithdrawalInput:
        """A withdrawal whose transaction is with the nodes of a network that makes no block."""
        wish = self.people.wish(await self.people.rich_player())
        self.world.is_still = True
        await self.people.withdraw(wish)
        await self.people.withdrawal_until(wish, is_watching, "a transaction with the nodes")
        return wish

    async def kept(self, scenario: str, wish: WithdrawalInput, state: WithdrawalState) -> None:
        await self.people.ended(wish, state)
        await self.keep(scenario, self.world.money, workflow_of(wish))

    async def ended(
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


async def nothing() -> None:
    """A scene in which nobody does anything more."""
    return
