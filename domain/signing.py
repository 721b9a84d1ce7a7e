"""What is said between the workflows and the signer; everything the signer shares with the rest.

Anyone who reaches Temporal may ask. The intent names a send and carries chain facts, each bounded by the
signer; who gets how much is read from rows by the signer itself.
"""

from enum import StrEnum
from uuid import UUID

from domain.sends import SendKind, TxPurpose
from domain.wire import Hex, Message, Units

SIGN_ACTIVITY = "sign"
FORBID_SIGNING_ACTIVITY = "forbid_signing"
CONFIRM_ADDRESSES_ACTIVITY = "confirm_addresses"
PLAN_AGE_SECONDS_MAX = 60


def sign_queue(network: str) -> str:
    """The task queue that only the signer of this network polls."""
    return f"sign-{network}"


class SigningIntent(Message):
    """A wish for one variant of one attempt. Fees are native units, per gas and in total.

    `reference` and `expires_ms` stand as in the plan: empty where transactions do not expire.
    """

    kind: SendKind
    send_id: UUID
    attempt: int
    variant: int
    purpose: TxPurpose = TxPurpose.PAY
    network: str
    wallet: Hex
    gas_limit: int
    max_fee: Units
    max_priority_fee: Units
    fee_cap: Units
    planned_at_ms: int
    reference: Hex = b""
    expires_ms: int = 0


class SignedAnswer(Message):
    """The hash of bytes that are already stored, with their nonce where the network counts one.

    `repeat` if they had been signed before.
    """

    txid: Hex
    nonce: int | None
    repeat: bool = False


class ForbidRequest(Message):
    """A wish that nothing be signed for this send any more; `wallet` is the one it was granted."""

    send_id: UUID
    network: str
    wallet: Hex


class ForbidVerdict(StrEnum):
    """Whether a send is closed at the signer for ever, or something signed for it may still land."""

    FORBIDDEN = "forbidden"
    STILL_LIVE = "still_live"


class ForbidAnswer(Message):
    """`attempt` is the one that was buried unsigned, or the one that may still land."""

    verdict: ForbidVerdict
    attempt: int


class Refusal(StrEnum):
    """Why the signer says no; `security.md` names the order in which they are checked."""

    STOPPED = "STOPPED"
    UNKNOWN_KIND = "UNKNOWN_KIND"
    NOT_OWED = "NOT_OWED"
    RULES_DISAGREE = "RULES_DISAGREE"
    NOT_APPROVED = "NOT_APPROVED"
    MAY_STILL_LAND = "MAY_STILL_LAND"
    NOT_ALLOWED = "NOT_ALLOWED"
    FEE_CAP = "FEE_CAP"
    PLAN_STALE = "PLAN_STALE"
    BAD_VARIANT = "BAD_VARIANT"
    CAP = "CAP"
    CONFLICT = "CONFLICT"

    @property
    def means_not_now(self) -> bool:
        """Whether waiting may help; every other refusal waits for a person."""
        return self in {Refusal.STOPPED, Refusal.CAP}


class AddressRange(Message):
    """Deposit addresses to confirm: one account of one key family, indexes from first to last inclusive."""

    family: str
    account: int
    first: int
    last: int


class ConfirmedAddresses(Message):
    """Addresses the signer derived from its own key, in index order."""

    family: str
    account: int
    first: int
    addresses: tuple[Hex, ...]
