"""The queue for coins: first in first out, a small one past a young large one, and nobody passed twice."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.liquidity import (
    IN_FLIGHT_MAX,
    OLDEST_UNMINED_MAX,
    PASSING_MAX,
    UNMINED_MAX,
    Hindrance,
    Lack,
    PayingWallet,
    QueuedSend,
    QueueFacts,
    allot,
    describe_place,
    hindrance_of,
    lane_of,
    shortfalls,
)

COIN, TOKEN = 1, 2
A, B = b"a" * 20, b"b" * 20
YOUNG, OLD = timedelta(minutes=9, seconds=59), PASSING_MAX


def send(number: int, units: int, *, age: timedelta = YOUNG, passed: bool = False) -> QueuedSend:
    """A send of tokens with a fee of one coin unit."""
    return QueuedSend(UUID(int=number), TOKEN, {TOKEN: units, COIN: 1}, age, passed)


def coin_send(number: int, units: int) -> QueuedSend:
    """A send of the network's own coin, fee included."""
    return QueuedSend(UUID(int=number), COIN, {COIN: units})


def wallet(address: bytes = A, *, tokens: int = 0, coins: int = 1000, unmined: int = 0) -> PayingWallet:
    """A wallet with these free units."""
    return PayingWallet(address, {TOKEN: tokens, COIN: coins}, unmined=unmined)


RICH = wallet(tokens=1000)


@dataclass(frozen=True, slots=True)
class Line:
    """One queue before wallets, and who is granted past whom."""

    name: str
    queue: tuple[QueuedSend, ...]
    free: Mapping[bytes, int]
    granted: dict[int, set[int]] = field(default_factory=dict)


LINES = [
    Line("room for one", (send(1, 5),), {A: 5}, {1: set()}),
    Line("one unit short", (send(1, 6),), {A: 5}),
    Line("two wallets are not one", (send(1, 6),), {A: 5, B: 5}),
    Line("in order", (send(1, 3), send(2, 2)), {A: 5}, {1: set(), 2: set()}),
    Line("a smaller one passes a young one", (send(1, 6), send(2, 5)), {A: 5}, {2: {1}}),
    Line("an equal one does not pass", (send(1, 6), send(2, 6)), {A: 5}),
    Line("a larger one does not pass", (send(1, 6), send(2, 7)), {A: 5}),
    Line("nobody passes who has waited ten minutes", (send(1, 6, age=OLD), send(2, 1)), {A: 5}),
    Line("nobody is passed twice in a walk", (send(1, 6), send(2, 1), send(3, 1)), {A: 5}, {2: {1}}),
    Line("nobody is passed twice in two walks", (send(1, 6, passed=True), send(2, 1)), {A: 5}),
    Line(
        "everybody ahead must let pass",
        (send(1, 9), send(2, 6), send(3, 1)),
        {A: 5},
        {3: {1, 2}},
    ),
    Line("one ahead was passed", (send(1, 9), send(2, 6, passed=True), send(3, 1)), {A: 5}),
    Line("another asset is another queue", (send(1, 6, age=OLD), coin_send(2, 9)), {A: 5}, {2: set()}),
    Line("who is granted was not passed", (send(1, 3), send(2, 6), send(3, 2)), {A: 5}, {1: set(), 3: {2}}),
]


@pytest.mark.parametrize("line", LINES, ids=lambda line: line.name)
def test_who_is_granted_and_whom_it_passes(line: Line) -> None:
    """The queue is walked from the longest wait; what one takes the next one does not find."""
    found = allot(line.queue, [wallet(address, tokens=units) for address, units in line.free.items()])
    assert {one.send.send_id.int: {passed.int for passed in one.passes} for one in found} == line.granted


@pytest.mark.parametrize(
    ("one", "places"),
    [
        (RICH, UNMINED_MAX),
        (replace(RICH, unmined=UNMINED_MAX - 1), 1),
        (replace(RICH, unmined=UNMINED_MAX), 0),
        (replace(RICH, unmined=UNMINED_MAX + 1), 0),
        (replace(RICH, oldest_unmined=OLDEST_UNMINED_MAX), UNMINED_MAX),
        (replace(RICH, oldest_unmined=OLDEST_UNMINED_MAX + timedelta(seconds=1)), 0),
        (replace(RICH, bounds=lane_of("eip155"), unmined=UNMINED_MAX), 0),
        (replace(RICH, bounds=lane_of("tron"), unmined=IN_FLIGHT_MAX - 1), 1),
        (replace(RICH, bounds=lane_of("tron"), unmined=IN_FLIGHT_MAX), 0),
        (replace(RICH, bounds=lane_of("tron"), unmined=IN_FLIGHT_MAX - 9, oldest_unmined=timedelta(1)), 9),
        (replace(RICH, bounds=lane_of("tron"), is_open=False), 0),
        (replace(RICH, is_open=False), 0),
    ],
)
def test_a_wallet_takes_sends_only_while_it_is_healthy(one: PayingWallet, places: int) -> None:
    """Open, fewer than eight without a block, and none of them waiting for more than five minutes."""
    assert one.places == places
    assert len(allot([send(number, 1) for number in range(1, 20)], [one])) == places


def test_the_fee_needs_room_too() -> None:
    """Tokens without a coin for the fee pay nobody; coins in another wallet do not help."""
    assert allot([send(1, 5)], [wallet(A, tokens=5, coins=0), wallet(B, tokens=0, coins=9)]) == []


def test_a_wallet_that_keeps_no_such_asset_is_no_payer() -> None:
    """A float that does not exist is not topped up and pays nothing."""
    only_coins = PayingWallet(A, {COIN: 50})
    assert allot([send(1, 5)], [only_coins]) == []
    assert shortfalls([send(1, 5)], [only_coins]).top_ups == {}


def test_sends_spread_over_the_wallets_of_a_set() -> None:
    """Each send has its own order of wallets, so a set of equals shares the work."""
    wallets = [wallet(bytes([number]) * 20, tokens=10**6) for number in range(4)]
    found = allot([send(number, 1) for number in range(1, 25)], wallets)
    used = [sum(one.wallet == each.address for one in found) for each in wallets]
    assert sum(used) == 24
    assert all(2 <= count <= UNMINED_MAX for count in used)


QUEUES = st.lists(
    st.tuples(st.integers(1, 20), st.booleans(), st.booleans(), st.integers(1, 2)), max_size=12
).map(
    lambda rows: [
        QueuedSend(
            UUID(int=number),
            asset,
            {TOKEN: units, COIN: 1} if asset == TOKEN else {COIN: units},
            OLD if is_old else YOUNG,
            was_passed,
        )
        for number, (units, is_old, was_passed, asset) in enumerate(rows, 1)
    ]
)
WALLETS = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30), st.integers(0, 9)), max_size=3).map(
    lambda rows: [
        wallet(bytes([number]) * 20, tokens=tokens, coins=coins, unmined=unmined)
        for number, (tokens, coins, unmined) in enumerate(rows)
    ]
)


@given(QUEUES, WALLETS)
def test_no_walk_promises_more_than_there_is(queue: list[QueuedSend], wallets: list[PayingWallet]) -> None:
    """Whatever waits: no wallet is promised beyond its room or lane, nobody is granted or passed twice."""
    found = allot(queue, wallets)
    for one in wallets:
        taken = [each.send.needs for each in found if each.wallet == one.address]
        assert len(taken) <= one.places
        assert all(sum(needs.get(asset, 0) for needs in taken) <= one.free[asset] for asset in (COIN, TOKEN))
    passed = [send_id for each in found for send_id in each.passes]
    assert len({each.send.send_id for each in found}) == len(found)
    assert len(passed) == len(set(passed))
    barred = {each.send_id for each in queue if each.was_passed or each.waited >= PASSING_MAX}
    assert not barred & set(passed)


@given(QUEUES, st.integers(0, 30), st.integers(0, 30))
def test_what_is_missing_is_exactly_enough(queue: list[QueuedSend], tokens: int, coins: int) -> None:
    """A wallet filled by what is missing pays everybody who waits, and then holds nothing more."""
    short = shortfalls(queue, [wallet(tokens=tokens, coins=coins)])
    free = {TOKEN: tokens + short.top_ups.get((A, TOKEN), 0), COIN: coins + short.top_ups.get((A, COIN), 0)}
    again = shortfalls(queue, [PayingWallet(A, free)])
    assert not again.top_ups
    for asset in (TOKEN, COIN):
        needed = sum(one.needs.get(asset, 0) for one in queue)
        assert short.top_ups.get((A, asset), 0) == max(0, needed - (tokens if asset == TOKEN else coins))


@pytest.mark.parametrize(
    ("queue", "free", "missing", "top_ups"),
    [
        ((send(1, 9),), {A: 5}, {1: {TOKEN: 4}}, {(A, TOKEN): 4}),
        ((send(1, 9),), {A: 5, B: 7}, {1: {TOKEN: 2}}, {(B, TOKEN): 2}),
        ((send(1, 9), send(2, 3)), {A: 5}, {1: {TOKEN: 4}, 2: {TOKEN: 7}}, {(A, TOKEN): 7}),
        ((send(1, 5),), {A: 5}, {1: {}}, {}),
        ((coin_send(1, 1003), send(2, 5)), {A: 5}, {1: {COIN: 3}, 2: {COIN: 1}}, {(A, COIN): 4}),
    ],
)
def test_what_is_missing_is_said_per_place_and_per_wallet(
    queue: tuple[QueuedSend, ...],
    free: dict[bytes, int],
    missing: dict[int, dict[int, int]],
    top_ups: dict[tuple[bytes, int], int],
) -> None:
    """A place lacks what those before it lack too, in its own queue; the wallet nearest to it is filled."""
    short = shortfalls(queue, [wallet(address, tokens=units) for address, units in free.items()])
    assert {send_id.int: dict(lacks) for send_id, lacks in short.missing.items()} == missing
    assert dict(short.top_ups) == top_ups


def test_a_full_lane_lacks_no_coins() -> None:
    """Who waits for blocks is not asked to be topped up."""
    busy = wallet(tokens=5, unmined=UNMINED_MAX)
    assert allot([send(1, 5)], [busy]) == []
    assert shortfalls([send(1, 5)], [busy]).top_ups == {}


@pytest.mark.parametrize(
    ("is_network_open", "is_wallet_open", "lacks", "hindrance"),
    [
        (False, True, True, Hindrance.NETWORK),
        (True, False, False, Hindrance.WALLETS),
        (True, True, True, Hindrance.COINS),
        (True, True, False, Hindrance.LANES),
    ],
)
def test_the_widest_hindrance_is_named(
    is_network_open: bool,  # noqa: FBT001 - a column of the table
    is_wallet_open: bool,  # noqa: FBT001 - a column of the table
    lacks: bool,  # noqa: FBT001 - a column of the table
    hindrance: Hindrance,
) -> None:
    """People read what has to end first."""
    wallets = [replace(RICH, is_open=is_wallet_open)]
    assert hindrance_of(is_network_open=is_network_open, wallets=wallets, lacks=lacks) is hindrance


SINCE = datetime(2026, 11, 20, 14, 2, tzinfo=UTC)
USDT = Lack(asset="USDT@eip155:1", decimals=6, units=1_250_500_000)
GAS = Lack(asset="ETH@eip155:1", decimals=18, units=10**16)


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        (
            QueueFacts(place=3, length=7, since=SINCE, lacks=(USDT,), hindrance=Hindrance.COINS),
            "place 3 of 7 in the queue; missing up to here: 1250.5 USDT@eip155:1",
        ),
        (
            QueueFacts(place=1, length=1, since=SINCE, lacks=(GAS, USDT), expected_at=SINCE),
            (
                "place 1 of 1 in the queue; missing up to here: 0.01 ETH@eip155:1 and 1250.5 USDT@eip155:1; "
                "on its way, final about 2026-11-20T14:02:00+00:00"
            ),
        ),
        (
            QueueFacts(place=1, length=2, since=SINCE, hindrance=Hindrance.LANES),
            "place 1 of 2 in the queue; the hot wallets wait for blocks",
        ),
        (
            QueueFacts(place=2, length=2, since=SINCE, hindrance=Hindrance.WALLETS),
            "place 2 of 2 in the queue; no hot wallet is open",
        ),
        (
            QueueFacts(place=2, length=2, since=SINCE, hindrance=Hindrance.NETWORK),
            "place 2 of 2 in the queue; the network is frozen",
        ),
    ],
)
def test_golden_places(facts: QueueFacts, sentence: str) -> None:
    """What support reads: place, what is missing with its asset, and when it is expected."""
    assert describe_place(facts) == sentence
