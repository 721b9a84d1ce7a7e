"""The few contract calls and the one log that Croupier speaks (ERC-20, Solidity ABI), and nothing else.

Decoding is strict: padding must be zero and lengths exact, because a log or a call that merely resembles a
transfer is not one.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from chains.codecs.keccak import keccak256

WORD_BYTES = 32
ADDRESS_BYTES = 20
SELECTOR_BYTES = 4
UINT256_MAX = 2**256 - 1
ADDRESS_PADDING = bytes(WORD_BYTES - ADDRESS_BYTES)
TRANSFER_TOPIC = keccak256(b"Transfer(address,address,uint256)")
TRANSFER_TOPICS = 3
TRANSFER_SELECTOR = keccak256(b"transfer(address,uint256)")[:SELECTOR_BYTES]
BALANCE_OF_SELECTOR = keccak256(b"balanceOf(address)")[:SELECTOR_BYTES]
DECIMALS_CALL = keccak256(b"decimals()")[:SELECTOR_BYTES]


@dataclass(frozen=True, slots=True)
class TransferLog:
    """What a Transfer event says: who gave how many units to whom."""

    sender: bytes
    receiver: bytes
    amount: int


@dataclass(frozen=True, slots=True)
class TransferCall:
    """What a call of `transfer` asks for."""

    receiver: bytes
    amount: int


def encode_transfer(receiver: bytes, amount: int) -> bytes:
    """Calldata of `transfer(receiver, amount)`."""
    return TRANSFER_SELECTOR + _address_word(receiver) + _uint_word(amount)


def decode_transfer(data: bytes) -> TransferCall | None:
    """The call that these bytes are, or None if they are anything but an exact `transfer`."""
    if len(data) != SELECTOR_BYTES + 2 * WORD_BYTES or data[:SELECTOR_BYTES] != TRANSFER_SELECTOR:
        return None
    receiver = _word_address(data[SELECTOR_BYTES : SELECTOR_BYTES + WORD_BYTES])
    if receiver is None:
        return None
    return TransferCall(receiver, int.from_bytes(data[SELECTOR_BYTES + WORD_BYTES :], "big"))


def encode_balance_of(holder: bytes) -> bytes:
    """Calldata of `balanceOf(holder)`."""
    return BALANCE_OF_SELECTOR + _address_word(holder)


def decode_transfer_log(topics: Sequence[bytes], data: bytes) -> TransferLog | None:
    """The ERC-20 transfer that a log states, or None if it states anything else."""
    if len(topics) != TRANSFER_TOPICS or topics[0] != TRANSFER_TOPIC or len(data) != WORD_BYTES:
        return None
    sender, receiver = _word_address(topics[1]), _word_address(topics[2])
    if sender is None or receiver is None:
        return None
    return TransferLog(sender, receiver, int.from_bytes(data, "big"))


def _address_word(address: bytes) -> bytes:
    assert len(address) == ADDRESS_BYTES, address
    return ADDRESS_PADDING + address


def _uint_word(number: int) -> bytes:
    assert 0 <= number <= UINT256_MAX, number
    return number.to_bytes(WORD_BYTES, "big")


def _word_address(word: bytes) -> bytes | None:
    if len(word) != WORD_BYTES or not word.startswith(ADDRESS_PADDING):
        return None
    return word[len(ADDRESS_PADDING) :]
