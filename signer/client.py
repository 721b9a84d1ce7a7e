"""The signer's own connection to Temporal; it shares no code with the processes that ask it."""

import asyncio
import logging
from itertools import chain, repeat

from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.service import RPCError

PAUSES_SECONDS = (0.25, 0.5, 1.0, 2.0)
PAUSE_SECONDS_MAX = 5.0

_logger = logging.getLogger(__name__)


async def connect(address: str, namespace: str) -> Client:
    """Connect, however long the frontend takes to come up: a worker cannot start without its connection."""
    for pause in chain(PAUSES_SECONDS, repeat(PAUSE_SECONDS_MAX)):
        try:
            return await Client.connect(address, namespace=namespace, data_converter=pydantic_data_converter)
        except (RPCError, RuntimeError) as error:
            _logger.warning("Temporal at %s does not answer yet: %s", address, error)
            await asyncio.sleep(pause)
    raise AssertionError("the pauses are endless")
