"""The nodes of one Tron network: the only place that speaks HTTP with them.

Every call is one POST with a bounded answer in bounded time, without redirects and without repeats. Nodes
report errors with status 200 (`{"Error": ...}`), so a status proves nothing: whatever is not the expected
answer raises.
"""

import asyncio
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from httpx import AsyncClient, Limits, Timeout

from chains.nodes import ProvenNodes, check_nodes
from chains.tron.answers import read_header
from chains.tron.failures import DETAIL_LENGTH_MAX, TRANSPORT_ERRORS, unavailable
from domain.assets import NetworkId
from domain.errors import NodeUnavailable
from domain.onchain import ChainIdentity

CONNECT_SECONDS_MAX = 2.0
READ_SECONDS_MAX = 10.0
ANSWER_BYTES_MAX = 64 * 2**20
CALLS_AT_ONCE_MAX = 16
LIMITS = Limits(max_connections=CALLS_AT_ONCE_MAX, keepalive_expiry=15.0)
FAMILY = "tron"
REFERENCE_BYTES = 4
REFERENCE = re.compile(r"0x[0-9a-f]{8}")
HTTP_OK = 200
ERROR_MEMBER = "Error"
HEAD_STORE = "wallet"
SOLID_STORE = "walletsolidity"
CONNECTED = "connection.connect_tcp.complete"

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class TronNetwork:
    """Which network to expect and where its nodes are.

    `node_urls` serve `wallet/` and `walletsolidity/`; where the latter has its own address, `solidity_urls`
    names it, one for each node and in their order. `genesis` may be empty only on a devnet, where the genesis
    met first is the one to keep; only a devnet may have fewer than two nodes. `hints_url`, if any, is the
    ZeroMQ queue on which one node tells its new blocks.
    """

    network: NetworkId
    node_urls: tuple[str, ...]
    solidity_urls: tuple[str, ...] = ()
    genesis: bytes = b""
    is_devnet: bool = False
    block_seconds: float = 3
    hints_url: str = ""

    def __post_init__(self) -> None:
        family, _, reference = self.network.partition(":")
        if family != FAMILY or REFERENCE.fullmatch(reference) is None:
            raise ValueError(f"{self.network} is not a Tron network of the form {FAMILY}:0x<8 hex digits>")
        check_nodes(self.network, self.node_urls, self.genesis, is_devnet=self.is_devnet)
        if self.solidity_urls and len(self.solidity_urls) != len(self.node_urls):
            raise ValueError(f"{self.network} needs one solidity address for each node, or none")

    @property
    def addresses(self) -> tuple[tuple[str, str], ...]:
        """Full and solidity address of each node."""
        return tuple(zip(self.node_urls, self.solidity_urls or self.node_urls, strict=True))


class TronNode:
    """One node: calls that either bring a well-formed answer or raise."""

    def __init__(self, name: str, url: str, solidity_url: str) -> None:
        self.name = name
        self.connections = 0
        self._urls = {HEAD_STORE: url.rstrip("/"), SOLID_STORE: solidity_url.rstrip("/")}
        self._room = asyncio.Semaphore(CALLS_AT_ONCE_MAX)
        self._http = AsyncClient(
            limits=LIMITS,
            timeout=Timeout(READ_SECONDS_MAX, connect=CONNECT_SECONDS_MAX),
            headers={"Content-Type": "application/json", "Accept": "application/json"},
            follow_redirects=False,
            trust_env=False,
        )

    async def call(self, path: str, body: Mapping[str, object] | None = None) -> object:
        """The answer to one POST, an empty object included; `path` begins with the store, as `wallet/…`.

        Raises NodeUnavailable for anything that is not JSON, and for an error in the place of an answer.
        """
        try:
            async with self._room, asyncio.timeout(CONNECT_SECONDS_MAX + READ_SECONDS_MAX):
                answer = json.loads(await self._post(path, body or {}))
        except TRANSPORT_ERRORS as error:
            raise unavailable(self.name, error) from error
        if isinstance(answer, dict) and ERROR_MEMBER in answer:
            raise NodeUnavailable(self.name, f"{answer[ERROR_MEMBER]}"[:DETAIL_LENGTH_MAX])
        return answer

    async def ask(
        self, read: Callable[[object], Answer], path: str, body: Mapping[str, object] | None = None
    ) -> Answer:
        """The answer of a call as `read` understands it; raises NodeUnavailable if it does not."""
        answer = await self.call(path, body)
        try:
            return read(answer)
        except (ValueError, TypeError, AttributeError, LookupError, OverflowError) as error:
            raise unavailable(self.name, error) from error

    async def identity(self) -> ChainIdentity:
        """The network by its genesis, as both stores of this node state it now."""
        head, solid = await asyncio.gather(
            *(
                self.ask(read_header, f"{store}/getblock", {"id_or_num": "0", "detail": False})
                for store in (HEAD_STORE, SOLID_STORE)
            )
        )
        if head.ref != solid.ref or head.ref.height:
            raise NodeUnavailable(self.name, "its two stores do not begin with the same block")
        genesis = head.ref.hash
        return ChainIdentity(NetworkId(f"{FAMILY}:0x{genesis[-REFERENCE_BYTES:].hex()}"), genesis)

    async def close(self) -> None:
        await self._http.aclose()

    async def _post(self, path: str, body: Mapping[str, object]) -> bytes:
        url = f"{self._urls[path.partition('/')[0]]}/{path}"
        async with self._http.stream(
            "POST", url, content=json.dumps(body), extensions={"trace": self._trace}
        ) as response:
            if response.status_code != HTTP_OK:
                raise ValueError(f"status {response.status_code}")
            received = bytearray()
            async for chunk in response.aiter_bytes():
                received += chunk
                if len(received) > ANSWER_BYTES_MAX:
                    raise ValueError(f"the answer is larger than {ANSWER_BYTES_MAX} bytes")
        return bytes(received)

    async def _trace(self, event: str, _details: object) -> None:
        self.connections += event == CONNECTED


class TronClient(ProvenNodes[TronNode]):
    """All nodes of one Tron network."""

    def __init__(self, network: TronNetwork) -> None:
        nodes = [
            TronNode(f"{network.network}#{place}", url, solidity_url)
            for place, (url, solidity_url) in enumerate(network.addresses)
        ]
        super().__init__(network.network, network.genesis, nodes)
        self.network = network

    async def ask(
        self, read: Callable[[object], Answer], path: str, body: Mapping[str, object] | None = None
    ) -> Answer:
        """The answer of the first proven node that gives one which `read` understands."""
        return await self.on_one_node(lambda node: node.ask(read, path, body))
