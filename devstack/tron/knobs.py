"""The ways a Tron node fails, by name, so that they can be asked for over HTTP.

Those that every node has in common are the layers of the JSON-RPC proxy; the others are Tron's own.
"""

from collections.abc import Callable, Mapping, Sequence

from devstack.faults.exchange import Ask, Call, Layer, Reply, Result
from devstack.faults.failing import (
    answer,
    break_off,
    change,
    hang,
    hang_up,
    status,
    take_then_hang,
    take_then_hang_up,
    too_many_requests,
)

Arguments = Mapping[str, object]
OTHER_TXID = "ee" * 32


class UnknownFault(Exception):
    """There is no fault of that name."""


def error(message: str) -> Layer:
    """Answer with an error under status 200; the node never hears of the call."""
    return answer({"Error": message})


def code(name: str, *, taken: bool, message: str = "") -> Layer:
    """For broadcasts: answer with this code, whether or not the node took the bytes before."""

    async def give(call: Call, ask: Ask) -> Reply:
        txid = ""
        if taken:
            reply = await ask(call)
            if isinstance(reply, Result) and isinstance(reply.value, dict):
                txid = str(reply.value.get("txid", ""))
        shown = message.encode().hex()
        return Result({"result": False, "code": name, "message": shown, **({"txid": txid} if txid else {})})

    return give


def withhold_infos(txids: Sequence[str] = (), count: int = 0) -> Layer:
    """For transaction infos: these transactions, or the last `count` of a block, are not indexed yet."""

    def edit(found: object) -> object:
        if isinstance(found, list):
            kept = [info for info in found if info["id"] not in txids]
            return kept[: len(kept) - count] if count else kept
        return {} if isinstance(found, dict) and found.get("id") in txids else found

    return change(edit)


def alter_txid(txid: str = OTHER_TXID) -> Layer:
    """Every transaction id in the answer becomes another one."""

    def edit(found: object) -> object:
        if isinstance(found, dict):
            return {
                name: txid if name in ("txid", "txID") and value else edit(value)
                for name, value in found.items()
            }
        return [edit(one) for one in found] if isinstance(found, list) else found

    return change(edit)


def alter_raw() -> Layer:
    """The signed bytes in the answer, as hex and as JSON, are not those that were signed."""

    def edit(found: object) -> object:
        if isinstance(found, list):
            return [edit(one) for one in found]
        if not isinstance(found, dict):
            return found
        altered = {name: edit(value) for name, value in found.items()}
        signed, encoded = altered.get("raw_data"), altered.get("raw_data_hex")
        if isinstance(signed, dict) and "timestamp" in signed:
            altered["raw_data"] = {**signed, "timestamp": signed["timestamp"] + 1}
        if isinstance(encoded, str):
            altered["raw_data_hex"] = f"{encoded[:-2]}{int(encoded[-2:], 16) ^ 1:02x}"
        return altered

    return change(edit)


def merge(fields: Mapping[str, object]) -> Layer:
    """The answer with these fields put in; None takes a field away."""

    def edit(found: object) -> object:
        assert isinstance(found, dict)
        merged = {**found, **fields}
        return {name: value for name, value in merged.items() if value is not None}

    return change(edit)


FAULTS: dict[str, Callable[[Arguments], Layer]] = {
    "hang": lambda _: hang,
    "hang_up": lambda _: hang_up,
    "take_then_hang": lambda _: take_then_hang,
    "take_then_hang_up": lambda _: take_then_hang_up,
    "half_json": lambda _: break_off,
    "status": lambda given: status(int(str(given["status"]))),
    "too_many_requests": lambda _: too_many_requests(),
    "answer": lambda given: answer(given["value"]),
    "error": lambda given: error(str(given["message"])),
    "code": lambda given: code(str(given["code"]), taken=bool(given.get("taken"))),
    "withhold_infos": lambda given: withhold_infos(
        _texts(given.get("txids")), int(str(given.get("count", 0)))
    ),
    "alter_txid": lambda given: alter_txid(str(given.get("txid", OTHER_TXID))),
    "alter_raw": lambda _: alter_raw(),
    "merge": lambda given: merge(_fields(given["fields"])),
}


def fault(name: str, arguments: Arguments) -> Layer:
    """Return a fault by its name. Raises UnknownFault, or KeyError for an argument that it lacks."""
    if name not in FAULTS:
        raise UnknownFault(f"{name}: none of {sorted(FAULTS)}")
    return FAULTS[name](arguments)


def _texts(value: object) -> Sequence[str]:
    return [str(one) for one in value] if isinstance(value, list | tuple) else ()


def _fields(value: object) -> Mapping[str, object]:
    assert isinstance(value, dict), value
    return value
