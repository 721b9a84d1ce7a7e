"""The rows of the chain's state: accounts, contracts, tokens, delegations and the few single values.

Addresses have 21 bytes, amounts are sun, `weight` counts whole TRX.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from devstack.tron.contract_messages import ABI
from devstack.tron.messages import AccountType, Key, Permission, PermissionType, ResourceCode
from devstack.tron.rules import SUN
from devstack.tron.state import Kind, State
from devstack.tron.usage import Usage

ACTIVE_PERMISSION_ID = 2
UNUSED = Usage()
DEFAULT_OPERATIONS = bytes.fromhex("7fff1fc0033efb0f").ljust(32, b"\x00")


@dataclass(frozen=True, slots=True)
class Stake:
    """TRX staked for one resource: one's own, what of it is lent, and what others lent to one."""

    own: int = 0
    lent: int = 0
    borrowed: int = 0

    @property
    def giving(self) -> int:
        """What gives resources to this account."""
        return self.own + self.borrowed

    @property
    def weight(self) -> int:
        return (self.own + self.lent) // SUN


@dataclass(frozen=True, slots=True)
class Unfreezing:
    """TRX on its way back from a stake."""

    resource: ResourceCode
    amount: int
    expires_ms: int


@dataclass(frozen=True, slots=True)
class Account:
    """One address: money, stakes by resource, what it has used of each, and who may sign for it."""

    address: bytes
    balance: int = 0
    type: AccountType = AccountType.Normal
    create_time_ms: int = 0
    latest_operation_ms: int = 0
    owner_permission: Permission | None = None
    active_permissions: tuple[Permission, ...] = ()
    assets: Mapping[str, int] = field(default_factory=dict)
    stakes: tuple[Stake, Stake] = (Stake(), Stake())
    used: tuple[Usage, Usage] = (UNUSED, UNUSED)
    free_used: Usage = UNUSED
    unfreezing: tuple[Unfreezing, ...] = ()

    def paying(self, sun: int) -> "Account":
        """Return the account after a payment. Raises Poor when it does not hold that much."""
        if self.balance < sun:
            raise Poor(self.address, self.balance, sun)
        return replace(self, balance=self.balance - sun)

    def receiving(self, sun: int) -> "Account":
        """Return the account after an income."""
        return replace(self, balance=self.balance + sun)

    def using(self, resource: ResourceCode, usage: Usage) -> "Account":
        """Return the account with another usage of a resource."""
        bandwidth, energy = self.used
        return replace(
            self, used=(usage, energy) if resource is ResourceCode.BANDWIDTH else (bandwidth, usage)
        )

    def staking(self, resource: ResourceCode, stake: Stake) -> "Account":
        """Return the account with another stake for a resource."""
        bandwidth, energy = self.stakes
        return replace(
            self, stakes=(stake, energy) if resource is ResourceCode.BANDWIDTH else (bandwidth, stake)
        )

    def holding(self, asset: str, amount: int) -> "Account":
        """Return the account with another amount of a TRC-10 token."""
        assets = {**self.assets, asset: amount}
        return replace(self, assets={name: held for name, held in assets.items() if held})

    def permission(self, number: int) -> Permission | None:
        """Return the permission with this id, or None."""
        if number == 0:
            return self.owner_permission or default_owner_permission(self.address)
        return next((one for one in self.active_permissions if one.id == number), None)


class Poor(Exception):
    """An account does not hold what it should pay."""

    def __init__(self, address: bytes, held: int, asked: int) -> None:
        super().__init__(f"{address.hex()} insufficient balance: {held} of {asked}")


@dataclass(frozen=True, slots=True)
class ContractRecord:
    """A contract: who made it and how its energy is paid; a factor of 10,000 doubles its energy.

    `energy_used` counts what its calls used since the last maintenance, without the factor.
    """

    address: bytes
    origin: bytes
    name: str = ""
    abi: ABI | None = None
    bytecode: bytes = b""
    consume_user_resource_percent: int = 100
    origin_energy_limit: int = 0
    code_hash: bytes = b""
    trx_hash: bytes = b""
    version: int = 0
    energy_factor: int = 0
    energy_used: int = 0


@dataclass(frozen=True, slots=True)
class Trc10:
    """A token of the chain itself; names are free text and not unique."""

    id: str
    name: str
    abbreviation: str
    owner: bytes
    supply: int
    precision: int


@dataclass(frozen=True, slots=True)
class Delegation:
    """What one account lends another, by resource, and until when that is locked (0 = not)."""

    giver: bytes
    receiver: bytes
    sun: tuple[int, int] = (0, 0)
    expires_ms: tuple[int, int] = (0, 0)


ACCOUNTS: Kind[Account] = Kind("account")
CONTRACTS: Kind[ContractRecord] = Kind("contract")
CONTRACT_ADDRESSES: Kind[tuple[bytes, ...]] = Kind("contract addresses")
TOKENS: Kind[Trc10] = Kind("token")
TOKEN_IDS: Kind[tuple[str, ...]] = Kind("token ids")
DELEGATIONS: Kind[Delegation] = Kind("delegation")
RECEIVERS: Kind[tuple[bytes, ...]] = Kind("receivers")
GIVERS: Kind[tuple[bytes, ...]] = Kind("givers")
ENGINE_ROOT: Kind[bytes] = Kind("engine root")
TOTAL_WEIGHT: Kind[int] = Kind("total weight")
BURNT: Kind[int] = Kind("burnt")


def account(state: State, address: bytes) -> Account | None:
    """Return an activated account."""
    return state.get(ACCOUNTS, address)


def put_account(state: State, changed: Account) -> None:
    """Write an account."""
    state.put(ACCOUNTS, changed.address, row=changed)


def contract(state: State, address: bytes) -> ContractRecord | None:
    """Return a contract."""
    return state.get(CONTRACTS, address)


def put_contract(state: State, changed: ContractRecord) -> None:
    """Write a contract, and its address into the list of all."""
    known = state.get(CONTRACT_ADDRESSES) or ()
    if state.get(CONTRACTS, changed.address) is None:
        state.put(CONTRACT_ADDRESSES, row=(*known, changed.address))
    state.put(CONTRACTS, changed.address, row=changed)


def contract_addresses(state: State) -> tuple[bytes, ...]:
    """Return the addresses of all contracts."""
    return state.get(CONTRACT_ADDRESSES) or ()


def delegation(state: State, giver: bytes, receiver: bytes, *, locked: bool) -> Delegation | None:
    """Return what one account lends another, the locked or the unlocked part."""
    return state.get(DELEGATIONS, giver, receiver, locked)


def receivers_of(state: State, giver: bytes) -> tuple[bytes, ...]:
    """Return whom an account lends to."""
    return state.get(RECEIVERS, giver) or ()


def givers_of(state: State, receiver: bytes) -> tuple[bytes, ...]:
    """Return who lends to an account."""
    return state.get(GIVERS, receiver) or ()


def token(state: State, number: str) -> Trc10 | None:
    """Return a TRC-10 token by its id."""
    return state.get(TOKENS, number)


def tokens(state: State) -> tuple[Trc10, ...]:
    """Return all TRC-10 tokens."""
    found = (token(state, number) for number in state.get(TOKEN_IDS) or ())
    return tuple(one for one in found if one is not None)


def put_token(state: State, new: Trc10) -> None:
    """Write a new TRC-10 token."""
    state.put(TOKENS, new.id, row=new)
    state.put(TOKEN_IDS, row=(*(state.get(TOKEN_IDS) or ()), new.id))


def activated(address: bytes, time_ms: int, kind: AccountType = AccountType.Normal) -> Account:
    """Return a new account as its activation leaves it: one key, its own, for everything."""
    if kind is AccountType.Contract:
        return Account(address, type=kind, create_time_ms=time_ms)
    return Account(
        address,
        type=kind,
        create_time_ms=time_ms,
        owner_permission=default_owner_permission(address),
        active_permissions=(default_active_permission(address),),
    )


def default_owner_permission(address: bytes) -> Permission:
    """Return the owner permission of an account that never changed it."""
    return Permission(permission_name="owner", threshold=1, keys=(Key(address, 1),))


def default_active_permission(address: bytes) -> Permission:
    """Return the active permission of an account that never changed it."""
    return Permission(
        type=PermissionType.Active,
        id=ACTIVE_PERMISSION_ID,
        permission_name="active",
        threshold=1,
        operations=DEFAULT_OPERATIONS,
        keys=(Key(address, 1),),
    )


def burn(state: State, sun: int) -> None:
    """Count TRX that a fee destroyed."""
    state.put(BURNT, row=(state.get(BURNT) or 0) + sun)
