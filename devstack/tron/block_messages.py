"""The messages of blocks and of what became of their transactions, with Tron's names and field numbers."""

from dataclasses import dataclass

from devstack.tron.messages import Code, ContractResult, Transaction
from devstack.tron.schema import wire


@dataclass(frozen=True, slots=True)
class RawBlockHeader:
    """What a producer signs: number and sha256 of it are the block's id."""

    timestamp: int = wire(1, 0)
    txTrieRoot: bytes = wire(2, b"")
    parentHash: bytes = wire(3, b"")
    number: int = wire(7, 0)
    witness_id: int = wire(8, 0)
    witness_address: bytes = wire(9, b"")
    version: int = wire(10, 0)
    accountStateRoot: bytes = wire(11, b"")


@dataclass(frozen=True, slots=True)
class BlockHeader:
    """A header with its producer's signature."""

    raw_data: RawBlockHeader | None = wire(1, None)
    witness_signature: bytes = wire(2, b"")


@dataclass(frozen=True, slots=True)
class Block:
    """A block."""

    transactions: tuple[Transaction, ...] = wire(1, ())
    block_header: BlockHeader | None = wire(2, None)


@dataclass(frozen=True, slots=True)
class ResourceReceipt:
    """What a transaction used and burnt: energy of the caller and of the contract's owner, bandwidth."""

    energy_usage: int = wire(1, 0)
    energy_fee: int = wire(2, 0)
    origin_energy_usage: int = wire(3, 0)
    energy_usage_total: int = wire(4, 0)
    net_usage: int = wire(5, 0)
    net_fee: int = wire(6, 0)
    result: ContractResult = wire(7, ContractResult.DEFAULT)
    energy_penalty_total: int = wire(8, 0)


@dataclass(frozen=True, slots=True)
class Log:
    """One event; the address has twenty bytes here."""

    address: bytes = wire(1, b"")
    topics: tuple[bytes, ...] = wire(2, ())
    data: bytes = wire(3, b"")


@dataclass(frozen=True, slots=True)
class CallValueInfo:
    """TRX that an internal transaction moved."""

    callValue: int = wire(1, 0)
    tokenId: str = wire(2, "")


@dataclass(frozen=True, slots=True)
class InternalTransaction:
    """A call a contract made; `note` is call, create or suicide."""

    hash: bytes = wire(1, b"")
    caller_address: bytes = wire(2, b"")
    transferTo_address: bytes = wire(3, b"")
    callValueInfo: tuple[CallValueInfo, ...] = wire(4, ())
    note: bytes = wire(5, b"")
    rejected: bool = wire(6, False)


@dataclass(frozen=True, slots=True)
class TransactionInfo:
    """What became of a transaction in its block; a success leaves `result` out."""

    id: bytes = wire(1, b"")
    fee: int = wire(2, 0)
    blockNumber: int = wire(3, 0)
    blockTimeStamp: int = wire(4, 0)
    contractResult: tuple[bytes, ...] = wire(5, ())
    contract_address: bytes = wire(6, b"")
    receipt: ResourceReceipt | None = wire(7, None)
    log: tuple[Log, ...] = wire(8, ())
    result: Code = wire(9, Code.SUCESS)
    resMessage: bytes = wire(10, b"")
    unfreeze_amount: int = wire(16, 0)
    internal_transactions: tuple[InternalTransaction, ...] = wire(17, ())
    packingFee: int = wire(27, 0)
    withdraw_expire_amount: int = wire(28, 0)
