"""What the operating system can do for a process that holds keys, and how such a process leaves."""

import ctypes
import logging
import os
import resource
import sys
import time

PR_SET_DUMPABLE = 4
EXIT_PAUSE_SECONDS = 0.5

_logger = logging.getLogger(__name__)


def forbid_dumps() -> None:
    """Write no core file, and on Linux let no process of this user attach or read the memory (prctl 2)."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if not sys.platform.startswith("linux"):
        return
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0:
        _logger.warning("the memory could not be marked as private: %s", os.strerror(ctypes.get_errno()))


def leave(code: int) -> None:
    """End at once with this code: native threads may otherwise crash the interpreter on its way out."""
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    time.sleep(EXIT_PAUSE_SECONDS)
    os._exit(code)
