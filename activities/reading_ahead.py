"""Blocks are read while those before them are applied, so a far node's time to answer costs nothing."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from chains.gateway import ChainReader
from domain.onchain import BlockEffects

BLOCKS_AHEAD = 4


class Ahead:
    """The next blocks of a branch by height, read before they are asked for; they are not linked yet."""

    def __init__(self, reader: ChainReader) -> None:
        self._reader = reader
        self._reading: dict[int, asyncio.Task[BlockEffects]] = {}

    async def block(self, height: int, newest: int) -> BlockEffects:
        """The block that a node has at a height, while later ones are begun; raises as reading does."""
        for following in range(height, min(height + BLOCKS_AHEAD, newest + 1)):
            if following not in self._reading:
                self._reading[following] = asyncio.create_task(self._read(following))
        return await self._reading.pop(height)

    async def forget(self) -> None:
        """Read anew: what was read belongs to a branch that was left, or nobody wants it any more."""
        begun = list(self._reading.values())
        self._reading.clear()
        for task in begun:
            task.cancel()
        await asyncio.gather(*begun, return_exceptions=True)

    async def _read(self, height: int) -> BlockEffects:
        header = await self._reader.header_at(height)
        return await self._reader.block(header.ref.hash)


@asynccontextmanager
async def reading_ahead(reader: ChainReader) -> AsyncGenerator[Ahead]:
    """Read ahead until the end of one walk."""
    ahead = Ahead(reader)
    try:
        yield ahead
    finally:
        await ahead.forget()
