"""Outgoing transactions: a send, its attempts, their variants, and what ends them.

A send is what we owe the chain; an attempt is one claim on it (an EVM nonce); a variant is one signed
transaction of an attempt. A fee bump or a cancel is the next variant, never the next attempt.
"""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from domain.assets import NetworkId
from domain.liquidity import QueueFacts, describe_place
from domain.wire import Hex, Message, Units

NO_EFFECT = "NO_EFFECT"
"""Why an attempt stays open whose transaction is final: it succeeded, and nothing of the asset moved."""
MOVED_OTHERWISE = "MOVED_OTHERWISE"
"""The same, but something of the asset did leave the wallet."""


class SendKind(StrEnum):
    """Why a transaction of ours goes out."""

    WITHDRAWAL = "withdrawal"
    SWEEP = "sweep"
    REFILL = "refill"
    GAS = "gas"
    ENERGY = "energy"
    TO_COLD = "to_cold"


class AttemptState(StrEnum):
    """Where one claim on the chain stands; the row's own word, changed only by what was stored."""

    LANED = "laned"
    SIGNED = "signed"
    SENDING = "sending"
    ACCEPTED = "accepted"
    INCLUDED = "included"
    ORPHANED = "orphaned"
    CLOSED = "closed"

    @property
    def has_bytes(self) -> bool:
        return self is not AttemptState.LANED

    @property
    def is_on_chain(self) -> bool:
        return self is AttemptState.INCLUDED


class AttemptOutcome(StrEnum):
    """How an attempt ended; each is backed by a stored evidence row."""

    PAID = "paid"
    FAILED = "failed"
    CANCELLED = "cancelled"
    DEAD = "dead"

    @property
    def permits_another(self) -> bool:
        return self is not AttemptOutcome.PAID


class TxPurpose(StrEnum):
    """What a variant is for."""

    PAY = "pay"
    BUMP = "bump"
    CANCEL = "cancel"


class BroadcastOutcome(StrEnum):
    """What the nodes said, taken together; none of them is inclusion."""

    ACCEPTED = "accepted"
    ALREADY_HAVE = "already_have"
    REJECTED_NOW = "rejected_now"
    AMBIGUOUS = "ambiguous"


class NodeReason(StrEnum):
    """Why a node answered a broadcast as it did; each has its own cure."""

    TAKEN = "taken"
    KNOWN = "known"
    NONCE_USED = "nonce_used"
    SIBLING_POOLED = "sibling_pooled"
    UNDERPRICED = "underpriced"
    WALLET_SHORT = "wallet_short"
    NONCE_GAPPED = "nonce_gapped"
    OFF_BRANCH = "off_branch"
    EXPIRED = "expired"
    NOT_VALID_NOW = "not_valid_now"
    OUR_DEFECT = "our_defect"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True)
class NodeAnswer:
    """What one node said to one broadcast."""

    node: str
    outcome: BroadcastOutcome
    detail: str
    reason: NodeReason = NodeReason.UNCLEAR


@dataclass(frozen=True, slots=True)
class BroadcastResult:
    """All nodes' answers and what they mean together."""

    outcome: BroadcastOutcome
    answers: tuple[NodeAnswer, ...]


@dataclass(frozen=True, slots=True)
class SignedTx:
    """Stored bytes of one variant."""

    txid: bytes
    raw: bytes


@dataclass(frozen=True, slots=True)
class SendIntent:
    """What a plan is made for: `fee_cap` is native units, `contract` empty for the native coin.

    Of energy `amount` is the stake; one that `returns` takes it back from the payee.
    """

    send_id: UUID
    kind: SendKind
    network: NetworkId
    wallet: bytes
    payee: bytes
    contract: bytes
    amount: int
    fee_cap: int
    returns: bool = False


class SimulationVerdict(StrEnum):
    """What a dry run on the newest block said."""

    PASSES = "passes"
    REFUSED = "refused"


class SendPlan(Message):
    """Fee terms of one variant; it names no nonce, because only the signer takes one.

    Fees are native units: `max_fee` and `max_priority_fee` per gas (Tron: per energy, and no tip), gas_limit
    x max_fee is the most the execution burns, `fee_bound` the most the whole transaction costs. A plan whose
    verdict is `refused` carries the reason and is never signed. A transaction that no block took after both
    `patience_seconds` and `patience_blocks` is outbid by its next variant.

    Where transactions expire (Tron), `expires_ms` says when by the network's own clock; `reference` is the
    final block that binds it to its branch, `burns` what staked energy does not cover at worst.
    """

    gas_limit: int
    max_fee: Units
    max_priority_fee: Units
    fee_bound: Units
    verdict: SimulationVerdict
    why: str = ""
    height: int
    planned_at_ms: int
    patience_seconds: int = 45
    patience_blocks: int = 3
    reference: Hex = b""
    expires_ms: int = 0
    burns: Units = 0


@dataclass(frozen=True, slots=True)
class AttemptView:
    """What `liveness` needs to know of an attempt: its lane and every hash ever signed for it.

    `expires_ms` and `reference_height` are 0 where transactions do not expire.
    """

    wallet: bytes
    nonce: int | None
    txids: tuple[bytes, ...]
    expires_ms: int = 0
    reference_height: int = 0


class AttemptFacts(Message):
    """One attempt as its rows show it; purpose and patience are those of its newest variant.

    `is_next` says that no lower nonce of its wallet waits for a block. `why` is NO_EFFECT or MOVED_OTHERWISE
    once its final transaction had not done what it was for; `pays`, that its block shows what is owed.
    """

    attempt: int
    state: AttemptState
    outcome: AttemptOutcome | None = None
    wallet: Hex
    nonce: int | None = None
    txid: Hex | None = None
    variants: int = 0
    block_height: int | None = None
    purpose: TxPurpose | None = None
    is_next: bool = False
    waited_blocks: int = 0
    patience_blocks: int = 3
    patience_seconds: int = 45
    why: str | None = None
    pays: bool = False

    @property
    def moved_nothing(self) -> bool:
        """Whether its final transaction succeeded and left every coin of the asset where it was."""
        return self.why == NO_EFFECT

    @property
    def is_overdue(self) -> bool:
        """Whether its turn has come, no block took it, and it has waited its share of blocks."""
        is_waiting = self.outcome is None and self.block_height is None
        return is_waiting and self.is_next and self.waited_blocks >= self.patience_blocks


class SendFacts(Message):
    """Everything the rows know about a send; `frozen` says why nobody trusts its wallet any more."""

    send_id: UUID
    wallet: Hex | None = None
    place_in_queue: int | None = None
    queue: QueueFacts | None = None
    attempts: tuple[AttemptFacts, ...] = ()
    is_released: bool = False
    frozen: str | None = None

    @property
    def current(self) -> AttemptFacts | None:
        return self.attempts[-1] if self.attempts else None

    @property
    def standing(self) -> str:
        """Where it stands in the queue for coins, as one clause."""
        return describe_place(self.queue) if self.queue else f"place {self.place_in_queue} in the queue"


class SendOrder(Message):
    """What an outgoing transaction is to do, fixed before anything is signed; `wallet` is the granted one."""

    send_id: UUID
    kind: SendKind
    network: str
    asset_id: int
    wallet: Hex
    payee: Hex
    amount: Units
    fee_cap: Units
    returns: bool = False


class AttemptRef(Message):
    """One variant of one attempt of a send."""

    send_id: UUID
    network: str
    attempt: int
    variant: int


class PlanRequest(Message):
    """A wish for fee terms of one attempt; an unsigned one is planned anew, a signed one keeps its terms."""

    order: SendOrder
    attempt: int


class BroadcastNote(Message):
    """What the nodes said, for whoever reads the history."""

    outcome: BroadcastOutcome
    detail: str = ""


class SendRef(Message):
    """A send and the network whose queue may look at it."""

    send_id: UUID
    network: str


class FeedInput(Message):
    """One network to follow."""

    network: str


class Told(Message):
    """News from the follower or the float about a send; `number` only rises."""

    number: int
