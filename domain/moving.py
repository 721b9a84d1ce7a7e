"""Transfers run against balances: what a guard allows, what spills, what is refused."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from domain.accounts import Guard
from domain.kinds import Result
from domain.matching import Move
from domain.money import UNITS_BOUND
from domain.postings import Balance


class Made(NamedTuple):
    """A transfer that holds, with both accounts' versions and balances after it."""

    debit: int
    credit: int
    amount: int
    code: int
    debit_version: int
    credit_version: int
    debit_after: int
    credit_after: int


def run_moves(
    moves: Iterable[Move], balance_of: Callable[[int], Balance]
) -> tuple[Result, list[Made], dict[int, Balance]]:
    """Run moves one after the other; each must hold by itself.

    Returns POSTED with the transfers made (a spill makes two of one) and the balances after them, or a
    refusal with nothing.
    """
    made: list[Made] = []
    after: dict[int, Balance] = {}
    for move in moves:
        for part in _parts(move, after.get(move.debit) or balance_of(move.debit)):
            debit = after.get(part.debit) or balance_of(part.debit)
            credit = after.get(part.credit) or balance_of(part.credit)
            refusal = _refusal(part.amount, debit, credit)
            if refusal is not None:
                return refusal, [], {}
            made.append(_make(part, debit, credit, after))
    return Result.POSTED, made, after


def _make(move: Move, debit: Balance, credit: Balance, after: dict[int, Balance]) -> Made:
    amount = move.amount
    left = Balance(debit.guard, debit.debits + amount, debit.credits, debit.version + 1)
    right = Balance(credit.guard, credit.debits, credit.credits + amount, credit.version + 1)
    after[move.debit], after[move.credit] = left, right
    return Made(
        move.debit,
        move.credit,
        amount,
        move.code,
        left.version,
        right.version,
        left.credits - left.debits,
        right.credits - right.debits,
    )


def _parts(move: Move, debit: Balance) -> tuple[Move, ...]:
    if move.spill is None or debit.guard in (Guard.NONE, Guard.DEBITS_COVER):
        return (move,)
    allowed = min(debit.units, move.amount) if debit.guard == Guard.CREDITS_COVER else 0
    if allowed == move.amount:
        return (move,)
    rest = Move(move.spill, move.credit, move.amount - allowed, move.code)
    if allowed == 0:
        return (rest,)
    return (Move(move.debit, move.credit, allowed, move.code), rest)


def _refusal(amount: int, debit: Balance, credit: Balance) -> Result | None:
    if Guard.CLOSED in (debit.guard, credit.guard):
        return Result.ACCOUNT_CLOSED
    if debit.guard == Guard.CREDITS_COVER and debit.debits + amount > debit.credits:
        return Result.INSUFFICIENT
    if credit.guard == Guard.DEBITS_COVER and credit.credits + amount > credit.debits:
        return Result.INSUFFICIENT
    if debit.debits + amount >= UNITS_BOUND or credit.credits + amount >= UNITS_BOUND:
        return Result.OVERFLOW
    return None
