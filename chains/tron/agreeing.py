"""The final block of a network with several nodes: the newest solid one that two of them name."""

import logging

from chains.nodes import NODE_FAILURES
from chains.tron.asking import header_at, newest
from chains.tron.client import SOLID_STORE, TronClient, TronNode
from domain.errors import NodeUnavailable
from domain.onchain import Header

logger = logging.getLogger(__name__)


async def agreed_final(client: TronClient, node: TronNode, solid: Header, held: Header | None) -> Header:
    """The newest block up to this node's solid one that a second node has too; never below the `held` one.

    A network with a single node has to take its word. Raises NodeUnavailable while there is no second word
    and nothing was agreed on before.
    """
    if len(client.node_names) == 1:
        return solid

    async def shared(witness: TronNode) -> Header | None:
        if witness is node:
            return None
        try:
            return await _newest_shared(node, witness, solid, held)
        except NODE_FAILURES as error:
            logger.info("no second word on the final block: %s", error)
            return None

    words = [header for header in await client.on_each_node(shared) if header is not None]
    found = max([*words, *([held] if held else [])], key=lambda header: header.ref.height, default=None)
    if found is None:
        raise NodeUnavailable(node.name, "no second node confirms its final block")
    return found


async def _newest_shared(
    node: TronNode, witness: TronNode, solid: Header, held: Header | None
) -> Header | None:
    theirs = await newest(witness, SOLID_STORE)
    top = min(solid.ref.height, theirs.ref.height)
    mine, other = await _pair(node, witness, top)
    if mine.ref == other.ref:
        return mine
    logger.error("%s and %s contradict each other on solid block %d", node.name, witness.name, top)
    low, high = (held.ref.height if held else 0), top
    mine, other = await _pair(node, witness, low)
    if mine.ref != other.ref:
        return None
    while high - low > 1:
        middle = (low + high) // 2
        lower, other = await _pair(node, witness, middle)
        if lower.ref == other.ref:
            mine, low = lower, middle
        else:
            high = middle
    return mine


async def _pair(node: TronNode, witness: TronNode, height: int) -> tuple[Header, Header]:
    return await header_at(node, SOLID_STORE, height), await header_at(witness, SOLID_STORE, height)
