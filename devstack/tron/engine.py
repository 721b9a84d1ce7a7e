"""What executes contracts, as the chain sees it: code and storage under a root, TRX in the chain's ledger.

A run reads TRX balances through the ledger it is lent and hands back the new ones; every old root stays
valid, so a fork needs no undo.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

FACTOR_ONE = 10_000  # energy factors are counted in these; 0 means no surcharge
OPERATIONS = 250_000  # of one run; more is OUT_OF_TIME, counted so that every run ends the same way


class Ending(StrEnum):
    """How a run ended, by java-tron's name of the contract result."""

    SUCCESS = "SUCCESS"
    REVERT = "REVERT"
    OUT_OF_ENERGY = "OUT_OF_ENERGY"
    OUT_OF_TIME = "OUT_OF_TIME"
    BAD_JUMP_DESTINATION = "BAD_JUMP_DESTINATION"
    STACK_TOO_SMALL = "STACK_TOO_SMALL"
    STACK_TOO_LARGE = "STACK_TOO_LARGE"
    ILLEGAL_OPERATION = "ILLEGAL_OPERATION"
    TRANSFER_FAILED = "TRANSFER_FAILED"
    INVALID_CODE = "INVALID_CODE"
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True, slots=True)
class Log:
    """One event: 20 byte address of the contract, topics of 32 bytes, data."""

    address: bytes
    topics: tuple[bytes, ...]
    data: bytes


@dataclass(frozen=True, slots=True)
class Internal:
    """What a contract did from inside: `note` is call, create or suicide; rejected when it was undone."""

    caller: bytes
    to: bytes
    value: int
    data: bytes
    note: str
    rejected: bool


@dataclass(frozen=True, slots=True)
class BlockFacts:
    """What a contract can learn of the block it runs in; `producer` has 20 bytes."""

    number: int
    time_ms: int
    producer: bytes
    chain_id: int = 0


@dataclass(frozen=True, slots=True)
class Call:
    """A message to a contract or an account; the transaction's id makes addresses of contracts within."""

    sender: bytes
    to: bytes
    value: int
    data: bytes
    energy_limit: int
    txid: bytes = bytes(32)


@dataclass(frozen=True, slots=True)
class Creation:
    """The making of a contract at an address that the chain chose."""

    sender: bytes
    address: bytes
    value: int
    code: bytes
    energy_limit: int
    txid: bytes = bytes(32)


@dataclass(frozen=True, slots=True)
class Execution:
    """The result of a run. Without SUCCESS nothing changed: same root, no logs, no balances, nothing created.

    `energy_used` holds the `energy_penalty` of factors; `balances` are new TRX balances of all accounts that
    the run changed, those of sender and receiver included; an unknown address among them is a new account.
    """

    ending: Ending
    energy_used: int
    energy_penalty: int
    output: bytes
    logs: tuple[Log, ...]
    internals: tuple[Internal, ...]
    balances: Mapping[bytes, int]
    created: tuple[bytes, ...]
    state_root: bytes


class Ledger(Protocol):
    """The chain's accounts as a run may see them."""

    def balance(self, address: bytes) -> int:
        """TRX of the account in sun, 0 for an unknown one."""
        ...

    def exists(self, address: bytes) -> bool:
        """Whether the address is an account or a contract."""
        ...

    def energy_factor(self, contract: bytes) -> int:
        """The contract's surcharge in 1/10,000; 0 without one."""
        ...


class Engine(Protocol):
    """Runs contracts. A root stays good as long as somebody holds it; there is no notion of a current one."""

    @property
    def empty_root(self) -> bytes:
        """The state without any contract."""
        ...

    def call(self, root: bytes, call: Call, block: BlockFacts, ledger: Ledger) -> Execution:
        """Run a call upon a state. Raises ValueError when the sender has less than the value."""
        ...

    def create(self, root: bytes, creation: Creation, block: BlockFacts, ledger: Ledger) -> Execution:
        """Make a contract upon a state. Raises ValueError for a taken address or less than the value."""
        ...

    def code(self, root: bytes, address: bytes) -> bytes:
        """The code at an address, empty for a plain account."""
        ...
