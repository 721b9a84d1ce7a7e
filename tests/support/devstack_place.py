"""A directory of one test, where a stack keeps its files."""

from pathlib import Path

import pytest


@pytest.fixture
def place(run_directory: Path, request: pytest.FixtureRequest) -> Path:
    """Return a directory of this test's own inside the checkout, where the stack keeps its files."""
    directory: Path = run_directory / request.node.name
    directory.mkdir()
    return directory
