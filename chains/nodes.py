"""The nodes of one network, whatever they speak: which of them is asked, and which may testify.

A node may answer questions only while its network and genesis are the expected ones: it is asked at first,
after a failure, after a new connection, when it takes over from another node, and every hour. A node of
another chain is set aside until the process starts anew.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from domain.assets import NetworkId
from domain.errors import BlockIncomplete, CroupierError, NodeStale, NodeUnavailable
from domain.onchain import ChainIdentity

IDENTITY_AGE_SECONDS_MAX = 3600.0
NODES_MIN = 2
NODE_FAILURES = (NodeUnavailable, NodeStale, BlockIncomplete)


class Refusal(CroupierError):
    """A well-formed error: the node understood the question and says no.

    It never leaves the adapter: each caller knows what a refusal of its question means.
    """

    def __init__(self, node: str, code: object, message: str) -> None:
        super().__init__(f"Node {node} refuses ({code}): {message}.", node=node)
        self.node = node
        self.message = message


class Node(Protocol):
    """What has to be known of a node to seat it."""

    @property
    def name(self) -> str: ...

    @property
    def connections(self) -> int:
        """How many connections were made so far; behind one address each may end at another machine."""
        ...

    async def identity(self) -> ChainIdentity: ...

    async def close(self) -> None: ...


AnyNode = TypeVar("AnyNode", bound=Node)
Answer = TypeVar("Answer")


def check_nodes(network: NetworkId, urls: Sequence[str], genesis: bytes, *, is_devnet: bool) -> None:
    """Raise ValueError unless these nodes can be trusted together with a network's money."""
    if len(set(urls)) != len(urls) or not urls:
        raise ValueError(f"{network} needs nodes, each of them once")
    if not is_devnet and (len(urls) < NODES_MIN or not genesis):
        raise ValueError(f"{network} needs {NODES_MIN} nodes and a pinned genesis, or the devnet flag")


class ProvenNodes(Generic[AnyNode]):
    """All nodes of one network; a question is answered by one proven node from start to end."""

    def __init__(self, network: NetworkId, genesis: bytes, nodes: Sequence[AnyNode]) -> None:
        """Seat the nodes; without a `genesis` the one met first is the one to keep."""
        self._id = network
        self._genesis = genesis
        self._seats = [_Seat(node) for node in nodes]
        self._first = 0

    @property
    def node_names(self) -> tuple[str, ...]:
        return tuple(seat.node.name for seat in self._seats)

    async def on_one_node(self, question: Callable[[AnyNode], Awaitable[Answer]]) -> Answer:
        """The answer of the first node that can give it, beginning with the one that answered last.

        Raises what the last node raised if none can. A refusal the question does not expect is no answer.
        """
        failure: CroupierError = NodeUnavailable(self._id, "no node serves this network")
        first = self._first
        for step in range(len(self._seats)):
            place = (first + step) % len(self._seats)
            if step:
                self._seats[place].proven_at = None
            try:
                answer = await self._answer(self._seats[place], question)
            except NODE_FAILURES as error:
                failure = error
                continue
            self._first = place
            return answer
        raise failure

    async def on_each_node(self, question: Callable[[AnyNode], Awaitable[Answer]]) -> tuple[Answer, ...]:
        """The answers of all nodes that are proven now; raises NodeUnavailable if there is none.

        `question` handles the failures of its own calls.
        """
        proofs = await asyncio.gather(*(self._prove(seat) for seat in self._seats), return_exceptions=True)
        proven: list[AnyNode] = []
        failure: CroupierError = NodeUnavailable(self._id, "no node serves this network")
        for seat, proof in zip(self._seats, proofs, strict=True):
            if proof is None:
                proven.append(seat.node)
            elif isinstance(proof, NODE_FAILURES):
                failure = proof
            else:
                raise proof
        if not proven:
            raise failure
        return tuple(await asyncio.gather(*(question(node) for node in proven)))

    def prefer(self, node: AnyNode) -> None:
        """Begin with this node from now on; it says who it is before that."""
        place = next(place for place, seat in enumerate(self._seats) if seat.node is node)
        if place != self._first:
            self._first, self._seats[place].proven_at = place, None

    def doubt(self, node: AnyNode) -> None:
        """Prove the node's identity again before it is asked the next time."""
        self._seat(node).proven_at = None

    def quarantine(self, node: AnyNode, why: str) -> None:
        """Ask this node nothing any more."""
        self._seat(node).quarantined = why

    async def close(self) -> None:
        """Close every connection; the nodes can not be asked afterwards. May be called again."""
        await asyncio.gather(*(seat.node.close() for seat in self._seats))

    async def _answer(
        self, seat: "_Seat[AnyNode]", question: Callable[[AnyNode], Awaitable[Answer]]
    ) -> Answer:
        await self._prove(seat)
        try:
            return await question(seat.node)
        except NodeUnavailable:
            seat.proven_at = None
            raise
        except Refusal as error:
            raise NodeUnavailable(seat.node.name, error.message) from error

    async def _prove(self, seat: "_Seat[AnyNode]") -> None:
        if seat.quarantined:
            raise NodeUnavailable(seat.node.name, seat.quarantined)
        now = asyncio.get_running_loop().time()
        if seat.is_proven(now):
            return
        found = await seat.node.identity()
        if not self._genesis and found.network == self._id:
            self._genesis = found.genesis
        if found != ChainIdentity(self._id, self._genesis):
            seat.quarantined = f"it serves {found.network} from genesis {found.genesis.hex()}"
            raise NodeUnavailable(seat.node.name, seat.quarantined)
        seat.proven_at, seat.proven_connections = now, seat.node.connections

    def _seat(self, node: AnyNode) -> "_Seat[AnyNode]":
        return next(seat for seat in self._seats if seat.node is node)


@dataclass(slots=True)
class _Seat(Generic[AnyNode]):
    node: AnyNode
    proven_at: float | None = None
    proven_connections: int = 0
    quarantined: str = ""

    def is_proven(self, now: float) -> bool:
        if self.proven_at is None or now - self.proven_at >= IDENTITY_AGE_SECONDS_MAX:
            return False
        return self.node.connections == self.proven_connections
