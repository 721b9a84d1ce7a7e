"""The final block only moves forward along one branch: what each new answer is compared with.

A node that lags is no broken chain. Behind one address a replica that keeps up may name the head and one that
lags the final block, so a final block that went back is believed only from a node that insists.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic

from chains.nodes import AnyNode
from domain.assets import NetworkId
from domain.errors import FinalityBroken, NodeStale
from domain.onchain import BlockRef, Header, Heads

ASKED_AGAIN = 16  # of two replicas in random turns, one hides with probability 2^-32

ReadHeader = Callable[[AnyNode], Awaitable[Header]]


@dataclass(frozen=True, slots=True)
class HeaderCalls(Generic[AnyNode]):
    """How a node is asked for its newest block, its final block, and its block at a height."""

    latest: ReadHeader[AnyNode]
    final: ReadHeader[AnyNode]
    at: Callable[[AnyNode, int], Awaitable[Header]]


class FinalityWatch(Generic[AnyNode]):
    """The newest final block that was given out, and the judgement of every later one."""

    def __init__(self, network: NetworkId, calls: HeaderCalls[AnyNode]) -> None:
        self._network = network
        self._calls = calls
        self._seen: tuple[str, Heads] | None = None
        self._distance_max = 0  # blocks from a final block to the head it was seen with

    @property
    def held(self) -> Header | None:
        """The newest final block that was given out."""
        return self._seen[1].final if self._seen else None

    async def read(self, node: AnyNode) -> Heads:
        """Both heads of one node, which do not contradict what was given out before.

        Raises NodeStale if the node is behind it, FinalityBroken if the network took it back.
        """
        latest, final = await asyncio.gather(self._calls.latest(node), self._calls.final(node))
        if latest.ref.height < final.ref.height:
            raise NodeStale(node.name, "its newest block is below its final one")
        heads = Heads(latest, final)
        if self._seen is not None and self._seen[1].final.ref != final.ref:
            await self._compare(node, heads, self._seen[0], self._seen[1].final.ref)
        return heads

    def keep(self, node: AnyNode, heads: Heads) -> None:
        """Remember what is given out now."""
        self._seen = node.name, heads
        self._distance_max = max(self._distance_max, heads.latest.ref.height - heads.final.ref.height)

    async def _compare(self, node: AnyNode, heads: Heads, seen_on: str, held: BlockRef) -> None:
        if heads.latest.ref.height < held.height:
            raise NodeStale(node.name, f"it does not reach final block {held.height}")
        there = await self._calls.at(node, held.height)
        if there.ref != held:
            raise FinalityBroken(
                self._network, f"block {held.height} was {held.hash.hex()}, is {there.ref.hash.hex()}"
            )
        if heads.final.ref.height >= held.height:
            return
        # A head this near to our final block may belong to a node that lags; the height we saw together with
        # it is no measure, for another replica may have named it.
        certain = held.height + self._distance_max
        if node.name != seen_on or heads.latest.ref.height < certain:
            raise NodeStale(node.name, f"its final block is {heads.final.ref.height}, ours {held.height}")
        if not await self._insists(node, certain, held.height):
            raise NodeStale(node.name, "several replicas answer for it, and some of them lag")
        raise FinalityBroken(self._network, f"final went back from {held.height} to {heads.final.ref.height}")

    async def _insists(self, node: AnyNode, head: int, final: int) -> bool:
        """Whether the node says every time that its head is at least, its final block below these heights.

        Asked often enough, some of several replicas contradict that.
        """
        latest = await asyncio.gather(*(self._calls.latest(node) for _ in range(ASKED_AGAIN)))
        finals = await asyncio.gather(*(self._calls.final(node) for _ in range(ASKED_AGAIN)))
        return all(one.ref.height >= head for one in latest) and all(one.ref.height < final for one in finals)
