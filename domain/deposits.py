"""A deposit: what counts as one, its states, and where it continues."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from domain.onchain import TRC10_POSITION, Effect
from domain.wire import Message, Units


class DepositState(StrEnum):
    """States of a deposit's row."""

    SEEN = "seen"
    CONFIRMING = "confirming"
    PROVISIONAL = "provisional"
    FINAL = "final"
    CREDITED = "credited"
    SWEPT = "swept"
    ORPHANED = "orphaned"
    IGNORED = "ignored"
    REVIEW = "review"


class DepositReason(StrEnum):
    """Why an effect is not credited to a player at once."""

    REVERTED = "REVERTED"
    TOKEN_NOT_LISTED = "TOKEN_NOT_LISTED"  # noqa: S105 - a reason code, not a secret
    TRC10_NOT_LISTED = "TRC10_NOT_LISTED"
    ZERO_VALUE = "ZERO_VALUE"
    DUST = "DUST"
    OWN_SEND = "OWN_SEND"
    ALIAS_LOG = "ALIAS_LOG"
    TO_SYSTEM_WALLET = "TO_SYSTEM_WALLET"
    ADDRESS_NOT_ASSIGNED = "ADDRESS_NOT_ASSIGNED"
    LARGE = "LARGE"
    FROM_COLD = "FROM_COLD"


UNLISTED = {DepositReason.TOKEN_NOT_LISTED, DepositReason.TRC10_NOT_LISTED}
"""Reasons of tokens that anybody may send for next to nothing."""
COIN_FACE = bytes.fromhex("0000000000000000000000000000000000001010")
"""Under this contract a network's own coin logs like a token; what it logs has moved as coin already."""


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
class Circumstances:
    """What decides about an effect beside itself; amounts in the asset's units.

    A top-up is what people send from a cold wallet of the house to a hot one.
    `dust_before` is what arrived below the minimum at the same address before, `review_above` the amount
    above which a person looks first.
    """

    receiver: Receiver
    is_listed: bool = True
    is_own: bool = False
    is_top_up: bool = False
    minimum: int = 1
    dust_before: int = 0
    review_above: int | None = None


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
    """One deposit as its rows show it. `credits` counts credit postings, `returns` their reversals.

    `confirmations_needed` make it playable before it is final, None if only final does; `is_deep_enough` says
    that it has them. `is_uprooted`: the block its credit was posted for is not the one it stands in. It is
    ripe when what was credited may be withdrawn, and locked until that is marked.
    """

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
    chain_is_frozen: bool = False
    confirmations_needed: int | None = None
    is_deep_enough: bool = False
    is_uprooted: bool = False
    is_locked: bool = False
    is_ripe: bool = False


class DepositResult(Message):
    """How the deposit ended."""

    deposit_id: UUID
    state: DepositState
    reason: DepositReason | None = None


class DepositStep(StrEnum):
    """What a deposit needs next."""

    WAIT = "wait"
    CREDIT = "credit"
    CREDIT_EARLY = "credit_early"
    UNLOCK = "unlock"
    REVERSE = "reverse"
    DONE = "done"


def judge(effect: Effect, where: Circumstances) -> Judgement:
    """Say what one effect on an address of ours is; the first rule that fits decides.

    Source: the table of odd deposits in the chain design.
    """
    is_trc10 = effect.position == TRC10_POSITION
    is_dust = effect.amount < where.minimum
    is_large = where.review_above is not None and effect.amount > where.review_above
    rules = (
        (not effect.succeeded, DepositState.IGNORED, DepositReason.REVERTED),
        (effect.contract == COIN_FACE, DepositState.IGNORED, DepositReason.ALIAS_LOG),
        (not where.is_listed and is_trc10, DepositState.IGNORED, DepositReason.TRC10_NOT_LISTED),
        (not where.is_listed, DepositState.IGNORED, DepositReason.TOKEN_NOT_LISTED),
        (effect.amount == 0, DepositState.IGNORED, DepositReason.ZERO_VALUE),
        (where.is_top_up, DepositState.IGNORED, DepositReason.FROM_COLD),
        (where.is_own, DepositState.IGNORED, DepositReason.OWN_SEND),
        (where.receiver.role is not WalletRole.DEPOSIT, DepositState.REVIEW, DepositReason.TO_SYSTEM_WALLET),
        (where.receiver.player is None, DepositState.REVIEW, DepositReason.ADDRESS_NOT_ASSIGNED),
        (is_dust and _fills_up(effect.amount, where), DepositState.REVIEW, DepositReason.DUST),
        (is_dust, DepositState.IGNORED, DepositReason.DUST),
        (is_large, DepositState.REVIEW, DepositReason.LARGE),
    )
    for fits, state, reason in rules:
        if fits:
            return Judgement(state, reason)
    return Judgement(DepositState.SEEN, None)


def is_booked(reason: DepositReason | None) -> bool:
    """Whether the amount came from outside, or by people's hands, and has to be posted."""
    return reason in {
        None,
        DepositReason.DUST,
        DepositReason.TO_SYSTEM_WALLET,
        DepositReason.ADDRESS_NOT_ASSIGNED,
        DepositReason.LARGE,
        DepositReason.FROM_COLD,
    }


def next_step(facts: DepositFacts) -> DepositStep:
    """Where a deposit continues, read from its rows alone.

    A credit stays as long as the block stands that it was posted for, and is taken back with it. Until it is
    final an execution that is worth nothing may leave its branch for one that is.
    """
    if facts.credits > facts.returns:
        return _after_credit(facts)
    if facts.state is DepositState.ORPHANED:
        return DepositStep.WAIT
    if not facts.is_final:
        return DepositStep.CREDIT_EARLY if _may_be_early(facts) else DepositStep.WAIT
    if not is_booked(facts.reason):
        return DepositStep.DONE
    return DepositStep.WAIT if facts.chain_is_frozen else DepositStep.CREDIT


def _after_credit(facts: DepositFacts) -> DepositStep:
    if facts.state is DepositState.ORPHANED or facts.is_uprooted:
        return DepositStep.REVERSE
    if not facts.is_locked:
        return DepositStep.DONE
    return DepositStep.UNLOCK if facts.is_ripe and not facts.chain_is_frozen else DepositStep.WAIT


def _may_be_early(facts: DepositFacts) -> bool:
    """A deposit that left its branch after a credit is not trusted early again."""
    return (
        facts.is_deep_enough
        and facts.confirmations_needed is not None
        and facts.reason is None
        and facts.credits == 0
        and facts.chain_is_open
    )


def _fills_up(amount: int, where: Circumstances) -> bool:
    """Whether the dust of an address reaches a multiple of the minimum with this amount."""
    return where.dust_before // where.minimum < (where.dust_before + amount) // where.minimum
