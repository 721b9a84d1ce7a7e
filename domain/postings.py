"""What can be asked of the ledger, what it knows, and what it answers.

A posting is the atomic unit: an id and an ordered list of transfers. A command is a posting that is still a
request.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from functools import cached_property
from typing import Final, Literal, NamedTuple
from uuid import UUID

from domain.accounts import Guard
from domain.errors import AmountInvalid
from domain.ids import PlayerKey, player_of_account, slot_of_player
from domain.kinds import Kind, Mode, Result, TransferCode
from domain.money import UNITS_BOUND

REQUEST_BYTES = 32
NO_REQUEST = bytes(REQUEST_BYTES)


class Remainder(Enum):
    """An amount that only the ledger knows."""

    ALL = "all"


ALL: Final = Remainder.ALL
"""What the target left on its held account and earlier legs have not taken; zero drops the leg."""


@dataclass(frozen=True, slots=True)
class Leg:
    """One transfer that is still a request.

    `spill` names an account of the same asset that pays what the guard of `debit` does not allow. Raises
    AmountInvalid for an amount, ValueError for accounts that can never stand in one transfer.
    """

    debit: int
    credit: int
    amount: int | Literal[Remainder.ALL]
    code: TransferCode = TransferCode.VALUE
    spill: int | None = None

    def __post_init__(self) -> None:
        if self.amount is not ALL and (type(self.amount) is not int or not 0 < self.amount < UNITS_BOUND):
            raise AmountInvalid(f"{self.amount!r} is not a positive int below 10^78")
        _check_pair(self.debit, self.credit)
        if self.spill is not None:
            _check_pair(self.spill, self.credit)

    @property
    def accounts(self) -> tuple[int, ...]:
        if self.spill is None:
            return (self.debit, self.credit)
        return (self.debit, self.credit, self.spill)


class Provenance(NamedTuple):
    """Who asked; stored beside the posting for people, decides nothing and is no part of the digest."""

    workflow_id: str | None = None
    run_id: str | None = None
    request_id: str | None = None
    received_at: datetime | None = None


NOBODY: Final = Provenance()


@dataclass(frozen=True)
class Command:
    """A posting that is still a request; one that is wrong in itself cannot be constructed (ValueError).

    `slot` is where it is decided, `request` a 32-byte fingerprint of the caller's business fields, `target`
    and `unless` ids of the same slot, `spill` the account that covers an undo.
    """

    slot: int
    posting_id: UUID
    kind: Kind
    legs: tuple[Leg, ...] = ()
    target: UUID | None = None
    unless: UUID | None = None
    ref: str | None = None
    decision: UUID | None = None
    request: bytes = NO_REQUEST
    spill: int | None = None
    provenance: Provenance = NOBODY

    def __post_init__(self) -> None:
        mode = self.kind.mode
        if self.kind is Kind.TOMBSTONE:
            raise ValueError("a tombstone is written by the ledger only")
        if (self.target is None) != (mode is Mode.NONE):
            raise ValueError(f"{self.kind.name} and its target do not fit together")
        if self.posting_id in (self.target, self.unless):
            raise ValueError("a posting cannot refer to itself")
        if self.kind.needs_decision and self.decision is None:
            raise ValueError(f"{self.kind.name} needs a decision")
        if len(self.request) != REQUEST_BYTES:
            raise ValueError("a request fingerprint has 32 bytes")
        if mode is Mode.UNDO and self.legs:
            raise ValueError("an undo mirrors its target and brings no legs")
        if self.spill is not None and mode is not Mode.UNDO:
            raise ValueError("only an undo spills as a whole")
        if mode in (Mode.NONE, Mode.UNDO) and any(leg.amount is ALL for leg in self.legs):
            raise ValueError("only a posting that closes knows what is left")
        player = self.player
        if player is not None and slot_of_player(player) != self.slot:
            raise ValueError(
                f"the player of slot {slot_of_player(player)} cannot be posted in slot {self.slot}"
            )

    @cached_property
    def player(self) -> PlayerKey | None:
        """The one player the request names; ValueError for a second player or operator."""
        named = [account for leg in self.legs for account in leg.accounts]
        if self.spill is not None:
            named.append(self.spill)
        return the_player(named)

    @property
    def accounts(self) -> tuple[int, ...]:
        """Every account the request names, in order, repeats included."""
        named = tuple(account for leg in self.legs for account in leg.accounts)
        return named if self.spill is None else (*named, self.spill)


class Balance(NamedTuple):
    """One account's row: `credits - debits` is its balance, `version` counts its transfers."""

    guard: Guard = Guard.NONE
    debits: int = 0
    credits: int = 0
    version: int = 0

    @property
    def units(self) -> int:
        return self.credits - self.debits


class StoredLeg(NamedTuple):
    """A transfer as it was written."""

    debit: int
    credit: int
    amount: int
    code: int


class StoredPosting(NamedTuple):
    """A posting as it was written; `asked` is what was asked and is kept for refusals only."""

    kind: Kind
    result: Result
    digest: bytes
    target: UUID | None
    ref: str | None
    no: int
    first_seq: int | None
    last_seq: int | None
    player_version: int | None
    legs: tuple[StoredLeg, ...]
    asked: Mapping[str, object] | None = None


@dataclass(slots=True)
class SlotState:
    """What one slot knows, or the part of it that a batch can touch."""

    no: int = 0
    seq: int = 0
    balances: dict[int, Balance] = field(default_factory=dict)
    seen: dict[UUID, StoredPosting] = field(default_factory=dict)
    closer: dict[UUID, Kind] = field(default_factory=dict)
    players: dict[int, int] = field(default_factory=dict)


State = dict[int, SlotState]
"""Slot to what it knows; a slot that is missing is closed for a move."""


class Outcome(NamedTuple):
    """The ledger's answer to one command; `fresh` is False when it had been given before."""

    result: Result
    fresh: bool = False
    no: int | None = None
    first_seq: int | None = None
    last_seq: int | None = None
    player_version: int | None = None
    closed_by: Kind | None = None
    target_result: Result | None = None
    field: str | None = None


class PostingRow(NamedTuple):
    """One new row of postings; its time is given by the database."""

    slot: int
    no: int
    posting_id: UUID
    kind: Kind
    result: Result
    digest: bytes
    closes: UUID | None = None
    follows: UUID | None = None
    decision_id: UUID | None = None
    ref: str | None = None
    first_seq: int | None = None
    last_seq: int | None = None
    player: int | None = None
    player_version: int | None = None
    refused: Mapping[str, object] | None = None
    provenance: Provenance = NOBODY


class TransferRow(NamedTuple):
    """One new row of transfers, with both accounts' versions and balances after it."""

    slot: int
    seq: int
    posting_no: int
    debit_account: int
    credit_account: int
    amount: int
    code: int
    debit_version: int
    credit_version: int
    debit_after: int
    credit_after: int


class BalanceChange(NamedTuple):
    """What a batch adds to one account, and the version it was decided on."""

    slot: int
    account_id: int
    debits: int
    credits: int
    moves: int
    last_seq: int
    version_read: int


class PlayerChange(NamedTuple):
    """A player's version before and after a batch."""

    slot: int
    player: int
    version_read: int
    version: int


class SlotChange(NamedTuple):
    """A slot's heads before and after a batch."""

    slot: int
    no_read: int
    seq_read: int
    no: int
    seq: int


@dataclass(frozen=True, slots=True)
class Writes:
    """Everything a batch adds; empty when it was replays and refusals that are not stored."""

    postings: tuple[PostingRow, ...] = ()
    transfers: tuple[TransferRow, ...] = ()
    balances: tuple[BalanceChange, ...] = ()
    players: tuple[PlayerChange, ...] = ()
    slots: tuple[SlotChange, ...] = ()


def the_player(accounts: Iterable[int]) -> PlayerKey | None:
    """The one player among these accounts, None for the house alone; ValueError for two."""
    found: PlayerKey | None = None
    for account in accounts:
        player = player_of_account(account)
        if player is None or player == found:
            continue
        if found is not None:
            raise ValueError("a posting touches the accounts of at most one player")
        found = player
    return found


def _check_pair(debit: int, credit: int) -> None:
    if debit == credit:
        raise ValueError("a transfer needs two accounts")
    if (debit >> 8) & 0xFFFF != (credit >> 8) & 0xFFFF:
        raise ValueError("a transfer stays in one asset")
    if debit >> 52 != credit >> 52:
        raise ValueError("a transfer stays with one operator")
