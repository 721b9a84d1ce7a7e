"""Why a destination is refused: one stable code per reason, and sentences that a player understands.

What is true on every network is said here; what depends on the network's own text form is said by its book.
"""

from collections.abc import Mapping
from enum import StrEnum

from domain.errors import AddressInvalid


class AddressReason(StrEnum):
    """Why a destination is refused; stable codes of the address table."""

    EMPTY = "EMPTY"
    TOO_LONG = "TOO_LONG"
    BAD_CHARACTER = "BAD_CHARACTER"
    LOOKS_LIKE_EVM = "LOOKS_LIKE_EVM"
    LOOKS_LIKE_TRON = "LOOKS_LIKE_TRON"
    LOOKS_LIKE_BITCOIN = "LOOKS_LIKE_BITCOIN"
    TRON_HEX_FORM = "TRON_HEX_FORM"
    CASE_LOST = "CASE_LOST"
    BAD_LENGTH = "BAD_LENGTH"
    BAD_CHECKSUM = "BAD_CHECKSUM"
    WRONG_PREFIX = "WRONG_PREFIX"
    NAME_NOT_ADDRESS = "NAME_NOT_ADDRESS"
    ZERO_OR_BURN = "ZERO_OR_BURN"
    PRECOMPILE = "PRECOMPILE"
    TOKEN_CONTRACT = "TOKEN_CONTRACT"  # noqa: S105 - a reason code, not a password
    CONTRACT_CANNOT_RECEIVE = "CONTRACT_CANNOT_RECEIVE"
    OURS_SYSTEM = "OURS_SYSTEM"
    OURS_DEPOSIT = "OURS_DEPOSIT"


Sentences = Mapping[AddressReason, str]

SENTENCES: Sentences = {
    AddressReason.EMPTY: "it is empty",
    AddressReason.TOO_LONG: "it is too long for an address",
    AddressReason.BAD_CHARACTER: "it contains a blank, an invisible or a foreign character",
    AddressReason.NAME_NOT_ADDRESS: "names are not looked up; give the address itself",
    AddressReason.ZERO_OR_BURN: "nobody holds the key of this address",
    AddressReason.PRECOMPILE: "it belongs to the network itself and nobody would receive the coins",
    AddressReason.TOKEN_CONTRACT: "it is the contract of a token, which would keep the coins for ever",
    AddressReason.CONTRACT_CANNOT_RECEIVE: "it is a contract that refuses these coins",
    AddressReason.OURS_SYSTEM: "it is an address of this house",
    AddressReason.OURS_DEPOSIT: "it is a deposit address of this house; use a transfer between players",
}
"""What is said of a reason whatever the network."""


def refused(reason: AddressReason, sentences: Sentences = SENTENCES) -> AddressInvalid:
    """The error of a refused destination, with the sentence of its network's book."""
    return AddressInvalid(reason.value, sentences[reason])
