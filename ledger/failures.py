"""Driver errors end here: what may simply be sent again is Unavailable, what broke a guard is Corrupt."""

from collections.abc import Generator
from contextlib import contextmanager

from psycopg import Error as DriverError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as CheckoutTimeout

from domain.errors import CroupierError, InvariantBroken, LedgerUnavailable

# Classes of SQLSTATE (PostgreSQL documentation, appendix A) after which the same ids may simply be sent
# again.
_TRANSIENT_CLASSES = frozenset({"08", "53", "57", "58", "40"})
_TRANSIENT_STATES = frozenset(
    {
        "55P03",  # lock_timeout
        "25P03",  # idle_in_transaction_session_timeout
        "25P04",  # transaction_timeout
    }
)


@contextmanager
def ledger_errors() -> Generator[None]:
    """Translate what the driver raises inside the block; other errors pass."""
    try:
        yield
    except CheckoutTimeout:
        raise LedgerUnavailable("all connections are in use") from None
    except DBAPIError as error:
        raise ledger_error(error) from error
    except DriverError as error:
        raise _by_state(error.sqlstate, "", str(error)) from error


def ledger_error(error: DBAPIError) -> CroupierError:
    """LedgerUnavailable for a lost connection, a timeout or a full server, else InvariantBroken.

    After a lost COMMIT nobody knows whether it happened; it is still Unavailable, because the same ids give
    the same answers.
    """
    original = error.orig
    if error.connection_invalidated or not isinstance(original, DriverError):
        return LedgerUnavailable("the connection was lost")
    rule = original.diag.constraint_name or ""
    return _by_state(original.sqlstate, rule, str(original).splitlines()[0] if str(original) else "")


def _by_state(state: str | None, rule: str, said: str) -> CroupierError:
    if state is None or state[:2] in _TRANSIENT_CLASSES or state in _TRANSIENT_STATES:
        return LedgerUnavailable(said or "no answer")
    return InvariantBroken(f"{rule or state} refused: {said}")
