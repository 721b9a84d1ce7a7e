"""The journal entries that workflows post, each as one function from business facts to a command.

`key` is always the business key without its step (`domain/ids.py`); `units` are positive and exact.
"""

from uuid import UUID

from domain.accounts import Purpose, house_account, player_account
from domain.ids import operator_of_player, posting_id, slot_of_player, step
from domain.kinds import Kind, TransferCode
from domain.postings import ALL, NO_REQUEST, NOBODY, Command, Leg, Provenance


def deposit_credited(  # noqa: PLR0913 - one keyword per business fact
    *,
    player: int,
    asset_id: int,
    units: int,
    key: str,
    number: int = 1,
    fee_units: int = 0,
    ref: str | None = None,
    provenance: Provenance = NOBODY,
) -> Command:
    """A final deposit whose owner is known; `number` counts the credits of one deposit from 1."""
    available = player_account(player, asset_id, Purpose.AVAILABLE)
    legs = [Leg(_house(player, asset_id, Purpose.DEPOSIT_ADDRESSES), available, units)]
    if fee_units:
        income = _house(player, asset_id, Purpose.DEPOSIT_FEES)
        legs.append(Leg(available, income, fee_units, TransferCode.FEE))
    return Command(
        slot=slot_of_player(player),
        posting_id=posting_id(step(key, f"post/{number}")),
        kind=Kind.DEPOSIT_CREDITED,
        legs=tuple(legs),
        ref=ref,
        provenance=provenance,
    )


def deposit_unattributed(  # noqa: PLR0913 - one keyword per business fact
    *,
    operator: int,
    slot: int,
    asset_id: int,
    units: int,
    key: str,
    number: int = 1,
    held_at: Purpose = Purpose.DEPOSIT_ADDRESSES,
    ref: str | None = None,
    provenance: Provenance = NOBODY,
) -> Command:
    """A final deposit whose owner nobody knows; it waits in the slot that was fixed at first sight."""
    addresses = house_account(operator, asset_id, held_at)
    waiting = house_account(operator, asset_id, Purpose.UNATTRIBUTED)
    return Command(
        slot=slot,
        posting_id=posting_id(step(key, f"post/{number}")),
        kind=Kind.DEPOSIT_UNATTRIBUTED,
        legs=(Leg(addresses, waiting, units),),
        ref=ref,
        provenance=provenance,
    )


def deposit_reversed(  # noqa: PLR0913 - one keyword per business fact
    *,
    player: int,
    asset_id: int,
    key: str,
    number: int = 1,
    ref: str | None = None,
    provenance: Provenance = NOBODY,
) -> Command:
    """A credited deposit that its chain took back; what is already spent becomes a receivable."""
    return Command(
        slot=slot_of_player(player),
        posting_id=posting_id(step(key, f"return/{number}")),
        kind=Kind.DEPOSIT_REVERSED,
        target=posting_id(step(key, f"post/{number}")),
        ref=ref,
        spill=player_account(player, asset_id, Purpose.RECEIVABLE),
        provenance=provenance,
    )


def bet_reserved(  # noqa: PLR0913 - one keyword per business fact
    *,
    player: int,
    asset_id: int,
    units: int,
    key: str,
    decision: UUID,
    ref: str | None = None,
    request: bytes = NO_REQUEST,
    provenance: Provenance = NOBODY,
) -> Command:
    """A stake set aside; `units` may be 0 for a free bet, which posts without legs."""
    available = player_account(player, asset_id, Purpose.AVAILABLE)
    in_play = player_account(player, asset_id, Purpose.IN_PLAY)
    return Command(
        slot=slot_of_player(player),
        posting_id=posting_id(step(key, "reserve")),
        kind=Kind.BET_RESERVED,
        legs=(Leg(available, in_play, units, TransferCode.STAKE),) if units else (),
        ref=ref,
        decision=decision,
        request=request,
        provenance=provenance,
    )


def bet_settled(  # noqa: PLR0913 - one keyword per business fact
    *,
    player: int,
    asset_id: int,
    payout_units: int,
    key: str,
    ref: str | None = None,
    request: bytes = NO_REQUEST,
    provenance: Provenance = NOBODY,
) -> Command:
    """A played bet: the stake goes to revenue, the payout (stake included, 0 for a loss) comes from it."""
    revenue = _house(player, asset_id, Purpose.REVENUE)
    legs = [Leg(player_account(player, asset_id, Purpose.IN_PLAY), revenue, ALL, TransferCode.STAKE)]
    if payout_units:
        available = player_account(player, asset_id, Purpose.AVAILABLE)
        legs.append(Leg(revenue, available, payout_units, TransferCode.PAYOUT))
    return Command(
        slot=slot_of_player(player),
        posting_id=posting_id(step(key, "settle")),
        kind=Kind.BET_SETTLED,
        legs=tuple(legs),
        target=posting_id(step(key, "reserve")),
        ref=ref,
        request=request,
        provenance=provenance,
    )


def bet_voided(*, player: int, key: str, ref: str | None = None, provenance: Provenance = NOBODY) -> Command:
    """A reserved bet that is not played; before its reserve it blocks that reserve for ever."""
    return _undo(Kind.BET_VOIDED, player, key, ref, provenance)


def withdrawal_reserved(  # noqa: PLR0913 - one keyword per business fact
    *,
    player: int,
    asset_id: int,
    units: int,
    fee_units: int,
    key: str,
    decision: UUID,
    ref: str | None = None,
    request: bytes = NO_REQUEST,
    provenance: Provenance = NOBODY,
) -> Command:
    """A withdrawal set aside: what the receiver gets and our fee, as two transfers."""
    available = player_account(player, asset_id, Purpose.AVAILABLE)
    pending = player_account(player, asset_id, Purpose.PENDING_WITHDRAWAL)
    legs = [Leg(available, pending, units)]
    if fee_units:
        legs.append(Leg(available, pending, fee_units, TransferCode.FEE))
    return Command(
        slot=slot_of_player(player),
        posting_id=posting_id(step(key, "reserve")),
        kind=Kind.WITHDRAWAL_RESERVED,
        legs=tuple(legs),
        ref=ref,
        decision=decision,
        request=request,
        provenance=provenance,
    )


def withdrawal_voided(
    *, player: int, key: str, ref: str | None = None, provenance: Provenance = NOBODY
) -> Command:
    """A withdrawal that is cancelled or denied before its point of no return."""
    return _undo(Kind.WITHDRAWAL_VOIDED, player, key, ref, provenance)


def withdrawal_committed(
    *, player: int, asset_id: int, key: str, ref: str | None = None, provenance: Provenance = NOBODY
) -> Command:
    """The point of no return: posted before the signer is asked."""
    pending = player_account(player, asset_id, Purpose.PENDING_WITHDRAWAL)
    return Command(
        slot=slot_of_player(player),
        posting_id=posting_id(step(key, "send")),
        kind=Kind.WITHDRAWAL_COMMITTED,
        legs=(Leg(pending, _house(player, asset_id, Purpose.IN_FLIGHT), ALL),),
        target=posting_id(step(key, "reserve")),
        ref=ref,
        provenance=provenance,
    )


def withdrawal_settled(  # noqa: PLR0913 - one keyword per business fact
    *,
    player: int,
    asset_id: int,
    fee_units: int,
    key: str,
    ref: str | None = None,
    provenance: Provenance = NOBODY,
) -> Command:
    """A withdrawal that is final on its chain: our fee becomes income, the rest has left the hot wallet."""
    in_flight = _house(player, asset_id, Purpose.IN_FLIGHT)
    legs = [Leg(in_flight, _house(player, asset_id, Purpose.HOT_WALLET), ALL)]
    if fee_units:
        income = _house(player, asset_id, Purpose.WITHDRAWAL_FEES)
        legs.insert(0, Leg(in_flight, income, fee_units, TransferCode.FEE))
    return Command(
        slot=slot_of_player(player),
        posting_id=posting_id(step(key, "settle")),
        kind=Kind.WITHDRAWAL_SETTLED,
        legs=tuple(legs),
        target=posting_id(step(key, "send")),
        ref=ref,
        provenance=provenance,
    )


def withdrawal_returned(
    *, player: int, asset_id: int, key: str, ref: str | None = None, provenance: Provenance = NOBODY
) -> Command:
    """A withdrawal that is proven dead: everything goes back to the player, the fee too."""
    in_flight = _house(player, asset_id, Purpose.IN_FLIGHT)
    return Command(
        slot=slot_of_player(player),
        posting_id=posting_id(step(key, "return")),
        kind=Kind.WITHDRAWAL_RETURNED,
        legs=(Leg(in_flight, player_account(player, asset_id, Purpose.AVAILABLE), ALL),),
        target=posting_id(step(key, "send")),
        ref=ref,
        provenance=provenance,
    )


def network_fee(  # noqa: PLR0913 - one keyword per business fact
    *,
    operator: int,
    slot: int,
    asset_id: int,
    units: int,
    key: str,
    paid_from: Purpose = Purpose.HOT_WALLET,
    ref: str | None = None,
    provenance: Provenance = NOBODY,
) -> Command:
    """What a network took for one of our transactions, reverted ones too; `asset_id` is its native coin."""
    costs = house_account(operator, asset_id, Purpose.NETWORK_FEES)
    return Command(
        slot=slot,
        posting_id=posting_id(step(key, "fee")),
        kind=Kind.NETWORK_FEE,
        legs=(Leg(costs, house_account(operator, asset_id, paid_from), units, TransferCode.FEE),),
        ref=ref,
        provenance=provenance,
    )


def bankroll_in(  # noqa: PLR0913 - one keyword per business fact
    *,
    operator: int,
    slot: int,
    asset_id: int,
    units: int,
    key: str,
    paid_to: Purpose = Purpose.HOT_WALLET,
    ref: str | None = None,
    provenance: Provenance = NOBODY,
) -> Command:
    """The owner's own money that arrived at one of our wallets."""
    wallet = house_account(operator, asset_id, paid_to)
    return Command(
        slot=slot,
        posting_id=posting_id(step(key, "bankroll")),
        kind=Kind.BANKROLL_IN,
        legs=(Leg(wallet, house_account(operator, asset_id, Purpose.BANKROLL), units),),
        ref=ref,
        provenance=provenance,
    )


def _house(player: int, asset_id: int, purpose: Purpose) -> int:
    return house_account(operator_of_player(player), asset_id, purpose)


def _undo(kind: Kind, player: int, key: str, ref: str | None, provenance: Provenance) -> Command:
    return Command(
        slot=slot_of_player(player),
        posting_id=posting_id(step(key, "void")),
        kind=kind,
        target=posting_id(step(key, "reserve")),
        ref=ref,
        provenance=provenance,
    )
