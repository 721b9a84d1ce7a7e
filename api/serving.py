"""Runs the listeners of one process: one signal stops all of them, open requests are finished first."""

import asyncio
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import structlog
from uvicorn import Config, Server

from api.app import Listener, create_app
from bootstrap.resources import open_door

GRACE_SECONDS = 10
KEEP_ALIVE_SECONDS = 30
SIGNALS = (signal.SIGTERM, signal.SIGINT)

log = structlog.stdlib.get_logger("api")


class ListenerServer(Server):
    """A server that leaves signals to the process, because several servers share it."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def serve(host: str, ports: Mapping[Listener, int]) -> None:
    """Serve each listener until a signal comes; a second signal does not wait for open requests."""
    async with open_door() as resources:
        servers = [
            ListenerServer(
                Config(
                    create_app(listener, resources),
                    host=host,
                    port=port,
                    log_config=None,
                    access_log=False,
                    server_header=False,
                    timeout_graceful_shutdown=GRACE_SECONDS,
                    timeout_keep_alive=KEEP_ALIVE_SECONDS,
                )
            )
            for listener, port in ports.items()
        ]
        with _stopping(servers):
            log.info("door opens", host=host, **{listener.value: port for listener, port in ports.items()})
            async with asyncio.TaskGroup() as group:
                for server in servers:
                    group.create_task(_run(server, servers))
        log.info("door closed")


async def _run(server: ListenerServer, together: list[ListenerServer]) -> None:
    """Run one server; when it ends, whatever the reason, the others end too."""
    try:
        await server.serve()
    finally:
        for other in together:
            other.should_exit = True


@contextmanager
def _stopping(servers: list[ListenerServer]) -> Iterator[None]:
    loop = asyncio.get_running_loop()

    def stop() -> None:
        for server in servers:
            server.force_exit = server.should_exit
            server.should_exit = True

    for number in SIGNALS:
        loop.add_signal_handler(number, stop)
    try:
        yield
    finally:
        for number in SIGNALS:
            loop.remove_signal_handler(number)
