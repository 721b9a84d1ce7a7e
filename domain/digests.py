"""What makes two requests the same, and the first field in which they differ.

The digest covers what was asked and nothing else: a retry may carry a new decision or come from another run.
"""

from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import cast
from uuid import UUID

from domain.kinds import Result
from domain.postings import ALL, Command, Leg, StoredLeg, StoredPosting

DIGEST_VERSION = b"\x01"
NO_DIGEST = bytes(32)
"""What a tombstone carries: nothing was asked."""

_ABSENT = b"\xff\xff\xff\xff"
_ALL_BYTES = b"all"


def digest_of(command: Command) -> bytes:
    """SHA-256 over the length-prefixed fields of a request, 32 bytes."""
    parts = [
        DIGEST_VERSION,
        command.kind.to_bytes(2),
        _prefixed(command.target.bytes if command.target else None),
        _prefixed(command.unless.bytes if command.unless else None),
        _prefixed(command.ref.encode() if command.ref is not None else None),
        len(command.legs).to_bytes(4),
    ]
    for leg in command.legs:
        amount = leg.amount
        parts += (
            leg.debit.to_bytes(8),
            leg.credit.to_bytes(8),
            _prefixed(_ALL_BYTES if amount is ALL else str(amount).encode()),
            leg.code.to_bytes(2),
            (leg.spill or 0).to_bytes(8),
        )
    parts += ((command.spill or 0).to_bytes(8), _prefixed(command.request))
    return sha256(b"".join(parts)).digest()


def asked_by(command: Command) -> dict[str, object]:
    """What a refused row keeps of its request, as JSON; every number is text, so that no reader rounds it."""
    return {
        "target": _text(command.target),
        "unless": _text(command.unless),
        "ref": command.ref,
        "legs": [_asked_leg(leg) for leg in command.legs],
        "spill": _text(command.spill),
    }


def conflict_field(command: Command, stored: StoredPosting) -> str:
    """The first difference between a request and what is stored under its id.

    One of `kind`, `target`, `ref`, `legs` (their number), `account`, `amount`, `code`; `request` when the
    ledger sees none of these.
    """
    if command.kind != stored.kind:
        return "kind"
    if command.target != stored.target:
        return "target"
    if command.ref != stored.ref:
        return "ref"
    if stored.result is Result.POSTED:
        difference = _against_posted(command.legs, stored.legs)
    else:
        difference = _against_asked(command.legs, stored.asked or {})
    return difference or "request"


def _against_posted(legs: Sequence[Leg], stored: Sequence[StoredLeg]) -> str | None:
    position = 0
    for leg in legs:
        found = stored[position] if position < len(stored) else None
        if leg.amount is ALL and (found is None or (found.debit, found.credit) != (leg.debit, leg.credit)):
            continue
        if found is None:
            return "legs"
        spilled = leg.spill is not None and found.debit == leg.spill
        if found.credit != leg.credit or (found.debit != leg.debit and not spilled):
            return "account"
        position += 1
        amount = found.amount
        if leg.spill is not None and not spilled and position < len(stored):
            rest = stored[position]
            if (rest.debit, rest.credit) == (leg.spill, leg.credit):
                amount += rest.amount
                position += 1
        if leg.amount is not ALL and leg.amount != amount:
            return "amount"
        if leg.code != found.code:
            return "code"
    return "legs" if legs and position < len(stored) else None


def _against_asked(legs: Sequence[Leg], asked: Mapping[str, object]) -> str | None:
    stored = cast("Sequence[Sequence[object]] | None", asked.get("legs"))
    if stored is None or len(stored) != len(legs):
        return "legs"
    for now, then in zip((_asked_leg(leg) for leg in legs), stored, strict=True):
        if now[:2] != then[:2]:
            return "account"
        if now[2] != then[2]:
            return "amount"
        if now[3] != then[3]:
            return "code"
    return None


def _asked_leg(leg: Leg) -> list[str | None]:
    amount = "all" if leg.amount is ALL else str(leg.amount)
    return [str(leg.debit), str(leg.credit), amount, str(int(leg.code)), _text(leg.spill)]


def _prefixed(value: bytes | None) -> bytes:
    return _ABSENT if value is None else len(value).to_bytes(4) + value


def _text(value: UUID | int | None) -> str | None:
    return None if value is None else str(value)
