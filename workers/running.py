"""One worker process: check what it stands on, serve its queues, drain on a signal, leave cleanly."""

import asyncio
import os
import signal
import sys
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path

import structlog
from temporalio.client import Client
from temporalio.worker import Worker

from bootstrap.assembly import Assembly, assemble
from workers.checking import check_namespaces, check_schema
from workers.collecting import calm_collector
from workers.registry import PROCESSES, QueueWork
from workflows.names import BETS_NAMESPACE

GRACE = timedelta(seconds=30)
STICKY = timedelta(seconds=2)  # so long the workflows of a dead worker wait for it before another takes them
FAREWELL_SECONDS = 0.5
HEALTH_SECONDS = 2.0
BETS_CACHE = 1_000
MONEY_CACHE = 500

log = structlog.get_logger(__name__)


async def run(name: str) -> None:
    """Serve the queues of one process until it is told to stop."""
    process = PROCESSES[name]
    async with assemble(reads_seeds=process.reads_seeds) as built, AsyncExitStack() as stack:
        await check_schema(built.resources.sessions)
        await check_namespaces((built.resources.bets, built.resources.money))
        works = process.queues([entry.network for entry in built.house.networks])
        for work in works:
            await stack.enter_async_context(build_worker(work, built, _client(built, work)))
        log.info("serving", process=name, queues=[f"{work.namespace}/{work.queue}" for work in works])
        calm_collector()
        await _serve(built.health_file)
        log.info("draining", process=name)


def build_worker(work: QueueWork, built: Assembly, client: Client) -> Worker:
    """One worker for one queue; building it also validates its workflows' imports."""
    return Worker(
        client,
        task_queue=work.queue,
        workflows=work.workflows,
        activities=work.activities(built),
        max_concurrent_activities=work.concurrent_activities or built.connections,
        max_concurrent_local_activities=built.connections,
        max_cached_workflows=BETS_CACHE if work.namespace == BETS_NAMESPACE else MONEY_CACHE,
        graceful_shutdown_timeout=GRACE,
        sticky_queue_schedule_to_start_timeout=STICKY,
    )


def leave(code: int) -> None:
    """Exit without the interpreter's farewell, which can crash after Temporal's native threads were used."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


async def finish() -> None:
    """Let native threads come to rest before the process leaves."""
    await asyncio.sleep(FAREWELL_SECONDS)


def _client(built: Assembly, work: QueueWork) -> Client:
    return built.resources.bets if work.namespace == BETS_NAMESPACE else built.resources.money


async def _serve(health_file: Path | None) -> None:
    """Show health until a signal asks to stop."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    while not stop.is_set():
        if health_file is not None:
            health_file.touch()  # noqa: ASYNC240 - one local inode, faster than a thread
        try:
            await asyncio.wait_for(stop.wait(), HEALTH_SECONDS)
        except TimeoutError:
            continue
    if health_file is not None:
        health_file.unlink(missing_ok=True)  # noqa: ASYNC240 - one local inode, and nothing else runs
