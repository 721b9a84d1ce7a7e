"""The contracts that Croupier signs on Tron, and their bytes inside a transaction; every other is refused.

Addresses have 20 bytes here and 21 on the wire, where 0x41 stands in front. Amounts are sun, or units of a
token. Source: the message definitions of Tron's protocol (`balance_contract`, `smart_contract`, `common`).
"""

from dataclasses import dataclass
from enum import IntEnum

from chains.codecs.protobuf import Message, decode_message, encode_message
from domain.errors import BytesMismatch

ADDRESS_BYTES = 20
TRON_PREFIX = 0x41
TYPE_URL_PREFIX = "type.googleapis.com/protocol."


class ContractType(IntEnum):
    """Numbers of the contracts in a transaction's envelope."""

    TRANSFER = 1
    TRIGGER = 31
    FREEZE_BALANCE_V2 = 54
    DELEGATE_RESOURCE = 57
    UNDELEGATE_RESOURCE = 58

    @property
    def type_url(self) -> bytes:
        """The name under which the contract's message is packed."""
        return (TYPE_URL_PREFIX + _MESSAGE_NAMES[self]).encode("ascii")


class Resource(IntEnum):
    """What staked TRX yields."""

    BANDWIDTH = 0
    ENERGY = 1


@dataclass(frozen=True, slots=True)
class Transfer:
    """A payment of TRX."""

    owner: bytes
    payee: bytes
    amount: int


@dataclass(frozen=True, slots=True)
class Trigger:
    """A call of a smart contract; `call_value` is the TRX that goes with it."""

    owner: bytes
    contract: bytes
    data: bytes
    call_value: int = 0


@dataclass(frozen=True, slots=True)
class FreezeBalanceV2:
    """Staking of TRX for one resource."""

    owner: bytes
    amount: int
    resource: Resource


@dataclass(frozen=True, slots=True)
class DelegateResource:
    """Lending what staked TRX yields to another account; never locked, so it can be taken back at once."""

    owner: bytes
    receiver: bytes
    amount: int
    resource: Resource


@dataclass(frozen=True, slots=True)
class UnDelegateResource:
    """Taking a delegation back."""

    owner: bytes
    receiver: bytes
    amount: int
    resource: Resource


Contract = Transfer | Trigger | FreezeBalanceV2 | DelegateResource | UnDelegateResource

_MESSAGE_NAMES = {
    ContractType.TRANSFER: "TransferContract",
    ContractType.TRIGGER: "TriggerSmartContract",
    ContractType.FREEZE_BALANCE_V2: "FreezeBalanceV2Contract",
    ContractType.DELEGATE_RESOURCE: "DelegateResourceContract",
    ContractType.UNDELEGATE_RESOURCE: "UnDelegateResourceContract",
}


def encode_contract(contract: Contract) -> tuple[ContractType, bytes]:
    """Type and message bytes of a contract."""
    owner = (1, to_wire(contract.owner))
    match contract:
        case Transfer(_, payee, amount):
            return ContractType.TRANSFER, encode_message(owner, (2, to_wire(payee)), (3, amount))
        case Trigger(_, target, data, call_value):
            body = encode_message(owner, (2, to_wire(target)), (3, call_value), (4, data))
            return ContractType.TRIGGER, body
        case FreezeBalanceV2(_, amount, resource):
            return ContractType.FREEZE_BALANCE_V2, encode_message(owner, (2, amount), (3, resource))
        case DelegateResource(_, receiver, amount, resource):
            body = encode_message(owner, (2, resource), (3, amount), (4, to_wire(receiver)))
            return ContractType.DELEGATE_RESOURCE, body
        case UnDelegateResource(_, receiver, amount, resource):
            body = encode_message(owner, (2, resource), (3, amount), (4, to_wire(receiver)))
            return ContractType.UNDELEGATE_RESOURCE, body


def decode_contract(number: int, body: bytes) -> Contract:
    """The contract of a type's number and message bytes; raises BytesMismatch unless it is one we sign."""
    if number not in _MESSAGE_NAMES:
        raise BytesMismatch(f"contract type {number} is none that is ever signed here")
    match ContractType(number):
        case ContractType.TRANSFER:
            fields = decode_message(body, integers={3}, binaries={1, 2})
            return Transfer(_address(fields, 1), _address(fields, 2), fields.integer(3))
        case ContractType.TRIGGER:
            fields = decode_message(body, integers={3}, binaries={1, 2, 4})
            return Trigger(_address(fields, 1), _address(fields, 2), fields.binary(4), fields.integer(3))
        case ContractType.FREEZE_BALANCE_V2:
            fields = decode_message(body, integers={2, 3}, binaries={1})
            return FreezeBalanceV2(_address(fields, 1), fields.integer(2), _resource(fields, 3))
        case ContractType.DELEGATE_RESOURCE:
            return DelegateResource(*_delegation(body))
        case ContractType.UNDELEGATE_RESOURCE:
            return UnDelegateResource(*_delegation(body))


def to_wire(address: bytes) -> bytes:
    """The 21 bytes under which the network knows an address."""
    assert len(address) == ADDRESS_BYTES, address
    return bytes([TRON_PREFIX]) + address


def from_wire(address: bytes) -> bytes:
    """The 20 bytes of an address as the network writes it; raises BytesMismatch for anything else."""
    if len(address) != ADDRESS_BYTES + 1 or address[0] != TRON_PREFIX:
        raise BytesMismatch("an address has not 21 bytes that begin with 0x41")
    return address[1:]


def _delegation(body: bytes) -> tuple[bytes, bytes, int, Resource]:
    fields = decode_message(body, integers={2, 3}, binaries={1, 4})
    return _address(fields, 1), _address(fields, 4), fields.integer(3), _resource(fields, 2)


def _address(fields: Message, number: int) -> bytes:
    return from_wire(fields.binary(number))


def _resource(fields: Message, number: int) -> Resource:
    try:
        return Resource(fields.integer(number))
    except ValueError as error:
        raise BytesMismatch("a resource is neither bandwidth nor energy") from error
