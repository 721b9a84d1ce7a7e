"""Why something stands still, and the sentence a person reads about it."""

from dataclasses import dataclass
from enum import StrEnum


class Reason(StrEnum):
    """Why a workflow stands BLOCKED or waits."""

    RPC_DOWN = "RPC_DOWN"
    SIGNER_DOWN = "SIGNER_DOWN"
    SIGNER_REFUSED = "SIGNER_REFUSED"
    SIGNER_CAP = "SIGNER_CAP"
    PAUSED = "PAUSED"
    LIQUIDITY = "LIQUIDITY"
    GAS_TANK_EMPTY = "GAS_TANK_EMPTY"
    ENERGY_POOL_EMPTY = "ENERGY_POOL_EMPTY"
    FEE_CAP = "FEE_CAP"
    CHAIN_STALLED = "CHAIN_STALLED"
    CHAIN_FROZEN = "CHAIN_FROZEN"
    REVIEW = "REVIEW"
    PAYEE_REFUSES = "PAYEE_REFUSES"
    SEND_FAILED = "SEND_FAILED"
    WALLET_FROZEN = "WALLET_FROZEN"
    NO_EFFECT = "NO_EFFECT"
    PARKED = "PARKED"
    CORRUPT = "CORRUPT"

    @property
    def retries_by_itself(self) -> bool:
        """Whether waiting may end it; the others wait for a person's verb."""
        return self in _WAITING

    @property
    def needs_human(self) -> bool:
        """Whether somebody has to act: also where it then goes on by itself, once they have."""
        return self is Reason.CHAIN_FROZEN or not self.retries_by_itself


_WAITING = frozenset(
    {
        Reason.RPC_DOWN,
        Reason.SIGNER_DOWN,
        Reason.SIGNER_CAP,
        Reason.PAUSED,
        Reason.LIQUIDITY,
        Reason.GAS_TANK_EMPTY,
        Reason.ENERGY_POOL_EMPTY,
        Reason.FEE_CAP,
        Reason.CHAIN_STALLED,
        Reason.CHAIN_FROZEN,
    }
)

_WHAT = {
    Reason.RPC_DOWN: "No node of the network gives a usable answer",
    Reason.SIGNER_DOWN: "The signer does not answer",
    Reason.SIGNER_REFUSED: "The signer refuses to sign",
    Reason.SIGNER_CAP: "A spending cap of the signer is reached",
    Reason.PAUSED: "Signing is switched off",
    Reason.LIQUIDITY: "Waiting for liquidity: no hot wallet has room for this amount and its fee",
    Reason.GAS_TANK_EMPTY: "No gas wallet can pay for this top-up",
    Reason.ENERGY_POOL_EMPTY: "No staked energy is left for it, and the day's burning is used up",
    Reason.FEE_CAP: "The network asks more than this payment may cost",
    Reason.CHAIN_STALLED: "The network does not advance",
    Reason.CHAIN_FROZEN: "The network is frozen after it took back a final block",
    Reason.REVIEW: "Waiting for a person to approve or reject",
    Reason.PAYEE_REFUSES: "The payee or the token refuses this transfer",
    Reason.SEND_FAILED: "Its transactions ended without a payment",
    Reason.WALLET_FROZEN: "Its hot wallet is frozen",
    Reason.NO_EFFECT: "The transaction succeeded without the exact transfer it owes",
    Reason.PARKED: "This address is left alone until people have looked at it",
    Reason.CORRUPT: "Two records that must agree do not",
}


@dataclass(frozen=True, slots=True)
class Waiting:
    """What a sentence is made of: since when (RFC 3339), the verbs open to a person, and one detail."""

    reason: Reason
    since: str
    verbs: tuple[str, ...]
    detail: str = ""


def explain(waiting: Waiting) -> str:
    """One sentence each for: what, since when, what happens next by itself, which verbs are open."""
    detail = f" ({waiting.detail})" if waiting.detail else ""
    if waiting.reason.retries_by_itself:
        following = "Goes on by itself as soon as that ends."
    else:
        following = "Nothing happens by itself; the money stays reserved."
    verbs = f"Open: {', '.join(waiting.verbs)}." if waiting.verbs else ""
    return f"{_WHAT[waiting.reason]}{detail}, since {waiting.since}. {following} {verbs}".rstrip()
