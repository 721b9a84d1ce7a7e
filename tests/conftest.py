"""Options and the servers of a run: each starts when a test first asks for it and stops with the run."""

import itertools
import os
import random
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis.configuration import set_hypothesis_home_dir
from hypothesis.database import DirectoryBasedExampleDatabase

from devstack.anvil import Anvil
from devstack.postgres import Postgres
from devstack.runs import BUILD, open_run
from devstack.temporal import TemporalServer

pytest_plugins = ["tests.support.exiting"]

SEED_BITS = 32
SLOWEST_FIRST = ("end_to_end", "processes", "integration", "properties")
"""Folders whose files are handed out first, so that no process is left alone with a long one at the end."""
_names = itertools.count(1)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--seed`, which repeats the chance of an earlier run."""
    parser.addoption("--seed", type=int, default=None, help="seed of this run's chance")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Fix the seed, hypothesis included; keep its examples under build/ and its clock out of verdicts."""
    if config.option.seed is None:
        config.option.seed = secrets.randbits(SEED_BITS)
    if config.option.hypothesis_seed is None:
        config.option.hypothesis_seed = config.option.seed
    set_hypothesis_home_dir(BUILD / "hypothesis")
    examples = DirectoryBasedExampleDatabase(BUILD / "hypothesis" / "examples")
    settings.register_profile("croupier", database=examples, deadline=None, print_blob=True)
    settings.load_profile("croupier")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put the slow folders first."""
    folders = [config.rootpath / "tests" / name for name in SLOWEST_FIRST]
    items.sort(
        key=lambda item: next(
            (place for place, folder in enumerate(folders) if folder in item.path.parents), len(folders)
        )
    )


def pytest_report_header(config: pytest.Config) -> str:
    """Print the seed where a failing run shows it."""
    return f"seed: {config.option.seed} (repeat with --seed={config.option.seed})"


@pytest.fixture(scope="session")
def seed(pytestconfig: pytest.Config) -> int:
    """Return the seed of this run."""
    return int(pytestconfig.option.seed)


@pytest.fixture
def chance(seed: int, request: pytest.FixtureRequest) -> random.Random:
    """Return a source of chance that repeats for this test under this seed."""
    return random.Random(f"{seed}/{request.node.nodeid}")


@pytest.fixture(scope="session")
def run_directory() -> Iterator[Path]:
    """Return a directory of this run's own; it is removed at the end."""
    run = open_run("test")
    yield run.path
    run.close()


@pytest.fixture(scope="session")
def postgres(run_directory: Path) -> Iterator[Postgres]:
    """Return the run's PostgreSQL server."""
    server = Postgres(run_directory / "postgres", in_memory=True)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def fresh_database(postgres: Postgres) -> Iterator[str]:
    """Return the name of an empty database that lives as long as the test."""
    name = f"test_{next(_names)}"
    postgres.create_database(name)
    yield name
    postgres.drop_database(name)


@pytest.fixture(scope="session")
def temporal_server(run_directory: Path) -> Iterator[TemporalServer]:
    """Return the run's Temporal server, in memory, with time skipping allowed."""
    server = TemporalServer(run_directory / "temporal", profile="test")
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def anvil_factory(run_directory: Path) -> Iterator[Callable[..., Anvil]]:
    """Return a function that starts a chain with `Anvil`'s keywords; all of them stop with the run."""
    started: list[Anvil] = []

    def start(**options: object) -> Anvil:
        options.setdefault("name", f"anvil-{next(_names)}")
        chain = Anvil(run_directory / "anvil", **options)  # type: ignore[arg-type]  # the keywords are Anvil's
        started.append(chain)
        chain.start()
        return chain

    yield start
    for chain in started:
        chain.stop()


@pytest.fixture
def anvil(anvil_factory: Callable[..., Anvil]) -> Iterator[Anvil]:
    """Return a chain of this test's own that mines only when told to."""
    chain = anvil_factory(mining=False)
    yield chain
    chain.stop()


@pytest.fixture
def task_queue() -> str:
    """Return a queue name no other test uses."""
    return f"test-{os.getpid()}-{next(_names)}"
