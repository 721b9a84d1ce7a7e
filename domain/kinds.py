"""The closed sets of the journal: why money moved, and what became of the wish.

The kind fixes whether a posting stands alone, closes, follows or undoes an earlier one, and which.
"""

from collections.abc import Mapping
from enum import IntEnum, StrEnum
from typing import Final


class Mode(StrEnum):
    """What a kind does to its target."""

    NONE = "none"
    CLOSE = "close"
    FOLLOW = "follow"
    UNDO = "undo"


class Kind(IntEnum):
    """Why money moved; the numbers are stored for ever."""

    TOMBSTONE = 0
    DEPOSIT_CREDITED = 1
    DEPOSIT_UNATTRIBUTED = 2
    DEPOSIT_ATTRIBUTED = 3
    DEPOSIT_REVERSED = 4
    BET_RESERVED = 10
    BET_SETTLED = 11
    BET_VOIDED = 12
    DIRECT_BET = 13
    DIRECT_WIN = 14
    BET_ROLLED_BACK = 15
    ROUND_CLOSED = 16
    BET_CORRECTED = 17
    PROMOTION = 18
    TIP = 19
    WITHDRAWAL_RESERVED = 20
    WITHDRAWAL_VOIDED = 21
    WITHDRAWAL_COMMITTED = 22
    WITHDRAWAL_SETTLED = 23
    WITHDRAWAL_RETURNED = 24
    INSTANT_PLAY = 25
    TIP_CANCELLED = 26
    ALLOWANCE_SET_ASIDE = 27
    ALLOWANCE_RETURNED = 28
    WIN_REVIEWED = 29
    NETWORK_FEE = 30
    TRANSFER_COMMITTED = 31
    TRANSFER_FINAL = 32
    TRANSFER_DEAD = 33
    ADJUSTMENT = 40
    ADJUSTMENT_CLEARED = 41
    BANKROLL_IN = 42
    OWNER_DRAW = 43
    SHARE_OF_PERIOD = 44
    RECEIVABLE_REPAID = 45
    RECEIVABLE_WRITTEN_OFF = 46
    BONUS_GRANTED = 47
    BONUS_CONVERTED = 48
    BONUS_FORFEITED = 49
    JACKPOT_CONTRIBUTION = 50
    JACKPOT_SEED = 51
    JACKPOT_PAID = 52
    JACKPOT_TAKEN_BACK = 53
    SLOT_OUT = 60
    SLOT_IN = 61
    CONVERSION = 70
    RECONCILIATION = 80

    @property
    def mode(self) -> Mode:
        return _TARGETS[self][0] if self in _TARGETS else Mode.NONE

    @property
    def targets(self) -> frozenset["Kind"]:
        """The kinds this kind may refer to; empty when it stands alone."""
        return _TARGETS[self][1] if self in _TARGETS else frozenset()

    @property
    def needs_decision(self) -> bool:
        return self in _DECIDED


def _targets(mode: Mode, *kinds: Kind) -> tuple[Mode, frozenset[Kind]]:
    return mode, frozenset(kinds)


_TARGETS: Final[Mapping[Kind, tuple[Mode, frozenset[Kind]]]] = {
    Kind.DEPOSIT_ATTRIBUTED: _targets(Mode.CLOSE, Kind.DEPOSIT_UNATTRIBUTED),
    Kind.DEPOSIT_REVERSED: _targets(Mode.UNDO, Kind.DEPOSIT_CREDITED, Kind.DEPOSIT_UNATTRIBUTED),
    Kind.BET_SETTLED: _targets(Mode.FOLLOW, Kind.BET_RESERVED),
    Kind.BET_VOIDED: _targets(Mode.UNDO, Kind.BET_RESERVED),
    Kind.DIRECT_WIN: _targets(Mode.FOLLOW, Kind.DIRECT_BET, Kind.INSTANT_PLAY),
    Kind.BET_ROLLED_BACK: _targets(Mode.UNDO, Kind.BET_RESERVED, Kind.DIRECT_BET),
    Kind.BET_CORRECTED: _targets(
        Mode.CLOSE, Kind.BET_SETTLED, Kind.DIRECT_WIN, Kind.BET_CORRECTED, Kind.INSTANT_PLAY
    ),
    Kind.TIP_CANCELLED: _targets(Mode.UNDO, Kind.TIP),
    Kind.WITHDRAWAL_VOIDED: _targets(Mode.UNDO, Kind.WITHDRAWAL_RESERVED),
    Kind.WITHDRAWAL_COMMITTED: _targets(Mode.CLOSE, Kind.WITHDRAWAL_RESERVED),
    Kind.WITHDRAWAL_SETTLED: _targets(Mode.CLOSE, Kind.WITHDRAWAL_COMMITTED),
    Kind.WITHDRAWAL_RETURNED: _targets(Mode.CLOSE, Kind.WITHDRAWAL_COMMITTED),
    Kind.TRANSFER_FINAL: _targets(Mode.CLOSE, Kind.TRANSFER_COMMITTED),
    Kind.TRANSFER_DEAD: _targets(Mode.CLOSE, Kind.TRANSFER_COMMITTED),
    Kind.ADJUSTMENT_CLEARED: _targets(Mode.CLOSE, Kind.ADJUSTMENT),
    Kind.JACKPOT_TAKEN_BACK: _targets(Mode.UNDO, Kind.JACKPOT_CONTRIBUTION),
}
_DECIDED = frozenset(
    {
        Kind.BET_RESERVED,
        Kind.DIRECT_BET,
        Kind.WITHDRAWAL_RESERVED,
        Kind.INSTANT_PLAY,
        Kind.ALLOWANCE_SET_ASIDE,
    }
)


class Result(IntEnum):
    """What became of a command; below 100 it is stored for ever, from 100 on nothing was written."""

    POSTED = 0
    INSUFFICIENT = 1
    ALREADY_CLOSED = 2
    TARGET_REFUSED = 3
    BARRED = 4
    ACCOUNT_CLOSED = 5
    TOMBSTONE = 6
    OVERFLOW = 7
    CONFLICT = 101
    NOT_YET = 102
    ACCOUNT_MISSING = 103
    MISMATCH = 104
    SLOT_CLOSED = 105

    @property
    def is_stored(self) -> bool:
        return self < Result.CONFLICT


class TransferCode(IntEnum):
    """What one transfer within a posting is."""

    VALUE = 1
    FEE = 2
    STAKE = 3
    PAYOUT = 4
