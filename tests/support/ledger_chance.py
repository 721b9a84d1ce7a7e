"""Commands of every kind out of a small world: ids collide, targets are forged, funds run short."""

from itertools import count, pairwise
from random import Random
from uuid import UUID

from domain.accounts import Guard, Purpose, house_account, player_account
from domain.ids import decision_id, player_of, slot_of
from domain.kinds import Kind, Mode
from domain.postings import ALL, Balance, Command, Leg, Remainder, SlotState, State
from tests.support.ledger_journal import OPERATOR, posting_uuid
from tests.support.ledger_model import NaiveLedger

ASSETS = (1, 2)
FIRST_SLOT = slot_of(OPERATOR, 1)
OWNERS = (1, 2, next(owner for owner in count(3) if slot_of(OPERATOR, owner) == FIRST_SLOT))
"""Three players, two of them in one slot."""
IDS = 14
"""Ids in use at one time; a growing `age` moves on to new ones."""
HOUSE = (
    Purpose.DEPOSIT_ADDRESSES,
    Purpose.HOT_WALLET,
    Purpose.REVENUE,
    Purpose.IN_FLIGHT,
    Purpose.IN_TRANSIT,
    Purpose.UNATTRIBUTED,
)
PLAYERS = (
    Purpose.AVAILABLE,
    Purpose.IN_PLAY,
    Purpose.PENDING_WITHDRAWAL,
    Purpose.ALLOWANCE,
    Purpose.RECEIVABLE,
)
UNOPENED = Purpose.BONUS_AVAILABLE
USUAL_LEGS = {
    Kind.DEPOSIT_CREDITED: [(Purpose.DEPOSIT_ADDRESSES, Purpose.AVAILABLE)],
    Kind.DEPOSIT_UNATTRIBUTED: [(Purpose.DEPOSIT_ADDRESSES, Purpose.UNATTRIBUTED)],
    Kind.DEPOSIT_ATTRIBUTED: [(Purpose.UNATTRIBUTED, Purpose.AVAILABLE)],
    Kind.BET_RESERVED: [(Purpose.AVAILABLE, Purpose.IN_PLAY)],
    Kind.BET_SETTLED: [(Purpose.IN_PLAY, Purpose.REVENUE), (Purpose.REVENUE, Purpose.AVAILABLE)],
    Kind.DIRECT_BET: [(Purpose.AVAILABLE, Purpose.REVENUE)],
    Kind.DIRECT_WIN: [(Purpose.REVENUE, Purpose.AVAILABLE)],
    Kind.BET_CORRECTED: [(Purpose.AVAILABLE, Purpose.REVENUE), (Purpose.REVENUE, Purpose.AVAILABLE)],
    Kind.WITHDRAWAL_RESERVED: [(Purpose.AVAILABLE, Purpose.PENDING_WITHDRAWAL)] * 2,
    Kind.WITHDRAWAL_COMMITTED: [(Purpose.PENDING_WITHDRAWAL, Purpose.IN_FLIGHT)],
    Kind.WITHDRAWAL_SETTLED: [(Purpose.IN_FLIGHT, Purpose.HOT_WALLET)],
    Kind.WITHDRAWAL_RETURNED: [(Purpose.IN_FLIGHT, Purpose.AVAILABLE)],
    Kind.TRANSFER_COMMITTED: [(Purpose.IN_TRANSIT, Purpose.HOT_WALLET)],
    Kind.TRANSFER_FINAL: [(Purpose.HOT_WALLET, Purpose.IN_TRANSIT)],
    Kind.TRANSFER_DEAD: [(Purpose.HOT_WALLET, Purpose.IN_TRANSIT)],
    Kind.INSTANT_PLAY: [(Purpose.AVAILABLE, Purpose.REVENUE), (Purpose.REVENUE, Purpose.AVAILABLE)],
    Kind.PROMOTION: [(Purpose.REVENUE, Purpose.AVAILABLE), (Purpose.AVAILABLE, Purpose.REVENUE)],
    Kind.ROUND_CLOSED: [],
}
UNDOING = tuple(kind for kind in Kind if kind.mode is Mode.UNDO)
HUGE = 10**78 - 1
FUNDING = (Kind.DEPOSIT_CREDITED, Kind.DEPOSIT_UNATTRIBUTED)


def draw_command(chance: Random, age: int = 0) -> Command | None:
    """A command of any kind, or None where chance made one that cannot be constructed."""
    kind = chance.choice((*USUAL_LEGS, *UNDOING, *USUAL_LEGS))
    number = age + chance.randrange(IDS)
    owner = OWNERS[number % len(OWNERS)] if chance.random() < 0.95 else chance.choice(OWNERS)
    asset_id = ASSETS[number % len(ASSETS)]
    try:
        return Command(
            slot=slot_of(OPERATOR, owner),
            posting_id=_id(kind if chance.random() < 0.95 else chance.choice(tuple(Kind)), number),
            kind=kind,
            legs=_legs(chance, kind, owner, asset_id),
            target=_target(chance, kind, number),
            unless=_id(Kind.ROUND_CLOSED, number) if chance.random() < 0.2 else None,
            ref="round 1" if chance.random() < 0.1 else None,
            decision=decision_id(str(number)),
            spill=_spill(chance, kind, owner, asset_id),
        )
    except ValueError:
        return None


def draw_batch(chance: Random, size: int, age: int = 0) -> list[Command]:
    """Up to `size` commands over all slots of the world, one in ten of them a repeat."""
    commands: list[Command] = []
    for _ in range(size):
        command = draw_command(chance, age)
        if commands and chance.random() < 0.1:
            command = chance.choice(commands)
        if command is not None:
            commands.append(command)
    return commands


def split(chance: Random, commands: list[Command]) -> list[list[Command]]:
    """The same commands cut into one to three batches."""
    cuts = sorted(chance.randrange(len(commands) + 1) for _ in range(chance.randrange(3)))
    edges = [0, *cuts, len(commands)]
    return [commands[low:high] for low, high in pairwise(edges) if low < high]


def open_world(model: NaiveLedger) -> State:
    """Open the world's accounts in the model and give the same world as a state."""
    state: State = {}
    for owner in OWNERS:
        slot = slot_of(OPERATOR, owner)
        known = state.setdefault(slot, SlotState())
        known.players[player_of(OPERATOR, owner)] = 0
    for place, account in world_accounts():
        guard = Purpose(account & 255).guard
        model.guards[place, account] = guard
        state[place].balances[account] = Balance(guard)
    return state


def world_accounts() -> list[tuple[int, int]]:
    """Slot and id of every account that is open in the world."""
    found = set()
    for owner in OWNERS:
        slot = slot_of(OPERATOR, owner)
        for asset_id in ASSETS:
            found |= {(slot, house_account(OPERATOR, asset_id, purpose)) for purpose in HOUSE}
            player = player_of(OPERATOR, owner)
            found |= {(slot, player_account(player, asset_id, purpose)) for purpose in PLAYERS}
    return sorted(found)


def draw_guard(chance: Random) -> tuple[int, int, Guard]:
    """An account of a player and the guard it gets: its own, or closed."""
    owner = chance.choice(OWNERS)
    account = _account(owner, chance.choice(ASSETS), Purpose.AVAILABLE)
    return slot_of(OPERATOR, owner), account, chance.choice((Guard.CREDITS_COVER, Guard.CLOSED))


def _legs(chance: Random, kind: Kind, owner: int, asset_id: int) -> tuple[Leg, ...]:
    if kind in UNDOING:
        return ()
    legs = []
    for debit, credit in USUAL_LEGS[kind]:
        if chance.random() < 0.05:
            continue
        to = UNOPENED if chance.random() < 0.02 else credit
        spills = debit is Purpose.AVAILABLE and chance.random() < 0.3
        legs.append(
            Leg(
                _account(owner, asset_id, debit),
                _account(owner, asset_id, to),
                _amount(chance, kind),
                spill=_account(owner, asset_id, Purpose.RECEIVABLE) if spills else None,
            )
        )
    return tuple(legs)


def _amount(chance: Random, kind: Kind) -> int | Remainder:
    if kind in FUNDING:
        return chance.choice((5, 8, 9))
    if kind.mode in (Mode.CLOSE, Mode.FOLLOW) and chance.random() < 0.8:
        return ALL
    return HUGE if chance.random() < 0.01 else chance.choice((1, 2, 3, 4))


def _spill(chance: Random, kind: Kind, owner: int, asset_id: int) -> int | None:
    if kind not in UNDOING or chance.random() < 0.5:
        return None
    return _account(owner, asset_id, Purpose.RECEIVABLE)


def _account(owner: int, asset_id: int, purpose: Purpose) -> int:
    if purpose.is_players:
        return player_account(player_of(OPERATOR, owner), asset_id, purpose)
    return house_account(OPERATOR, asset_id, purpose)


def _target(chance: Random, kind: Kind, number: int) -> UUID | None:
    if kind.mode is Mode.NONE:
        return None
    near = number if chance.random() < 0.9 else number + chance.randrange(len(OWNERS))
    forged = chance.random() < 0.05
    return _id(chance.choice(tuple(Kind) if forged else sorted(kind.targets)), near)


def _id(kind: Kind, number: int) -> UUID:
    return posting_uuid(f"chance/{kind}/{number}")
