"""What an EVM network says: blocks by hash, complete or an error; balances and nonces at an exact block."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from typing import TypeVar

from chains.codecs.abi import DECIMALS_CALL, WORD_BYTES, encode_balance_of
from chains.evm.answers import data, hexadecimal, quantity, sized
from chains.evm.client import HEADER_ONLY, WITH_TRANSACTIONS, EvmClient, EvmNode
from chains.evm.effects import Receipt, read_block, read_header, read_receipt
from chains.evm.failures import NodeRefused, unavailable
from chains.evm.hints import head_hints
from chains.finality import FinalityWatch, HeaderCalls
from chains.lateness import is_late, prefer_fresher
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

LATEST = "latest"
FINALIZED = "finalized"

Answer = TypeVar("Answer")


class EvmReader:
    """ChainReader over JSON-RPC; each answer comes from one node."""

    def __init__(self, client: EvmClient) -> None:
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
        return await self._client.on_one_node(lambda node: header_by_hash(node, block_hash))

    async def header_at(self, height: int) -> Header:
        return await self._client.on_one_node(lambda node: header_by_tag(node, hex(height)))

    async def block(self, block_hash: bytes) -> BlockEffects:
        return await self._client.on_one_node(lambda node: _block(node, block_hash))

    async def settled(self, header: Header) -> BlockEffects | None:  # noqa: ARG002 - the receipts root proves it
        return None

    async def status(self, txid: bytes) -> TxStatus:
        return await self._client.on_one_node(lambda node: _status(node, txid))

    async def balance(self, who: bytes, asset: Asset, at: BlockRef) -> Held:
        return await self._client.on_one_node(lambda node: balance_on(node, who, asset, at))

    async def nonce_at(self, wallet: bytes, at: BlockRef) -> int:
        return await self._client.on_one_node(lambda node: nonce_on(node, wallet, at))

    async def code_at(self, address: bytes, at: BlockRef) -> bytes:
        return await self._client.on_one_node(
            lambda node: ask_at(node, at, data, "eth_getCode", hexadecimal(address))
        )

    async def token_decimals(self, asset: Asset) -> int:
        assert asset.kind is AssetKind.TOKEN, asset
        call = {"to": hexadecimal(asset.contract), "data": hexadecimal(DECIMALS_CALL)}
        return await self._client.on_one_node(lambda node: node.ask(_word, "eth_call", call, LATEST))

    def hints(self) -> AsyncGenerator[HeadHint, None]:
        network = self._client.network
        return head_hints(network.websocket_url, network.block_seconds)

    async def close(self) -> None:
        await self._client.close()

    async def _heads(self, node: EvmNode) -> Heads:
        heads = await self._watch.read(node)
        self._watch.keep(node, heads)
        return heads


async def ask_at(
    node: EvmNode, at: BlockRef, read: Callable[[object], Answer], method: str, subject: object
) -> Answer:
    """What holds right after exactly this block (EIP-1898); raises NodeStale if the node has another one."""
    try:
        return await node.ask(
            read, method, subject, {"blockHash": hexadecimal(at.hash), "requireCanonical": True}
        )
    except NodeRefused as error:
        if error.is_revert or error.is_short_of_funds:
            raise
        raise NodeStale(node.name, f"block {at.hash.hex()} is not on its branch ({error.message})") from error


async def header_by_hash(node: EvmNode, block_hash: bytes) -> Header:
    """The header of this block; raises NodeStale if the node does not know it."""
    answer = await node.call("eth_getBlockByHash", hexadecimal(block_hash), HEADER_ONLY)
    header = _known_header(node, answer, f"block {block_hash.hex()}")
    if header.ref.hash != block_hash:
        raise unavailable(node.name, ValueError(f"block {header.ref.hash.hex()} came instead"))
    return header


async def header_by_tag(node: EvmNode, tag: str) -> Header:
    """The header at a height (`0x…`) or under a tag; raises NodeStale if the node has none."""
    return _known_header(node, await node.call("eth_getBlockByNumber", tag, HEADER_ONLY), f"block {tag}")


HEADERS: HeaderCalls[EvmNode] = HeaderCalls(
    latest=lambda node: header_by_tag(node, LATEST),
    final=lambda node: header_by_tag(node, FINALIZED),
    at=lambda node, height: header_by_tag(node, hex(height)),
)


async def balance_on(node: EvmNode, who: bytes, asset: Asset, at: BlockRef) -> Held:
    """Units of an asset that an address held right after this block."""
    if asset.kind is AssetKind.NATIVE:
        return Held(await ask_at(node, at, quantity, "eth_getBalance", hexadecimal(who)), at)
    call = {"to": hexadecimal(asset.contract), "data": hexadecimal(encode_balance_of(who))}
    return Held(await ask_at(node, at, _word, "eth_call", call), at)


async def nonce_on(node: EvmNode, wallet: bytes, at: BlockRef) -> int:
    """How many transactions a wallet had sent right after this block."""
    return await ask_at(node, at, quantity, "eth_getTransactionCount", hexadecimal(wallet))


async def receipt_on(node: EvmNode, txid: bytes) -> Receipt | None:
    """The receipt of a transaction on the node's branch, or None, which proves nothing."""
    answer = await node.call("eth_getTransactionReceipt", hexadecimal(txid))
    if answer is None:
        return None
    try:
        receipt = read_receipt(answer)
    except ValueError as error:
        raise unavailable(node.name, error) from error
    if receipt.txid != txid:
        raise unavailable(node.name, ValueError(f"the receipt of {receipt.txid.hex()} came instead"))
    if (await header_by_tag(node, hex(receipt.block.height))).ref != receipt.block:
        raise NodeStale(node.name, f"its receipt of {txid.hex()} is not from its own branch")
    return receipt


async def _block(node: EvmNode, block_hash: bytes) -> BlockEffects:
    name = hexadecimal(block_hash)
    block, receipts = await asyncio.gather(
        node.call("eth_getBlockByHash", name, WITH_TRANSACTIONS), node.call("eth_getBlockReceipts", name)
    )
    if block is None:
        raise NodeStale(node.name, f"it does not know block {name}")
    try:
        return read_block(block_hash, block, receipts)
    except ValueError as error:
        raise unavailable(node.name, error) from error


async def _status(node: EvmNode, txid: bytes) -> TxStatus:
    final, receipt = await asyncio.gather(header_by_tag(node, FINALIZED), receipt_on(node, txid))
    if receipt is not None:
        is_final = receipt.block.height <= final.ref.height
        return TxStatus(Inclusion.FINAL if is_final else Inclusion.INCLUDED, receipt.block, receipt.succeeded)
    if await node.call("eth_getTransactionByHash", hexadecimal(txid)) is not None:
        return TxStatus(Inclusion.PENDING)
    return TxStatus(Inclusion.UNKNOWN)


def _known_header(node: EvmNode, answer: object, what: str) -> Header:
    if answer is None:
        raise NodeStale(node.name, f"it does not know {what}")
    try:
        return read_header(answer)
    except (ValueError, OverflowError) as error:
        raise unavailable(node.name, error) from error


def _word(answer: object) -> int:
    return int.from_bytes(sized(answer, WORD_BYTES), "big")
