"""Questions about blocks and transactions, each put to one node and one of its two stores."""

from collections.abc import Mapping
from dataclasses import dataclass

from chains.finality import HeaderCalls
from chains.tron.answers import hash_member, is_absent, read_header
from chains.tron.blocks import Info, Transaction, read_info, read_transactions
from chains.tron.client import HEAD_STORE, SOLID_STORE, TronNode
from chains.tron.failures import unavailable
from domain.errors import NodeStale
from domain.onchain import BlockRef, Header

Document = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Found:
    """A transaction in a block of one node's branch, and whether it held."""

    txid: bytes
    block: BlockRef
    succeeded: bool


async def newest(node: TronNode, store: str) -> Header:
    """The newest block of a store: the head, or the newest that is solid."""
    return await node.ask(read_header, f"{store}/getblock", {"detail": False})


async def header_at(node: TronNode, store: str, height: int) -> Header:
    """The block that a store has at a height; raises NodeStale if it has none."""
    header = await _header(node, store, str(height))
    if header.ref.height != height:
        raise unavailable(node.name, ValueError(f"block {header.ref.height} came in place of {height}"))
    return header


async def header_by_id(node: TronNode, block_id: bytes) -> Header:
    """The header of exactly this block; raises NodeStale if the node does not know it."""
    header = await _header(node, HEAD_STORE, block_id.hex())
    if header.ref.hash != block_id:
        raise unavailable(node.name, ValueError(f"block {header.ref.hash.hex()} came instead"))
    return header


async def block_at(node: TronNode, store: str, name: str) -> Document:
    """A whole block by its id or height; raises NodeStale if the store does not have it."""
    return await _block(node, store, {"id_or_num": name, "detail": True})


async def infos_at(node: TronNode, store: str, height: int) -> object:
    """The results of a block's transactions, as the node has them."""
    return await node.call(f"{store}/gettransactioninfobyblocknum", {"num": height})


async def find(node: TronNode, store: str, txid: bytes) -> Found | None:
    """The block of a store that holds a transaction, or None, which proves nothing.

    Only a result with a height says that it is in a block; the block itself must show it then.
    """
    info = await info_of(node, store, txid)
    if info is None:
        return None
    block = await block_at(node, store, str(info.height))
    try:
        header, transactions = read_header(block), read_transactions(block)
    except ValueError as error:
        raise unavailable(node.name, error) from error
    transaction = next((one for one in transactions if one.txid == txid), None)
    if transaction is None or header.ref.height != info.height:
        raise NodeStale(node.name, f"its block {info.height} does not hold {txid.hex()}")
    return Found(txid, header.ref, held(transaction, info))


async def info_of(node: TronNode, store: str, txid: bytes) -> Info | None:
    """The result of a transaction that stands in a block of this store, or None if the node knows none."""
    answer = await node.call(f"{store}/gettransactioninfobyid", {"value": txid.hex()})
    try:
        info = None if is_absent(answer) else read_info(answer)
    except ValueError as error:
        raise unavailable(node.name, error) from error
    if info is not None and info.txid != txid:
        raise unavailable(node.name, ValueError(f"the result of {info.txid.hex()} came instead"))
    return info


async def is_known(node: TronNode, txid: bytes) -> bool:
    """Whether the node has the transaction at all; one that waits is answered like one that is in a block."""

    def names_it(answer: object) -> bool:
        if is_absent(answer):
            return False
        if hash_member(answer, "txID") != txid:
            raise ValueError("another transaction came instead")
        return True

    return await node.ask(names_it, f"{HEAD_STORE}/gettransactionbyid", {"value": txid.hex()})


def held(transaction: Transaction, info: Info) -> bool:
    """Whether a transaction did what it was for: where code runs, only SUCCESS says so."""
    return info.succeeded and bool(info.outcome or not transaction.runs_code)


async def _header(node: TronNode, store: str, name: str) -> Header:
    answer = await _block(node, store, {"id_or_num": name, "detail": False})
    try:
        return read_header(answer)
    except ValueError as error:
        raise unavailable(node.name, error) from error


async def _block(node: TronNode, store: str, body: Document) -> Document:
    answer = await node.ask(lambda told: None if is_absent(told) else told, f"{store}/getblock", body)
    if not isinstance(answer, Mapping):
        raise NodeStale(node.name, f"its {store} does not know block {body['id_or_num']}")
    return answer


HEADERS: HeaderCalls[TronNode] = HeaderCalls(
    latest=lambda node: newest(node, HEAD_STORE),
    final=lambda node: newest(node, SOLID_STORE),
    at=lambda node, height: header_at(node, HEAD_STORE, height),
)
