"""What a network says: blocks, effects, inclusion, death.

An address, a hash and a transaction id are raw bytes here; text forms exist only at the edges.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from domain.assets import NetworkId

NATIVE_POSITION = "native"
TRC10_POSITION = "trc10"
"""Where a transaction of Tron moves a token that has a number and no contract."""


@dataclass(frozen=True, slots=True)
class BlockRef:
    """One exact block."""

    height: int
    hash: bytes


@dataclass(frozen=True, slots=True)
class Header:
    """A block's place in its chain and the time its maker wrote into it."""

    ref: BlockRef
    parent: bytes
    mined_at: datetime


@dataclass(frozen=True, slots=True)
class Heads:
    """The newest block and the newest irreversible one, as one node states them together."""

    latest: Header
    final: Header


@dataclass(frozen=True, slots=True)
class HeadHint:
    """A head that a node is said to have: a reason to look, and no fact."""

    ref: BlockRef


@dataclass(frozen=True, slots=True)
class ChainIdentity:
    """Which network a node serves: its chain id as CAIP-2 text and its genesis hash."""

    network: NetworkId
    genesis: bytes


@dataclass(frozen=True, slots=True)
class Effect:
    """One movement that a transaction made (or, if not `succeeded`, tried to make).

    `position` is `native`, `trc10`, or `log-<k>` where k counts the transaction's own logs; `contract` is
    empty for the native coin. Amounts are whole units of whatever moved.
    """

    txid: bytes
    position: str
    contract: bytes
    sender: bytes
    receiver: bytes
    amount: int
    succeeded: bool


@dataclass(frozen=True, slots=True)
class MinedTransaction:
    """One transaction of a block: its sender, whether it held, and the fee it paid (units).

    `nonce` is None where the network counts none; `used` says what else it consumed, for people.
    """

    txid: bytes
    sender: bytes
    nonce: int | None
    succeeded: bool
    fee: int
    used: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class BlockEffects:
    """Everything one block did, with the proof that nothing was left out."""

    header: Header
    effects: tuple[Effect, ...]
    transactions: tuple[MinedTransaction, ...]
    completeness: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Held:
    """An amount and the block it holds at."""

    amount: int
    at: BlockRef


class Inclusion(StrEnum):
    """Where a transaction was seen. `UNKNOWN` never means dead."""

    UNKNOWN = "unknown"
    PENDING = "pending"
    INCLUDED = "included"
    FINAL = "final"


@dataclass(frozen=True, slots=True)
class TxStatus:
    """Where a transaction stands according to one node."""

    inclusion: Inclusion
    block: BlockRef | None = None
    succeeded: bool | None = None


@dataclass(frozen=True, slots=True)
class MayLand:
    """Nothing is proven: the transaction may still be executed."""

    why: str


@dataclass(frozen=True, slots=True)
class Landed:
    """A transaction of the attempt stands in a block; only a final one ends the attempt."""

    txid: bytes
    block: BlockRef
    succeeded: bool
    is_final: bool


@dataclass(frozen=True, slots=True)
class Dead:
    """Proof that no transaction of the attempt can ever be executed as a payment."""

    evidence: dict[str, str]


Liveness = MayLand | Landed | Dead
