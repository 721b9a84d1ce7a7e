"""How full the hot wallets are, asset by asset, and what people have to send to them."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from domain.liquidity import Lack, PayingWallet, QueuedSend, QueueFacts, hindrance_of, shortfalls
from domain.money import show_units
from domain.wire import Hex, Message, Units


class Level(StrEnum):
    """How one asset stands in the hot wallets of a network."""

    LEVEL = "level"
    LOW = "low"
    DRY = "dry"
    HIGH = "high"

    @property
    def needs_coins(self) -> bool:
        return self in {Level.LOW, Level.DRY}


@dataclass(frozen=True, slots=True)
class HotFloat:
    """What one hot wallet holds of one asset, in units; `confirmed` was read at a final block."""

    address: bytes
    asset_id: int
    confirmed: int
    committed: int
    floor: int
    target: int
    ceiling: int

    @property
    def free(self) -> int:
        return self.confirmed - self.committed

    @property
    def wanted(self) -> int:
        """Units that bring a wallet below its floor to its target, never above its ceiling."""
        if self.free >= self.floor:
            return 0
        return max(0, min(self.target - self.free, self.ceiling - self.confirmed))


@dataclass(frozen=True, slots=True)
class Arriving:
    """Units that stand in a block and are not final yet, and when they are expected to be."""

    units: int
    expected_at: datetime


@dataclass(frozen=True, slots=True)
class WaitingSend:
    """A send in the queue as people see it."""

    send: QueuedSend
    kind: str
    amount: int
    asked_at: datetime


@dataclass(frozen=True, slots=True)
class AssetName:
    """How an asset is written for people."""

    code: str
    decimals: int


@dataclass(frozen=True, slots=True)
class Liquidity:
    """One network's hot wallets, what each holds, who waits for them, and what is on its way to them.

    `arriving` stands in a block, `coming` is in no block so far: our own transfers to these wallets.
    """

    is_open: bool
    wallets: tuple[PayingWallet, ...]
    floats: tuple[HotFloat, ...]
    waiting: tuple[WaitingSend, ...]
    arriving: Mapping[tuple[bytes, int], Arriving]
    names: Mapping[int, AssetName]
    coming: Mapping[tuple[bytes, int], int] = field(default_factory=dict[tuple[bytes, int], int])

    @property
    def queue(self) -> tuple[QueuedSend, ...]:
        return tuple(one.send for one in self.waiting)

    def on_its_way(self, wallet: bytes, asset_id: int) -> int:
        """Units that will reach a wallet without anybody's word."""
        arriving = self.arriving.get((wallet, asset_id))
        return self.coming.get((wallet, asset_id), 0) + (arriving.units if arriving else 0)


class TopUp(Message):
    """Units that people have to send to a hot wallet; `arriving` are on their way already, on top of them."""

    wallet: Hex
    units: Units
    arriving: Units = 0


class HotWalletInput(Message):
    """One asset of one network; `level` and `since` are what the run before knew."""

    network: str
    asset_id: int
    level: Level | None = None
    since: datetime | None = None


class HotWalletFacts(Message):
    """How one asset stands: units free in the open wallets, sends that wait, and what people have to send.

    It has a surplus while a wallet holds more than its ceiling, whatever the level.
    """

    asset: str
    decimals: int
    level: Level
    open_wallets: int
    free: Units
    waiting: int
    granted: int = 0
    has_surplus: bool = False
    top_ups: tuple[TopUp, ...] = ()

    @property
    def needs_human(self) -> bool:
        """Whether nothing that is on its way ends this."""
        return bool(self.top_ups) or (self.level is Level.DRY and self.open_wallets == 0)


def assess(liquidity: Liquidity, asset_id: int) -> HotWalletFacts:
    """How an asset stands: DRY while somebody lacks it, LOW below a floor, HIGH above a ceiling."""
    open_wallets = {wallet.address for wallet in liquidity.wallets if wallet.is_open}
    floats = [one for one in liquidity.floats if one.asset_id == asset_id and one.address in open_wallets]
    lacking = shortfalls(liquidity.queue, liquidity.wallets).top_ups
    waiting = sum(one.send.asset_id == asset_id for one in liquidity.waiting)
    name = liquidity.names[asset_id]
    if any(lacking.get((one.address, asset_id), 0) for one in floats) or (waiting and not open_wallets):
        level = Level.DRY
    elif any(one.free < one.floor for one in floats):
        level = Level.LOW
    elif any(one.confirmed > one.ceiling for one in floats):
        level = Level.HIGH
    else:
        level = Level.LEVEL
    return HotWalletFacts(
        asset=name.code,
        decimals=name.decimals,
        level=level,
        open_wallets=len(floats),
        free=sum(one.free for one in floats),
        waiting=waiting,
        has_surplus=any(one.confirmed > one.ceiling for one in floats),
        top_ups=tuple(_top_ups(floats, lacking, liquidity)),
    )


def places(liquidity: Liquidity) -> dict[UUID, QueueFacts]:
    """Where everybody who waits stands in the queue of their asset, and what they lack."""
    lengths = Counter(one.send.asset_id for one in liquidity.waiting)
    short = shortfalls(liquidity.queue, liquidity.wallets)
    seen: Counter[int] = Counter()
    found: dict[UUID, QueueFacts] = {}
    for one in liquidity.waiting:
        asset_id = one.send.asset_id
        seen[asset_id] += 1
        missing = short.missing.get(one.send.send_id, {})
        found[one.send.send_id] = QueueFacts(
            place=seen[asset_id],
            length=lengths[asset_id],
            since=one.asked_at,
            lacks=tuple(_lack(liquidity.names[lacked], units) for lacked, units in sorted(missing.items())),
            hindrance=hindrance_of(
                is_network_open=liquidity.is_open, wallets=liquidity.wallets, lacks=bool(missing)
            ),
            expected_at=_expected(liquidity.arriving, short.top_ups, missing),
        )
    return found


def explain_level(facts: HotWalletFacts, show: Callable[[bytes], str]) -> str:
    """What an operator reads about an asset of the hot wallets: how it stands and what to do.

    `show` writes an address as people of the network do.
    """
    free = show_units(facts.free, facts.decimals)
    parts = [f"{facts.asset} is {facts.level}: {facts.open_wallets} open hot wallets have {free} free."]
    if facts.waiting:
        parts.append(f"Sends that wait: {facts.waiting}.")
    if facts.waiting and not facts.open_wallets:
        parts.append("No hot wallet is open.")
    for top_up in facts.top_ups:
        wanted = f"Send {show_units(top_up.units, facts.decimals)} {facts.asset} to {show(top_up.wallet)}"
        coming = f" beside the {show_units(top_up.arriving, facts.decimals)} on their way"
        parts.append(f"{wanted}{coming if top_up.arriving else ''}.")
    if facts.level is Level.LOW and not facts.top_ups:
        parts.append("Nothing has to be sent now.")
    if facts.waiting:
        what = "coins are final" if facts.open_wallets else "one is"
        parts.append(f"Who waits goes on by itself once {what}.")
    return " ".join(parts)


def _top_ups(
    floats: Sequence[HotFloat],
    lacking: Mapping[tuple[bytes, int], int],
    liquidity: Liquidity,
) -> list[TopUp]:
    """What each wallet needs for the queue or to reach its target, without what is on its way."""
    found: list[TopUp] = []
    for one in floats:
        key = one.address, one.asset_id
        coming = liquidity.on_its_way(one.address, one.asset_id)
        needed = max(lacking.get(key, 0), one.wanted) - coming
        if needed > 0:
            found.append(TopUp(wallet=one.address, units=needed, arriving=coming))
    return found


def _lack(name: AssetName, units: int) -> Lack:
    return Lack(asset=name.code, decimals=name.decimals, units=units)


def _expected(
    arriving: Mapping[tuple[bytes, int], Arriving],
    top_ups: Mapping[tuple[bytes, int], int],
    missing: Mapping[int, int],
) -> datetime | None:
    """When what is missing will be final, if all of it is on its way to the wallets that lack it."""
    wanted = [key for key in top_ups if key[1] in missing]
    coming = [arriving[key] for key in wanted if key in arriving and arriving[key].units >= top_ups[key]]
    if not wanted or len(coming) < len(wanted):
        return None
    return max(one.expected_at for one in coming)
