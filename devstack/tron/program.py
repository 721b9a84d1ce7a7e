"""The devnet in one process: the chain, its producers' clock, one port per node, the queue."""

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from devstack.processes import LOCALHOST
from devstack.tron.chain import TronChain
from devstack.tron.genesis import dev_genesis
from devstack.tron.journal_file import Beginning, JournalFile
from devstack.tron.levers import Knobs, Levers, dev_calls, serving
from devstack.tron.pacing import Clock, Pace
from devstack.tron.pyevm import PyEvmEngine
from devstack.tron.surface import BODY_BYTES_MAX, Surface
from devstack.tron.triggers import Triggers
from devstack.tron.views import Node

CLOSING_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Settings:
    """Where the nodes listen and how the chain lives; ports of 0 are left out."""

    ports: tuple[int, ...]
    zmq_port: int = 0
    slot_ms: int = 3_000
    backdated_ms: int = 43_200_000
    produces: bool = False
    internal_transactions: bool = False
    journal: Path | None = None


async def run(settings: Settings) -> None:
    """Serve until told to stop."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with serving_devnet(settings):
        await stop.wait()


@contextlib.asynccontextmanager
async def serving_devnet(settings: Settings) -> AsyncIterator[Levers]:
    """Serve while the context lasts. Raises OSError when a port is taken."""
    journal = JournalFile(settings.journal, _beginning(settings)) if settings.journal else None
    levers = make_chain(settings, journal)
    triggers = Triggers(levers.chain, settings.zmq_port) if settings.zmq_port else None
    levers.triggers = triggers
    surfaces = [Surface(Node(levers.chain)) for _ in settings.ports]
    runners = [
        await _listen(surface, levers, port) for surface, port in zip(surfaces, settings.ports, strict=True)
    ]
    producing = asyncio.create_task(levers.pace.run())
    try:
        yield levers
    finally:
        producing.cancel()
        await asyncio.gather(producing, return_exceptions=True)
        for surface in surfaces:
            surface.close()
        for runner in runners:
            await runner.cleanup()
        if triggers is not None:
            triggers.close()
        if journal is not None:
            journal.close()


def make_chain(settings: Settings, journal: JournalFile | None = None) -> Levers:
    """Make the chain of these settings, or the one that a journal tells of, and the levers on it."""
    clock, engine = Clock(), PyEvmEngine()
    beginning = journal.beginning if journal else _beginning(settings)
    chain = TronChain(
        dev_genesis(engine, beginning.genesis_ms, beginning.slot_ms),
        engine,
        clock=clock,
        slot_ms=beginning.slot_ms,
        internal_transactions=settings.internal_transactions,
    )
    if journal is not None:
        chain.replay(journal.records)
        chain.keep_journal(journal.write)
    return Levers(chain, clock, Pace(chain, asyncio.Lock(), on=settings.produces))


def _beginning(settings: Settings) -> Beginning:
    return Beginning(Clock()() - settings.backdated_ms, settings.slot_ms)


async def _listen(surface: Surface, levers: Levers, port: int) -> web.AppRunner:
    application = web.Application(client_max_size=BODY_BYTES_MAX)
    dev = serving(dev_calls(levers, Knobs(surface)))
    application.router.add_post("/dev/{name}", dev)
    for method in ("GET", "POST"):
        application.router.add_route(method, "/{part:wallet|walletsolidity}/{name}", surface.serve)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=CLOSING_SECONDS)
    await runner.setup()
    await web.TCPSite(runner, LOCALHOST, port).start()
    return runner
