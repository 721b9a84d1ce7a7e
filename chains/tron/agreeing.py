"""The final block of a network with several nodes: the newest solid one that two of them name."""

import logging
from dataclasses import dataclass

from chains.nodes import NODE_FAILURES
from chains.tron.asking import header_at, newest
from chains.tron.client import SOLID_STORE, TronClient, TronNode
from domain.errors import NodeStale, NodeUnavailable
from domain.onchain import Header

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Shared:
    """The newest solid block that two nodes have in common, if any, and whether they part after it."""

    newest: Header | None
    is_contradicted: bool


async def agreed_final(client: TronClient, node: TronNode, solid: Header, held: Header | None) -> Header:
    """The newest block up to this node's solid one that a second node has too; never below the `held` one.

    A network with a single node has to take its word. Raises NodeUnavailable while there is no second word
    and nothing was agreed on before, NodeStale for a node that all of several others contradict.
    """
    if len(client.node_names) == 1:
        return solid

    async def shared(witness: TronNode) -> _Shared | None:
        if witness is node:
            return None
        try:
            return await _newest_shared(node, witness, solid, held)
        except NODE_FAILURES as error:
            logger.info("no second word on the final block: %s", error)
            return None

    words = [word for word in await client.on_each_node(shared) if word is not None]
    if len(words) > 1 and all(word.is_contradicted for word in words):
        raise NodeStale(node.name, "all other nodes name other solid blocks")
    known = [header for header in (held, *(word.newest for word in words)) if header is not None]
    found = max(known, key=lambda header: header.ref.height, default=None)
    if found is None:
        raise NodeUnavailable(node.name, "no second node confirms its final block")
    return found


async def _newest_shared(node: TronNode, witness: TronNode, solid: Header, held: Header | None) -> _Shared:
    theirs = await newest(witness, SOLID_STORE)
    top = min(solid.ref.height, theirs.ref.height)
    mine, other = await _pair(node, witness, top)
    if mine.ref == other.ref:
        return _Shared(mine, is_contradicted=False)
    logger.error("%s and %s contradict each other on solid block %d", node.name, witness.name, top)
    low, high = (held.ref.height if held else 0), top
    mine, other = await _pair(node, witness, low)
    if mine.ref != other.ref:
        return _Shared(None, is_contradicted=True)
    while high - low > 1:
        middle = (low + high) // 2
        lower, other = await _pair(node, witness, middle)
        if lower.ref == other.ref:
            mine, low = lower, middle
        else:
            high = middle
    return _Shared(mine, is_contradicted=True)


async def _pair(node: TronNode, witness: TronNode, height: int) -> tuple[Header, Header]:
    return await header_at(node, SOLID_STORE, height), await header_at(witness, SOLID_STORE, height)
