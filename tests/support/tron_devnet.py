"""A devnet of Tron for a module of tests, and unmodified tronpy as its client."""

from collections.abc import AsyncIterator, Iterator

import pytest
from tronpy import AsyncTron, Tron
from tronpy.contract import Contract
from tronpy.keys import PrivateKey
from tronpy.providers import AsyncHTTPProvider, HTTPProvider

from devstack.tron.addresses import show
from devstack.tron.node import TronDevnet

SUN = 1_000_000
USDT_UNIT = 1_000_000
FEE_LIMIT = 50 * SUN


@pytest.fixture(scope="module")
def devnet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TronDevnet]:
    """A devnet with some blocks, whose chain is half a day behind: blocks come only when told to."""
    net = TronDevnet(tmp_path_factory.mktemp("tron"))
    net.start()
    net.mine(20)
    yield net
    net.stop()


@pytest.fixture(scope="module")
def tronpy_client(devnet: TronDevnet) -> Iterator[Tron]:
    """A tronpy client on the first node."""
    client = Tron(HTTPProvider(devnet.url))
    yield client
    client.provider.sess.close()


@pytest.fixture
async def async_client(devnet: TronDevnet) -> AsyncIterator[AsyncTron]:
    """The asynchronous tronpy on the first node."""
    async with AsyncTron(AsyncHTTPProvider(devnet.url)) as client:
        yield client


@pytest.fixture
def healed(devnet: TronDevnet) -> Iterator[TronDevnet]:
    """The devnet, without any fault again afterwards."""
    yield devnet
    devnet.heal()
    devnet.dev("zmq")


def dev_account(net: TronDevnet, index: int) -> tuple[PrivateKey, str]:
    """Return the key of a funded account for tronpy, and its address."""
    secret, address = net.account(index)
    return PrivateKey(secret), address


def stranger() -> tuple[PrivateKey, str]:
    """Return a new key and its address, which nobody activated."""
    key = PrivateKey.random()
    return key, key.public_key.to_base58check_address()


def usdt(client: Tron, net: TronDevnet) -> Contract:
    """Return USDT as tronpy sees it."""
    return client.get_contract(show(net.contracts.usdt))


def balance(net: TronDevnet, address: str, *, solid: bool = False) -> int:
    """Return the sun of an account at the head or at the solid block."""
    part = "walletsolidity" if solid else "wallet"
    return int(net.ask(f"{part}/getaccount", address=address, visible=True).get("balance", 0))
