"""How a history is kept: under workflow type and scenario, without what names the machine it was made on."""

import json
import tomllib
from pathlib import Path
from typing import Any

from temporalio.client import Client

from devstack.runs import CHECKOUT
from tests.support.world import World
from tests.support.world_people import People

FOLDER = Path(__file__).parents[1] / "histories"
VERSION = str(tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"])
NAMING = ("identity", "workerInstanceKey", "hostName", "processId", "stackTrace", "workerId")
"""Fields of a history that name a machine, a process or a path; replay needs none of them."""


class Keeper:
    """Keeps histories of one world and its people."""

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


def scrubbed(value: Any) -> Any:  # noqa: ANN401 - any JSON
    """A copy without what names a machine."""
    if isinstance(value, dict):
        return {key: scrubbed(inner) for key, inner in value.items() if key not in NAMING}
    if isinstance(value, list):
        return [scrubbed(inner) for inner in value]
    return value
