"""`python -m workers <process>` serves queues; `python -m workers schedules` starts the endless workflows."""

import argparse
import asyncio

import structlog

from bootstrap.assembly import assemble
from bootstrap.telemetry import configure_logging
from domain.errors import CroupierError
from workers.checking import check_namespaces
from workers.registry import PROCESSES
from workers.running import finish, leave, run
from workers.schedules import start_endless

SCHEDULES = "schedules"

log = structlog.get_logger(__name__)


def main() -> None:
    """Run one process and leave with 0, or with 1 and a sentence."""
    parser = argparse.ArgumentParser(prog="python -m workers", description=__doc__)
    parser.add_argument("process", choices=[*PROCESSES, SCHEDULES])
    name = parser.parse_args().process
    configure_logging()
    leave(asyncio.run(_main(name)))


async def _main(name: str) -> int:
    try:
        await (_start_endless() if name == SCHEDULES else run(name))
    except CroupierError as error:
        log.error("cannot serve", process=name, code=error.code, why=error.sentence)
        return 1
    finally:
        await finish()
    return 0


async def _start_endless() -> None:
    async with assemble(reads_seeds=False) as built:
        await check_namespaces((built.resources.money,))
        started = await start_endless(built)
    log.info("running", workflows=started)


if __name__ == "__main__":
    main()
