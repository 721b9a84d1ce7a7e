"""Where anvil and npm come from."""

from pathlib import Path

import pytest

from devstack import fetching
from devstack.fetching import anvil_program, npm_command


def _program(folder: Path, name: str) -> Path:
    folder.mkdir(exist_ok=True)
    program = folder / name
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    return program


def test_an_anvil_on_path_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who has one already keeps it."""
    mine = _program(tmp_path / "bin", "anvil")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    assert anvil_program() == mine


def test_without_any_anvil_the_error_names_the_cure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The reader learns what to run."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(fetching, "TARGET", tmp_path / "node")
    with pytest.raises(FileNotFoundError, match="make setup"):
        anvil_program()


@pytest.mark.parametrize(
    ("on_path", "from_path"),
    [(("node", "npm"), True), (("node",), False), (("npm",), False), ((), False)],
)
def test_npm_comes_from_path_only_together_with_node(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, on_path: tuple[str, ...], *, from_path: bool
) -> None:
    """Half an installation is none: the wheel's node and npm belong together."""
    (tmp_path / "bin").mkdir()
    for name in on_path:
        _program(tmp_path / "bin", name)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    command = npm_command()
    assert (command == ["npm"]) is from_path
    assert from_path or all(Path(part).exists() for part in command)
