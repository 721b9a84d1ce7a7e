"""The error that each refusal of the ledger is, for callers who need more than the outcome."""

from collections.abc import Callable, Mapping

from domain.errors import (
    AccountMissing,
    AlreadyClosed,
    Blocked,
    Conflict,
    CroupierError,
    InsufficientFunds,
    InvariantBroken,
    NotYet,
    SlotClosed,
)
from domain.ids import account_parts
from domain.kinds import Result
from domain.postings import Command, Outcome


def refusal(command: Command, outcome: Outcome) -> CroupierError | None:
    """None when the command is posted (now or before), else the error its result stands for."""
    if outcome.result is Result.POSTED:
        return None
    return _ERRORS[outcome.result](command, outcome)


def _closed(_: Command, outcome: Outcome) -> CroupierError:
    return AlreadyClosed(outcome.closed_by.name if outcome.closed_by is not None else "another posting")


def _assets(command: Command) -> str:
    return ", ".join(str(asset) for asset in sorted({account_parts(a).asset_id for a in command.accounts}))


_ERRORS: Mapping[Result, Callable[[Command, Outcome], CroupierError]] = {
    Result.INSUFFICIENT: lambda command, _: InsufficientFunds(_assets(command)),
    Result.ALREADY_CLOSED: _closed,
    Result.TARGET_REFUSED: lambda command, _: Blocked(f"Posting {command.target}"),
    Result.BARRED: lambda command, _: Blocked(f"Posting {command.unless}"),
    Result.ACCOUNT_CLOSED: lambda command, _: Blocked(f"An account of player {command.player}"),
    Result.TOMBSTONE: lambda command, _: Blocked(f"Posting {command.posting_id}"),
    Result.OVERFLOW: lambda command, _: Blocked(f"A full account in {_assets(command)}"),
    Result.CONFLICT: lambda _, outcome: Conflict(outcome.field or "request"),
    Result.NOT_YET: lambda command, _: NotYet(f"Posting {command.target}"),
    Result.ACCOUNT_MISSING: lambda command, _: AccountMissing(str(sorted(set(command.accounts)))),
    Result.MISMATCH: lambda command, _: InvariantBroken(
        f"{command.kind.name} does not take what posting {command.target} left"
    ),
    Result.SLOT_CLOSED: lambda command, _: SlotClosed(command.slot),
}
