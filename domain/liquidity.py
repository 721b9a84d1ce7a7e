"""Who is paid from which hot wallet, and when: room, health, and the queue for coins.

Lack of coins is a queue, not an error: first in, first out per network and asset. A smaller request may pass
those ahead of it while they are young, and nobody is passed twice.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from domain.money import show_units
from domain.wire import Message, Units

UNMINED_MAX = 8
"""Transactions of one wallet that stand in no block yet; more of them would wait behind one stuck nonce."""
OLDEST_UNMINED_MAX = timedelta(minutes=5)
"""A wallet whose oldest transaction waits longer takes no new ones: they would wait behind it."""
IN_FLIGHT_MAX = 200
"""The same where none waits behind another: what is on its way is bounded, its age is not."""
PASSING_MAX = timedelta(minutes=10)
"""Who has waited so long is passed by nobody."""


@dataclass(frozen=True, slots=True)
class LaneBounds:
    """How many transactions of a wallet may wait for a block, and how long the oldest (None: for ever)."""

    unmined_max: int
    oldest_max: timedelta | None


NONCE_LANE = LaneBounds(UNMINED_MAX, OLDEST_UNMINED_MAX)
_LANES = {"tron": LaneBounds(IN_FLIGHT_MAX, None)}
"""Key families whose transactions wait for no other; every family that is not listed counts nonces."""


@dataclass(frozen=True, slots=True)
class PayingWallet:
    """A hot wallet as it can pay now: `free` is confirmed - committed by asset, in units."""

    address: bytes
    free: Mapping[int, int]
    is_open: bool = True
    unmined: int = 0
    oldest_unmined: timedelta = timedelta(0)
    bounds: LaneBounds = NONCE_LANE

    @property
    def places(self) -> int:
        """How many more transactions its lane takes."""
        oldest_max = self.bounds.oldest_max
        if not self.is_open or (oldest_max is not None and self.oldest_unmined > oldest_max):
            return 0
        return max(0, self.bounds.unmined_max - self.unmined)


@dataclass(frozen=True, slots=True)
class QueuedSend:
    """A send that waits for a wallet: what it needs in units per asset, its fee in the network's coin too."""

    send_id: UUID
    asset_id: int
    needs: Mapping[int, int]
    waited: timedelta = timedelta(0)
    was_passed: bool = False

    def may_be_passed_by(self, other: "QueuedSend") -> bool:
        is_smaller = other.needs[self.asset_id] < self.needs[self.asset_id]
        return is_smaller and not self.was_passed and self.waited < PASSING_MAX


@dataclass(frozen=True, slots=True)
class Allotment:
    """A send, the wallet that pays it, and the sends that it passes."""

    send: QueuedSend
    wallet: bytes
    passes: tuple[UUID, ...] = ()


@dataclass(frozen=True, slots=True)
class Shortfalls:
    """What has to arrive so that everybody who waits can be paid in turn.

    `missing` holds, for each send, the units per asset that it and those before it in its queue lack;
    `top_ups` the units by wallet and asset.
    """

    missing: Mapping[UUID, Mapping[int, int]]
    top_ups: Mapping[tuple[bytes, int], int]


class Hindrance(StrEnum):
    """Why a send has no wallet so far."""

    COINS = "coins"
    LANES = "lanes"
    WALLETS = "wallets"
    NETWORK = "network"


class Lack(Message):
    """Units of an asset that have to arrive; code and decimals are those of the asset."""

    asset: str
    decimals: int
    units: Units


class QueueFacts(Message):
    """Where a send stands in its queue; `expected_at` is known once enough is on its way."""

    place: int
    length: int
    since: datetime
    lacks: tuple[Lack, ...] = ()
    hindrance: Hindrance = Hindrance.COINS
    expected_at: datetime | None = None


def lane_of(family: str) -> LaneBounds:
    """What bounds the lanes of wallets of this key family."""
    return _LANES.get(family, NONCE_LANE)


def allot(queue: Sequence[QueuedSend], wallets: Iterable[PayingWallet]) -> list[Allotment]:
    """Who of the queue, longest waiting first, gets which wallet now."""
    rooms = _Rooms(wallets)
    found: list[Allotment] = []
    behind: dict[int, list[QueuedSend]] = {}
    for send in queue:
        ahead = behind.setdefault(send.asset_id, [])
        wallet = rooms.choose(send) if all(one.may_be_passed_by(send) for one in ahead) else None
        if wallet is None:
            ahead.append(send)
            continue
        rooms.take(wallet, send)
        found.append(Allotment(send, wallet, tuple(one.send_id for one in ahead)))
        behind[send.asset_id] = [replace(one, was_passed=True) for one in ahead]
    return found


def shortfalls(queue: Sequence[QueuedSend], wallets: Iterable[PayingWallet]) -> Shortfalls:
    """What the open wallets lack, each send served in turn by the one that lacks least for it.

    Full nonce lanes are no lack: they pass with the next blocks.
    """
    rooms = _Rooms([wallet for wallet in wallets if wallet.is_open], are_lanes_endless=True)
    missing: dict[UUID, Mapping[int, int]] = {}
    so_far: dict[int, Counter[int]] = {}
    top_ups: Counter[tuple[bytes, int]] = Counter()
    for send in queue:
        wallet = rooms.choose(send) or rooms.nearest(send)
        if wallet is None:
            continue
        lacks = rooms.lacks(wallet, send)
        rooms.take(wallet, send)
        top_ups.update({(wallet, asset_id): units for asset_id, units in lacks.items()})
        of_queue = so_far.setdefault(send.asset_id, Counter())
        of_queue.update(lacks)
        missing[send.send_id] = dict(of_queue)
    return Shortfalls(missing, top_ups)


def hindrance_of(*, is_network_open: bool, wallets: Sequence[PayingWallet], lacks: bool) -> Hindrance:
    """Why somebody waits: the widest reason is named."""
    if not is_network_open:
        return Hindrance.NETWORK
    if not any(wallet.is_open for wallet in wallets):
        return Hindrance.WALLETS
    return Hindrance.COINS if lacks else Hindrance.LANES


def describe_place(queue: QueueFacts) -> str:
    """Place, what is missing and when it is expected, as one clause of a sentence."""
    parts = [f"place {queue.place} of {queue.length} in the queue"]
    if queue.lacks:
        wanted = " and ".join(f"{show_units(lack.units, lack.decimals)} {lack.asset}" for lack in queue.lacks)
        parts.append(f"missing up to here: {wanted}")
    else:
        parts.append(_HINDRANCES[queue.hindrance])
    if queue.expected_at is not None:
        parts.append(f"on its way, final about {queue.expected_at.isoformat(timespec='seconds')}")
    return "; ".join(parts)


_HINDRANCES = {
    Hindrance.COINS: "coins are missing",
    Hindrance.LANES: "the hot wallets wait for blocks",
    Hindrance.WALLETS: "no hot wallet is open",
    Hindrance.NETWORK: "the network is frozen",
}


class _Rooms:
    """What wallets can still promise while a queue is walked."""

    def __init__(self, wallets: Iterable[PayingWallet], *, are_lanes_endless: bool = False) -> None:
        self._free: dict[bytes, dict[int, int]] = {}
        self._places: dict[bytes, int] = {}
        self._are_lanes_endless = are_lanes_endless
        for wallet in wallets:
            self._free[wallet.address] = dict(wallet.free)
            self._places[wallet.address] = wallet.places

    def choose(self, send: QueuedSend) -> bytes | None:
        """The first wallet in this send's own order that can pay it."""
        able = [address for address in self._free if self._can_pay(address, send)]
        return min(able, key=lambda address: _rank(send.send_id, address), default=None)

    def nearest(self, send: QueuedSend) -> bytes | None:
        """The wallet that lacks least of the send's asset, then least for its fee; it keeps both assets."""

        def distance(address: bytes) -> tuple[int, int, bytes]:
            lacks = self.lacks(address, send)
            return lacks.get(send.asset_id, 0), sum(lacks.values()), address

        able = [address for address, free in self._free.items() if free.keys() >= send.needs.keys()]
        return min(able, key=distance, default=None)

    def lacks(self, address: bytes, send: QueuedSend) -> dict[int, int]:
        """What would have to arrive at this wallet for the send, by asset."""
        free = self._free[address]
        lacking = {asset_id: units - free.get(asset_id, 0) for asset_id, units in send.needs.items()}
        return {asset_id: units for asset_id, units in lacking.items() if units > 0}

    def take(self, address: bytes, send: QueuedSend) -> None:
        free = self._free[address]
        for asset_id, units in send.needs.items():
            free[asset_id] = max(free.get(asset_id, 0) - units, 0)
        self._places[address] -= 1

    def _can_pay(self, address: bytes, send: QueuedSend) -> bool:
        has_place = self._are_lanes_endless or self._places[address] > 0
        keeps_both = self._free[address].keys() >= send.needs.keys()
        return has_place and keeps_both and not self.lacks(address, send)


def _rank(send_id: UUID, address: bytes) -> bytes:
    """Rendezvous hashing: each send has its own order of wallets; one that leaves moves only its own."""
    return hashlib.sha256(send_id.bytes + address).digest()
