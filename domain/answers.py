"""The error that each refusal of the ledger is, for callers who need more than the outcome."""

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
    target = f"posting {command.target}"
    match outcome.result:
        case Result.POSTED:
            return None
        case Result.INSUFFICIENT:
            return InsufficientFunds(_assets(command))
        case Result.ALREADY_CLOSED:
            closer = outcome.closed_by
            return AlreadyClosed(closer.name if closer is not None else "another posting")
        case Result.TARGET_REFUSED:
            return Blocked(target)
        case Result.BARRED:
            return Blocked(f"posting {command.unless}")
        case Result.ACCOUNT_CLOSED:
            return Blocked("an account of this posting")
        case Result.TOMBSTONE:
            return Blocked(f"posting {command.posting_id}")
        case Result.OVERFLOW:
            return Blocked("an account that is full")
        case Result.CONFLICT:
            return Conflict(outcome.field or "request")
        case Result.NOT_YET:
            return NotYet(target)
        case Result.ACCOUNT_MISSING:
            return AccountMissing(", ".join(str(account) for account in sorted(set(command.accounts))))
        case Result.MISMATCH:
            return InvariantBroken(f"{command.kind.name} does not take what {target} left")
        case Result.SLOT_CLOSED:
            return SlotClosed(command.slot)


def _assets(command: Command) -> str:
    return ", ".join(str(asset) for asset in sorted({account_parts(a).asset_id for a in command.accounts}))
