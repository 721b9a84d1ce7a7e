"""Websockets through the proxy: calls are answered like those over HTTP, notifications may be distorted.

A subscription lives on the node's own socket; what it tells goes through `notices` on the way to the caller.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence

from aiohttp import ClientSession, ClientWebSocketResponse, WSMsgType, web

from devstack.faults.exchange import Call, HalfJson, HangUp, HttpFailure, Refusal, Reply, Result, Silence

Notice = Mapping[str, object]
Notices = Callable[[Notice], Sequence[Notice]]
"""One notification to those that are sent in its place, in order."""

CLOSING_SECONDS = 1.0
SUBSCRIBING = ("eth_subscribe", "eth_unsubscribe")


def as_they_come(notice: Notice) -> Sequence[Notice]:
    """Every notification once."""
    return [notice]


def silent(_notice: Notice) -> Sequence[Notice]:
    """None, on a socket that stays open."""
    return []


def repeated(times: int) -> Notices:
    """Each notification so many times: twice is a repeat, a thousand a flood."""
    return lambda notice: [notice] * times


def swapped() -> Notices:
    """Notifications in pairs, the later one first."""
    held: list[Notice] = []

    def disorder(notice: Notice) -> Sequence[Notice]:
        if not held:
            held.append(notice)
            return []
        return [notice, held.pop()]

    return disorder


class HeadStreams:
    """All websockets of one proxy; each has a socket of its own to the node."""

    def __init__(
        self, session: ClientSession, upstream: str, answer: Callable[[Call], Awaitable[Reply]]
    ) -> None:
        self.notices: Notices = as_they_come
        self.served = 0
        self._session = session
        self._upstream = upstream.replace("http", "ws", 1)
        self._answer = answer
        self._open: set[web.WebSocketResponse] = set()

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        """Relay one caller's socket until either side closes."""
        caller = web.WebSocketResponse(timeout=CLOSING_SECONDS)
        await caller.prepare(request)
        self._open.add(caller)
        self.served += 1
        async with self._session.ws_connect(self._upstream) as node:
            telling = asyncio.create_task(self._tell(node, caller))
            try:
                async for message in caller:
                    if message.type is WSMsgType.TEXT:
                        await self._take(json.loads(message.data), node, caller)
            finally:
                telling.cancel()
                await asyncio.gather(telling, return_exceptions=True)
                self._open.discard(caller)
        return caller

    async def cut(self) -> None:
        """Close every socket; callers may come again as long as the port is open."""
        await asyncio.gather(*(caller.close() for caller in list(self._open)))

    async def _take(
        self, question: Mapping[str, object], node: ClientWebSocketResponse, caller: web.WebSocketResponse
    ) -> None:
        if question["method"] in SUBSCRIBING:
            await node.send_json(question)
            return
        params = question.get("params") or ()
        assert isinstance(params, list | tuple)
        reply = await self._answer(Call(str(question["method"]), tuple(params)))
        match reply:
            case Result():
                await caller.send_json({"jsonrpc": "2.0", "id": question["id"], "result": reply.value})
            case Refusal():
                error = {"code": reply.code, "message": reply.message}
                await caller.send_json({"jsonrpc": "2.0", "id": question["id"], "error": error})
            case Silence():
                pass
            case HangUp() | HttpFailure() | HalfJson():
                await caller.close()

    async def _tell(self, node: ClientWebSocketResponse, caller: web.WebSocketResponse) -> None:
        async for message in node:
            if message.type is not WSMsgType.TEXT:
                continue
            told = json.loads(message.data)
            for notice in self.notices(told) if "params" in told else [told]:
                await caller.send_json(notice)
        await caller.close()
