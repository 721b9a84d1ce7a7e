"""The messages of smart contracts, and the way every action is packed into a transaction."""

from dataclasses import dataclass
from enum import IntEnum
from typing import TypeAlias

from devstack.tron.messages import (
    AccountCreateContract,
    AccountPermissionUpdateContract,
    Any,
    Contract,
    ContractType,
    DelegateResourceContract,
    FreezeBalanceV2Contract,
    TransferAssetContract,
    TransferContract,
    UnDelegateResourceContract,
    UnfreezeBalanceV2Contract,
    WithdrawExpireUnfreezeContract,
)
from devstack.tron.schema import Malformed, decode, encode, wire

TYPE_URL = "type.googleapis.com/protocol."


class EntryType(IntEnum):
    """What one entry of a contract's interface describes."""

    UnknownEntryType = 0
    Constructor = 1
    Function = 2
    Event = 3
    Fallback = 4
    Receive = 5
    Error = 6


class StateMutabilityType(IntEnum):
    """What a function may do to the state."""

    UnknownMutabilityType = 0
    Pure = 1
    View = 2
    Nonpayable = 3
    Payable = 4


@dataclass(frozen=True, slots=True)
class Param:
    """One parameter of an entry."""

    indexed: bool = wire(1, False)
    name: str = wire(2, "")
    type: str = wire(3, "")


@dataclass(frozen=True, slots=True)
class Entry:
    """One function, event or error."""

    anonymous: bool = wire(1, False)
    constant: bool = wire(2, False)
    name: str = wire(3, "")
    inputs: tuple[Param, ...] = wire(4, ())
    outputs: tuple[Param, ...] = wire(5, ())
    type: EntryType = wire(6, EntryType.UnknownEntryType)
    payable: bool = wire(7, False)
    stateMutability: StateMutabilityType = wire(8, StateMutabilityType.UnknownMutabilityType)


@dataclass(frozen=True, slots=True)
class ABI:
    """The interface of a contract (Tron spells the field so)."""

    entrys: tuple[Entry, ...] = wire(1, ())


@dataclass(frozen=True, slots=True)
class SmartContract:
    """A contract as its creator describes it and as the chain keeps it."""

    origin_address: bytes = wire(1, b"")
    contract_address: bytes = wire(2, b"")
    abi: ABI | None = wire(3, None)
    bytecode: bytes = wire(4, b"")
    call_value: int = wire(5, 0)
    consume_user_resource_percent: int = wire(6, 0)
    name: str = wire(7, "")
    origin_energy_limit: int = wire(8, 0)
    code_hash: bytes = wire(9, b"")
    trx_hash: bytes = wire(10, b"")
    version: int = wire(11, 0)


@dataclass(frozen=True, slots=True)
class CreateSmartContract:
    """Deploy a contract."""

    owner_address: bytes = wire(1, b"")
    new_contract: SmartContract | None = wire(2, None)
    call_token_value: int = wire(3, 0)
    token_id: int = wire(4, 0)


@dataclass(frozen=True, slots=True)
class TriggerSmartContract:
    """Call a contract."""

    owner_address: bytes = wire(1, b"")
    contract_address: bytes = wire(2, b"")
    call_value: int = wire(3, 0)
    data: bytes = wire(4, b"")
    call_token_value: int = wire(5, 0)
    token_id: int = wire(6, 0)


Action: TypeAlias = (
    AccountCreateContract
    | TransferContract
    | TransferAssetContract
    | CreateSmartContract
    | TriggerSmartContract
    | AccountPermissionUpdateContract
    | FreezeBalanceV2Contract
    | UnfreezeBalanceV2Contract
    | WithdrawExpireUnfreezeContract
    | DelegateResourceContract
    | UnDelegateResourceContract
)
ACTIONS: dict[ContractType, type[Action]] = {
    ContractType.AccountCreateContract: AccountCreateContract,
    ContractType.TransferContract: TransferContract,
    ContractType.TransferAssetContract: TransferAssetContract,
    ContractType.CreateSmartContract: CreateSmartContract,
    ContractType.TriggerSmartContract: TriggerSmartContract,
    ContractType.AccountPermissionUpdateContract: AccountPermissionUpdateContract,
    ContractType.FreezeBalanceV2Contract: FreezeBalanceV2Contract,
    ContractType.UnfreezeBalanceV2Contract: UnfreezeBalanceV2Contract,
    ContractType.WithdrawExpireUnfreezeContract: WithdrawExpireUnfreezeContract,
    ContractType.DelegateResourceContract: DelegateResourceContract,
    ContractType.UnDelegateResourceContract: UnDelegateResourceContract,
}


def pack(action: Action, permission_id: int = 0) -> Contract:
    """Wrap an action as a transaction carries it."""
    name = type(action).__name__
    return Contract(
        type=ContractType[name],
        parameter=Any(type_url=TYPE_URL + name, value=encode(action)),
        Permission_id=permission_id,
    )


def unpack(contract: Contract) -> Action:
    """Read the action out of a transaction. Raises Malformed for a type that is not what it says."""
    kind = ACTIONS.get(contract.type)
    if kind is None:
        raise Malformed(f"{contract.type.name} is not carried out here")
    if contract.parameter is None:
        raise Malformed(f"{kind.__name__}: no parameter")
    if contract.parameter.type_url.rpartition("/")[2] != f"protocol.{kind.__name__}":
        raise Malformed(f"{kind.__name__}: the parameter is a {contract.parameter.type_url}")
    return decode(kind, contract.parameter.value)
