"""What happens to a request before all else: it gets an id and a time, its body is counted, its end logged.

Written as plain ASGI around the whole application, so that a failure anywhere inside still answers with a
problem document that carries the id.
"""

import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import REQUEST_TOO_LARGE, outside, problem, respond

REQUEST_ID_HEADER = "X-Request-Id"
REQUEST_ID_BYTES = 16
_REQUEST_ID_FORM = re.compile(r"[A-Za-z0-9_-]{8,64}", re.ASCII)
_STATE_KEY = "croupier.arrival"

log = structlog.stdlib.get_logger("api")


@dataclass(frozen=True, slots=True)
class Arrival:
    """When a request came in, and the id under which logs, workflows and postings remember it."""

    request_id: str
    received_at: datetime


class BodyTooLarge(Exception):
    """More bytes arrived than this listener takes."""


class ArrivalMiddleware:
    """Gives each request its `Arrival`, bounds its body, turns stray exceptions into problem documents."""

    def __init__(self, app: ASGIApp, *, body_bytes_max: int) -> None:
        self._app = app
        self._body_bytes_max = body_bytes_max

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        arrival = Arrival(_request_id(Headers(scope=scope)), datetime.now(UTC))
        scope[_STATE_KEY] = arrival
        with structlog.contextvars.bound_contextvars(request_id=arrival.request_id):
            await self._answer(scope, receive, _Sending(send, arrival.request_id), arrival)

    async def _answer(self, scope: Scope, receive: Receive, sending: "_Sending", arrival: Arrival) -> None:
        try:
            body = await _whole_body(receive, Headers(scope=scope), self._body_bytes_max)
            await self._app(scope, _replay(body, receive), sending)
        except BodyTooLarge:
            sentence = f"The body is larger than {self._body_bytes_max} bytes."
            await respond(problem(REQUEST_TOO_LARGE, sentence, arrival.request_id))(scope, receive, sending)
        except Exception as error:
            log.exception("request failed", method=scope["method"], path=scope["path"])
            if sending.status is not None:
                raise
            await respond(outside(error, arrival.request_id))(scope, receive, sending)
        finally:
            took = datetime.now(UTC) - arrival.received_at
            log.info(
                "request",
                method=scope["method"],
                path=scope["path"],
                status=sending.status,
                received_at=arrival.received_at.isoformat(),
                took_ms=took // timedelta(milliseconds=1),
            )


def arrival_of(request: Request) -> Arrival:
    """The id and the time this request was given at the door."""
    arrival = request.scope[_STATE_KEY]
    assert isinstance(arrival, Arrival), arrival
    return arrival


class _Sending:
    """Adds the request id to the response and remembers its status."""

    def __init__(self, send: Send, request_id: str) -> None:
        self._send = send
        self._request_id = request_id
        self.status: int | None = None

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            MutableHeaders(scope=message)[REQUEST_ID_HEADER] = self._request_id
        await self._send(message)


def _request_id(headers: Headers) -> str:
    given = headers.get(REQUEST_ID_HEADER, "")
    return given if _REQUEST_ID_FORM.fullmatch(given) else secrets.token_urlsafe(REQUEST_ID_BYTES)


async def _whole_body(receive: Receive, headers: Headers, bytes_max: int) -> bytes:
    """The body, counted while it is read; BodyTooLarge for a length announced or sent above the bound."""
    announced = headers.get("content-length", "")
    if announced.isdigit() and int(announced) > bytes_max:
        raise BodyTooLarge
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return b"".join(parts)
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > bytes_max:
            raise BodyTooLarge
        if not message.get("more_body", False):
            return b"".join(parts)


def _replay(body: bytes, receive: Receive) -> Receive:
    """A receive that first gives the body that was already read, then whatever the connection says next."""
    unread: list[dict[str, Any]] = [{"type": "http.request", "body": body, "more_body": False}]

    async def next_message() -> Message:
        return unread.pop() if unread else await receive()

    return next_message
