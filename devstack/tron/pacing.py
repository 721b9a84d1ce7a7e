"""The clock of the chain, and blocks that come by themselves in the slots of this moment."""

import asyncio
import time
from dataclasses import dataclass

from devstack.tron.chain import TronChain
from devstack.tron.turns import NoProducer


@dataclass(slots=True)
class Clock:
    """The machine's time in milliseconds, or so much off it."""

    skew_ms: int = 0

    def __call__(self) -> int:
        return time.time_ns() // 1_000_000 + self.skew_ms


@dataclass(slots=True)
class Pace:
    """Block production in real time: one block in each slot whose producer is up, while it is on."""

    chain: TronChain
    making: asyncio.Lock
    on: bool = False

    async def run(self) -> None:
        """Produce until cancelled."""
        while True:
            await asyncio.sleep(self._until_next_slot() / 1000)
            if not self.on:
                continue
            async with self.making:
                try:
                    self.chain.mine_now()
                except NoProducer:
                    continue

    def _until_next_slot(self) -> int:
        slots = self.chain.slots
        return slots.slot_ms - (self.chain.clock() - slots.genesis_ms) % slots.slot_ms
