"""`python -m devstack demo` tells the story once; `python -m devstack up` keeps the same stack running."""

import argparse
import signal
import sys

from rich.console import Console

from devstack.runs import BUILD
from devstack.story import tell
from devstack.up import keep_running

WIDTH = 110
INTERRUPTED = 130  # as a shell reports it


def main() -> int:
    """Run one verb; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m devstack", description=__doc__)
    parser.add_argument("verb", choices=("demo", "up"))
    verb = parser.parse_args().verb
    console = Console(highlight=False, width=None if sys.stdout.isatty() else WIDTH)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        return keep_running(console) if verb == "up" else tell(console, BUILD / "demo.json")
    except KeyboardInterrupt:
        console.print("[dim]·[/] interrupted; what was started has been stopped")
        return INTERRUPTED


if __name__ == "__main__":
    raise SystemExit(main())
