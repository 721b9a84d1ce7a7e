"""The Temporal development server and its UI, from a wheel, with our namespaces and search attributes."""

import os
import subprocess
import sys
from pathlib import Path

from devstack.dynamic_config import Profile, as_flags
from devstack.ported import PortedServer
from devstack.processes import LOCALHOST, Child, ChildFailed, accepts, free_port

BETS_NAMESPACE = "croupier-bets"
MONEY_NAMESPACE = "croupier-money"
RETENTION = {BETS_NAMESPACE: "3d", MONEY_NAMESPACE: "90d"}
COMMAND_SECONDS = 30
ENVIRONMENT = {"GOGC": "400"}  # fewer collections: lanes at 10,000 bets/s need it

SEARCH_ATTRIBUTES = {
    "CroupierState": "Keyword",
    "CroupierStep": "Keyword",
    "CroupierReason": "Keyword",
    "CroupierOperator": "Keyword",
    "CroupierPlayer": "Keyword",
    "CroupierAsset": "Keyword",
    "CroupierChain": "Keyword",
    "CroupierNeedsHuman": "Bool",
    "CroupierSince": "Datetime",
}


class TemporalServer(PortedServer):
    """One development server: frontend, UI and both namespaces; its ports outlive a restart."""

    def __init__(
        self,
        directory: Path,
        *,
        profile: Profile = "demo",
        database: Path | None = None,
        port: int | None = None,
        ui_port: int | None = None,
    ) -> None:
        """Log into `directory`; without a `database` file the server forgets everything when it stops."""
        super().__init__()
        self.directory = directory
        self.profile = profile
        self.database = database
        self.port = free_port(port)
        self.ui_port = free_port(ui_port)

    @property
    def address(self) -> str:
        return f"{LOCALHOST}:{self.port}"

    @property
    def ui(self) -> str:
        return f"http://{LOCALHOST}:{self.ui_port}"

    def start(self) -> None:
        """Start and wait until both namespaces answer and remember as long as they should.

        Raises ChildFailed when the server does not come up.
        """
        self.directory.mkdir(parents=True, exist_ok=True)
        super().start()
        for namespace, retention in RETENTION.items():
            self._operator("namespace", "update", "--namespace", namespace, "--retention", retention)

    def log_tail(self, lines: int = 20) -> str:
        """Return the last lines of the server's log."""
        assert self._child is not None
        return self._child.tail(lines)

    def _make_child(self) -> Child:
        return Child(
            "Temporal server",
            [_program(), "server", "start-dev", *self._flags()],
            self.directory / "temporal.log",
            environment={**os.environ, **ENVIRONMENT},
            directory=self.directory,
        )

    def _choose_ports(self) -> None:
        self.port, self.ui_port = free_port(), free_port()

    def _flags(self) -> list[str]:
        flags = ["--ip", LOCALHOST, "--port", str(self.port), "--ui-port", str(self.ui_port)]
        flags += ["--log-level", "warn"]
        if self.database is not None:
            flags += ["--db-filename", str(self.database)]
        for namespace in RETENTION:
            flags += ["--namespace", namespace]
        for name, kind in SEARCH_ATTRIBUTES.items():
            flags += ["--search-attribute", f"{name}={kind}"]
        return [*flags, *as_flags(self.profile)]

    def _answers(self) -> bool:
        return (
            accepts(self.port)
            and accepts(self.ui_port)
            and all(self._asked("namespace", "describe", "--namespace", name) for name in RETENTION)
        )

    def _asked(self, *words: str) -> bool:
        return self._command(*words).returncode == 0

    def _operator(self, *words: str) -> None:
        done = self._command(*words)
        if done.returncode != 0:
            name = f"temporal operator {' '.join(words)}"
            raise ChildFailed(name, f"ended with code {done.returncode}", done.stderr)

    def _command(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [_program(), "operator", *words, "--address", self.address],
            check=False,
            capture_output=True,
            text=True,
            timeout=COMMAND_SECONDS,
        )


def _program() -> str:
    """Return the command the wheel installed beside this interpreter."""
    return str(Path(sys.prefix) / "bin" / "temporal")
