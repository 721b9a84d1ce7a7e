"""The nodes of one EVM network: the only place that builds web3 objects and speaks HTTP.

web3's own provider repeats broadcasts by itself, opens a connection per call and reads answers without bound;
the provider here does none of that. A node may answer questions only while its chain id and genesis are the
expected ones: it is asked at first, after a failure, after a new connection, when it takes over from another
node, and every hour. A node of another chain is set aside until the process starts anew.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from aiohttp import ClientSession, ClientTimeout, TraceConfig, TraceConnectionCreateEndParams
from web3 import AsyncHTTPProvider, AsyncWeb3
from web3.exceptions import Web3RPCError
from web3.middleware import ExtraDataToPOAMiddleware
from web3.types import RPCEndpoint, RPCResponse

from chains.evm.answers import hash_member, quantity
from chains.evm.failures import TRANSPORT_ERRORS, NodeRefused, unavailable
from domain.assets import NetworkId
from domain.errors import BlockIncomplete, CroupierError, NodeStale, NodeUnavailable
from domain.onchain import ChainIdentity

CONNECT_SECONDS_MAX = 2.0
READ_SECONDS_MAX = 10.0
ANSWER_BYTES_MAX = 64 * 2**20
CALLS_AT_ONCE_MAX = 16
IDENTITY_AGE_SECONDS_MAX = 3600.0
NODES_MIN = 2
FAMILY = "eip155"
HTTP_OK = 200
HEADER_ONLY = False
WITH_TRANSACTIONS = True
NODE_FAILURES = (NodeUnavailable, NodeStale, BlockIncomplete)

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
        if len(set(self.node_urls)) != len(self.node_urls) or not self.node_urls:
            raise ValueError(f"{self.network} needs nodes, each of them once")
        if not self.is_devnet and (len(self.node_urls) < NODES_MIN or not self.genesis):
            raise ValueError(
                f"{self.network} needs {NODES_MIN} nodes and a pinned genesis, or the devnet flag"
            )

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


class EvmClient:
    """All nodes of one network; a question is answered by one proven node from start to end."""

    def __init__(self, network: EvmNetwork) -> None:
        self.network = network
        self._nodes = [
            _Seat(EvmNode(f"{network.network}#{place}", url)) for place, url in enumerate(network.node_urls)
        ]
        self._genesis = network.genesis
        self._first = 0

    @property
    def node_names(self) -> tuple[str, ...]:
        return tuple(seat.node.name for seat in self._nodes)

    async def on_one_node(self, question: Callable[[EvmNode], Awaitable[Answer]]) -> Answer:
        """The answer of the first node that can give it, beginning with the one that answered last.

        Raises what the last node raised if none can. A refusal the question does not expect is no answer.
        """
        failure: CroupierError = NodeUnavailable(self.network.network, "no node serves this network")
        first = self._first
        for step in range(len(self._nodes)):
            place = (first + step) % len(self._nodes)
            if step:
                self._nodes[place].proven_at = None
            try:
                answer = await self._answer(self._nodes[place], question)
            except NODE_FAILURES as error:
                failure = error
                continue
            self._first = place
            return answer
        raise failure

    async def on_each_node(self, question: Callable[[EvmNode], Awaitable[Answer]]) -> tuple[Answer, ...]:
        """The answers of all nodes that are proven now; raises NodeUnavailable if there is none.

        `question` handles the failures of its own calls.
        """
        proofs = await asyncio.gather(*(self._prove(seat) for seat in self._nodes), return_exceptions=True)
        proven: list[EvmNode] = []
        failure: CroupierError = NodeUnavailable(self.network.network, "no node serves this network")
        for seat, proof in zip(self._nodes, proofs, strict=True):
            if proof is None:
                proven.append(seat.node)
            elif isinstance(proof, NODE_FAILURES):
                failure = proof
            else:
                raise proof
        if not proven:
            raise failure
        return tuple(await asyncio.gather(*(question(node) for node in proven)))

    def prefer(self, node: EvmNode) -> None:
        """Begin with this node from now on; it says who it is before that."""
        place = next(place for place, seat in enumerate(self._nodes) if seat.node is node)
        if place != self._first:
            self._first, self._nodes[place].proven_at = place, None

    def doubt(self, node: EvmNode) -> None:
        """Prove the node's identity again before it is asked the next time."""
        self._seat(node).proven_at = None

    def quarantine(self, node: EvmNode, why: str) -> None:
        """Ask this node nothing any more."""
        self._seat(node).quarantined = why

    async def close(self) -> None:
        """Close every connection; the client can not be used afterwards. May be called again."""
        await asyncio.gather(*(seat.node.close() for seat in self._nodes))

    async def _answer(self, seat: "_Seat", question: Callable[[EvmNode], Awaitable[Answer]]) -> Answer:
        await self._prove(seat)
        try:
            return await question(seat.node)
        except NodeUnavailable:
            seat.proven_at = None
            raise
        except NodeRefused as error:
            raise NodeUnavailable(seat.node.name, error.message) from error

    async def _prove(self, seat: "_Seat") -> None:
        if seat.quarantined:
            raise NodeUnavailable(seat.node.name, seat.quarantined)
        now = asyncio.get_running_loop().time()
        if seat.is_proven(now):
            return
        found = await seat.node.identity()
        if not self._genesis and found.network == self.network.network:
            self._genesis = found.genesis
        expected = ChainIdentity(self.network.network, self._genesis)
        if found != expected:
            seat.quarantined = f"it serves {found.network} from genesis {found.genesis.hex()}"
            raise NodeUnavailable(seat.node.name, seat.quarantined)
        seat.proven_at, seat.proven_connections = now, seat.node.connections

    def _seat(self, node: EvmNode) -> "_Seat":
        return next(seat for seat in self._nodes if seat.node is node)


@dataclass(slots=True)
class _Seat:
    node: EvmNode
    proven_at: float | None = None
    proven_connections: int = 0
    quarantined: str = ""

    def is_proven(self, now: float) -> bool:
        if self.proven_at is None or now - self.proven_at >= IDENTITY_AGE_SECONDS_MAX:
            return False
        return self.node.connections == self.proven_connections


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
