"""Errors on their way out of the signer: PostgreSQL's to ours, ours to Temporal's.

The workflow reads the type, which is the error's code, and for a refusal the first detail, which is its code.
"""

from temporalio.exceptions import ApplicationError

from domain.errors import CroupierError, RefusedBySigner, Unavailable


def as_application_error(error: CroupierError) -> ApplicationError:
    """Only what is Unavailable is tried again: a refusal or a contradiction stays one."""
    details: tuple[str, ...] = (error.refusal, error.sentence) if isinstance(error, RefusedBySigner) else ()
    return ApplicationError(
        error.sentence, *details, type=error.code, non_retryable=not isinstance(error, Unavailable)
    )
