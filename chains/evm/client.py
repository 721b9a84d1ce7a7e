"""The nodes of one EVM network: the only place that builds web3 objects and speaks HTTP.

web3's own provider repeats broadcasts by itself, opens a connection per call and reads answers without bound;
the provider here does none of that.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from aiohttp import ClientSession, ClientTimeout, TraceConfig, TraceConnectionCreateEndParams
from web3 import AsyncHTTPProvider, AsyncWeb3
from web3.exceptions import Web3RPCError
from web3.middleware import ExtraDataToPOAMiddleware
from web3.types import RPCEndpoint, RPCResponse

from chains.evm.answers import hash_member, quantity
from chains.evm.failures import TRANSPORT_ERRORS, NodeRefused, unavailable
from chains.nodes import ProvenNodes, check_nodes
from domain.assets import NetworkId
from domain.errors import NodeUnavailable
from domain.onchain import ChainIdentity

CONNECT_SECONDS_MAX = 2.0
READ_SECONDS_MAX = 10.0
ANSWER_BYTES_MAX = 64 * 2**20
CALLS_AT_ONCE_MAX = 16
FAMILY = "eip155"
HTTP_OK = 200
HEADER_ONLY = False
WITH_TRANSACTIONS = True

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class EvmNetwork:
    """Which network to expect and where its nodes are.

    `genesis` may be empty only on a devnet, where the genesis met first is the one to keep; only a devnet may
    have fewer than two nodes. `block_seconds` is what lies between two blocks; `websocket_url`, if any, is
    where one node tells its new heads.
    """

    network: NetworkId
    node_urls: tuple[str, ...]
    genesis: bytes = b""
    is_devnet: bool = False
    block_seconds: float = 12
    websocket_url: str = ""

    def __post_init__(self) -> None:
        family, _, number = self.network.partition(":")
        if family != FAMILY or not number.isdecimal():
            raise ValueError(f"{self.network} is not an EVM network of the form {FAMILY}:<chain id>")
        check_nodes(self.network, self.node_urls, self.genesis, is_devnet=self.is_devnet)

    @property
    def chain_id(self) -> int:
        return int(self.network.partition(":")[2])


class EvmNode:
    """One node: JSON-RPC calls that either bring a well-formed result or raise."""

    def __init__(self, name: str, url: str) -> None:
        self.name = name
        self._provider = BoundedProvider(url)
        self._web3 = AsyncWeb3(self._provider, middleware=[])
        self._web3.middleware_onion.inject(ExtraDataToPOAMiddleware, layer=0)
        self._room = asyncio.Semaphore(CALLS_AT_ONCE_MAX)

    async def call(self, method: str, *params: object) -> object:
        """The result of a call, null included.

        Raises NodeUnavailable for anything that is not a proper answer, NodeRefused for a proper error.
        """
        try:
            async with self._room:
                return await self._web3.manager.coro_request(RPCEndpoint(method), list(params))
        except Web3RPCError as error:
            raise self._refusal(error) from error
        except TRANSPORT_ERRORS as error:
            raise unavailable(self.name, error) from error

    async def ask(self, read: Callable[[object], Answer], method: str, *params: object) -> Answer:
        """The result of a call as `read` understands it; raises NodeUnavailable if it does not."""
        result = await self.call(method, *params)
        try:
            return read(result)
        except (ValueError, TypeError, AttributeError, LookupError, OverflowError) as error:
            raise unavailable(self.name, error) from error

    async def identity(self) -> ChainIdentity:
        """Chain id and genesis hash as this node states them now."""
        try:
            chain_id = await self.ask(quantity, "eth_chainId")
            genesis = await self.ask(
                lambda block: hash_member(block, "hash"), "eth_getBlockByNumber", "0x0", HEADER_ONLY
            )
        except NodeRefused as error:
            raise NodeUnavailable(self.name, error.message) from error
        return ChainIdentity(NetworkId(f"{FAMILY}:{chain_id}"), genesis)

    @property
    def connections(self) -> int:
        """How many connections were made so far; behind one address each may end at another machine."""
        return self._provider.connections

    async def close(self) -> None:
        await self._provider.disconnect()

    def _refusal(self, error: Web3RPCError) -> NodeRefused | NodeUnavailable:
        details = (error.rpc_response or {}).get("error")
        if not isinstance(details, dict) or not isinstance(details.get("code"), int):
            return unavailable(self.name, error)
        return NodeRefused(self.name, details["code"], str(details.get("message", "")))


class EvmClient(ProvenNodes[EvmNode]):
    """All nodes of one EVM network."""

    def __init__(self, network: EvmNetwork) -> None:
        nodes = [EvmNode(f"{network.network}#{place}", url) for place, url in enumerate(network.node_urls)]
        super().__init__(network.network, network.genesis, nodes)
        self.network = network


class BoundedProvider(AsyncHTTPProvider):
    """web3's HTTP provider with one kept-alive session, bounded time, bounded size, and no repeats."""

    def __init__(self, url: str) -> None:
        super().__init__(url, exception_retry_configuration=None)
        self._url = url
        self._session: ClientSession | None = None
        self._is_closed = False
        self.connections = 0

    async def make_request(self, method: RPCEndpoint, params: Sequence[object]) -> RPCResponse:
        """One POST, once; raises ValueError unless status 200 brings a JSON object of bounded size."""
        request = self.encode_rpc_request(method, params)
        async with self._open().post(self._url, data=request, allow_redirects=False) as response:
            if response.status != HTTP_OK:
                raise ValueError(f"status {response.status}")
            body = bytearray()
            async for chunk in response.content.iter_any():
                body += chunk
                if len(body) > ANSWER_BYTES_MAX:
                    raise ValueError(f"the answer is larger than {ANSWER_BYTES_MAX} bytes")
        answer = self.decode_rpc_response(bytes(body))
        if not isinstance(answer, dict):
            raise ValueError("the answer is not a JSON object")  # noqa: TRY004 - one error for all bad answers
        return answer

    async def disconnect(self) -> None:
        """Close the session for good."""
        self._is_closed = True
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _open(self) -> ClientSession:
        if self._is_closed:
            raise ValueError("the connection was closed")
        if self._session is None:
            tracing = TraceConfig()
            tracing.on_connection_create_end.append(self._count)
            self._session = ClientSession(
                headers={"Content-Type": "application/json"},
                trace_configs=[tracing],
                timeout=ClientTimeout(
                    total=CONNECT_SECONDS_MAX + READ_SECONDS_MAX,
                    sock_connect=CONNECT_SECONDS_MAX,
                    sock_read=READ_SECONDS_MAX,
                ),
            )
        return self._session

    async def _count(
        self, _session: ClientSession, _context: object, _end: TraceConnectionCreateEndParams
    ) -> None:
        self.connections += 1
