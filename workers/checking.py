"""What a process checks before it serves: a worker on the wrong ground would fail quietly, task by task."""

import asyncio
from collections.abc import Iterable
from time import monotonic

from temporalio.api.operatorservice.v1 import ListSearchAttributesRequest
from temporalio.client import Client
from temporalio.service import RPCError

from domain.errors import CroupierError, LedgerUnavailable, TemporalUnavailable
from ledger.migrating import expected_revision, schema_revision
from ledger.session import Sessions
from workflows.names import ASSET, CHAIN, NEEDS_HUMAN, OPERATOR, PLAYER, REASON, SINCE, STATE, STEP

PATIENCE_SECONDS = 60
LOOK_EVERY_SECONDS = 1
SEARCH_ATTRIBUTES = {
    key.name for key in (STATE, STEP, REASON, OPERATOR, PLAYER, ASSET, CHAIN, NEEDS_HUMAN, SINCE)
}


async def check_schema(sessions: Sessions) -> None:
    """Wait until the database has exactly this release's schema; raises LedgerUnavailable after a minute."""
    ends_at, expected = monotonic() + PATIENCE_SECONDS, expected_revision()
    found = "no answer"
    while monotonic() < ends_at:
        try:
            async with sessions.begin() as session:
                found = await schema_revision(session)
        except CroupierError as error:
            found = error.sentence
        if found == expected:
            return
        await asyncio.sleep(LOOK_EVERY_SECONDS)
    message = f"its schema is {found}, this release needs {expected}"
    raise LedgerUnavailable(message)


async def check_namespaces(clients: Iterable[Client]) -> None:
    """Wait until each namespace has the search attributes; raises TemporalUnavailable after a minute."""
    for client in clients:
        await _check_namespace(client)


async def _check_namespace(client: Client) -> None:
    ends_at = monotonic() + PATIENCE_SECONDS
    missing = "no answer"
    while monotonic() < ends_at:
        try:
            listed = await client.operator_service.list_search_attributes(
                ListSearchAttributesRequest(namespace=client.namespace)
            )
        except RPCError as error:
            missing = error.message
        else:
            absent = SEARCH_ATTRIBUTES - set(listed.custom_attributes)
            if not absent:
                return
            missing = f"search attributes are missing: {', '.join(sorted(absent))}"
        await asyncio.sleep(LOOK_EVERY_SECONDS)
    message = f"namespace {client.namespace}: {missing}"
    raise TemporalUnavailable(message)
