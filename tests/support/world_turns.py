"""Histories that are made long, so that their workflow goes on in a new run."""

from itertools import count
from typing import Any

from temporalio.client import WorkflowHandle

from tests.support.world import RunningHouse

PADDING = "x" * 100_000
"""A field nobody reads: a dozen of them make a history that Temporal wants ended."""
PADDED = 12
FIRST_NUMBER = 10**6


async def outgrow(world: RunningHouse, handle: WorkflowHandle[Any, Any], signal: str, **news: object) -> None:
    """Send news with a lot of nothing until a new run has taken over.

    Temporal says with a workflow task that a history is long, and may not have counted what that very task
    brought; so there is more news, with nothing in it, until the turn has come.
    """
    first = (await handle.describe()).run_id
    numbers = count(FIRST_NUMBER)
    for _ in range(PADDED):
        await handle.signal(signal, {**news, "number": next(numbers), "padding": PADDING})

    async def is_new() -> bool:
        if (await handle.describe()).run_id != first:
            return True
        await handle.signal(signal, {**news, "number": next(numbers)})
        return False

    await world.until(is_new, "a new run")
