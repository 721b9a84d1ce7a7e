"""Which calls a fault strikes: by method, by place in the row of such calls, by parameters."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from devstack.faults.exchange import Ask, Call, Layer, through

EVERY_METHOD = "*"


@dataclass(slots=True)
class Script:
    """One fault for calls number `first` to `first + times - 1` of a method; `times=None`: until lifted."""

    method: str
    fault: Layer
    first: int = 1
    times: int | None = None
    where: Callable[[Call], bool] | None = None
    met: int = 0
    struck: int = 0

    def strikes(self, call: Call) -> bool:
        """Count the call if it is meant, and tell whether the fault happens to it."""
        if self.method not in (EVERY_METHOD, call.method) or (self.where and not self.where(call)):
            return False
        self.met += 1
        place = self.met - self.first
        if place < 0 or (self.times is not None and place >= self.times):
            return False
        self.struck += 1
        return True


@dataclass(slots=True)
class Playbook:
    """All scripts in force; what was injected last stands nearest to the caller. Any thread may write."""

    _scripts: list[Script] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, script: Script) -> None:
        with self._lock:
            self._scripts.append(script)

    def clear(self) -> None:
        with self._lock:
            self._scripts.clear()

    def before(self, call: Call, ask: Ask) -> Ask:
        """Put the faults that strike this call before the node."""
        with self._lock:
            struck = [script.fault for script in self._scripts if script.strikes(call)]
        for fault in struck:
            ask = through(fault, ask)
        return ask
