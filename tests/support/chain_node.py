"""A JSON-RPC server in front of a real node: answers wrongly when told to, remembers what it was asked."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field

from aiohttp import ClientSession, web

Params = list[object]
Tamper = Callable[[str, Params, object], object]
"""Method, parameters and the true result to the result that is given."""


@dataclass(frozen=True, slots=True)
class Raw:
    """A whole HTTP answer in place of a JSON-RPC one; `silent` drops the connection instead."""

    body: bytes = b""
    status: int = 200
    silent: bool = False


@dataclass(frozen=True, slots=True)
class RpcRefusal:
    """A JSON-RPC error in place of the result."""

    code: int
    message: str


@dataclass
class FrontNode:
    """The server; `before` may answer without asking the real node, `after` may change its result.

    With `hangs_up` each answer ends its connection, so whoever asks again opens another one.
    """

    upstream: str
    before: Callable[[str, Params], object | None] = lambda _method, _params: None
    after: Tamper = lambda _method, _params, result: result
    asked: list[tuple[str, Params]] = field(default_factory=list)
    url: str = ""
    hangs_up: bool = False

    async def start(self) -> None:
        """Listen on a free port of this machine."""
        application = web.Application(client_max_size=2**26)
        application.router.add_post("/", self._answer)
        self._session = ClientSession()
        self._runner = web.AppRunner(application, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{port}/"

    async def stop(self) -> None:
        """Close the port and every connection."""
        await self._session.close()
        await self._runner.cleanup()

    def asked_for(self, method: str) -> list[Params]:
        """The parameters of every call of a method so far."""
        return [params for name, params in self.asked if name == method]

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        question = await request.json()
        method, params = question["method"], question["params"]
        self.asked.append((method, params))
        answer = self.before(method, params)
        if answer is None:
            async with self._session.post(self.upstream, json=question) as response:
                truth = await response.json()
            if "error" in truth:
                return web.json_response(truth)
            answer = self.after(method, params, truth["result"])
        if isinstance(answer, Raw):
            if answer.silent:
                assert request.transport is not None
                request.transport.close()
            return web.Response(body=answer.body, status=answer.status)
        reply: dict[str, object] = {"jsonrpc": "2.0", "id": question["id"]}
        if isinstance(answer, RpcRefusal):
            reply["error"] = {"code": answer.code, "message": answer.message}
        else:
            reply["result"] = None if answer is NULL else answer
        told = web.Response(body=json.dumps(reply).encode(), content_type="application/json")
        if self.hangs_up:
            told.force_close()
        return told


NULL = object()
"""The result null, where `None` means: ask the real node."""
