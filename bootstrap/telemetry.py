"""Logs: one JSON line per event on standard error, with the request it belongs to."""

import logging
import sys
from collections.abc import Sequence
from typing import Any

import structlog
from temporalio import activity
from temporalio.exceptions import ApplicationError
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

TALKATIVE = ("httpx",)
"""Libraries that tell every request with its whole address, which may hold a key of a node's provider."""

_log = structlog.stdlib.get_logger("steps")


def configure_logging(level: int = logging.INFO) -> None:
    """Send both structlog and the standard library's loggers through one renderer."""
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.stdlib.ExtraAdder(),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for talkative in TALKATIVE:
        logging.getLogger(talkative).setLevel(logging.WARNING)


class StepLog(Interceptor):
    """One line per finished activity, with the request it serves, so that it is found again in the logs."""

    def intercept_activity(
        self,
        next: ActivityInboundInterceptor,  # noqa: A002 - the SDK's name
    ) -> ActivityInboundInterceptor:
        return _Logging(super().intercept_activity(next))


class _Logging(ActivityInboundInterceptor):
    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002, ANN401 - the SDK's signature
        info = activity.info()
        bound = _log.bind(
            step=info.activity_type,
            workflow=info.workflow_id,
            attempt=info.attempt,
            request_id=_first(input.args, "request_id"),
            received_at=_first(input.args, "received_at"),
        )
        try:
            result = await super().execute_activity(input)
        except ApplicationError as error:
            bound.warning("step refused", code=error.type, why=error.message)
            raise
        bound.info("step done")
        return result


def _first(arguments: Sequence[object], name: str) -> str | None:
    """What the first argument that has such a field says."""
    found = (getattr(argument, name, None) for argument in arguments)
    return next((str(value) for value in found if value is not None), None)
