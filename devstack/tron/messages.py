"""The messages a Tron transaction is made of, with the names and field numbers of Tron's protocol.

Source: the protocol documentation at developers.tron.network (Transaction, system contracts). Addresses are
21 bytes (0x41 and twenty), amounts sun, times milliseconds.
"""

from dataclasses import dataclass
from enum import IntEnum

from devstack.tron.schema import wire


class ContractType(IntEnum):
    """What a transaction does; an active permission holds one bit for each of these numbers."""

    AccountCreateContract = 0
    TransferContract = 1
    TransferAssetContract = 2
    VoteAssetContract = 3
    VoteWitnessContract = 4
    WitnessCreateContract = 5
    AssetIssueContract = 6
    WitnessUpdateContract = 8
    ParticipateAssetIssueContract = 9
    AccountUpdateContract = 10
    FreezeBalanceContract = 11
    UnfreezeBalanceContract = 12
    WithdrawBalanceContract = 13
    UnfreezeAssetContract = 14
    UpdateAssetContract = 15
    ProposalCreateContract = 16
    ProposalApproveContract = 17
    ProposalDeleteContract = 18
    SetAccountIdContract = 19
    CustomContract = 20
    CreateSmartContract = 30
    TriggerSmartContract = 31
    GetContract = 32
    UpdateSettingContract = 33
    ExchangeCreateContract = 41
    ExchangeInjectContract = 42
    ExchangeWithdrawContract = 43
    ExchangeTransactionContract = 44
    UpdateEnergyLimitContract = 45
    AccountPermissionUpdateContract = 46
    ClearABIContract = 48
    UpdateBrokerageContract = 49
    ShieldedTransferContract = 51
    MarketSellAssetContract = 52
    MarketCancelOrderContract = 53
    FreezeBalanceV2Contract = 54
    UnfreezeBalanceV2Contract = 55
    WithdrawExpireUnfreezeContract = 56
    DelegateResourceContract = 57
    UnDelegateResourceContract = 58
    CancelAllUnfreezeV2Contract = 59


class ContractResult(IntEnum):
    """How the execution of a transaction ended."""

    DEFAULT = 0
    SUCCESS = 1
    REVERT = 2
    BAD_JUMP_DESTINATION = 3
    OUT_OF_MEMORY = 4
    PRECOMPILED_CONTRACT = 5
    STACK_TOO_SMALL = 6
    STACK_TOO_LARGE = 7
    ILLEGAL_OPERATION = 8
    STACK_OVERFLOW = 9
    OUT_OF_ENERGY = 10
    OUT_OF_TIME = 11
    JVM_STACK_OVER_FLOW = 12
    UNKNOWN = 13
    TRANSFER_FAILED = 14
    INVALID_CODE = 15


class Code(IntEnum):
    """The upper verdict on a transaction; a success is left out of the bytes (Tron spells it so)."""

    SUCESS = 0
    FAILED = 1


class AccountType(IntEnum):
    """Who holds an address."""

    Normal = 0
    AssetIssue = 1
    Contract = 2


class ResourceCode(IntEnum):
    """What staked TRX gives."""

    BANDWIDTH = 0
    ENERGY = 1


class PermissionType(IntEnum):
    """The three kinds of permission."""

    Owner = 0
    Witness = 1
    Active = 2


@dataclass(frozen=True, slots=True)
class Any:
    """A message inside a message, with the name of its type."""

    type_url: str = wire(1, "")
    value: bytes = wire(2, b"")


@dataclass(frozen=True, slots=True)
class Contract:
    """The one action of a transaction, and the permission it is signed under."""

    type: ContractType = wire(1, ContractType.AccountCreateContract)
    parameter: Any | None = wire(2, None)
    provider: bytes = wire(3, b"")
    ContractName: bytes = wire(4, b"")
    Permission_id: int = wire(5, 0)


@dataclass(frozen=True, slots=True)
class RawTransaction:
    """What is signed: its sha256 is the transaction's id."""

    ref_block_bytes: bytes = wire(1, b"")
    ref_block_num: int = wire(3, 0)
    ref_block_hash: bytes = wire(4, b"")
    expiration: int = wire(8, 0)
    data: bytes = wire(10, b"")
    contract: tuple[Contract, ...] = wire(11, ())
    scripts: bytes = wire(12, b"")
    timestamp: int = wire(14, 0)
    fee_limit: int = wire(18, 0)


@dataclass(frozen=True, slots=True)
class Result:
    """What a producer writes beside a transaction."""

    fee: int = wire(1, 0)
    ret: Code = wire(2, Code.SUCESS)
    contractRet: ContractResult = wire(3, ContractResult.DEFAULT)


@dataclass(frozen=True, slots=True)
class Transaction:
    """A signed transaction as a block holds it."""

    raw_data: RawTransaction | None = wire(1, None)
    signature: tuple[bytes, ...] = wire(2, ())
    ret: tuple[Result, ...] = wire(5, ())


@dataclass(frozen=True, slots=True)
class TransactionEnvelope:
    """The same message with the signed part left as the bytes it came in."""

    raw_data: bytes = wire(1, b"")
    signature: tuple[bytes, ...] = wire(2, ())
    ret: tuple[Result, ...] = wire(5, ())


@dataclass(frozen=True, slots=True)
class AccountCreateContract:
    """Activate an account that does not exist yet."""

    owner_address: bytes = wire(1, b"")
    account_address: bytes = wire(2, b"")
    type: AccountType = wire(3, AccountType.Normal)


@dataclass(frozen=True, slots=True)
class TransferContract:
    """Move TRX."""

    owner_address: bytes = wire(1, b"")
    to_address: bytes = wire(2, b"")
    amount: int = wire(3, 0)


@dataclass(frozen=True, slots=True)
class TransferAssetContract:
    """Move a TRC-10 token; its name is the decimal id."""

    asset_name: bytes = wire(1, b"")
    owner_address: bytes = wire(2, b"")
    to_address: bytes = wire(3, b"")
    amount: int = wire(4, 0)


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a permission and its weight."""

    address: bytes = wire(1, b"")
    weight: int = wire(2, 0)


@dataclass(frozen=True, slots=True)
class Permission:
    """Which keys together may sign, and for an active permission what (one bit per contract type)."""

    type: PermissionType = wire(1, PermissionType.Owner)
    id: int = wire(2, 0)
    permission_name: str = wire(3, "")
    threshold: int = wire(4, 0)
    parent_id: int = wire(5, 0)
    operations: bytes = wire(6, b"")
    keys: tuple[Key, ...] = wire(7, ())


@dataclass(frozen=True, slots=True)
class AccountPermissionUpdateContract:
    """Replace the permissions of an account."""

    owner_address: bytes = wire(1, b"")
    owner: Permission | None = wire(2, None)
    witness: Permission | None = wire(3, None)
    actives: tuple[Permission, ...] = wire(4, ())


@dataclass(frozen=True, slots=True)
class FreezeBalanceV2Contract:
    """Stake TRX for a resource."""

    owner_address: bytes = wire(1, b"")
    frozen_balance: int = wire(2, 0)
    resource: ResourceCode = wire(3, ResourceCode.BANDWIDTH)


@dataclass(frozen=True, slots=True)
class UnfreezeBalanceV2Contract:
    """Begin to unstake TRX."""

    owner_address: bytes = wire(1, b"")
    unfreeze_balance: int = wire(2, 0)
    resource: ResourceCode = wire(3, ResourceCode.BANDWIDTH)


@dataclass(frozen=True, slots=True)
class WithdrawExpireUnfreezeContract:
    """Take back what was unstaked long enough ago."""

    owner_address: bytes = wire(1, b"")


@dataclass(frozen=True, slots=True)
class DelegateResourceContract:
    """Lend the resource of staked TRX to another account; `lock_period` counts blocks."""

    owner_address: bytes = wire(1, b"")
    resource: ResourceCode = wire(2, ResourceCode.BANDWIDTH)
    balance: int = wire(3, 0)
    receiver_address: bytes = wire(4, b"")
    lock: bool = wire(5, False)
    lock_period: int = wire(6, 0)


@dataclass(frozen=True, slots=True)
class UnDelegateResourceContract:
    """Take a lent resource back."""

    owner_address: bytes = wire(1, b"")
    resource: ResourceCode = wire(2, ResourceCode.BANDWIDTH)
    balance: int = wire(3, 0)
    receiver_address: bytes = wire(4, b"")
