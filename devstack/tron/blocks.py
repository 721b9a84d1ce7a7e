"""A block of the chain: header, id, the tree over its transactions, and what became of each of them."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from devstack.tron.applying import Applied
from devstack.tron.block_messages import Block, BlockHeader, RawBlockHeader, TransactionInfo
from devstack.tron.messages import Transaction
from devstack.tron.schema import encode
from devstack.tron.slots import Producer
from devstack.tron.transactions import SignedTransaction

NUMBER_BYTES = 8
CHAIN_ID_BYTES = 4
VERSION = 32


@dataclass(frozen=True)
class ChainBlock:
    """A block; the id is its number in eight bytes and the rest of its header's sha256."""

    id: bytes
    raw_header: RawBlockHeader
    header: BlockHeader
    applied: tuple[Applied, ...]

    @property
    def number(self) -> int:
        return self.raw_header.number

    @property
    def time_ms(self) -> int:
        return self.raw_header.timestamp

    @property
    def parent_id(self) -> bytes:
        return self.raw_header.parentHash

    @property
    def producer(self) -> bytes:
        return self.raw_header.witness_address

    @property
    def transactions(self) -> tuple[SignedTransaction, ...]:
        return tuple(one.transaction for one in self.applied)

    @property
    def infos(self) -> tuple[TransactionInfo, ...]:
        return tuple(one.info for one in self.applied)

    @cached_property
    def message(self) -> Block:
        return Block(transactions=stored(self.applied), block_header=self.header)

    @cached_property
    def by_txid(self) -> dict[bytes, Applied]:
        return {one.transaction.txid: one for one in self.applied}


def build(
    *, number: int, time_ms: int, parent_id: bytes, producer: Producer, applied: tuple[Applied, ...]
) -> ChainBlock:
    """Make a block of executed transactions and let its producer sign it."""
    raw_header = RawBlockHeader(
        timestamp=time_ms,
        txTrieRoot=tree_root(encode(message) for message in stored(applied)),
        parentHash=parent_id,
        number=number,
        witness_address=producer.address,
        version=VERSION,
    )
    digest = hashlib.sha256(encode(raw_header)).digest()
    signature = producer.key.sign_recoverable(digest, hasher=None)
    return ChainBlock(block_id(raw_header), raw_header, BlockHeader(raw_header, signature), applied)


def build_genesis(time_ms: int) -> ChainBlock:
    """Make the block before all others; nobody signs it."""
    raw_header = RawBlockHeader(timestamp=time_ms, txTrieRoot=tree_root(()), parentHash=bytes(32))
    return ChainBlock(block_id(raw_header), raw_header, BlockHeader(raw_header), ())


def chain_id(genesis: ChainBlock) -> int:
    """Return the number a chain is known by: the last four bytes of its genesis block's id."""
    return int.from_bytes(genesis.id[-CHAIN_ID_BYTES:])


def stored(applied: tuple[Applied, ...]) -> tuple[Transaction, ...]:
    """Return transactions with their results, as the block holds them."""
    return tuple(one.transaction.with_result(one.result) for one in applied)


def block_id(raw_header: RawBlockHeader) -> bytes:
    """Return the id of the block with this header."""
    digest = hashlib.sha256(encode(raw_header)).digest()
    return raw_header.number.to_bytes(NUMBER_BYTES) + digest[NUMBER_BYTES:]


def tree_root(leaves: Iterable[bytes]) -> bytes:
    """Return the root of the hash tree; a node without a neighbour rises as it is, no leaves give zeros."""
    level = [hashlib.sha256(leaf).digest() for leaf in leaves]
    if not level:
        return bytes(32)
    while len(level) > 1:
        pairs = zip(level[::2], level[1::2], strict=False)
        odd = [level[-1]] if len(level) % 2 else []
        level = [hashlib.sha256(left + right).digest() for left, right in pairs] + odd
    return level[0]
