"""Shift: the rhythm of an endless activity, which hands over by itself before anybody has to stop it."""

import asyncio
from collections.abc import AsyncIterator
from time import monotonic

from temporalio import activity

SHIFT_SECONDS = 30 * 60


class Shift:
    """Rounds until the shift ends or the worker stops, each with a heartbeat; `hint` starts one early."""

    def __init__(self, every_seconds: float) -> None:
        self._every_seconds = every_seconds
        self._ends_at = monotonic() + SHIFT_SECONDS
        self._hint = asyncio.Event()
        self.detail = ""

    def hint(self) -> None:
        self._hint.set()

    async def __aiter__(self) -> AsyncIterator[None]:
        while monotonic() < self._ends_at and not activity.is_worker_shutdown():
            activity.heartbeat(self.detail)
            yield
            await self._rest()

    async def _rest(self) -> None:
        waits = [
            asyncio.ensure_future(self._hint.wait()),
            asyncio.ensure_future(activity.wait_for_worker_shutdown()),
        ]
        try:
            await asyncio.wait(waits, timeout=self._every_seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
        self._hint.clear()
