"""The exit guard: a test run that used the Temporal runtime leaves by `os._exit`, with pytest's own code.

Its native threads can crash the interpreter while it shuts down, after the work is done and reported.
"""

import os
import sys
import time

import pytest

SETTLE_SECONDS = 0.5
NATIVE_RUNTIME = "temporalio.bridge.temporal_sdk_bridge"
_SESSION = pytest.StashKey[pytest.Session]()


def pytest_sessionstart(session: pytest.Session) -> None:
    """Remember the session, whose exit status is final only when it is torn down."""
    session.config.stash[_SESSION] = session


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """Leave at once, after every other plugin has said its last word."""
    session = config.stash.get(_SESSION, None)
    if session is None or NATIVE_RUNTIME not in sys.modules:
        return
    if session.exitstatus == pytest.ExitCode.USAGE_ERROR:
        return  # no test ran, and pytest says only after this what it did not find
    time.sleep(SETTLE_SECONDS)
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None:
        reporter.flush()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(int(session.exitstatus))
