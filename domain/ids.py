"""Every id that money hangs on: accounts and slots by formula, keys and uuids derived from business facts.

Nothing here is drawn at random: the same fact gives the same id in a retry, a replay and another process.

Text forms: a player is `p-<operator>-<owner>`; a business key is `{kind}/{business id}` with slashes only,
because a network holds a colon; a posting key adds `:{step}`.
"""

import re
from typing import NamedTuple, NewType
from uuid import UUID, uuid5

from domain.errors import NotFound

OperatorId = NewType("OperatorId", int)
"""Eleven bits, from 1."""
Owner = NewType("Owner", int)
"""Twenty-eight bits; 0 is the house, players count from 1 within their operator."""
Slot = NewType("Slot", int)
"""A shard for ever, 0 to 63."""
PlayerKey = NewType("PlayerKey", int)
"""operator 11 | owner 28 bits: the key of a player's version row."""
AccountId = NewType("AccountId", int)
"""operator 11 | owner 28 | asset 16 | purpose 8 bits."""

SLOTS = 64
HOUSE = Owner(0)
OPERATOR_BITS, OWNER_BITS, ASSET_BITS, PURPOSE_BITS = 11, 28, 16, 8
OWNER_MASK = (1 << OWNER_BITS) - 1

_FIBONACCI_MULTIPLIER = 2_654_435_769
_PLAYER_TEXT = re.compile(r"p-([1-9][0-9]{0,3})-([1-9][0-9]{0,8})")
_POSTINGS = UUID("7c1d1f0e-6f0b-5a3c-9a55-0c6f2f6b4b10")
_BUSINESS = UUID("b1a6c8de-2f53-5d0e-8f4e-3e6c57f0a9d4")


class AccountParts(NamedTuple):
    """What an account id says about itself."""

    operator: OperatorId
    owner: Owner
    asset_id: int
    purpose: int


def slot_of(operator: int, owner: int) -> Slot:
    """The slot of a player by multiplicative hashing (Knuth, TAOCP 3, 6.4), repeated by a CHECK."""
    key = ((operator << OWNER_BITS) + owner) % 2**31
    return Slot(((key * _FIBONACCI_MULTIPLIER) % 2**32) >> 26)


def slot_of_player(player: int) -> Slot:
    """The slot of a player's key."""
    return slot_of(operator_of_player(player), owner_of_player(player))


def player_of(operator: int, owner: int) -> PlayerKey:
    """The player's key; ValueError when a number does not fit or the owner is the house."""
    _check_bits(operator, OPERATOR_BITS, "operator")
    _check_bits(owner, OWNER_BITS, "owner")
    return PlayerKey((operator << OWNER_BITS) | owner)


def operator_of_player(player: int) -> OperatorId:
    """The operator's part of a player's key."""
    return OperatorId(player >> OWNER_BITS)


def owner_of_player(player: int) -> Owner:
    """The owner's part of a player's key."""
    return Owner(player & OWNER_MASK)


def account_id(operator: int, owner: int, asset_id: int, purpose: int) -> AccountId:
    """The 63-bit account number; ValueError when a part does not fit. Owner 0 is the house's family."""
    _check_bits(operator, OPERATOR_BITS, "operator")
    if owner != HOUSE:
        _check_bits(owner, OWNER_BITS, "owner")
    _check_bits(asset_id, ASSET_BITS, "asset")
    _check_bits(purpose, PURPOSE_BITS, "purpose")
    player = (operator << OWNER_BITS) | owner
    return AccountId((player << (ASSET_BITS + PURPOSE_BITS)) | (asset_id << PURPOSE_BITS) | purpose)


def account_parts(account: int) -> AccountParts:
    """The inverse of `account_id`."""
    player = account >> (ASSET_BITS + PURPOSE_BITS)
    asset_id = (account >> PURPOSE_BITS) & ((1 << ASSET_BITS) - 1)
    purpose = account & ((1 << PURPOSE_BITS) - 1)
    return AccountParts(operator_of_player(player), owner_of_player(player), asset_id, purpose)


def player_of_account(account: int) -> PlayerKey | None:
    """The player an account belongs to, or None for the house."""
    player = account >> (ASSET_BITS + PURPOSE_BITS)
    return PlayerKey(player) if player & OWNER_MASK else None


def player_text(player: int) -> str:
    """The printable id that the API shows, for example `p-1-4711`."""
    return f"p-{operator_of_player(player)}-{owner_of_player(player)}"


def parse_player(text: str) -> PlayerKey:
    """The player behind a printable id; raises NotFound for every other text."""
    match = _PLAYER_TEXT.fullmatch(text)
    if match is None:
        raise NotFound("player", text)
    try:
        return player_of(int(match[1]), int(match[2]))
    except ValueError:
        raise NotFound("player", text) from None


def deposit_key(network: str, txid: str, position: str) -> str:
    """`deposit/<network>/<txid in hexadecimal>/<position>`; the block is no part of a deposit's identity."""
    return f"deposit/{network}/{txid}/{position}"


def withdrawal_key(withdrawal: UUID) -> str:
    """`withdrawal/<id>`."""
    return f"withdrawal/{withdrawal}"


def bet_key(operator: int, bet: UUID) -> str:
    """`bet/<operator>/<id>`."""
    return f"bet/{operator}/{bet}"


def fee_key(network: str, txid: str) -> str:
    """`fee/<network>/<txid>`: the network fee of one of our transactions, posted once."""
    return f"fee/{network}/{txid}"


def step(key: str, name: str) -> str:
    """A posting's key, for example `withdrawal/<id>:reserve`; numbered steps are written `post/2`."""
    return f"{key}:{name}"


def posting_id(key: str) -> UUID:
    """The id of the posting with this key (RFC 9562, version 5)."""
    return uuid5(_POSTINGS, key)


def deposit_id(network: str, txid: str, position: str) -> UUID:
    """The id of a deposit's row; the transaction id in hexadecimal, as in its key."""
    return uuid5(_BUSINESS, deposit_key(network, txid, position))


def withdrawal_id(player: int, client_key: str) -> UUID:
    """The id of the withdrawal a client asks for under its own key; equal keys of two players never meet."""
    return uuid5(_BUSINESS, f"withdrawal/{player}/{client_key}")


def bet_id(player: int, client_key: str) -> UUID:
    """The id of the bet a client places under its own key; equal keys of two players never meet."""
    return uuid5(_BUSINESS, f"bet/{player}/{client_key}")


def decision_id(key: str, attempt: int = 1) -> UUID:
    """The id of the recorded decision about a business key; a new look at the same key is a new attempt."""
    return uuid5(_BUSINESS, f"decision/{key}/{attempt}")


def _check_bits(value: int, bits: int, name: str) -> None:
    if not 0 < value < (1 << bits):
        raise ValueError(f"{name} {value} is not within 1 and {(1 << bits) - 1}")
