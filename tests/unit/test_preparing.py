"""Building the environment: done once per lock, done again after an interruption."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tools import preparing
from tools.preparing import is_ready, prepare, write_command


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


def test_the_command_runs_this_checkout_from_anywhere(tmp_path: Path) -> None:
    """It finds our packages from a folder that has others of their names, and is written once."""
    venv = tmp_path / "a venv"
    (venv / "bin").mkdir(parents=True)
    (venv / "bin" / "python").symlink_to(sys.executable)
    for shared in ("lib", "pyvenv.cfg"):
        (venv / shared).symlink_to(Path(sys.prefix) / shared)
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / "api").mkdir(parents=True)
    (elsewhere / "api" / "__init__.py").write_text("raise SystemExit('not ours')")
    write_command(venv, preparing.CHECKOUT)
    written = (venv / "bin" / "croupier").stat().st_mtime_ns
    write_command(venv, preparing.CHECKOUT)
    done = subprocess.run(
        [venv / "bin" / "croupier", "--help"], check=False, capture_output=True, text=True, cwd=elsewhere
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "cancel-by-self-send" in done.stdout
    assert (venv / "bin" / "croupier").stat().st_mtime_ns == written


def test_it_runs_on_the_standard_library_alone() -> None:
    """It is the first program on a machine that has nothing yet."""
    code = f"import sys; sys.path.insert(0, {str(preparing.CHECKOUT)!r}); import tools.preparing"
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code], check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
