"""One application per listener, built from one set of routers; importing this file does nothing."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi_offline import FastAPIOffline
from starlette.exceptions import HTTPException

from api.arrivals import ArrivalMiddleware, arrival_of
from api.asking import TemporalAsker
from api.callers import PlayerTokens
from api.destinations import Destinations
from api.errors import METHOD_NOT_ALLOWED, Refused, outside, problem, respond
from api.openapi import complete
from api.routes import accounts, bets, deposits, fair, health, liquidity, players, support, withdrawals
from bootstrap.resources import DoorResources
from domain.errors import Corrupt, CroupierError

KIB = 1024

log = structlog.stdlib.get_logger("api")


class Listener(StrEnum):
    """A socket with its own callers, limits and routes; a route belongs to exactly one."""

    PLAYER = "player"
    OPERATOR = "operator"


@dataclass(frozen=True, slots=True)
class Shape:
    """What one listener serves and how large a body it reads, in bytes."""

    title: str
    routers: tuple[APIRouter, ...]
    body_bytes_max: int


SHAPES: dict[Listener, Shape] = {
    Listener.PLAYER: Shape(
        "Croupier: player listener",
        (
            accounts.router,
            deposits.router,
            bets.router,
            fair.router,
            withdrawals.router,
        ),
        16 * KIB,
    ),
    Listener.OPERATOR: Shape(
        "Croupier: operator listener",
        (
            players.router,
            accounts.support_router,
            deposits.support_router,
            support.players_router,
            support.router,
            liquidity.router,
        ),
        256 * KIB,
    ),
}


def create_app(listener: Listener, resources: DoorResources) -> FastAPI:
    """The application of one listener over connections that somebody else opened and will close."""
    shape = SHAPES[listener]
    app = FastAPIOffline(title=shape.title, version="1", description=_DESCRIPTION, redoc_url=None)
    app.state.resources = resources
    app.state.asker = TemporalAsker(resources.bets, resources.money)
    app.state.tokens = PlayerTokens(resources.tokens)
    app.state.destinations = Destinations(resources.catalogue)
    for router in (health.router, *shape.routers):
        app.include_router(router)
    app.add_middleware(ArrivalMiddleware, body_bytes_max=shape.body_bytes_max)
    for kind, handler in _HANDLERS.items():
        app.add_exception_handler(kind, handler)
    complete(app)
    return app


_DESCRIPTION = """
Amounts are strings of digits in the asset's smallest unit. Every error is a problem document (RFC 9457) with
a stable `code`, and `retry` says what to do next. Every response carries `X-Request-Id`.
"""


async def _known(request: Request, error: Exception) -> Response:
    arrival = arrival_of(request)
    if isinstance(error, Corrupt):
        log.error("corrupt", code=error.code, sentence=error.sentence)
    elif isinstance(error, CroupierError | Refused):
        log.info("refused", code=error.code)
    return respond(outside(error, arrival.request_id))


async def _malformed(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError), error
    first = error.errors()[0]
    place = [str(part) for part in first["loc"] if isinstance(part, str)]
    why = first.get("ctx", {}).get("error") or first["msg"]
    field = place[-1] if len(place) > 1 else ""
    extensions = {"field": field} if field else {}
    sentence = f"{'.'.join(place)}: {why}."
    return respond(problem("REQUEST_INVALID", sentence, arrival_of(request).request_id, **extensions))


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException), error
    request_id = arrival_of(request).request_id
    if error.status_code == HTTPStatus.NOT_FOUND:
        return respond(problem("NOT_FOUND", f"There is no {request.url.path} here.", request_id))
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        response = respond(problem(METHOD_NOT_ALLOWED, f"{request.method} does not exist here.", request_id))
        response.headers.update(error.headers or {})
        return response
    return respond(problem("REQUEST_INVALID", str(error.detail), request_id))


_Handler = Callable[[Request, Exception], Awaitable[Response]]
_HANDLERS: dict[Any, _Handler] = {
    CroupierError: _known,
    Refused: _known,
    RequestValidationError: _malformed,
    HTTPException: _http,
}
