"""Whether this process is alive, and whether it could serve a request right now."""

import asyncio
from datetime import timedelta

import structlog
from fastapi import APIRouter
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client

from api.dependencies import Door
from api.errors import declared
from api.schemas.amounts import Shown
from bootstrap.resources import DoorResources
from domain.errors import CroupierError, LedgerUnavailable, TemporalUnavailable
from ledger.migrating import schema_revision
from ledger.session import Sessions

PATIENCE = timedelta(seconds=2)

router = APIRouter(prefix="/health", tags=["health"])
log = structlog.stdlib.get_logger("api")


class HealthAnswer(Shown):
    """One word."""

    status: str = "ok"


@router.get("/live", responses=declared())
async def live() -> HealthAnswer:
    """The process runs and answers; nothing it depends on is asked."""
    return HealthAnswer()


@router.get("/ready", responses=declared())
async def ready(door: Door) -> HealthAnswer:
    """The ledger and both Temporal namespaces answer; a door that is not ready should get no traffic."""
    await check_ready(door)
    return HealthAnswer()


async def check_ready(door: DoorResources) -> None:
    """Raise LedgerUnavailable or TemporalUnavailable for what does not answer within the patience."""
    checks = (_ledger_answers(door.sessions), _temporal_answers(door.bets), _temporal_answers(door.money))
    results = await asyncio.gather(*checks, return_exceptions=True)
    missing = [result for result in results if isinstance(result, BaseException)]
    for failure in missing:
        log.warning("not ready", why=str(failure))
    for failure in missing:
        raise failure


async def _ledger_answers(sessions: Sessions) -> None:
    try:
        async with asyncio.timeout(PATIENCE.total_seconds()), sessions.snapshot() as session:
            await schema_revision(session)
    except TimeoutError:
        raise LedgerUnavailable from None


async def _temporal_answers(client: Client) -> None:
    try:
        async with asyncio.timeout(PATIENCE.total_seconds()):
            await client.workflow_service.describe_namespace(
                DescribeNamespaceRequest(namespace=client.namespace), timeout=PATIENCE
            )
    except CroupierError:
        raise
    except Exception as error:
        raise TemporalUnavailable(f"namespace {client.namespace}") from error
