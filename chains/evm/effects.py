"""One block's JSON to its effects, with the proof that nothing was left out.

A node that lags or indexes answers with less, not with an error. So the receipts must match the transactions
in number, order and hash, the logs must count through, and the bloom filters (Yellow Paper, section 4.3.1)
must fit: over a transaction's logs that of its receipt, over all logs that of the header. Where every receipt
is of a known type their root must be the header's, which no change of any receipt survives. What falls short
raises BlockIncomplete and is read again.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

from chains.answers import has, members
from chains.codecs.abi import decode_transfer, decode_transfer_log
from chains.codecs.keccak import keccak256
from chains.evm.answers import (
    HASH_BYTES,
    address_member,
    data_member,
    hash_member,
    quantity_member,
    sized,
)
from chains.evm.roots import LEGACY_TYPE, receipts_root
from domain.errors import BlockIncomplete
from domain.onchain import NATIVE_POSITION, BlockEffects, BlockRef, Effect, Header, MinedTransaction

BLOOM_BYTES = 256
BLOOM_BITS = 8 * BLOOM_BYTES
BLOOM_HASHES = 3
SUCCESS = 1
BLOOM_MEMORY = 4096
DEPOSIT_MEMBERS = ("depositNonce", "depositReceiptVersion")
UNKNOWN_TYPE = "not checked: a receipt of a type unknown here"


@dataclass(frozen=True, slots=True)
class Log:
    """One event of a transaction; `place` counts over the whole block."""

    contract: bytes
    topics: tuple[bytes, ...]
    data: bytes
    place: int


@dataclass(frozen=True, slots=True)
class Receipt:
    """How one transaction of a block ended; `created` is the contract it made, if it made one. Fee in wei.

    `kind` is its type (EIP-2718); `gas_used_so_far` and `extra` are there for the root alone.
    """

    txid: bytes
    block: BlockRef
    succeeded: bool
    fee: int
    created: bytes
    bloom: bytes
    logs: tuple[Log, ...]
    kind: int
    gas_used_so_far: int
    extra: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Transaction:
    """One transaction of a block; `to` is empty if it creates a contract."""

    txid: bytes
    sender: bytes
    nonce: int
    to: bytes
    value: int
    data: bytes


def read_header(answer: object) -> Header:
    """The header in a block's JSON; raises ValueError if it is not one."""
    return Header(
        ref=BlockRef(quantity_member(answer, "number"), hash_member(answer, "hash")),
        parent=hash_member(answer, "parentHash"),
        mined_at=datetime.fromtimestamp(quantity_member(answer, "timestamp"), UTC),
    )


def read_block(block_hash: bytes, block: object, receipts: object) -> BlockEffects:
    """All effects of the block that was asked for.

    Raises BlockIncomplete if the parts do not prove to be all there, ValueError if they are no block at all.
    """
    header = read_header(block)
    name = block_hash.hex()
    if header.ref.hash != block_hash:
        raise BlockIncomplete(name, f"block {header.ref.hash.hex()} came instead")
    if not isinstance(receipts, list):
        raise BlockIncomplete(name, "there are no receipts")
    transactions = tuple(_read_transaction(entry) for entry in members(block, "transactions"))
    ends = tuple(read_receipt(entry) for entry in receipts)
    _check_complete(header, data_member(block, "logsBloom"), transactions, ends)
    root = receipts_root(ends)
    if root not in {None, hash_member(block, "receiptsRoot")}:
        raise BlockIncomplete(name, "the receipts do not give the header's receipts root")
    pairs = tuple(zip(transactions, ends, strict=True))
    return BlockEffects(
        header=header,
        effects=tuple(effect for transaction, end in pairs for effect in _effects(transaction, end)),
        transactions=tuple(_mined(transaction, end) for transaction, end in pairs),
        completeness={
            "transactions": str(len(transactions)),
            "logs": str(sum(len(end.logs) for end in ends)),
            "bloom": keccak256(data_member(block, "logsBloom")).hex(),
            "receipts_root": UNKNOWN_TYPE if root is None else root.hex(),
        },
    )


def read_receipt(answer: object) -> Receipt:
    """One receipt; raises ValueError if it is not one. A layer-2 data fee is part of the fee."""
    fee = quantity_member(answer, "gasUsed") * quantity_member(answer, "effectiveGasPrice")
    if has(answer, "l1Fee"):
        fee += quantity_member(answer, "l1Fee")
    return Receipt(
        txid=hash_member(answer, "transactionHash"),
        block=BlockRef(quantity_member(answer, "blockNumber"), hash_member(answer, "blockHash")),
        succeeded=quantity_member(answer, "status") == SUCCESS,
        fee=fee,
        created=address_member(answer, "contractAddress") if has(answer, "contractAddress") else b"",
        bloom=data_member(answer, "logsBloom"),
        logs=tuple(_read_log(entry) for entry in members(answer, "logs")),
        kind=quantity_member(answer, "type") if has(answer, "type") else LEGACY_TYPE,
        gas_used_so_far=quantity_member(answer, "cumulativeGasUsed"),
        extra=tuple(quantity_member(answer, name) for name in DEPOSIT_MEMBERS if has(answer, name)),
    )


def bloom_of(logs: Iterable[Log]) -> bytes:
    """The 2048-bit filter over addresses and topics that a header carries."""
    bits = 0
    for log in logs:
        bits |= _bloom_bits(log.contract)
        for topic in log.topics:
            bits |= _bloom_bits(topic)
    return bits.to_bytes(BLOOM_BYTES, "big")


def _check_complete(
    header: Header, bloom: bytes, transactions: tuple[Transaction, ...], ends: tuple[Receipt, ...]
) -> None:
    name = header.ref.hash.hex()
    if len(ends) != len(transactions):
        raise BlockIncomplete(name, f"{len(ends)} receipts for {len(transactions)} transactions")
    for transaction, end in zip(transactions, ends, strict=True):
        if end.txid != transaction.txid or end.block != header.ref:
            raise BlockIncomplete(name, f"a receipt does not belong to transaction {transaction.txid.hex()}")
        if bloom_of(end.logs) != end.bloom:
            raise BlockIncomplete(name, f"transaction {end.txid.hex()} lacks logs of its own bloom filter")
    logs = tuple(log for end in ends for log in end.logs)
    if any(log.place != place for place, log in enumerate(logs)):
        raise BlockIncomplete(name, "the logs do not count through")
    if bloom_of(logs) != bloom:
        raise BlockIncomplete(name, "the logs do not give the header's bloom filter")


def _effects(transaction: Transaction, end: Receipt) -> Iterator[Effect]:
    if transaction.value:
        yield Effect(
            txid=transaction.txid,
            position=NATIVE_POSITION,
            contract=b"",
            sender=transaction.sender,
            receiver=transaction.to or end.created,
            amount=transaction.value,
            succeeded=end.succeeded,
        )
    if not end.succeeded:
        yield from _failed_call(transaction)
        return
    for place, log in enumerate(end.logs):
        transfer = decode_transfer_log(log.topics, log.data)
        if transfer is not None:
            yield Effect(
                txid=transaction.txid,
                position=f"log-{place}",
                contract=log.contract,
                sender=transfer.sender,
                receiver=transfer.receiver,
                amount=transfer.amount,
                succeeded=True,
            )


def _failed_call(transaction: Transaction) -> Iterator[Effect]:
    # A failed transaction has no logs; its call is kept so that the books can say why nothing was credited.
    call = decode_transfer(transaction.data)
    if call is not None and transaction.to:
        yield Effect(
            txid=transaction.txid,
            position="log-0",
            contract=transaction.to,
            sender=transaction.sender,
            receiver=call.receiver,
            amount=call.amount,
            succeeded=False,
        )


def _mined(transaction: Transaction, end: Receipt) -> MinedTransaction:
    return MinedTransaction(
        txid=transaction.txid,
        sender=transaction.sender,
        nonce=transaction.nonce,
        succeeded=end.succeeded,
        fee=end.fee,
    )


def _read_transaction(answer: object) -> Transaction:
    return Transaction(
        txid=hash_member(answer, "hash"),
        sender=address_member(answer, "from"),
        nonce=quantity_member(answer, "nonce"),
        to=address_member(answer, "to") if has(answer, "to") else b"",
        value=quantity_member(answer, "value"),
        data=data_member(answer, "input"),
    )


def _read_log(answer: object) -> Log:
    return Log(
        contract=address_member(answer, "address"),
        topics=tuple(sized(topic, HASH_BYTES) for topic in members(answer, "topics")),
        data=data_member(answer, "data"),
        place=quantity_member(answer, "logIndex"),
    )


@lru_cache(maxsize=BLOOM_MEMORY)
def _bloom_bits(entry: bytes) -> int:
    digest = keccak256(entry)
    bits = 0
    for step in range(BLOOM_HASHES):
        bits |= 1 << (int.from_bytes(digest[2 * step : 2 * step + 2], "big") % BLOOM_BITS)
    return bits
