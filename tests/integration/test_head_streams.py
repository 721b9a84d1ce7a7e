"""Websockets through the proxy: heads come as a test wants them, and calls are answered alike."""

from collections.abc import AsyncIterator

import pytest
from aiohttp import ClientSession, ClientWebSocketResponse, WSMsgType

from devstack.faults.failing import hang_up, refuse
from devstack.faults.head_streams import repeated, silent, swapped
from tests.support.chain_proxied import ProxiedRig

SILENCE_SECONDS = 0.2


class Socket:
    """One subscriber."""

    def __init__(self, socket: ClientWebSocketResponse) -> None:
        self.socket = socket

    async def call(self, method: str, *params: object) -> dict[str, object]:
        """Ask and return the whole answer."""
        await self.socket.send_json({"jsonrpc": "2.0", "id": 7, "method": method, "params": params})
        answer = await self.socket.receive_json(timeout=5)
        assert isinstance(answer, dict)
        return answer

    async def heads(self, count: int) -> list[int]:
        """The heights of the next notifications."""
        told = [await self.socket.receive_json(timeout=5) for _ in range(count)]
        return [int(one["params"]["result"]["number"], 16) for one in told]


@pytest.fixture
async def socket(proxied: ProxiedRig) -> AsyncIterator[Socket]:
    """A subscriber to new heads on a chain that stands at block 2."""
    proxied.mine(2 - int(str(proxied.anvil.rpc("eth_blockNumber")), 16))
    async with ClientSession() as session, session.ws_connect(proxied.proxy.url) as opened:
        subscriber = Socket(opened)
        answer = await subscriber.call("eth_subscribe", "newHeads")
        assert str(answer["result"]).startswith("0x")
        yield subscriber


async def test_heads_pass_once_and_in_order(proxied: ProxiedRig, socket: Socket) -> None:
    """Without a distortion the proxy is not noticed."""
    for _ in range(4):
        proxied.mine()
    assert await socket.heads(4) == [3, 4, 5, 6]


async def test_heads_repeat(proxied: ProxiedRig, socket: Socket) -> None:
    """E2: the same head comes again."""
    proxied.proxy.stream(repeated(3))
    proxied.mine()
    assert await socket.heads(3) == [3, 3, 3]


async def test_heads_come_in_disorder(proxied: ProxiedRig, socket: Socket) -> None:
    """E2: the later one of two comes first."""
    proxied.proxy.stream(swapped())
    for _ in range(4):
        proxied.mine()
    assert await socket.heads(4) == [4, 3, 6, 5]


async def test_heads_stop_while_the_socket_lives(proxied: ProxiedRig, socket: Socket) -> None:
    """E2: nothing comes, calls are still answered, and after the cure the next head comes."""
    proxied.proxy.stream(silent)
    proxied.mine()
    with pytest.raises(TimeoutError):
        await socket.socket.receive(timeout=SILENCE_SECONDS)
    assert (await socket.call("eth_blockNumber"))["result"] == "0x3"
    proxied.proxy.heal()
    proxied.mine()
    assert await socket.heads(1) == [4]


async def test_sockets_are_cut(proxied: ProxiedRig, socket: Socket) -> None:
    """E2: every subscriber loses its connection and may come again."""
    proxied.proxy.cut_streams()
    assert (await socket.socket.receive(timeout=5)).type is WSMsgType.CLOSE
    async with ClientSession() as session, session.ws_connect(proxied.proxy.url) as again:
        assert (await Socket(again).call("eth_chainId"))["result"] == hex(proxied.anvil.chain_id)


async def test_faults_strike_calls_over_sockets_too(proxied: ProxiedRig, socket: Socket) -> None:
    """A script does not ask how a call came in."""
    proxied.proxy.inject("eth_chainId", refuse("busy", -32005), times=1)
    assert (await socket.call("eth_chainId"))["error"] == {"code": -32005, "message": "busy"}
    proxied.proxy.inject("eth_chainId", hang_up)
    await socket.socket.send_json({"jsonrpc": "2.0", "id": 8, "method": "eth_chainId", "params": []})
    assert (await socket.socket.receive(timeout=5)).type is WSMsgType.CLOSE
