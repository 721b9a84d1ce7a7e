"""Alarms: what is wrong with one send among many is told to people, and the others get their turn."""

from collections.abc import Generator
from contextlib import contextmanager
from uuid import UUID

from temporalio import activity

from domain.errors import CroupierError, Unavailable


@contextmanager
def alarming(send_id: UUID, attempt: int) -> Generator[None]:
    """What is wrong with one send alarms and keeps no other from its turn; an outage ends the round."""
    try:
        yield
    except Unavailable:
        raise
    except CroupierError as error:
        activity.logger.error("send %s, attempt %s is not healed: %s", send_id, attempt, error.sentence)
