"""Directories of runs: private while their process lives, gone afterwards."""

import subprocess
import sys
from pathlib import Path

from devstack.runs import CHECKOUT, open_run


def test_two_runs_of_one_process_have_two_directories(tmp_path: Path) -> None:
    """The second run neither shares nor removes the first one's files."""
    first = open_run("test", tmp_path)
    (first.path / "file").touch()
    second = open_run("test", tmp_path)
    assert first.path != second.path
    assert (first.path / "file").exists()
    first.close()
    second.close()


def test_a_closed_run_leaves_nothing(tmp_path: Path) -> None:
    """Directory and lock file are gone."""
    run = open_run("test", tmp_path)
    (run.path / "deep" / "file").parent.mkdir()
    (run.path / "deep" / "file").touch()
    run.close()
    assert list(tmp_path.iterdir()) == []


def test_the_next_run_removes_what_a_dead_process_left(tmp_path: Path) -> None:
    """A run that died without closing is recognised by its free lock; other names are not touched."""
    program = "import os, sys; from pathlib import Path; from devstack.runs import open_run\n"
    program += "run = open_run('test', Path(sys.argv[1])); (run.path / 'file').touch(); os._exit(1)"
    subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=False, cwd=CHECKOUT)
    (tmp_path / "other-1-0").mkdir()
    assert len(list(tmp_path.glob("test-*/file"))) == 1
    run = open_run("test", tmp_path)
    assert list(tmp_path.glob("test-*/file")) == []
    assert (tmp_path / "other-1-0").exists()
    run.close()
