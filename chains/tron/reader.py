"""What a Tron network says: blocks by id, complete or an error; money only as of its newest final block.

Heads and what is not settled come from `wallet/`, all that is final from `walletsolidity/`. With two or more
nodes the final block is the newest on which two of them agree.
"""

import asyncio
from collections.abc import AsyncGenerator

from chains.finality import FinalityWatch
from chains.lateness import is_late, prefer_fresher
from chains.tron.agreeing import agreed_final
from chains.tron.answers import height_of
from chains.tron.asking import (
    HEADERS,
    find,
    header_at,
    header_by_id,
    is_known,
    newest,
)
from chains.tron.block_reading import final_block, head_block, settled_block
from chains.tron.calling import Call, word_of
from chains.tron.client import HEAD_STORE, SOLID_STORE, TronClient, TronNode
from chains.tron.hints import head_hints
from chains.tron.holdings import code_of, coins_on, tokens_on
from domain.assets import Asset, AssetKind, NetworkId
from domain.errors import NodeStale
from domain.onchain import (
    BlockEffects,
    BlockRef,
    ChainIdentity,
    Header,
    HeadHint,
    Heads,
    Held,
    Inclusion,
    TxStatus,
)


class TronReader:
    """ChainReader over the HTTP API; each answer comes from one node."""

    def __init__(self, client: TronClient) -> None:
        self._client = client
        self._watch = FinalityWatch(client.network.network, HEADERS)
        self._heads_in_turn = asyncio.Lock()

    @property
    def network(self) -> NetworkId:
        return self._client.network.network

    async def identity(self) -> ChainIdentity:
        return await self._client.on_one_node(lambda node: node.identity())

    async def heads(self) -> Heads:
        async with self._heads_in_turn:
            heads = await self._client.on_one_node(self._heads)
            if not is_late(heads.latest, self._client.network.block_seconds):
                return heads
            if await prefer_fresher(self._client, heads.latest, HEADERS.latest):
                heads = await self._client.on_one_node(self._heads)
            return heads

    async def header(self, block_hash: bytes) -> Header:
        return await self._client.on_one_node(lambda node: header_by_id(node, block_hash))

    async def header_at(self, height: int) -> Header:
        return await self._client.on_one_node(lambda node: header_at(node, HEAD_STORE, height))

    async def block(self, block_hash: bytes) -> BlockEffects:
        final = self._watch.held
        if final is not None and height_of(block_hash) <= final.ref.height:
            return await final_block(self._client, block_hash)
        return await self._client.on_one_node(lambda node: head_block(node, block_hash))

    async def settled(self, header: Header) -> BlockEffects | None:
        return await settled_block(self._client, header.ref.hash)

    async def status(self, txid: bytes) -> TxStatus:
        return await self._client.on_one_node(lambda node: _status(node, txid))

    async def balance(self, who: bytes, asset: Asset, at: BlockRef) -> Held:
        return await self._client.on_one_node(lambda node: _balance(node, who, asset, at))

    async def nonce_at(self, wallet: bytes, at: BlockRef) -> int | None:  # noqa: ARG002 - nothing is counted
        return None

    async def code_at(self, address: bytes, at: BlockRef) -> bytes:
        return await self._client.on_one_node(lambda node: _code(node, address, at))

    async def token_decimals(self, asset: Asset) -> int:
        assert asset.kind is AssetKind.TOKEN, asset
        return await self._client.on_one_node(
            lambda node: word_of(node, SOLID_STORE, Call(asset.contract, "decimals()"))
        )

    def hints(self) -> AsyncGenerator[HeadHint, None]:
        return head_hints(self._client.network.hints_url)

    async def close(self) -> None:
        await self._client.close()

    async def _heads(self, node: TronNode) -> Heads:
        own = await self._watch.read(node)
        final = await agreed_final(self._client, node, own.final, self._watch.held)
        heads = Heads(own.latest, final)
        self._watch.keep(node, heads)
        return heads


async def _status(node: TronNode, txid: bytes) -> TxStatus:
    for store, inclusion in ((SOLID_STORE, Inclusion.FINAL), (HEAD_STORE, Inclusion.INCLUDED)):
        found = await find(node, store, txid)
        if found is not None:
            return TxStatus(inclusion, found.block, found.succeeded)
    return TxStatus(Inclusion.PENDING if await is_known(node, txid) else Inclusion.UNKNOWN)


async def _balance(node: TronNode, who: bytes, asset: Asset, at: BlockRef) -> Held:
    """Money as of the solid block, which must not move meanwhile: a head also counts what only waits."""
    await _check_solid(node, at)
    if asset.kind is AssetKind.NATIVE:
        amount = await coins_on(node, SOLID_STORE, who)
    else:
        amount = await tokens_on(node, SOLID_STORE, asset.contract, who)
    await _check_solid(node, at)
    return Held(amount, at)


async def _check_solid(node: TronNode, at: BlockRef) -> None:
    solid = (await newest(node, SOLID_STORE)).ref
    if solid != at:
        raise NodeStale(node.name, f"it answers for solid block {solid.height}, not for {at.height}")


async def _code(node: TronNode, address: bytes, at: BlockRef) -> bytes:
    if (await header_at(node, HEAD_STORE, at.height)).ref != at:
        raise NodeStale(node.name, f"block {at.hash.hex()} is not on its branch")
    return await code_of(node, address)
