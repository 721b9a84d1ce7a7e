"""New heads as one node tells them over a websocket: hints to look, which may all be lost.

Calls go over HTTP; this socket only listens. It keeps the newest head and no queue, so a busy follower falls
behind nothing and a flood costs no memory. Whatever goes wrong ends in the same way: the socket is torn down
and another one opened. Order, repeats, gaps and truth of heads mean nothing, because whoever is woken by one
walks the chain by hash.
"""

import asyncio
import json
import logging
import random
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field

from aiohttp import ClientSession, ClientTimeout, ClientWSTimeout, WSMessage, WSMsgType

from chains.answers import member
from chains.evm.answers import hash_member, quantity_member
from chains.evm.failures import TRANSPORT_ERRORS
from domain.onchain import BlockRef, HeadHint

PING_SECONDS = 10.0
CONNECT_SECONDS_MAX = 2.0
CLOSE_SECONDS_MAX = 1.0
SILENCE_BLOCKS = 3
SILENCE_SECONDS_MIN = 5.0
PAUSE_SECONDS_MIN = 0.5
PAUSE_SECONDS_MAX = 30.0
PAUSE_DOUBLINGS_MAX = 6
APART_SECONDS = 0.05
MESSAGE_BYTES_MAX = 2**20
SUBSCRIBE = {"jsonrpc": "2.0", "id": 1, "method": "eth_subscribe", "params": ["newHeads"]}

logger = logging.getLogger(__name__)


async def head_hints(url: str, block_seconds: float) -> AsyncGenerator[HeadHint, None]:
    """The newest head each time it changed, for ever and never by an error; without a `url` none at all.

    A socket is given up when it fails, when pings are not answered, and when no other head came for three
    block times (at least five seconds).
    """
    if not url:
        return
    stream = _HeadStream(url, max(SILENCE_BLOCKS * block_seconds, SILENCE_SECONDS_MIN))
    keeping = asyncio.create_task(stream.keep())
    try:
        while True:
            yield await stream.newest()
            await asyncio.sleep(APART_SECONDS)
    finally:
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)


@dataclass(slots=True)
class _HeadStream:
    url: str
    silence_seconds: float
    _head: HeadHint | None = None
    _is_new: asyncio.Event = field(default_factory=asyncio.Event)

    async def newest(self) -> HeadHint:
        """Wait for a head that was not given out before."""
        await self._is_new.wait()
        self._is_new.clear()
        assert self._head is not None
        return self._head

    async def keep(self) -> None:
        """Listen on one socket after the other; ends only when cancelled."""
        failures = 0
        while True:
            before = self._head
            try:
                await self._listen()
            except TRANSPORT_ERRORS as error:
                logger.info("the head stream ended (%s: %s); opening another", type(error).__name__, error)
            failures = 0 if self._head is not before else min(failures + 1, PAUSE_DOUBLINGS_MAX)
            await asyncio.sleep(_pause(failures))

    async def _listen(self) -> None:
        """One socket from its opening to its end; raises whatever ends it."""
        loop = asyncio.get_running_loop()
        async with (
            asyncio.timeout(self.silence_seconds) as watchdog,
            ClientSession(timeout=ClientTimeout(total=None, sock_connect=CONNECT_SECONDS_MAX)) as session,
            session.ws_connect(
                self.url,
                heartbeat=PING_SECONDS,
                timeout=ClientWSTimeout(ws_close=CLOSE_SECONDS_MAX),
                max_msg_size=MESSAGE_BYTES_MAX,
            ) as socket,
        ):
            await socket.send_json(SUBSCRIBE)
            async for message in socket:
                if self._take(message):
                    watchdog.reschedule(loop.time() + self.silence_seconds)
        raise ConnectionError("the node closed it")

    def _take(self, message: WSMessage) -> bool:
        """Whether a message brought another head than the last; raises ValueError for what is no message."""
        if message.type is not WSMsgType.TEXT:
            raise ValueError(f"a message of type {message.type.name}")
        told = json.loads(message.data)
        if not isinstance(told, dict) or "error" in told:
            raise ValueError(f"no subscription: {told!r:.80}")
        if "params" not in told:
            return False
        head = member(told["params"], "result")
        hint = HeadHint(BlockRef(quantity_member(head, "number"), hash_member(head, "hash")))
        if hint == self._head:
            return False
        self._head = hint
        self._is_new.set()
        return True


def _pause(failures: int) -> float:
    """Seconds before the next socket: longer with each that brought nothing, never in step with others."""
    longest = min(PAUSE_SECONDS_MIN * 2**failures, PAUSE_SECONDS_MAX)
    return random.uniform(longest / 2, longest)  # noqa: S311 - jitter is no secret
