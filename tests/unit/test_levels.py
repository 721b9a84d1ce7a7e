"""How full the hot wallets are: one level per asset, and exactly what people have to send."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from domain.levels import (
    Arriving,
    AssetName,
    HotFloat,
    HotWalletFacts,
    Level,
    Liquidity,
    TopUp,
    WaitingSend,
    assess,
    explain_level,
    places,
)
from domain.liquidity import PayingWallet, QueuedSend

COIN, TOKEN = 1, 2
A, B = b"a" * 20, b"b" * 20
AT = datetime(2026, 11, 20, 14, 2, tzinfo=UTC)
NAMES = {COIN: AssetName("ETH@eip155:1", 18), TOKEN: AssetName("USDT@eip155:1", 6)}


def holds(address: bytes, confirmed: int, committed: int = 0) -> HotFloat:
    """A float between 100 and 300 that should hold 200."""
    return HotFloat(address, TOKEN, confirmed, committed, floor=100, target=200, ceiling=300)


def liquidity(
    floats: tuple[HotFloat, ...],
    *,
    waiting: tuple[int, ...] = (),
    arriving: dict[bytes, int] | None = None,
    is_open: bool = True,
) -> Liquidity:
    """A network with these floats of tokens, plenty of coins, and sends of tokens that wait."""
    return Liquidity(
        is_open=True,
        wallets=tuple(PayingWallet(one.address, {TOKEN: one.free, COIN: 1000}, is_open) for one in floats),
        floats=floats,
        waiting=tuple(
            WaitingSend(QueuedSend(UUID(int=number), TOKEN, {TOKEN: units, COIN: 1}), "withdrawal", units, AT)
            for number, units in enumerate(waiting, 1)
        ),
        arriving={(address, TOKEN): Arriving(units, AT) for address, units in (arriving or {}).items()},
        names=NAMES,
    )


@dataclass(frozen=True, slots=True)
class Row:
    """One state of the wallets and what is said about it."""

    name: str
    seen: Liquidity
    level: Level
    top_ups: tuple[tuple[bytes, int], ...] = ()


ROWS = [
    Row("on target", liquidity((holds(A, 200),)), Level.LEVEL),
    Row("at the floor", liquidity((holds(A, 100),)), Level.LEVEL),
    Row("below the floor", liquidity((holds(A, 99),)), Level.LOW, ((A, 101),)),
    Row("promised below the floor", liquidity((holds(A, 250, 151),)), Level.LOW, ((A, 50),)),
    Row("promised, at its ceiling", liquidity((holds(A, 300, 250),)), Level.LOW),
    Row("two of three", liquidity((holds(A, 0), holds(B, 99))), Level.LOW, ((A, 200), (B, 101))),
    Row("half is on its way", liquidity((holds(A, 99),), arriving={A: 50}), Level.LOW, ((A, 51),)),
    Row("all is on its way", liquidity((holds(A, 99),), arriving={A: 101}), Level.LOW),
    Row("at the ceiling", liquidity((holds(A, 300),)), Level.LEVEL),
    Row("above the ceiling", liquidity((holds(A, 301),)), Level.HIGH),
    Row("one high, one low", liquidity((holds(A, 301), holds(B, 99))), Level.LOW, ((B, 101),)),
    Row("somebody lacks one unit", liquidity((holds(A, 200),), waiting=(201,)), Level.DRY, ((A, 1),)),
    Row("low and lacking", liquidity((holds(A, 50),), waiting=(51,)), Level.DRY, ((A, 150),)),
    Row("more than a ceiling", liquidity((holds(A, 0),), waiting=(900,)), Level.DRY, ((A, 900),)),
    Row("several lack", liquidity((holds(A, 200),), waiting=(201, 9)), Level.DRY, ((A, 10),)),
    Row("waiting without a lack", liquidity((holds(A, 200),), waiting=(10,)), Level.LEVEL),
    Row("nobody open", liquidity((holds(A, 200),), waiting=(1,), is_open=False), Level.DRY),
    Row("nobody open, nobody waits", liquidity((holds(A, 0),), is_open=False), Level.LEVEL),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_level_and_what_is_asked_for(row: Row) -> None:
    """DRY before LOW before HIGH, and the request brings a wallet to its target or pays the queue."""
    facts = assess(row.seen, TOKEN)
    assert facts.level is row.level
    assert tuple((one.wallet, one.units) for one in facts.top_ups) == row.top_ups


def test_people_are_called_unless_enough_is_on_its_way() -> None:
    """LOW with a request calls them, LOW without one does not, nor does HIGH."""
    assert [row.name for row in ROWS if assess(row.seen, TOKEN).needs_human] == [
        *(row.name for row in ROWS if row.top_ups),
        "nobody open",
    ]


def test_another_asset_is_dry_when_only_its_fee_coin_lacks() -> None:
    """Tokens that wait for a fee make the network's own coin dry, and not the token."""
    seen = Liquidity(
        is_open=True,
        wallets=(PayingWallet(A, {TOKEN: 500, COIN: 0}),),
        floats=(holds(A, 200), HotFloat(A, COIN, 0, 0, 0, 50, 100)),
        waiting=(WaitingSend(QueuedSend(UUID(int=1), TOKEN, {TOKEN: 9, COIN: 7}), "withdrawal", 9, AT),),
        arriving={},
        names=NAMES,
    )
    assert assess(seen, TOKEN).level is Level.LEVEL
    facts = assess(seen, COIN)
    assert (facts.level, facts.waiting, facts.top_ups) == (Level.DRY, 0, (TopUp(wallet=A, units=7),))


def test_places_count_within_an_asset_and_expect_what_is_on_its_way() -> None:
    """Expected is the moment at which all that is missing will be final; half of it expects nothing."""
    later = AT + timedelta(minutes=3)
    seen = liquidity((holds(A, 200),), waiting=(250, 10))
    for units, expected in ((50, None), (60, later), (99, later)):
        coming = Liquidity(
            is_open=seen.is_open,
            wallets=seen.wallets,
            floats=seen.floats,
            waiting=seen.waiting,
            arriving={(A, TOKEN): Arriving(units, later)},
            names=NAMES,
        )
        found = places(coming)
        assert [(one.place, one.length) for one in found.values()] == [(1, 2), (2, 2)]
        assert [[lack.units for lack in one.lacks] for one in found.values()] == [[50], [60]]
        assert found[UUID(int=2)].expected_at == expected


BASE = HotWalletFacts(
    asset="USDT@eip155:1", decimals=6, level=Level.LEVEL, open_wallets=2, free=1_500_000, waiting=0
)


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({}, "USDT@eip155:1 is level: 2 open hot wallets have 1.5 free."),
        (
            {"level": Level.DRY, "waiting": 2, "top_ups": (TopUp(wallet=A, units=250_000),)},
            (
                "USDT@eip155:1 is dry: 2 open hot wallets have 1.5 free. Sends that wait: 2. Send 0.25 "
                "USDT@eip155:1 to <61>. Who waits goes on by itself "
                "once coins are final."
            ),
        ),
        (
            {"level": Level.LOW, "top_ups": (TopUp(wallet=A, units=1, arriving=2_000_000),)},
            (
                "USDT@eip155:1 is low: 2 open hot wallets have 1.5 free. Send 0.000001 USDT@eip155:1 to "
                "<61> beside the 2 on their way."
            ),
        ),
        (
            {"level": Level.LOW},
            "USDT@eip155:1 is low: 2 open hot wallets have 1.5 free. Nothing has to be sent now.",
        ),
        (
            {"level": Level.DRY, "open_wallets": 0, "free": 0, "waiting": 1},
            (
                "USDT@eip155:1 is dry: 0 open hot wallets have 0 free. Sends that wait: 1. No hot wallet is "
                "open. Who waits goes on by itself once one is."
            ),
        ),
    ],
)
def test_golden_levels(changed: dict[str, object], sentence: str) -> None:
    """What an operator reads says what to send where."""
    assert explain_level(BASE.model_copy(update=changed), lambda wallet: f"<{wallet[:1].hex()}>") == sentence
