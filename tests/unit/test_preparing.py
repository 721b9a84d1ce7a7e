"""Building the environment: done once per lock, done again after an interruption."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tools import preparing
from tools.preparing import is_ready, prepare


@pytest.fixture
def lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty lock: a real environment is built, nothing is downloaded."""
    monkeypatch.setattr(preparing, "INSTALL_LOG", tmp_path / "install.log")
    file = tmp_path / "lock.txt"
    file.write_text("# nothing\n")
    return file


def test_a_prepared_environment_is_ready_until_its_lock_changes(tmp_path: Path, lock: Path) -> None:
    """The stamp names the lock's content, not its age."""
    venv = tmp_path / "venv"
    assert not is_ready(venv, lock)
    prepare(venv, lock)
    os.utime(lock)
    assert is_ready(venv, lock)
    lock.write_text("# another\n")
    assert not is_ready(venv, lock)


def test_an_interrupted_environment_is_built_anew(tmp_path: Path, lock: Path) -> None:
    """Files of an unfinished environment do not reach the finished one."""
    venv = tmp_path / "venv"
    (venv / "half").mkdir(parents=True)
    (tmp_path / "venv.unfinished").touch()
    prepare(venv, lock)
    assert is_ready(venv, lock)
    assert not (venv / "half").exists()
    assert not (tmp_path / "venv.unfinished").exists()


def test_a_failed_install_is_not_ready_and_says_why(tmp_path: Path, lock: Path) -> None:
    """A requirement without a hash is refused, and the mark for the next run stays."""
    lock.write_text("no-such-package==1.0\n")
    with pytest.raises(SystemExit, match="Installing failed"):
        prepare(tmp_path / "venv", lock)
    assert not is_ready(tmp_path / "venv", lock)
    assert (tmp_path / "venv.unfinished").exists()


def test_it_runs_on_the_standard_library_alone() -> None:
    """It is the first program on a machine that has nothing yet."""
    code = f"import sys; sys.path.insert(0, {str(preparing.CHECKOUT)!r}); import tools.preparing"
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code], check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
