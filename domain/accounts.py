"""The chart of accounts: what each purpose means, its normal side and its guard.

A house account is a family with one sub-account per slot; a player's account exists once, in the player's
slot.
"""

from enum import IntEnum, StrEnum

from domain.ids import HOUSE, AccountId, account_id, account_parts, operator_of_player, owner_of_player


class Side(StrEnum):
    """The side that makes an account grow."""

    DEBIT = "D"
    CREDIT = "C"


class Guard(IntEnum):
    """What the database refuses on an account's row."""

    NONE = 0
    CREDITS_COVER = 1
    DEBITS_COVER = 2
    CLOSED = 3


class Purpose(IntEnum):
    """What an account is for; numbers 100 to 199 are kept for jackpot pools."""

    AVAILABLE = 10
    IN_PLAY = 11
    PENDING_WITHDRAWAL = 12
    BONUS_AVAILABLE = 13
    BONUS_IN_PLAY = 14
    ALLOWANCE = 15
    UNDER_REVIEW = 16
    IN_FLIGHT = 20
    UNATTRIBUTED = 21
    JACKPOT_POOL = 22
    PROVIDER_PAYABLE = 23
    AFFILIATE_PAYABLE = 24
    TIPS_PAYABLE = 25
    DEPOSIT_ADDRESSES = 30
    HOT_WALLET = 31
    COLD = 32
    GAS_TANK = 33
    IN_TRANSIT = 34
    RECEIVABLE = 35
    BANKROLL = 40
    REVENUE = 50
    WITHDRAWAL_FEES = 51
    DEPOSIT_FEES = 52
    NETWORK_FEES = 60
    BONUS_COST = 61
    JACKPOT_COST = 62
    WRITE_OFF = 63
    SLOT_CLEARING = 70
    CONVERSION_CLEARING = 71
    SUSPENSE = 72
    ADJUSTMENT = 73

    @property
    def is_players(self) -> bool:
        return self in _PLAYERS

    @property
    def normal_side(self) -> Side:
        return Side.DEBIT if self in _DEBIT_NORMAL else Side.CREDIT

    @property
    def guard(self) -> Guard:
        return Guard.CREDITS_COVER if self in _GUARDED else Guard.NONE


_GUARDED = frozenset(
    {
        Purpose.AVAILABLE,
        Purpose.IN_PLAY,
        Purpose.PENDING_WITHDRAWAL,
        Purpose.BONUS_AVAILABLE,
        Purpose.BONUS_IN_PLAY,
        Purpose.ALLOWANCE,
        Purpose.UNDER_REVIEW,
        Purpose.IN_FLIGHT,
    }
)
_PLAYERS = (_GUARDED - {Purpose.IN_FLIGHT}) | {Purpose.RECEIVABLE}
_DEBIT_NORMAL = frozenset(
    {
        Purpose.DEPOSIT_ADDRESSES,
        Purpose.HOT_WALLET,
        Purpose.COLD,
        Purpose.GAS_TANK,
        Purpose.IN_TRANSIT,
        Purpose.RECEIVABLE,
        Purpose.NETWORK_FEES,
        Purpose.BONUS_COST,
        Purpose.JACKPOT_COST,
        Purpose.WRITE_OFF,
        Purpose.SUSPENSE,
        Purpose.ADJUSTMENT,
    }
)

HELD_BY_CREDIT = frozenset(
    {Purpose.IN_PLAY, Purpose.PENDING_WITHDRAWAL, Purpose.BONUS_IN_PLAY, Purpose.IN_FLIGHT}
)
"""Money a promise has set aside: what closes the promise must take it out in full."""
HELD_BY_DEBIT = frozenset({Purpose.IN_TRANSIT})

OPENED_WITH_A_PLAYER = (Purpose.AVAILABLE, Purpose.IN_PLAY, Purpose.PENDING_WITHDRAWAL)
"""What every player needs per asset; the rest is opened when a leg first names it."""


def player_account(player: int, asset_id: int, purpose: Purpose) -> AccountId:
    """The account of one player; ValueError for a purpose of the house."""
    if not purpose.is_players:
        raise ValueError(f"{purpose.name} is no purpose of a player")
    return account_id(operator_of_player(player), owner_of_player(player), asset_id, purpose)


def house_account(operator: int, asset_id: int, purpose: Purpose) -> AccountId:
    """The sub-account of a house family; one number in every slot; ValueError for a player's purpose."""
    if purpose.is_players:
        raise ValueError(f"{purpose.name} is no purpose of the house")
    return account_id(operator, HOUSE, asset_id, purpose)


def purpose_of(account: int) -> Purpose:
    """What an account is for, read from its number."""
    return Purpose(account_parts(account).purpose)


def owner_text(account: int) -> str:
    """The owner an account row names: `house/<operator>` or `player/<operator>/<owner>`."""
    parts = account_parts(account)
    if parts.owner == HOUSE:
        return f"house/{parts.operator}"
    return f"player/{parts.operator}/{parts.owner}"
