"""One running house for all end-to-end tests: every process real, every call over HTTP."""

from collections.abc import Callable, Iterator
from functools import partial
from itertools import count

import pytest

from devstack.callers import BackOffice, PlayerClient, wait_for
from devstack.house_files import SeededNetwork
from devstack.runs import open_run
from devstack.stack import Stack, running_stack
from devstack.tokens.deploying import send_tokens
from domain.assets import Asset

DEPOSIT_COINS = 3

Enter = Callable[[], PlayerClient]
Fund = Callable[..., None]


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """The house, started once."""
    run = open_run("end-to-end")
    try:
        with running_stack(run.path, say=print) as running:
            yield running
    finally:
        run.close()


@pytest.fixture(scope="session")
def office(stack: Stack) -> Iterator[BackOffice]:
    """The casino's own server."""
    office = BackOffice(stack.operator_url, stack.keys.operator_key)
    yield office
    office.close()


@pytest.fixture(scope="session")
def names() -> Iterator[str]:
    """External ids that no player has so far."""
    return (f"player-{number}" for number in count(1))


@pytest.fixture
def player(stack: Stack, office: BackOffice, names: Iterator[str]) -> Iterator[PlayerClient]:
    """A new player with nothing yet."""
    client = office.enter(next(names), stack.player_url)
    yield client
    client.close()


@pytest.fixture
def home(stack: Stack) -> SeededNetwork:
    """The network most tests play on."""
    return stack.house.networks[0]


@pytest.fixture
def fund(home: SeededNetwork) -> Fund:
    """Deposit coins or tokens of the home network and wait until they can be played with."""

    def deposit(player: PlayerClient, *, coins: int = 0, tokens: int = 0) -> None:
        chain, address = home.chain, player.deposit_address(home.network)
        treasury = chain.accounts()[0]
        for asset, units in ((home.coin, coins * 10**18), (home.token, tokens * 10**6)):
            if not units:
                continue
            if asset.contract:
                send_tokens(chain, "0x" + asset.contract.hex(), treasury, address, units)
            else:
                chain.rpc("eth_sendTransaction", {"from": treasury, "to": address, "value": hex(units)})
            wait_for(partial(_is_credited, player, asset, units), "the credit")

    return deposit


def _is_credited(player: PlayerClient, asset: Asset, units: int) -> bool:
    return player.available(asset.symbol, asset.network) == units
