"""The levers on the chain and the knobs of its nodes, as `dev/*` calls: POST with a JSON body.

Levers move the one chain; knobs (fault, heal, lag, contradict, remember_rejected, asked) are those of the
node whose port was called.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from aiohttp import web

from devstack.faults.scripts import Script
from devstack.tron.blocks import ChainBlock
from devstack.tron.branches import KEPT_BELOW_SOLID
from devstack.tron.chain import TronChain
from devstack.tron.contradicting import Contradiction
from devstack.tron.knobs import UnknownFault, fault
from devstack.tron.pacing import Clock, Pace
from devstack.tron.rendering import Unreadable, address_of
from devstack.tron.surface import Surface, read_params
from devstack.tron.triggers import Triggers
from devstack.tron.turns import AheadOfTime, NoProducer

Given = Mapping[str, object]
Lever = Callable[[Given], Awaitable[object]]


@dataclass(slots=True)
class Levers:
    """Everything that a test may do to the chain."""

    chain: TronChain
    clock: Clock
    pace: Pace
    triggers: Triggers | None = None

    async def mine(self, given: Given) -> object:
        """Make blocks, waiting for slots that are still to come."""
        only = None if given.get("only") is None else _txids(given["only"])
        without, skip_slots = _txids(given.get("without")), _number(given, "skip_slots", 0)
        async with self.pace.making:
            for _ in range(_number(given, "blocks", 1)):
                await self._in_time(
                    lambda: self.chain.mine(only=only, without=without, skip_slots=skip_slots)
                )
        return self.heights()

    async def fork(self, given: Given) -> object:
        """Replace the newest blocks by another branch."""
        async with self.pace.making:
            await self._in_time(
                lambda: self.chain.fork(
                    _number(given, "depth", 1),
                    without=_txids(given.get("without")),
                    again=_txids(given.get("again")),
                    timing_out=_txids(given.get("timing_out")),
                )
            )
        return self.heights()

    async def producers(self, given: Given) -> object:
        """Let these producers miss their slots; an empty list lets all work again."""
        down = given.get("down") or []
        assert isinstance(down, list)
        self.chain.producers_down(int(index) for index in down)
        return self.heights()

    async def credit(self, given: Given) -> object:
        """Give an address TRX out of nothing."""
        self.chain.top_up(_address(given), _number(given, "sun"))
        return self.heights()

    async def factor(self, given: Given) -> object:
        """Set a contract's energy factor, in 1/10,000."""
        self.chain.set_energy_factor(_address(given), _number(given, "factor"))
        return self.heights()

    async def forget(self, _given: Given) -> object:
        """Forget what waits for a block."""
        self.chain.forget_pending()
        return self.heights()

    async def skew(self, given: Given) -> object:
        """Let the chain's clock differ from the machine's."""
        self.clock.skew_ms = _number(given, "ms")
        return self.heights()

    async def produce(self, given: Given) -> object:
        """Make a block in each slot of real time, or with `on` false only when told to."""
        self.pace.on = given.get("on") is not False
        return self.heights()

    async def zmq(self, given: Given) -> object:
        """Distort the queue: as_they_come, drop, repeat or swap; and whether it tells of removed blocks."""
        assert self.triggers is not None, "this chain publishes nothing"
        self.triggers.distort(str(given.get("mode", "as_they_come")))
        self.triggers.tells_removed = given.get("removed") is not False
        return self.heights()

    async def status(self, _given: Given) -> object:
        """Change nothing."""
        return self.heights()

    def heights(self) -> dict[str, object]:
        """Return where the chain stands."""
        head, solid = self.chain.head, self.chain.solid
        return {
            "head": head.number,
            "head_id": head.id.hex(),
            "head_ms": head.time_ms,
            "solid": solid.number,
            "solid_id": solid.id.hex(),
            "pending": len(self.chain.pending()),
            "genesis_id": self.chain.genesis_block.id.hex(),
        }

    async def _in_time(self, make: Callable[[], ChainBlock]) -> None:
        while True:
            try:
                make()
            except AheadOfTime as early:
                await asyncio.sleep(early.wait_ms / 1000)
            else:
                return


@dataclass(slots=True)
class Knobs:
    """What may be done to one node."""

    surface: Surface
    scripts: list[Script] = field(default_factory=list)

    async def fault(self, given: Given) -> object:
        """Let a fault happen to calls `first` to `first + times - 1` of a path (`*`: of any), from now on."""
        times = given.get("times")
        script = Script(
            str(given["path"]).lower(),
            fault(str(given["fault"]), given),
            _number(given, "first", 1),
            None if times is None else int(str(times)),
        )
        self.surface.playbook.add(script)
        self.scripts.append(script)
        return {"fault": len(self.scripts) - 1}

    async def struck(self, given: Given) -> object:
        """Tell how often a fault happened."""
        return {"struck": self.scripts[_number(given, "fault")].struck}

    async def heal(self, _given: Given) -> object:
        """No more faults, no lag, no contradiction; what was asked is kept."""
        self.surface.playbook.clear()
        node = self.surface.node
        node.lag, node.contradiction, node.remembers_rejected = 0, None, False
        node.rejected.clear()
        return {}

    async def lag(self, given: Given) -> object:
        """Show the chain as it was so many blocks ago; older states than that are not kept."""
        blocks = _number(given, "blocks")
        if not 0 <= blocks <= KEPT_BELOW_SOLID:
            raise ValueError(f"a node can lag up to {KEPT_BELOW_SOLID} blocks, not {blocks}")
        self.surface.node.lag = blocks
        return {}

    async def contradict(self, given: Given) -> object:
        """Show blocks of another branch from a height on."""
        self.surface.node.contradiction = Contradiction(_number(given, "height"))
        return {}

    async def remember_rejected(self, given: Given) -> object:
        """Call a transaction a duplicate that was refused here before."""
        self.surface.node.remembers_rejected = given.get("on") is not False
        return {}

    async def asked(self, given: Given) -> object:
        """List the parameters of each call of a path so far."""
        path = str(given["path"]).lower()
        return {"asked": [call.params[0] for call in self.surface.asked if call.method == path]}


def dev_calls(levers: Levers, knobs: Knobs) -> dict[str, Lever]:
    """Return the calls by their names."""
    return {
        "mine": levers.mine,
        "fork": levers.fork,
        "producers": levers.producers,
        "credit": levers.credit,
        "factor": levers.factor,
        "forget": levers.forget,
        "skew": levers.skew,
        "produce": levers.produce,
        "zmq": levers.zmq,
        "status": levers.status,
        "fault": knobs.fault,
        "struck": knobs.struck,
        "heal": knobs.heal,
        "lag": knobs.lag,
        "contradict": knobs.contradict,
        "remember_rejected": knobs.remember_rejected,
        "asked": knobs.asked,
    }


def serving(calls: Mapping[str, Lever]) -> Callable[[web.Request], Awaitable[web.Response]]:
    """Return the handler of `dev/*`: a lever that cannot be pulled so answers 400 with the reason."""

    async def serve(request: web.Request) -> web.Response:
        lever = calls.get(request.match_info["name"])
        if lever is None:
            return web.json_response({"problem": f"none of {sorted(calls)}"}, status=404)
        try:
            return web.json_response(await lever(await read_params(request)))
        except (UnknownFault, Unreadable, NoProducer, ValueError, KeyError, AssertionError) as problem:
            return web.json_response({"problem": f"{type(problem).__name__}: {problem}"}, status=400)

    return serve


def _txids(value: object) -> frozenset[bytes]:
    return frozenset(bytes.fromhex(str(one)) for one in value) if isinstance(value, list) else frozenset()


def _number(given: Given, name: str, default: int | None = None) -> int:
    value = given.get(name, default)
    if value is None:
        raise KeyError(name)
    return int(str(value))


def _address(given: Given) -> bytes:
    return address_of(given.get("address"), visible=True)
