"""One JSON-RPC call and what may come back for it, a proper answer being only one of the possibilities.

A layer stands between a caller and a node: it may ask, change what comes back, or not ask at all.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from devstack.anvil import RpcError

INVALID_INPUT = -32000  # what geth answers for nearly everything it refuses


@dataclass(frozen=True, slots=True)
class Call:
    """A method with its parameters, as the caller named them."""

    method: str
    params: tuple[object, ...] = ()


@dataclass(frozen=True, slots=True)
class Result:
    """A proper answer; null is one."""

    value: object


@dataclass(frozen=True, slots=True)
class Refusal:
    """A proper JSON-RPC error."""

    code: int
    message: str


@dataclass(frozen=True, slots=True)
class HttpFailure:
    """A status other than 200, without a JSON-RPC body."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class HalfJson:
    """The first half of an answer's bytes under status 200."""

    of: Result | Refusal


@dataclass(frozen=True, slots=True)
class HangUp:
    """The connection is closed instead of an answer."""


@dataclass(frozen=True, slots=True)
class Silence:
    """The connection stays open and nothing comes."""


Reply = Result | Refusal | HttpFailure | HalfJson | HangUp | Silence
Ask = Callable[[Call], Awaitable[Reply]]
Layer = Callable[[Call, Ask], Awaitable[Reply]]


def through(layer: Layer, ask: Ask) -> Ask:
    """Put a layer before whatever answers now."""

    async def asked(call: Call) -> Reply:
        return await layer(call, ask)

    return asked


async def value_of(ask: Ask, method: str, *params: object) -> object:
    """The result of a call of our own; raises RpcError unless a proper answer comes."""
    reply = await ask(Call(method, params))
    if isinstance(reply, Result):
        return reply.value
    if isinstance(reply, Refusal):
        raise RpcError(method, reply.code, reply.message)
    raise RpcError(method, INVALID_INPUT, f"no answer, but {reply}")


async def number_of(ask: Ask, method: str, *params: object) -> int:
    """The result of a call that answers with a quantity."""
    return int(str(await value_of(ask, method, *params)), 16)


async def object_of(ask: Ask, method: str, *params: object) -> dict[str, object] | None:
    """The result of a call that answers with an object or null."""
    value = await value_of(ask, method, *params)
    assert value is None or isinstance(value, dict), value
    return value
