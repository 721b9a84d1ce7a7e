"""A round of looking after lent energy: what the network shows against what our rows say is lent."""

from collections.abc import Iterable, Mapping
from uuid import UUID

from domain.energy import Lent
from domain.wire import Hex, Message, Units


class EnergyRound(Message):
    """One round for one network; every hot wallet should be lent `standing_sun`."""

    network: str
    standing_sun: Units = 0


class LentStake(Message):
    """Stake that one account lends another, in sun."""

    giver: Hex
    receiver: Hex
    sun: Units


class OpenStake(Message):
    """A delegation that is not back by its row.

    `is_shown` says that final blocks have it and nothing is under way to take it back; `is_overdue` that its
    time is over; `is_standing` that it is lent for good.
    """

    delegation_id: UUID
    giver: Hex
    receiver: Hex
    sun: Units
    is_shown: bool
    is_overdue: bool
    is_standing: bool = False


class EnergyReport(Message):
    """What a round found: stake that no row accounts for, rows the network does not show, what is overdue.

    `unlent` are hot wallets to be lent stake, with their givers; `changed` standing delegations of another
    size than the house wants by now.
    """

    network: str
    leftovers: tuple[LentStake, ...] = ()
    missing: tuple[UUID, ...] = ()
    overdue: tuple[UUID, ...] = ()
    unlent: tuple[LentStake, ...] = ()
    changed: tuple[UUID, ...] = ()


class EnergyRoundResult(Message):
    """What a round came to: delegations planned, and those asked back."""

    planned: tuple[UUID, ...] = ()
    asked_back: tuple[UUID, ...] = ()
    missing: tuple[UUID, ...] = ()


def compare(
    wanted: EnergyRound,
    rows: Iterable[OpenStake],
    shown: Iterable[Lent],
    *,
    hot: Iterable[bytes],
    lendable: Mapping[bytes, int],
) -> EnergyReport:
    """Compare one network's rows with its index of delegations, and plan what hot wallets lack.

    A receiver with a row that is on its way there or back is left out: its next round is soon enough.
    """
    known = list(rows)
    moving = {row.receiver for row in known if not row.is_shown}
    booked = {(row.giver, row.receiver): row for row in known if row.is_shown}
    lent = {(one.giver, one.receiver): one.sun for one in shown}
    leftovers = [
        LentStake(giver=giver, receiver=receiver, sun=sun)
        for (giver, receiver), sun in lent.items()
        if receiver not in moving and (giver, receiver) not in booked
    ]
    standing = [row for row in known if row.is_standing]
    busy = {row.receiver for row in known} | {one.receiver for one in leftovers}
    return EnergyReport(
        network=wanted.network,
        leftovers=tuple(leftovers),
        missing=tuple(
            row.delegation_id
            for pair, row in booked.items()
            if lent.get(pair, 0) < row.sun and row.receiver not in moving
        ),
        overdue=tuple(row.delegation_id for row in known if row.is_overdue),
        unlent=_standing(wanted, [wallet for wallet in hot if wallet not in busy], lendable),
        changed=tuple(
            row.delegation_id for row in standing if row.is_shown and row.sun != wanted.standing_sun
        ),
    )


def _standing(
    wanted: EnergyRound, wallets: Iterable[bytes], lendable: Mapping[bytes, int]
) -> tuple[LentStake, ...]:
    """Which giver lends each wallet its standing stake, while there is enough."""
    if not wanted.standing_sun:
        return ()
    left = dict(lendable)
    found: list[LentStake] = []
    for wallet in wallets:
        giver = max(left, key=lambda one: left[one], default=None)
        if giver is None or left[giver] < wanted.standing_sun:
            break
        left[giver] -= wanted.standing_sun
        found.append(LentStake(giver=giver, receiver=wallet, sun=wanted.standing_sun))
    return tuple(found)
