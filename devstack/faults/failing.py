"""The ways a node fails, each a layer: what happens to one call, whichever it is."""

from collections.abc import Callable, Mapping, Sequence

from devstack.faults.exchange import (
    INVALID_INPUT,
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
    object_of,
)

Entry = Mapping[str, object]
ALL_BITS = "0x" + "ff" * 256


async def hang(_call: Call, _ask: Ask) -> Reply:
    """The node never hears of it and never answers."""
    return Silence()


async def hang_up(_call: Call, _ask: Ask) -> Reply:
    """The node never hears of it and the connection is closed."""
    return HangUp()


async def take_then_hang(call: Call, ask: Ask) -> Reply:
    """The node does it, and its answer never comes."""
    await ask(call)
    return Silence()


async def take_then_hang_up(call: Call, ask: Ask) -> Reply:
    """The node does it, and its answer is lost with the connection."""
    await ask(call)
    return HangUp()


async def break_off(call: Call, ask: Ask) -> Reply:
    """The node does it, and half of its answer comes."""
    reply = await ask(call)
    return HalfJson(reply) if isinstance(reply, Result | Refusal) else reply


def status(code: int, **headers: str) -> Layer:
    """An HTTP status in place of an answer; the node never hears of the call."""

    async def fail(_call: Call, _ask: Ask) -> Reply:
        return HttpFailure(code, headers)

    return fail


def too_many_requests(retry_after_seconds: int = 1) -> Layer:
    """A provider's rate limit."""
    return status(429, **{"Retry-After": str(retry_after_seconds)})


def refuse(message: str, code: int = INVALID_INPUT) -> Layer:
    """A JSON-RPC error in place of an answer; the node never hears of the call."""

    async def fail(_call: Call, _ask: Ask) -> Reply:
        return Refusal(code, message)

    return fail


def answer(value: object) -> Layer:
    """A fixed result, null included; the node never hears of the call."""

    async def give(_call: Call, _ask: Ask) -> Reply:
        return Result(value)

    return give


def change(edit: Callable[[object], object]) -> Layer:
    """The node's result, edited; null stays null, for the node may have nothing to edit."""

    async def give(call: Call, ask: Ask) -> Reply:
        reply = await ask(call)
        if not isinstance(reply, Result) or reply.value is None:
            return reply
        return Result(edit(reply.value))

    return give


def withhold_receipts(count: int = 1) -> Layer:
    """For eth_getBlockReceipts: the last receipts of a block are not there yet."""
    return change(lambda receipts: _entries(receipts)[: -count or None])


def withhold_logs(count: int = 1) -> Layer:
    """For eth_getBlockReceipts: the last logs of a block are not there yet."""

    def edit(receipts: object) -> object:
        kept = [{**receipt, "logs": list(_entries(receipt["logs"]))} for receipt in _entries(receipts)]
        logs = [(receipt["logs"], log) for receipt in kept for log in _entries(receipt["logs"])]
        for home, log in logs[-count:]:
            assert isinstance(home, list)
            home.remove(log)
        return kept

    return change(edit)


def wrong_bloom(bloom: str = ALL_BITS) -> Layer:
    """For eth_getBlockByHash and eth_getBlockByNumber: the header carries another filter."""
    return change(lambda block: {**_entry(block), "logsBloom": bloom})


def other_genesis(block_hash: str = "0x" + "ee" * 32) -> Layer:
    """For eth_getBlockByNumber: block 0 has another hash."""

    async def give(call: Call, ask: Ask) -> Reply:
        reply = await ask(call)
        if isinstance(reply, Result) and call.params[:1] == ("0x0",):
            return Result({**_entry(reply.value), "hash": block_hash})
        return reply

    return give


def final_at(height: int) -> Layer:
    """For eth_getBlockByNumber: the node calls this block its final one."""

    async def give(call: Call, ask: Ask) -> Reply:
        if call.params[:1] != ("finalized",):
            return await ask(call)
        return Result(await object_of(ask, call.method, hex(height), *call.params[1:]))

    return give


def _entry(value: object) -> Entry:
    assert isinstance(value, dict), value
    return value


def _entries(value: object) -> Sequence[Entry]:
    assert isinstance(value, list), value
    return value
