"""The proxy: a JSON-RPC server on this machine in front of one node, in a thread and loop of its own.

A call passes the scripts, then the replica it happens to reach, then the node's rules, then the node.
"""

import asyncio
import json
from collections.abc import Callable, Coroutine
from threading import Thread
from typing import TypeVar

from aiohttp import ClientError, ClientSession, web

from devstack.faults.exchange import (
    Ask,
    Call,
    HalfJson,
    HangUp,
    HttpFailure,
    Layer,
    Refusal,
    Reply,
    Result,
    Silence,
    through,
    value_of,
)
from devstack.faults.head_streams import HeadStreams, Notices, as_they_come
from devstack.faults.node_rules import NodeRules
from devstack.faults.replicas import Replicas
from devstack.faults.scripts import Playbook, Script
from devstack.processes import LOCALHOST

LEVER_SECONDS = 20
CLOSING_SECONDS = 1
BODY_BYTES_MAX = 2**26
BAD_GATEWAY = 502

Answer = TypeVar("Answer")


class NodeProxy:
    """One proxy. Levers and scripts may be used from any thread, also while calls are under way."""

    def __init__(self, upstream: str, *, rules: NodeRules | None = None) -> None:
        """Stand before the node at `upstream`; without `rules` the node's own apply."""
        self.upstream = upstream
        self.rules = rules
        self.asked: list[Call] = []
        self.url = ""
        self._playbook = Playbook()
        self._replicas = Replicas([0])
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._loop.run_forever, name="node-proxy", daemon=True)

    def start(self) -> None:
        """Listen on a free port of this machine."""
        self._thread.start()
        self._wait(self._open())

    def stop(self) -> None:
        """Close the port and every connection, those that are kept silent too."""
        self._wait(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def inject(
        self,
        method: str,
        fault: Layer,
        *,
        first: int = 1,
        times: int | None = None,
        where: Callable[[Call], bool] | None = None,
    ) -> Script:
        """Let a fault happen to calls number `first` to `first + times - 1` of a method (`*`: of any).

        Calls count from now on; without `times` it goes on until `heal`.
        """
        script = Script(method, fault, first, times, where)
        self._playbook.add(script)
        return script

    def lag(self, *blocks: int) -> None:
        """Answer as a node so many blocks behind; with several numbers calls go round several nodes."""
        self._replicas = Replicas(blocks)

    def stream(self, notices: Notices) -> None:
        """Tell websocket subscribers what `notices` makes of each notification."""
        self._streams.notices = notices

    @property
    def streams_served(self) -> int:
        """How many websockets were opened so far."""
        return self._streams.served

    def cut_streams(self) -> None:
        """Close every websocket."""
        self._wait(self._streams.cut())

    def heal(self) -> None:
        """No more faults and no more lag; the node's rules stay."""
        self._playbook.clear()
        self._replicas = Replicas([0])
        self._streams.notices = as_they_come

    def asked_for(self, method: str) -> list[Call]:
        """Every call of a method so far, whatever became of it."""
        return [call for call in list(self.asked) if call.method == method]

    def rpc(self, method: str, *params: object) -> object:
        """Call the node past all faults, under its rules; raises RpcError for an error."""
        return self._wait(value_of(self._ruled, method, *params))

    def reorg(self, depth: int) -> None:
        """Replace the last `depth` blocks by empty ones; the rules say what becomes of their transactions."""
        self.rpc("anvil_reorg", depth, [])

    async def _open(self) -> None:
        application = web.Application(client_max_size=BODY_BYTES_MAX)
        application.router.add_post("/", self._serve)
        self._closing = asyncio.Event()
        self._session = ClientSession()
        self._streams = HeadStreams(self._session, self.upstream, self._answer)
        application.router.add_get("/", self._streams.serve)
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=CLOSING_SECONDS)
        await self._runner.setup()
        site = web.TCPSite(self._runner, LOCALHOST, 0)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{port}/"

    async def _close(self) -> None:
        self._closing.set()
        await self._streams.cut()
        await self._runner.cleanup()
        await self._session.close()

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        question = await request.json()
        reply = await self._answer(Call(str(question["method"]), tuple(question.get("params") or ())))
        match reply:
            case HttpFailure():
                return web.Response(status=reply.status, headers=reply.headers)
            case Silence():
                await self._closing.wait()
                return _hang_up(request)
            case HangUp():
                return _hang_up(request)
            case HalfJson():
                body = encode(question["id"], reply.of)
                return web.Response(body=body[: len(body) // 2], content_type="application/json")
            case _:
                return web.Response(body=encode(question["id"], reply), content_type="application/json")

    async def _answer(self, call: Call) -> Reply:
        self.asked.append(call)
        return await self._playbook.before(call, through(self._replicas, self._ruled))(call)

    async def _ruled(self, call: Call) -> Reply:
        ask: Ask = self._ask_node
        return await (ask if self.rules is None else through(self.rules, ask))(call)

    async def _ask_node(self, call: Call) -> Reply:
        question = {"jsonrpc": "2.0", "id": 1, "method": call.method, "params": call.params}
        try:
            async with self._session.post(self.upstream, json=question) as response:
                answer = await response.json()
        except (ClientError, OSError):
            return HttpFailure(BAD_GATEWAY)
        error = answer.get("error")
        if error is not None:
            return Refusal(int(error["code"]), str(error["message"]))
        return Result(answer["result"])

    def _wait(self, work: Coroutine[object, object, Answer]) -> Answer:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(LEVER_SECONDS)


def encode(number: object, reply: Result | Refusal) -> bytes:
    """The bytes of a proper answer to question `number`."""
    outcome: dict[str, object] = (
        {"result": reply.value}
        if isinstance(reply, Result)
        else {"error": {"code": reply.code, "message": reply.message}}
    )
    return json.dumps({"jsonrpc": "2.0", "id": number, **outcome}).encode()


def _hang_up(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response()
