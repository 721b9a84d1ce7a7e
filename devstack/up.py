"""The stack kept running for whoever wants to look around."""

import shlex
import signal
from threading import Event

from rich.console import Console
from rich.table import Table

from devstack.key_material import STAFF
from devstack.runs import open_run
from devstack.stack import TRON_SLOT_MS, Stack, running_stack

PORTS = (8080, 8081)
"""Where the API is looked for first, so that its addresses stay the same from one start to the next."""


def keep_running(console: Console) -> int:
    """Start the stack, print where everything is, and wait for the end."""
    run = open_run("up")
    try:
        with running_stack(
            run.path,
            say=lambda what: console.print(f"[dim]·[/] {what}"),
            tron_slot_ms=TRON_SLOT_MS,
            ports=PORTS,
        ) as stack:
            _show(console, stack)
            _wait()
            console.print("[dim]·[/] stopping")
    finally:
        run.close()
    return 0


def _show(console: Console, stack: Stack) -> None:
    table = Table(show_header=False, box=None, padding=(0, 2))
    for name, place in (
        ("Player API", f"{stack.player_url}/docs"),
        ("Operator API", f"{stack.operator_url}/docs"),
        ("Temporal UI", stack.temporal.ui),
        ("Health", f"{stack.player_url}/health/ready"),
        ("Operator key", str(stack.keys.operator_key_file)),
        ("Logs", str(stack.directory / "logs")),
        *((f"Chain {seeded.network}", seeded.chain.url) for seeded in stack.house.networks),
    ):
        table.add_row(name, place)
    console.print(table)
    console.print("What stands still, in another terminal (ben.key is the second person):", style="bold")
    key_file = stack.keys.staff_key_file(STAFF[0])
    for line in (
        f"export CROUPIER_URL={stack.operator_url}",
        f"export CROUPIER_OPERATOR_KEY_FILE={shlex.quote(str(key_file))}",
        ".venv/bin/croupier withdrawals --all",
        ".venv/bin/croupier liquidity",
    ):
        console.print(f"  {line}", soft_wrap=True, markup=False)
    console.print("Ctrl-C stops everything.")


def _wait() -> None:
    ended = Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    while not ended.wait(1):
        pass
