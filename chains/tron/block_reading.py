"""Whole blocks: one node's word while they are new, the same word of two nodes once they are final."""

import asyncio
from dataclasses import replace

from chains.nodes import NODE_FAILURES
from chains.tron.answers import height_of
from chains.tron.asking import block_at, header_at, infos_at
from chains.tron.client import HEAD_STORE, SOLID_STORE, TronClient, TronNode
from chains.tron.effects import read_block
from chains.tron.failures import unavailable
from domain.errors import CroupierError, FinalityBroken, NodeStale
from domain.onchain import BlockEffects

WITNESSES = 2
HEAD = "head"
SOLID = "solid"


async def head_block(node: TronNode, block_id: bytes) -> BlockEffects:
    """A block of the node's present branch: results are kept by height, so the branch must not change."""
    height = height_of(block_id)
    block = await block_at(node, HEAD_STORE, block_id.hex())
    infos = await infos_at(node, HEAD_STORE, height)
    if (await header_at(node, HEAD_STORE, height)).ref.hash != block_id:
        raise NodeStale(node.name, f"block {block_id.hex()} is not on its branch")
    return _read(node, block_id, block, infos, HEAD)


async def final_block(client: TronClient, block_id: bytes) -> BlockEffects:
    """A final block, called settled only if two nodes tell the same of it (a network of one has one word).

    Raises FinalityBroken if two tell different effects, and what the last node raised if none tells any.
    """

    async def ask(node: TronNode) -> BlockEffects | CroupierError:
        try:
            return await _solid_block(node, block_id)
        except NODE_FAILURES as error:
            return error

    words = await client.on_each_node(ask)
    told = [word for word in words if isinstance(word, BlockEffects)]
    if len({word.completeness["effects"] for word in told}) > 1:
        name = f"block {height_of(block_id)}"
        raise FinalityBroken(client.network.network, f"its nodes tell different effects of final {name}")
    if not told:
        raise next(word for word in words if isinstance(word, CroupierError))
    if len(told) < min(WITNESSES, len(client.node_names)):
        return told[0]
    return replace(told[0], completeness=told[0].completeness | {"source": SOLID})


async def settled_block(client: TronClient, block_id: bytes) -> BlockEffects:
    """A final block by the word of two nodes; raises NodeStale while only one tells it."""
    found = await final_block(client, block_id)
    if found.completeness["source"] != SOLID:
        raise NodeStale(client.network.network, f"one node alone tells final block {height_of(block_id)}")
    return found


async def _solid_block(node: TronNode, block_id: bytes) -> BlockEffects:
    height = height_of(block_id)
    block, infos = await asyncio.gather(
        block_at(node, SOLID_STORE, str(height)), infos_at(node, SOLID_STORE, height)
    )
    return _read(node, block_id, block, infos, HEAD)


def _read(node: TronNode, block_id: bytes, block: object, infos: object, source: str) -> BlockEffects:
    try:
        return read_block(block_id, block, infos, source)
    except ValueError as error:
        raise unavailable(node.name, error) from error
