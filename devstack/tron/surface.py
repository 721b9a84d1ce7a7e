"""java-tron's HTTP interface over one node's view: `wallet/*` and `walletsolidity/*`.

Any call may come as GET or POST. What a node cannot do it says under status 200, as `{"Error": ...}`; faults
stand before the answers and strike by the path of the call, as those of the JSON-RPC proxy do by its method.
"""

import asyncio
import json
from collections import deque
from collections.abc import Mapping

from aiohttp import web

from devstack.faults.exchange import Call, HalfJson, HangUp, HttpFailure, Refusal, Reply, Result, Silence
from devstack.faults.scripts import Playbook
from devstack.tron import (
    account_answers,
    block_answers,
    building,
    contract_answers,
    network_answers,
    sending,
)
from devstack.tron.asking import Answer, Question
from devstack.tron.building import JavaError
from devstack.tron.rendering import Unreadable
from devstack.tron.verdicts import Refused
from devstack.tron.views import Node

PARSE_EXCEPTION = "org.tron.core.services.http.JsonFormat$ParseException"
CONTRACT_EXCEPTION = "org.tron.core.exception.ContractValidateException"
ARGUMENT_EXCEPTION = "java.lang.IllegalArgumentException"
BODY_BYTES_MAX = 2**24
ASKED_MAX = 20_000
SOLID: dict[str, Answer] = {
    **block_answers.ANSWERS,
    **account_answers.ANSWERS,
    **contract_answers.ANSWERS,
    **network_answers.ANSWERS,
}
HEAD: dict[str, Answer] = {
    **SOLID,
    **block_answers.POOL_ANSWERS,
    **account_answers.HEAD_ANSWERS,
    **contract_answers.HEAD_ANSWERS,
    **network_answers.HEAD_ANSWERS,
    **building.ANSWERS,
    **sending.ANSWERS,
}
SOLID_PATH = "walletsolidity"
ANSWERS = {"wallet": HEAD, SOLID_PATH: {**SOLID, "getnodeinfo": network_answers.node_info}}


class Surface:
    """One node's interface; it remembers what it was asked last."""

    def __init__(self, node: Node) -> None:
        self.node = node
        self.playbook = Playbook()
        self.asked: deque[Call] = deque(maxlen=ASKED_MAX)
        self._closing = asyncio.Event()

    def close(self) -> None:
        """Let go of the callers that are kept waiting in silence."""
        self._closing.set()

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Answer one request."""
        path = f"{request.match_info['part']}/{request.match_info['name']}".lower()
        if _answer_to(path) is None:
            return web.Response(status=404)
        try:
            params = await read_params(request)
        except Unreadable as problem:
            return web.json_response(_error(PARSE_EXCEPTION, str(problem)))
        call = Call(path, (params,))
        self.asked.append(call)
        return await self._respond(request, await self.playbook.before(call, self._ask)(call))

    async def _ask(self, call: Call) -> Reply:
        return Result(answer(self.node, call))

    async def _respond(self, request: web.Request, reply: Reply) -> web.StreamResponse:
        match reply:
            case Result():
                return web.json_response(reply.value)
            case HttpFailure():
                return web.Response(status=reply.status, headers=reply.headers)
            case HalfJson(of=Result() as whole):
                body = json.dumps(whole.value).encode()
                return web.Response(body=body[: len(body) // 2], content_type="application/json")
            case Silence():
                await self._closing.wait()
            case HangUp() | HalfJson() | Refusal():
                pass  # nothing that could be written: the connection ends
        if request.transport is not None:
            request.transport.close()
        return web.Response(status=500)


def answer(node: Node, call: Call) -> object:
    """Answer a call as an honest node does."""
    answering = _answer_to(call.method)
    assert answering is not None, f"{call.method} was let in"
    (params,) = call.params
    assert isinstance(params, Mapping)
    view = node.solid if call.method.startswith(SOLID_PATH) else node.head
    try:
        return answering(Question(view, params))
    except Unreadable as problem:
        return _error(PARSE_EXCEPTION, str(problem))
    except Refused as refusal:
        return _error(CONTRACT_EXCEPTION, refusal.message)
    except JavaError as error:
        return {"Error": str(error)}
    except ValueError as problem:
        return _error(ARGUMENT_EXCEPTION, str(problem))


async def read_params(request: web.Request) -> dict[str, object]:
    """Read the parameters of a request: the query of a GET, the JSON of a POST. Raises Unreadable."""
    found: dict[str, object] = dict(request.query)
    body = await request.text()
    if not body.strip():
        return found
    try:
        content = json.loads(body)
    except ValueError as problem:
        raise Unreadable(f"syntax error, {problem}") from None
    if not isinstance(content, dict):
        raise Unreadable("syntax error, an object is expected")
    return {**found, **content}


def _answer_to(path: str) -> Answer | None:
    part, _, name = path.partition("/")
    return ANSWERS.get(part, {}).get(name)


def _error(kind: str, message: str) -> dict[str, object]:
    return {"Error": f"class {kind} : {message}"}
