"""A running house for each file of end-to-end tests: every process real, every call over HTTP."""

from collections.abc import Callable, Iterator
from functools import partial
from io import StringIO
from itertools import count

import pytest
from rich.console import Console

from devstack.callers import BackOffice, PlayerClient, wait_for
from devstack.evm_network import LocalEvm
from devstack.local_chains import SeededNetwork
from devstack.runs import open_run
from devstack.stack import CHAIN_IDS, Stack, running_stack
from devstack.telling import Teller
from domain.assets import Asset

COINS = 3 * 10**18
TOKENS = 50 * 10**6

Enter = Callable[[int], list[PlayerClient]]


@pytest.fixture(scope="module")
def stack(request: pytest.FixtureRequest) -> Iterator[Stack]:
    """The house of a file; the hot wallets of its second chain have no tokens.

    It has a Tron network if the file says how long its slots are. It ends with the file: a house that nobody
    asks anything goes on reading its networks and takes the time of other tests.
    """
    run = open_run("end-to-end")
    try:
        slot_ms = getattr(request.module, "SLOT_MS", None)
        with running_stack(run.path, say=print, dry=CHAIN_IDS[1:], tron_slot_ms=slot_ms) as running:
            yield running
    finally:
        run.close()


@pytest.fixture(scope="module")
def office(stack: Stack) -> Iterator[BackOffice]:
    """The casino's own server."""
    office = BackOffice(stack.operator_url, stack.keys.operator_key)
    yield office
    office.close()


@pytest.fixture(scope="session")
def names() -> Iterator[str]:
    """External ids that no player has so far."""
    return (f"player-{number}" for number in count(1))


@pytest.fixture(scope="module")
def home(stack: Stack) -> SeededNetwork[LocalEvm]:
    """The network these tests play on."""
    return stack.house.evm[0]


@pytest.fixture
def enter(
    stack: Stack, office: BackOffice, names: Iterator[str], home: SeededNetwork[LocalEvm]
) -> Iterator[Enter]:
    """Let players in who have deposited coins and tokens on the chain and can play with them."""
    entered: list[PlayerClient] = []

    def funded(number: int) -> list[PlayerClient]:
        players = [office.enter(next(names), stack.player_url) for _ in range(number)]
        entered.extend(players)
        for player in players:
            address = home.chain.read_address(player.deposit_address(home.network))
            home.chain.endow(b"", address, COINS)
            home.chain.endow(home.token.contract, address, TOKENS)
        for player in players:
            wait_for(partial(_is_credited, player, home.coin, COINS), "the coins")
            wait_for(partial(_is_credited, player, home.token, TOKENS), "the tokens")
        return players

    yield funded
    for player in entered:
        player.close()


@pytest.fixture
def printed() -> StringIO:
    """What the teller has printed so far."""
    return StringIO()


@pytest.fixture
def teller(printed: StringIO) -> Teller:
    """Somebody who tells the chapters as the demo does."""
    return Teller(Console(file=printed, width=110))


def _is_credited(player: PlayerClient, asset: Asset, units: int) -> bool:
    return player.available(asset.symbol, asset.network) == units
