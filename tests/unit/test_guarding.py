"""The guard process: what it watches, and how it ends what is left."""

import signal
import subprocess
import sys

from devstack.guarding import end, watched

DEAF = "import signal, time; signal.signal(15, signal.SIG_IGN); print(flush=True); time.sleep(99)"


def test_what_is_watched_and_not_released_is_left() -> None:
    """A released group is forgotten, also one that was never watched."""
    lines = ["watch 10 15\n", "watch 11 2\n", "release 10\n", "release 12\n"]
    assert watched(lines) == {11: 2}


def test_a_polite_process_ends_by_its_own_signal() -> None:
    """The signal a child asked for is the one it gets."""
    child = subprocess.Popen(["sleep", "99"], start_new_session=True)
    end({child.pid: signal.SIGINT}, grace_seconds=0)
    assert child.wait() in {-signal.SIGINT, -signal.SIGKILL}


def test_a_deaf_process_is_killed_after_the_grace() -> None:
    """Nothing survives the guard."""
    child = subprocess.Popen([sys.executable, "-c", DEAF], stdout=subprocess.PIPE, start_new_session=True)
    assert child.stdout is not None
    child.stdout.readline()
    end({child.pid: signal.SIGTERM}, grace_seconds=0.1)
    assert child.wait() == -signal.SIGKILL
    child.stdout.close()


def test_a_group_that_is_gone_is_no_error() -> None:
    """The guard may come too late."""
    child = subprocess.Popen(["true"], start_new_session=True)
    child.wait()
    end({child.pid: signal.SIGTERM}, grace_seconds=1)
