"""One world for all tests that leave its chain whole; judged after each test, replayed at the end."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from devstack.postgres import Postgres
from tests.support.world import RunningHouse, Terms, World, running_world
from tests.support.world_checks import broken_rules, differences, unreplayable
from tests.support.world_evm import EvmTerms, EvmWorld, hurry, running_evm_world
from tests.support.world_people import People
from tests.support.world_tron import TronTerms, TronWorld, running_tron_world
from tests.support.world_tron import hurry as hurry_tron


@pytest_asyncio.fixture(scope="session")
async def shared_world(postgres: Postgres, run_directory: Path) -> AsyncIterator[World]:
    """The world most tests share; at its end today's code replays every history it made."""
    async with running_world(postgres, run_directory, Terms()) as world:
        yield world
        assert await unreplayable(world) == {}


@pytest_asyncio.fixture(scope="session")
async def known_people(shared_world: World) -> People:
    """Everybody in the shared world."""
    return People(shared_world)


@pytest_asyncio.fixture
async def world(shared_world: World) -> AsyncIterator[World]:
    """The shared world, judged after the test."""
    yield shared_world
    shared_world.is_still = False
    await _judge(shared_world)


@pytest.fixture
def people(world: World, known_people: People) -> People:
    """The players of the shared world."""
    assert known_people.world is world
    return known_people


@pytest_asyncio.fixture
async def own_world(
    postgres: Postgres, run_directory: Path, request: pytest.FixtureRequest
) -> AsyncIterator[World]:
    """A world of this test's own, whose chain it may break; its parameter, if any, is the world's terms."""
    async with running_world(postgres, run_directory, getattr(request, "param", Terms())) as world:
        yield world
        await _judge(world)
        assert await unreplayable(world) == {}


@pytest_asyncio.fixture(scope="module")
async def shared_evm_world(
    postgres: Postgres, run_directory: Path, request: pytest.FixtureRequest
) -> AsyncIterator[EvmWorld]:
    """The world over a real chain that the tests of one file share, on the file's TERMS if it has any."""
    terms = getattr(request.module, "TERMS", EvmTerms(ready=20))
    with pytest.MonkeyPatch.context() as patched:
        hurry(patched)
        async with running_evm_world(postgres, run_directory, terms) as world:
            yield world
            assert await unreplayable(world) == {}


@pytest_asyncio.fixture
async def evm_world(shared_evm_world: EvmWorld) -> AsyncIterator[EvmWorld]:
    """The file's world over a real chain, healed and judged after the test."""
    yield shared_evm_world
    shared_evm_world.heal()
    shared_evm_world.is_still = False
    await _judge(shared_evm_world)


@pytest_asyncio.fixture(scope="module")
async def known_evm_people(shared_evm_world: EvmWorld) -> People:
    """Everybody in the file's world over a real chain."""
    return People(shared_evm_world, stock=8)


@pytest.fixture
def evm_people(evm_world: EvmWorld, known_evm_people: People) -> People:
    """The players of the file's world over a real chain."""
    assert known_evm_people.world is evm_world
    return known_evm_people


@pytest_asyncio.fixture(scope="module")
async def shared_tron_world(
    postgres: Postgres, run_directory: Path, request: pytest.FixtureRequest
) -> AsyncIterator[TronWorld]:
    """The world over the Tron devnet that the tests of one file share, on the file's TERMS if it has any."""
    terms = getattr(request.module, "TERMS", TronTerms())
    with pytest.MonkeyPatch.context() as patched:
        hurry_tron(patched)
        async with running_tron_world(postgres, run_directory, terms) as world:
            yield world
            assert await unreplayable(world) == {}


@pytest_asyncio.fixture
async def tron_world(shared_tron_world: TronWorld) -> AsyncIterator[TronWorld]:
    """The file's world over the Tron devnet, healed and judged after the test."""
    yield shared_tron_world
    shared_tron_world.heal()
    shared_tron_world.is_still = False
    await _judge(shared_tron_world)


@pytest_asyncio.fixture(scope="module")
async def known_tron_people(shared_tron_world: TronWorld) -> People:
    """Everybody in the file's world over the Tron devnet."""
    return People(shared_tron_world, stock=8)


@pytest.fixture
def tron_people(tron_world: TronWorld, known_tron_people: People) -> People:
    """The players of the file's world over the Tron devnet."""
    assert known_tron_people.world is tron_world
    return known_tron_people


async def _judge(world: RunningHouse) -> None:
    assert await broken_rules(world) == {}
    assert await differences(world) == []
