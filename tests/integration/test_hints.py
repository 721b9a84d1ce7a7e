"""New heads over a websocket: they wake the follower, and losing all of them costs nothing but time."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, aclosing, asynccontextmanager

import pytest
from aiohttp import WSMsgType, web

import activities.following as following_module
import chains.evm.hints as hints_module
from activities.following import FollowedNetwork
from chains.evm.client import EvmClient, EvmNetwork
from chains.evm.hints import head_hints
from chains.evm.reader import EvmReader
from devstack.anvil import Anvil
from devstack.faults.head_streams import Notice, Notices, as_they_come, repeated, silent, swapped
from devstack.faults.proxy import NodeProxy
from devstack.postgres import Postgres
from devstack.processes import free_port
from domain.onchain import HeadHint
from tests.support.chain_follower import Follower, in_books, on_chain
from tests.support.chain_proxied import ProxiedRig
from tests.support.chain_rigs import FINALITY_DEPTH, AnvilRig, pay, stranger
from tests.support.ledger_database import LedgerDatabase, new_ledger
from tests.support.records import give_address

ROUNDS = 8
SOON_SECONDS = 0.2
TARGET = stranger(77)


def lying() -> Notices:
    """Heads that do not exist, each another one."""
    told = iter(range(10**9))

    def lie(notice: Notice) -> list[Notice]:
        height = next(told)
        head = {"number": hex(height), "hash": "0x" + height.to_bytes(32, "big").hex()}
        return [{**notice, "params": {"subscription": "0x1", "result": head}}]

    return lie


DISTORTIONS: Mapping[str, Notices | None] = {
    "as they come": as_they_come,
    "off": None,
    "silence": silent,
    "flood": repeated(200),
    "disorder": swapped(),
    "lies": lying(),
}


def ws(url: str) -> str:
    """The websocket beside an HTTP address."""
    return url.replace("http", "ws", 1)


def reader_of(rig: AnvilRig, proxy: NodeProxy, websocket: str) -> EvmReader:
    """A reader of its own, woken over this socket; without one it only polls."""
    return EvmReader(
        EvmClient(
            EvmNetwork(rig.network, (proxy.url,), is_devnet=True, block_seconds=1, websocket_url=websocket)
        )
    )


@pytest.fixture
async def hints(proxied: ProxiedRig) -> AsyncIterator[AsyncGenerator[HeadHint, None]]:
    """Hints of the proxied chain, after the first one came."""
    async with aclosing(head_hints(ws(proxied.proxy.url), 1)) as told:
        first = asyncio.ensure_future(anext(told))
        while not first.done():
            proxied.mine()
            await asyncio.sleep(0.05)
        yield told


async def until_height(told: AsyncGenerator[HeadHint, None], height: int) -> list[int]:
    """The heights that are told until this one comes."""
    heights = []
    async for hint in told:
        heights.append(hint.ref.height)
        if heights[-1] == height:
            break
    return heights


def head_of(rig: AnvilRig) -> str:
    """The hash of the newest block, told by the chain itself."""
    block = rig.anvil.rpc("eth_getBlockByNumber", "latest", False)  # noqa: FBT003 - JSON-RPC's own order
    assert isinstance(block, dict)
    return str(block["hash"])


async def test_whatever_becomes_of_the_hints_the_rows_are_the_same(
    proxied: ProxiedRig, proxy_factory: Callable[[Anvil], NodeProxy], postgres: Postgres
) -> None:
    """C7, P9: followers that hear all heads, none, or nonsense apply the same blocks and deposits."""
    followers: dict[str, Follower] = {}
    proxies = []
    async with AsyncExitStack() as stack:
        for name, notices in DISTORTIONS.items():
            database = await new_ledger(postgres)
            stack.push_async_callback(database.close)
            await give_address(database.sessions(), TARGET)
            proxies.append(proxy := proxy_factory(proxied.anvil))
            proxy.stream(notices or as_they_come)
            reader = reader_of(proxied, proxy, "" if notices is None else ws(proxy.url))
            stack.push_async_callback(reader.close)
            followers[name] = Follower(proxied, database, reader)
            await stack.enter_async_context(followers[name].following())
        for step in range(ROUNDS):
            await pay(proxied, (proxied.native, proxied.token)[step % 2], TARGET, 1 + step, step)
            proxied.mine()
            if step % 4 == 3:
                proxied.reorg(2)
                proxies[step % len(proxies)].cut_streams()
        proxied.mine(2 * FINALITY_DEPTH)
        async with asyncio.timeout(30):
            while {follower.stands_on() for follower in followers.values()} != {head_of(proxied)}:  # noqa: ASYNC110 - it stands in rows
                await asyncio.sleep(0.05)
        scanned = await on_chain(proxied, TARGET)
        assert len(scanned) == ROUNDS
        for name, follower in followers.items():
            assert in_books(follower.database, "state <> 'orphaned'") == scanned, name


async def test_a_hint_alone_wakes_the_follower(
    proxied: ProxiedRig, ledger_database: LedgerDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A follower that would look again in an hour reads each block when it is told of one."""
    monkeypatch.setattr(following_module, "POLL_SECONDS_MIN", 3600.0)
    monkeypatch.setattr(following_module, "POLL_SECONDS_MAX", 3600.0)
    reader = reader_of(proxied, proxied.proxy, ws(proxied.proxy.url))
    follower = Follower(proxied, ledger_database, reader)
    assert FollowedNetwork(reader, 1, 1).poll_seconds == 3600
    async with follower.following():
        for _ in range(3):
            async with asyncio.timeout(20):
                while follower.stands_on() != head_of(proxied) or proxied.proxy.streams_served == 0:
                    proxied.mine()
                    await asyncio.sleep(0.2)
    await reader.close()


async def test_only_the_newest_head_is_kept(
    proxied: ProxiedRig, hints: AsyncGenerator[HeadHint, None]
) -> None:
    """E2: there is no queue; a reader who was away is told the newest head, once."""
    start = int(str(proxied.anvil.rpc("eth_blockNumber")), 16)
    proxied.mine(50)
    assert len(await until_height(hints, start + 50)) < 50


@pytest.mark.parametrize("end", ["cut", "silence", "garbage"])
async def test_a_stream_that_fails_is_opened_again(
    proxied: ProxiedRig, monkeypatch: pytest.MonkeyPatch, end: str
) -> None:
    """E2: a cut, silence for three blocks and what is no head end a socket; another one is opened."""
    monkeypatch.setattr(hints_module, "SILENCE_SECONDS_MIN", SOON_SECONDS)
    monkeypatch.setattr(hints_module, "PAUSE_SECONDS_MIN", 0.01)
    async with aclosing(head_hints(ws(proxied.proxy.url), 0.01)) as told:
        task = asyncio.ensure_future(anext(told))
        while not proxied.proxy.streams_served:  # noqa: ASYNC110 - the proxy lives in another thread
            await asyncio.sleep(0.01)
        if end == "cut":
            proxied.proxy.cut_streams()
        elif end == "silence":
            proxied.proxy.stream(silent)
        else:
            proxied.proxy.stream(lambda _: [{"jsonrpc": "2.0", "params": {"result": "what?"}}])
        while proxied.proxy.streams_served < 2:
            proxied.mine()
            await asyncio.sleep(0.02)
        proxied.proxy.heal()
        while not task.done():
            proxied.mine()
            await asyncio.sleep(0.02)


@asynccontextmanager
async def serving(handle: Callable[[web.Request], object]) -> AsyncIterator[str]:
    """A websocket server of this test's own."""
    application = web.Application()
    application.router.add_get("/", handle)  # type: ignore[arg-type]  # each test's handler is a coroutine
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    port = free_port()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        yield f"ws://127.0.0.1:{port}/"
    finally:
        await runner.cleanup()


async def test_a_node_that_does_not_answer_pings_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """E2: a socket whose other end is gone without a word is given up after a ping without answer."""
    monkeypatch.setattr(hints_module, "PING_SECONDS", SOON_SECONDS)
    monkeypatch.setattr(hints_module, "PAUSE_SECONDS_MIN", 0.01)
    heard: list[WSMsgType] = []
    opened = asyncio.Semaphore(0)

    async def dumb(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(autoping=False, autoclose=False)
        await socket.prepare(request)
        opened.release()
        while (message := await socket.receive()).type not in (WSMsgType.CLOSED, WSMsgType.CLOSING):
            heard.append(message.type)
            if message.type is WSMsgType.CLOSE:
                break
        return socket

    async with serving(dumb) as url, aclosing(head_hints(url, 3600)) as told:
        task = asyncio.ensure_future(anext(told))
        async with asyncio.timeout(10):
            await opened.acquire()
            await opened.acquire()
        assert WSMsgType.PING in heard
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_a_node_that_is_away_or_limits_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """A refused connection or a 429 is no error of the hints; they go on trying."""
    monkeypatch.setattr(hints_module, "PAUSE_SECONDS_MIN", 0.01)
    tries = asyncio.Semaphore(0)

    async def busy(_request: web.Request) -> web.Response:
        tries.release()
        return web.Response(status=429)

    async with serving(busy) as url, aclosing(head_hints(url, 1)) as told:
        task = asyncio.ensure_future(anext(told))
        async with asyncio.timeout(10):
            for _ in range(3):
                await tries.acquire()
        assert not task.done()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_without_an_address_there_are_no_hints() -> None:
    """A network whose house file names no websocket is only polled."""
    assert [hint async for hint in head_hints("", 1)] == []


@pytest.mark.parametrize(("failures", "longest"), [(0, 0.5), (1, 1.0), (4, 8.0), (6, 30.0)])
def test_pauses_grow_and_are_never_in_step(failures: int, longest: float) -> None:
    """Between half and all of a bound that doubles up to half a minute."""
    drawn = {hints_module._pause(failures) for _ in range(50)}
    assert longest / 2 <= min(drawn) < max(drawn) <= longest
