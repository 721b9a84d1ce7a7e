"""`python -m api <listener> ...`: opens the door for one listener or several in one process."""

import argparse
import asyncio
import os
import sys
import time
from collections.abc import Sequence

from api.app import Listener
from api.serving import serve
from bootstrap.telemetry import configure_logging

DEFAULT_PORTS = {Listener.PLAYER: 8000, Listener.OPERATOR: 8001}
EXIT_PAUSE_SECONDS = 0.5


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """The command line: which listeners, on which host, on which ports."""
    parser = argparse.ArgumentParser(prog="python -m api", description=__doc__)
    parser.add_argument("listeners", nargs="+", type=Listener, metavar="listener", help="player, operator")
    parser.add_argument("--host", default="127.0.0.1")
    for listener, port in DEFAULT_PORTS.items():
        parser.add_argument(f"--{listener.value}-port", type=int, default=port)
    return parser.parse_args(arguments)


def main(arguments: Sequence[str]) -> int:
    """Serve until a signal comes; 0 when everything ended in order."""
    options = parse(arguments)
    configure_logging()
    ports = {
        listener: getattr(options, f"{listener.value}_port") for listener in dict.fromkeys(options.listeners)
    }
    asyncio.run(serve(options.host, ports))
    return 0


def leave(code: int) -> None:
    """End the process without the interpreter's own shutdown, which can crash in native threads."""
    sys.stdout.flush()
    sys.stderr.flush()
    time.sleep(EXIT_PAUSE_SECONDS)
    os._exit(code)


if __name__ == "__main__":
    leave(main(sys.argv[1:]))
