"""Logs that a reorg took back, told with `removed: true` to whoever watches by filter, as geth tells them."""

from dataclasses import dataclass, field

from devstack.faults.exchange import Ask, Call, Reply, Result, number_of, object_of, value_of

HEADER_ONLY = False
CRITERIA = ("address", "topics")

Log = dict[str, object]


@dataclass(slots=True)
class LogFilters:
    """A layer over the filters that callers made through it."""

    _criteria: dict[str, dict[str, object]] = field(default_factory=dict)
    _removed: dict[str, list[Log]] = field(default_factory=dict)

    async def __call__(self, call: Call, ask: Ask) -> Reply:
        if call.method == "anvil_reorg":
            removed = await self._logs_of_newest(int(str(call.params[0])), ask)
            reply = await ask(call)
            for number, logs in removed.items():
                self._removed.setdefault(number, []).extend(logs)
            return reply
        reply = await ask(call)
        if not isinstance(reply, Result) or not call.params:
            return reply
        if call.method == "eth_newFilter":
            wanted = call.params[0]
            assert isinstance(wanted, dict)
            self._criteria[str(reply.value)] = {name: wanted[name] for name in CRITERIA if name in wanted}
        elif call.method == "eth_getFilterChanges":
            assert isinstance(reply.value, list)
            return Result([*self._removed.pop(str(call.params[0]), []), *reply.value])
        return reply

    async def _logs_of_newest(self, depth: int, ask: Ask) -> dict[str, list[Log]]:
        """What each filter would lose with the newest blocks."""
        head = await number_of(ask, "eth_blockNumber")
        blocks = [
            await object_of(ask, "eth_getBlockByNumber", hex(height), HEADER_ONLY)
            for height in range(max(head - depth + 1, 1), head + 1)
        ]
        found: dict[str, list[Log]] = {}
        for number, criteria in self._criteria.items():
            for block in blocks:
                assert block is not None
                logs = await value_of(ask, "eth_getLogs", {**criteria, "blockHash": block["hash"]})
                assert isinstance(logs, list)
                found.setdefault(number, []).extend({**log, "removed": True} for log in logs)
        return found
