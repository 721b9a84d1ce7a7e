"""A deposit: what counts as one, its states, and where it continues."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from domain.onchain import Effect
from domain.wire import Message, Units


class DepositState(StrEnum):
    """States of a deposit's row."""

    SEEN = "seen"
    CONFIRMING = "confirming"
    FINAL = "final"
    CREDITED = "credited"
    SWEPT = "swept"
    ORPHANED = "orphaned"
    IGNORED = "ignored"
    REVIEW = "review"

    @property
    def may_still_change(self) -> bool:
        return self in {DepositState.SEEN, DepositState.CONFIRMING, DepositState.ORPHANED}


class DepositReason(StrEnum):
    """Why an effect is not credited to a player at once."""

    REVERTED = "REVERTED"
    TOKEN_NOT_LISTED = "TOKEN_NOT_LISTED"  # noqa: S105 - a reason code, not a secret
    ZERO_VALUE = "ZERO_VALUE"
    DUST = "DUST"
    OWN_SEND = "OWN_SEND"
    ALIAS_LOG = "ALIAS_LOG"
    TO_SYSTEM_WALLET = "TO_SYSTEM_WALLET"
    ADDRESS_NOT_ASSIGNED = "ADDRESS_NOT_ASSIGNED"


class WalletRole(StrEnum):
    """What an address of ours is for."""

    DEPOSIT = "deposit"
    HOT = "hot"
    GAS = "gas"
    ENERGY = "energy"
    COLD = "cold"


@dataclass(frozen=True, slots=True)
class Receiver:
    """An address of ours that an effect reached, and the player it was given to, if any."""

    role: WalletRole
    player: int | None


@dataclass(frozen=True, slots=True)
class Judgement:
    """What an effect is: `reason` None means creditable; IGNORED and REVIEW carry theirs."""

    state: DepositState
    reason: DepositReason | None


class DepositInput(Message):
    """Identity of one deposit; everything else is read from its row."""

    network: str
    txid: str
    position: str
    deposit_id: UUID


class Observation(Message):
    """A transition of the row, told by the follower; `number` only rises."""

    number: int
    state: DepositState


class DepositFacts(Message):
    """One deposit as its rows show it. `credits` counts credit postings, `returns` their reversals."""

    deposit_id: UUID
    state: DepositState
    reason: DepositReason | None = None
    asset_id: int | None = None
    asset_code: str | None = None
    amount: Units = 0
    player: int | None = None
    slot: int | None = None
    height: int | None = None
    final_height: int | None = None
    receiver_role: WalletRole = WalletRole.DEPOSIT
    credits: int = 0
    returns: int = 0
    is_final: bool = False
    chain_is_open: bool = True


class DepositResult(Message):
    """How the deposit ended."""

    deposit_id: UUID
    state: DepositState
    reason: DepositReason | None = None


class DepositStep(StrEnum):
    """What a deposit needs next."""

    WAIT = "wait"
    CREDIT = "credit"
    REVERSE = "reverse"
    DONE = "done"


def judge(
    effect: Effect, *, is_listed: bool, receiver: Receiver, is_own_sender: bool, minimum: int
) -> Judgement:
    """Say what one effect on an address of ours is; the first rule that fits decides.

    `minimum` is the asset's smallest credit in its units. Source: the table of odd deposits in the chain
    design.
    """
    rules = (
        (not effect.succeeded, DepositState.IGNORED, DepositReason.REVERTED),
        (not is_listed, DepositState.IGNORED, DepositReason.TOKEN_NOT_LISTED),
        (effect.amount == 0, DepositState.IGNORED, DepositReason.ZERO_VALUE),
        (is_own_sender, DepositState.IGNORED, DepositReason.OWN_SEND),
        (receiver.role is not WalletRole.DEPOSIT, DepositState.REVIEW, DepositReason.TO_SYSTEM_WALLET),
        (receiver.player is None, DepositState.REVIEW, DepositReason.ADDRESS_NOT_ASSIGNED),
        (effect.amount < minimum, DepositState.IGNORED, DepositReason.DUST),
    )
    for fits, state, reason in rules:
        if fits:
            return Judgement(state, reason)
    return Judgement(DepositState.SEEN, None)


def is_booked(reason: DepositReason | None) -> bool:
    """Whether the amount reached an address of ours from outside and must stand in the books."""
    return reason in {
        None,
        DepositReason.DUST,
        DepositReason.TO_SYSTEM_WALLET,
        DepositReason.ADDRESS_NOT_ASSIGNED,
    }


def next_step(facts: DepositFacts) -> DepositStep:
    """Where a deposit continues, read from its rows alone: post once final, reverse what left the chain.

    Until it is final an execution that is worth nothing may leave its branch for one that is.
    """
    is_posted = facts.credits > facts.returns
    if facts.state is DepositState.ORPHANED:
        return DepositStep.REVERSE if is_posted else DepositStep.WAIT
    if is_posted:
        return DepositStep.DONE
    if not facts.is_final:
        return DepositStep.WAIT
    if not is_booked(facts.reason):
        return DepositStep.DONE
    return DepositStep.CREDIT if facts.chain_is_open else DepositStep.WAIT
