"""The guard: reads process groups from a pipe and ends them when the writer of the pipe is gone.

It runs as its own process with the standard library alone, so that it starts in milliseconds and dies last.
"""

import os
import signal
import sys
import time
from collections.abc import Iterable

POLL_SECONDS = 0.05


def watched(lines: Iterable[str]) -> dict[int, int]:
    """Follow `watch <group> <signal>` and `release <group>` to the end of the pipe; return what is left."""
    groups: dict[int, int] = {}
    for line in lines:
        verb, group, *rest = line.split()
        if verb == "watch":
            groups[int(group)] = int(rest[0])
        else:
            groups.pop(int(group), None)
    return groups


def end(groups: dict[int, int], grace_seconds: float) -> None:
    """Ask each group to end, wait, then kill what is left."""
    for group, number in groups.items():
        _send(group, number)
    deadline = time.monotonic() + grace_seconds
    while time.monotonic() < deadline and any(_send(group, 0) for group in groups):
        time.sleep(POLL_SECONDS)
    for group in groups:
        _send(group, signal.SIGKILL)


def _send(group: int, number: int) -> bool:
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    end(watched(sys.stdin), float(sys.argv[1]))
