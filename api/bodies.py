"""JSON as money needs it: no name twice, no NaN, no number that a parser would quietly change."""

import json
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response

DIGITS_MAX = 100


class StrictRequest(Request):
    """A request whose body is parsed once, strictly; raises json.JSONDecodeError for everything else."""

    async def json(self) -> Any:  # noqa: ANN401 - JSON is any value until a schema has looked at it
        if not hasattr(self, "_strict"):
            self._strict = parse_json(await self.body())
        return self._strict


class StrictRoute(APIRoute):
    """A route that reads its body through `StrictRequest`."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def strict(request: Request) -> Response:
            return await handle(StrictRequest(request.scope, request.receive))

        return strict


def parse_json(body: bytes) -> Any:  # noqa: ANN401 - JSON is any value until a schema has looked at it
    """The value of a JSON text in UTF-8 (RFC 8259); raises json.JSONDecodeError, naming what is wrong."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise json.JSONDecodeError("the body is not UTF-8", "", error.start) from None

    def refuse(what: str) -> json.JSONDecodeError:
        return json.JSONDecodeError(what, text, 0)

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        names = dict(pairs)
        if len(names) != len(pairs):
            twice = next(name for name, _ in pairs if [other for other, _ in pairs].count(name) > 1)
            raise refuse(f"the name {twice[:40]!r} appears twice")
        return names

    def whole(digits: str) -> int:
        if len(digits) > DIGITS_MAX:
            raise refuse(f"a number has more than {DIGITS_MAX} digits")
        return int(digits)

    def constant(name: str) -> None:
        raise refuse(f"{name} is no JSON number")

    try:
        return json.loads(text, object_pairs_hook=unique, parse_int=whole, parse_constant=constant)
    except RecursionError:
        raise refuse("it is nested too deeply") from None
