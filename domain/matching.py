"""What a command comes down to once its target is known: refused, or a list of exact moves.

A closing posting takes exactly what its target left, an undo mirrors its target's stored transfers; neither
ever trusts an amount of the request for that.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import NamedTuple
from uuid import UUID

from domain.accounts import HELD_BY_CREDIT, HELD_BY_DEBIT
from domain.kinds import Kind, Mode, Result
from domain.postings import ALL, Command, StoredLeg, StoredPosting, the_player

_PURPOSE_MASK = 0xFF
_ASSET_SHIFT, _ASSET_MASK = 8, 0xFFFF
_UNDOING = frozenset(kind for kind in Kind if kind.mode is Mode.UNDO)


class Move(NamedTuple):
    """A leg whose amount is known; `spill` pays what the guard of `debit` does not allow."""

    debit: int
    credit: int
    amount: int
    code: int
    spill: int | None = None


class Plan(NamedTuple):
    """What to do: POSTED means go on with the moves, everything else is the answer."""

    result: Result
    moves: tuple[Move, ...] = ()
    closes: UUID | None = None
    follows: UUID | None = None
    buries: bool = False
    """The target does not exist and must never happen: a tombstone takes its id."""
    closed_by: Kind | None = None
    target_result: Result | None = None


def plan(command: Command, target: StoredPosting | None, closed_by: Kind | None) -> Plan:
    """Judge a command against its target and what closed it, and resolve ALL."""
    mode = command.kind.mode
    if mode is Mode.NONE:
        return Plan(Result.POSTED, tuple(_as_asked(command, {})))
    if mode is Mode.UNDO:
        return _plan_undo(command, target, closed_by)
    return _plan_closing(command, target, closed_by)


def held_by(legs: Iterable[StoredLeg | Move]) -> dict[int, int]:
    """What these transfers left on accounts that hold promised money: account to units."""
    return {account: units for account, units in _net_held(legs).items() if units > 0}


def _plan_closing(command: Command, target: StoredPosting | None, closed_by: Kind | None) -> Plan:
    if target is None:
        return Plan(Result.NOT_YET)
    if target.result is not Result.POSTED or target.kind not in command.kind.targets:
        return Plan(Result.TARGET_REFUSED, closes=command.target, target_result=target.result)
    if closed_by is not None and (command.kind.mode is Mode.CLOSE or closed_by in _UNDOING):
        return Plan(Result.ALREADY_CLOSED, closes=command.target, closed_by=closed_by)
    left = held_by(target.legs) if closed_by is None else {}
    moves = tuple(_as_asked(command, left))
    if _taken_by(moves) != left:
        return Plan(Result.MISMATCH)
    closes, follows = (command.target, None) if closed_by is None else (None, command.target)
    return Plan(Result.POSTED, moves, closes=closes, follows=follows)


def _plan_undo(command: Command, target: StoredPosting | None, closed_by: Kind | None) -> Plan:
    if target is None:
        return Plan(Result.POSTED, closes=command.target, buries=True)
    if target.kind is not Kind.TOMBSTONE and target.kind not in command.kind.targets:
        return Plan(Result.TARGET_REFUSED, closes=command.target, target_result=target.result)
    if closed_by is not None:
        return Plan(Result.ALREADY_CLOSED, closes=command.target, closed_by=closed_by)
    moves = tuple(
        Move(leg.credit, leg.debit, leg.amount, leg.code, command.spill) for leg in reversed(target.legs)
    )
    if not _may_spill(moves):
        return Plan(Result.MISMATCH)
    return Plan(Result.POSTED, moves, closes=command.target)


def _as_asked(command: Command, left: Mapping[int, int]) -> Iterable[Move]:
    rest = dict(left)
    for leg in command.legs:
        held = leg.debit if leg.debit in rest else leg.credit
        amount = rest.get(held, 0) if leg.amount is ALL else leg.amount
        if amount == 0:
            continue
        if held in rest:
            rest[held] = max(rest[held] - amount, 0)
        yield Move(leg.debit, leg.credit, amount, leg.code, leg.spill)


def _taken_by(moves: Iterable[Move]) -> dict[int, int]:
    return {account: -units for account, units in _net_held(moves).items() if units < 0}


def _net_held(legs: Iterable[StoredLeg | Move]) -> dict[int, int]:
    net: dict[int, int] = defaultdict(int)
    for leg in legs:
        for account, units in ((leg.credit, leg.amount), (leg.debit, -leg.amount)):
            purpose = account & _PURPOSE_MASK
            if purpose in HELD_BY_CREDIT:
                net[account] += units
            elif purpose in HELD_BY_DEBIT:
                net[account] -= units
    return net


def _may_spill(moves: tuple[Move, ...]) -> bool:
    """Whether the account that covers an undo fits every mirrored transfer."""
    spill = moves[0].spill if moves else None
    if spill is None:
        return True
    try:
        the_player([spill, *(account for move in moves for account in (move.debit, move.credit))])
    except ValueError:
        return False
    return all(
        spill != move.credit and spill >> 52 == move.credit >> 52 and _asset(spill) == _asset(move.credit)
        for move in moves
    )


def _asset(account: int) -> int:
    return (account >> _ASSET_SHIFT) & _ASSET_MASK
