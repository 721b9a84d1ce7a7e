"""The exit guard: a run that used the Temporal runtime ends with pytest's code and pytest's closing line."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from devstack.runs import CHECKOUT
from devstack.temporal import TemporalServer

RUNS = 12
AT_ONCE = 4
RUN_SECONDS = 60

PASSING = "def test_connects(address): asyncio.run(Client.connect(address))"
FAILING = "def test_connects(address): assert asyncio.run(Client.connect(address)) is None"
# The runtime crashes the shutdown of the interpreter now and then; the planted abort does it every time.
PROGRAM = """
import asyncio, atexit, os, pytest
from temporalio.client import Client
atexit.register(os.abort)
@pytest.fixture
def address(): return os.environ["TEMPORAL_ADDRESS"]
{test}
"""


@pytest.mark.timeout(RUN_SECONDS * 2)
def test_no_run_dies_while_it_leaves(temporal_server: TemporalServer, tmp_path: Path) -> None:
    """Every one of many runs exits 0 after saying `1 passed`."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        done = list(pool.map(lambda n: _run(PASSING, temporal_server, tmp_path / str(n)), range(RUNS)))
    assert [run.returncode for run in done] == [0] * RUNS
    assert all("1 passed" in run.stdout.splitlines()[-1] for run in done)


def test_a_failing_run_keeps_its_code_and_its_closing_line(
    temporal_server: TemporalServer, tmp_path: Path
) -> None:
    """The guard changes no verdict: a failure is code 1 and the summary names the test."""
    run = _run(FAILING, temporal_server, tmp_path)
    assert run.returncode == int(pytest.ExitCode.TESTS_FAILED)
    assert "FAILED test_once.py::test_connects" in run.stdout
    assert "1 failed" in run.stdout.splitlines()[-1]


def test_a_test_that_does_not_exist_is_named(tmp_path: Path) -> None:
    """A mistyped test is a usage error, and its sentence is still said."""
    run = _run_program("import temporalio.client", "127.0.0.1:1", tmp_path, "test_once.py::test_nothing")
    assert run.returncode == int(pytest.ExitCode.USAGE_ERROR)
    assert "test_nothing" in run.stderr


def _run(test: str, server: TemporalServer, directory: Path) -> subprocess.CompletedProcess[str]:
    return _run_program(PROGRAM.format(test=test), server.address, directory, "test_once.py")


def _run_program(program: str, address: str, directory: Path, asked: str) -> subprocess.CompletedProcess[str]:
    directory.mkdir(exist_ok=True)
    (directory / "test_once.py").write_text(program)
    (directory / "pytest.ini").write_text("[pytest]\n")
    return subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "tests.support.exiting",
            "-p",
            "no:cacheprovider",
            asked,
        ],
        check=False,
        cwd=directory,
        env={"PYTHONPATH": str(CHECKOUT), "TEMPORAL_ADDRESS": address, "PATH": ""},
        capture_output=True,
        text=True,
        timeout=RUN_SECONDS,
    )
