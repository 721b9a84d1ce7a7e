"""What a transaction of any network does with money, told apart from how the network writes it down."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Payment:
    """Units of a contract (empty: the native coin) to a payee."""

    contract: bytes
    payee: bytes
    amount: int
