"""One path for one posting and for five hundred: lock the slots, load, decide in Python, write."""

from collections.abc import Collection, Iterable, Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from domain.applying import apply_batch
from domain.errors import Corrupt, InvariantBroken
from domain.kinds import Result
from domain.postings import Command, Outcome
from ledger.loading import load_state, lock_slots
from ledger.opening import open_missing
from ledger.session import Sessions
from ledger.writing import DecisionRow, write

OPENING_ATTEMPTS = 2


class _AccountsMissing(Exception):
    """Undoes a batch: its commands are decided together, after the accounts exist."""


async def post(
    session: AsyncConnection, commands: Sequence[Command], *, decisions: Collection[DecisionRow] = ()
) -> list[Outcome]:
    """Decide and write commands of any slots of this database, in order; the caller commits.

    Returns one outcome per command. A refusal is an outcome, not an error: see `domain.answers.refusal` for
    its error. `decisions` are written with the postings that name them.
    """
    if not commands:
        return []
    heads, posted_at = await lock_slots(session, {command.slot for command in commands})
    state = await load_state(session, heads, commands)
    outcomes, writes = apply_batch(state, commands)
    if any(outcome.result is Result.CONFLICT for outcome in outcomes):
        state = await load_state(session, heads, commands, with_own_legs=True)
        outcomes, writes = apply_batch(state, commands)
    if writes.slots and posted_at is not None:
        await write(session, writes, posted_at, decisions)
    return outcomes


async def post_opening(
    sessions: Sessions, commands: Sequence[Command], decisions: Collection[DecisionRow] = ()
) -> list[Outcome]:
    """Post in a transaction of its own; when accounts are missing, undo it, open them and decide again.

    Raises InvariantBroken when accounts are still missing after they were opened.
    """
    for _ in range(OPENING_ATTEMPTS):
        try:
            async with sessions.begin() as session:
                outcomes = await post(session, commands, decisions=decisions)
                _demand_accounts(outcomes)
                return outcomes
        except _AccountsMissing:
            async with sessions.begin() as session:
                await open_missing(session, accounts_of(commands))
    raise InvariantBroken("accounts that were just opened are missing")


async def post_each(
    sessions: Sessions, commands: Sequence[Command], decisions: Collection[DecisionRow] = ()
) -> list[Outcome | Corrupt]:
    """Post in one transaction; when the database refuses it, halve it until the culprit stands alone.

    The culprit's place holds the Corrupt error, everybody else is posted. Halves are cut between slots first,
    so that a slot is disturbed by its own commands only. Unavailable errors are raised: send the same batch
    again.
    """
    try:
        return list(await post_opening(sessions, commands, decisions))
    except Corrupt as error:
        if len(commands) == 1:
            return [error]
    answers: dict[int, Outcome | Corrupt] = {}
    for half in _halves(commands):
        part = [commands[position] for position in half]
        answers |= zip(half, await post_each(sessions, part, decisions), strict=True)
    return [answers[position] for position in range(len(commands))]


def accounts_of(commands: Iterable[Command]) -> set[tuple[int, int]]:
    """Slot and account of everything these commands name."""
    return {(command.slot, account) for command in commands for account in command.accounts}


def _demand_accounts(outcomes: Iterable[Outcome]) -> None:
    if any(outcome.result is Result.ACCOUNT_MISSING for outcome in outcomes):
        raise _AccountsMissing


def _halves(commands: Sequence[Command]) -> tuple[Sequence[int], Sequence[int]]:
    slots = sorted({command.slot for command in commands})
    if len(slots) == 1:
        middle = len(commands) // 2
        return range(middle), range(middle, len(commands))
    low = frozenset(slots[: len(slots) // 2])
    positions = range(len(commands))
    return (
        [position for position in positions if commands[position].slot in low],
        [position for position in positions if commands[position].slot not in low],
    )
