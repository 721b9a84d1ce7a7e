"""The load of the posting bench: rounds of reserve and settle over funded players, in 18 decimals."""

import random
from collections import deque
from collections.abc import Iterator, Sequence
from uuid import UUID

from domain.accounts import Purpose, house_account, player_account
from domain.assets import Asset, AssetKind, NetworkId
from domain.ids import player_of, slot_of
from domain.kinds import Kind, TransferCode
from domain.postings import ALL, Command, Leg

OPERATOR = 1
COIN = Asset(1, "ETH", NetworkId("eip155:31337"), AssetKind.NATIVE, 18)
FUNDS = 10**24
STAKE = 10**15


def rounds(owners: Sequence[int], batch: int, seed: int) -> Iterator[Command]:
    """Reserves and, half a batch later, their settles, for ever; every id is new."""
    chance = random.Random(seed)
    open_bets: deque[tuple[int, UUID]] = deque()
    while True:
        for _ in range(max(batch // 2, 1)):
            owner, bet = chance.choice(owners), UUID(int=chance.getrandbits(128))
            open_bets.append((owner, bet))
            yield _reserve(owner, bet)
        while open_bets:
            owner, bet = open_bets.popleft()
            yield _settle(owner, bet, UUID(int=chance.getrandbits(128)), won=chance.random() < 0.5)


def _reserve(owner: int, bet: UUID) -> Command:
    return Command(
        slot=slot_of(OPERATOR, owner),
        posting_id=bet,
        kind=Kind.BET_RESERVED,
        legs=(Leg(available_of(owner), in_play_of(owner), STAKE, TransferCode.STAKE),),
        decision=UUID(int=bet.int ^ 1),
    )


def _settle(owner: int, bet: UUID, posting_id: UUID, *, won: bool) -> Command:
    loss = Leg(in_play_of(owner), revenue(), ALL, TransferCode.STAKE)
    win = Leg(revenue(), available_of(owner), 2 * STAKE - 1, TransferCode.PAYOUT)
    return Command(
        slot=slot_of(OPERATOR, owner),
        posting_id=posting_id,
        kind=Kind.BET_SETTLED,
        legs=(loss, win) if won else (loss,),
        target=bet,
    )


def funding(slot: int, owner: int) -> Command:
    """A deposit that no number of rounds uses up."""
    addresses = house_account(OPERATOR, COIN.asset_id, Purpose.DEPOSIT_ADDRESSES)
    return Command(
        slot=slot,
        posting_id=UUID(int=owner),
        kind=Kind.DEPOSIT_CREDITED,
        legs=(Leg(addresses, available_of(owner), FUNDS),),
    )


def available_of(owner: int) -> int:
    """The account a player bets from."""
    return player_account(player_of(OPERATOR, owner), COIN.asset_id, Purpose.AVAILABLE)


def in_play_of(owner: int) -> int:
    """The account a stake waits in."""
    return player_account(player_of(OPERATOR, owner), COIN.asset_id, Purpose.IN_PLAY)


def revenue() -> int:
    """The house account that takes stakes and pays wins; one per slot."""
    return house_account(OPERATOR, COIN.asset_id, Purpose.REVENUE)
