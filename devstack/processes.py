"""Child processes of the stack: start, health, logs, stop; ends only what it started.

A guard process outlives us just long enough to end our children when we die without a word, SIGKILL included.
"""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

LOCALHOST = "127.0.0.1"
POLL_SECONDS = 0.02
GUARD_GRACE_SECONDS = 5
GUARD_PROGRAM = Path(__file__).with_name("guarding.py")


class ChildFailed(Exception):
    """A child ended or stayed silent when it should have been ready; shows the end of its log."""

    def __init__(self, name: str, what: str, tail: str) -> None:
        super().__init__(f"{name} {what}; the end of its log:\n{tail}")
        self.name = name


@dataclass(frozen=True, slots=True)
class Account:
    """An operating system account to run a child as."""

    user_id: int
    group_id: int


class Child:
    """One child process in a process group of its own, with its output appended to a log file."""

    def __init__(  # noqa: PLR0913 - what a process needs to start; all but three have defaults
        self,
        name: str,
        arguments: Sequence[str],
        log: Path,
        *,
        environment: Mapping[str, str] | None = None,
        directory: Path | None = None,
        account: Account | None = None,
        stop_signal: signal.Signals = signal.SIGTERM,
    ) -> None:
        self.name = name
        self.arguments = list(arguments)
        self.log = log
        self.environment = dict(environment) if environment is not None else None
        self.directory = directory
        self.account = account
        self.stop_signal = stop_signal
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None, f"{self.name} was never started"
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def exit_code(self) -> int | None:
        """The exit code of the last run, negative for a signal; None while it runs or before it ran."""
        return None if self._process is None else self._process.poll()

    def start(self, ready: Callable[[], bool], timeout_seconds: float = 30) -> None:
        """Start and wait until `ready()` is true.

        Raises ChildFailed when the process ends first or the time is over; nothing is left running then.
        """
        assert not self.running, f"{self.name} runs already"
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self.arguments,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self.directory,
                env=self.environment,
                user=self.account.user_id if self.account else None,
                group=self.account.group_id if self.account else None,
                extra_groups=[] if self.account else None,
                start_new_session=True,  # Ctrl-C reaches us alone, and we stop the children in order
            )
        _guard().watch(self.pid, self.stop_signal)
        self._await(ready, timeout_seconds)

    def stop(self, grace_seconds: float = 10) -> None:
        """Ask to end, then kill what did not listen; a process that has ended already is no error."""
        if self._process is None:
            return
        self._signal_group(self.stop_signal)
        try:
            self._process.wait(grace_seconds)
        except subprocess.TimeoutExpired:
            self._signal_group(signal.SIGKILL)
            self._process.wait()
        _guard().release(self.pid)

    def kill(self) -> None:
        """End without a warning, as a crash would."""
        if self._process is None:
            return
        self._signal_group(signal.SIGKILL)
        self._process.wait()
        _guard().release(self.pid)

    def tail(self, lines: int = 20) -> str:
        """Return the last lines of the log."""
        if not self.log.exists():
            return "(no log)"
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def _await(self, ready: Callable[[], bool], timeout_seconds: float) -> None:
        deadline = time.monotonic() + timeout_seconds
        try:
            while not ready():
                self._check_running()
                self._check_time(deadline, timeout_seconds)
                time.sleep(POLL_SECONDS)
            self._check_running()  # else somebody else answered on its port
        except BaseException:
            self.kill()
            raise

    def _check_running(self) -> None:
        if not self.running:
            raise ChildFailed(self.name, f"ended with code {self.exit_code}", self.tail())

    def _check_time(self, deadline: float, timeout_seconds: float) -> None:
        if time.monotonic() > deadline:
            raise ChildFailed(self.name, f"was not ready within {timeout_seconds:g} s", self.tail())

    def _signal_group(self, number: signal.Signals) -> None:
        assert self._process is not None
        if self._process.poll() is not None:
            return  # reaped: the number may belong to somebody else by now
        os.killpg(self._process.pid, number)


def free_port(preferred: int | None = None) -> int:
    """Return a free TCP port on the loopback address: the preferred one when it is free, else any."""
    for candidate in (preferred, 0):
        if candidate is None:
            continue
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            if candidate:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((LOCALHOST, candidate))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise OSError(f"no free port on {LOCALHOST}")


def accepts(port: int) -> bool:
    """Tell whether something listens on the loopback port."""
    try:
        with socket.create_connection((LOCALHOST, port), timeout=1):
            return True
    except OSError:
        return False


def http_ok(url: str) -> bool:
    """Tell whether a GET of the address answers 2xx."""
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return 200 <= int(answer.status) < 300
    except (urllib.error.URLError, OSError):
        return False


class _Guard:
    """Our end of the pipe to the guard process; its other end sees our death as end of file."""

    def __init__(self) -> None:
        self.owner = os.getpid()
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", str(GUARD_PROGRAM), str(GUARD_GRACE_SECONDS)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )

    def watch(self, pid: int, stop_signal: signal.Signals) -> None:
        self._tell(f"watch {pid} {int(stop_signal)}\n")

    def release(self, pid: int) -> None:
        self._tell(f"release {pid}\n")

    def _tell(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(line.encode())
        self._process.stdin.flush()


_guards: list[_Guard] = []


def _guard() -> _Guard:
    """Return this process's guard; a forked process starts its own."""
    if not _guards or _guards[-1].owner != os.getpid():
        _guards.append(_Guard())
    return _guards[-1]
