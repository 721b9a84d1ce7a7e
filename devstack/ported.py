"""A server of one child process on ports of its own, which moves to others if somebody took them first."""

from abc import ABC, abstractmethod

from devstack.processes import Child, ChildFailed

START_ATTEMPTS = 3
TAKEN_PORT = "in use"


class PortedServer(ABC):
    """Start, stop and restart of such a server; the ports it once started on outlive a restart."""

    start_seconds: float = 30

    def __init__(self) -> None:
        self._child: Child | None = None

    def start(self) -> None:
        """Start and wait until the server answers. Raises ChildFailed when it does not."""
        for attempt in range(START_ATTEMPTS):
            self._child = self._make_child()
            try:
                self._child.start(self._answers, self.start_seconds)
            except ChildFailed as failure:
                if TAKEN_PORT not in str(failure) or attempt + 1 == START_ATTEMPTS:
                    raise
                self._choose_ports()
            else:
                return

    def stop(self) -> None:
        """Stop in order; a file that the server was given keeps its state."""
        if self._child is not None:
            self._child.stop()

    def kill(self) -> None:
        """End the server without a warning."""
        assert self._child is not None
        self._child.kill()

    def restart(self) -> None:
        """Start again on the same ports, after `kill` or while running; without a file it begins anew."""
        self.stop()
        self.start()

    @abstractmethod
    def _make_child(self) -> Child: ...

    @abstractmethod
    def _choose_ports(self) -> None: ...

    @abstractmethod
    def _answers(self) -> bool: ...
