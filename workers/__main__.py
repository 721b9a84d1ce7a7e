"""`python -m workers <process>` serves queues.

`python -m workers migrate` brings the ledger's schema up to date and enters what the house file lists,
`python -m workers schedules` starts the endless workflows and keeps the schedules.
Both end when that is done.
"""

import argparse
import asyncio

import structlog

from bootstrap.assembly import assemble
from bootstrap.migrating import migrate_from_environment
from bootstrap.telemetry import configure_logging
from domain.errors import CroupierError
from workers.checking import check_namespaces
from workers.registry import PROCESSES
from workers.running import finish, leave, run
from workers.schedules import keep_schedules, start_endless

MIGRATE = "migrate"
SCHEDULES = "schedules"

log = structlog.get_logger(__name__)


def main() -> None:
    """Run one process and leave with 0, or with 1 and a sentence."""
    parser = argparse.ArgumentParser(prog="python -m workers", description=__doc__)
    parser.add_argument("process", choices=[*PROCESSES, MIGRATE, SCHEDULES])
    name = parser.parse_args().process
    configure_logging()
    leave(asyncio.run(_main(name)))


async def _main(name: str) -> int:
    try:
        await _verb(name)
    except CroupierError as error:
        log.error(  # noqa: TRY400 - the sentence says it; a trace would bury it
            "cannot serve", process=name, code=error.code, why=error.sentence
        )
        return 1
    finally:
        await finish()
    return 0


async def _verb(name: str) -> None:
    if name == MIGRATE:
        await migrate_from_environment()
    elif name == SCHEDULES:
        await _set_up()
    else:
        await run(name)


async def _set_up() -> None:
    async with assemble(reads_seeds=False) as built:
        await check_namespaces((built.resources.bets, built.resources.money))
        started = await start_endless(built)
        kept = await keep_schedules(built)
    log.info("running", workflows=started, schedules=kept)


if __name__ == "__main__":
    main()
