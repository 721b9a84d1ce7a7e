"""One workflow per bet, over HTTP: how many a small machine settles, and how long a player waits.

Closed loop: each of N callers places its next bet when the last one is answered. The load generator,
PostgreSQL, Temporal, both chains and every process of the house share the machine's cores.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from pathlib import Path
from time import perf_counter
from typing import Any

import httpx

from bench.measuring import milliseconds, percentile, write_figures
from devstack.callers import BackOffice, PlayerClient, wait_for
from devstack.dynamic_config import values_for
from devstack.runs import open_run
from devstack.stack import Stack, running_stack
from domain.assets import Asset

CONCURRENCIES = (1, 20, 100)
PLAYERS = 20
WARM_UP_SECONDS = 3
SECONDS = 15
DEPOSIT_COINS = 20
STAKE = 10**12
UNDER = 4_950
TIMEOUT_SECONDS = 20


@dataclass(frozen=True, slots=True)
class Seat:
    """One funded player as the load generator uses it."""

    headers: dict[str, str]
    asset: Asset


@dataclass(slots=True)
class Tally:
    """What the callers of one run share."""

    numbers: "count[int]" = field(default_factory=count)
    repeats: int = 0


def run(build: Path) -> Path:
    """Measure at each concurrency and write `bench/bets_single.json`."""
    target = build / "bench" / "bets_single.json"
    directory = open_run("bench-bets")
    try:
        with running_stack(directory.path, say=lambda what: print(f"  {what}"), profile="bench") as stack:
            seats = _seat_players(stack)
            runs = [asyncio.run(_measure(stack.player_url, seats, number)) for number in CONCURRENCIES]
    finally:
        directory.close()
    settings = {
        "players": PLAYERS,
        "warm_up_seconds": WARM_UP_SECONDS,
        "seconds": SECONDS,
        "loop": "closed, over HTTP, load generator on the same machine",
        "temporal": values_for("bench"),
    }
    write_figures(target, {"runs": runs}, settings)
    return target


def _seat_players(stack: Stack) -> list[Seat]:
    """Register players and let each make a real deposit."""
    seeded = stack.house.evm[0]
    office = BackOffice(stack.operator_url, stack.keys.operator_key)
    players = [office.enter(f"bench-{number}", stack.player_url) for number in range(PLAYERS)]
    for player in players:
        address = seeded.chain.read_address(player.deposit_address(seeded.network))
        seeded.chain.endow(b"", address, DEPOSIT_COINS * 10**seeded.coin.decimals)
    for player in players:
        wait_for(partial(_is_funded, player, seeded.coin), "a credit")
    office.close()
    return [Seat(player.headers, seeded.coin) for player in players]


def _is_funded(player: PlayerClient, coin: Asset) -> bool:
    return player.available(coin.symbol, coin.network) > 0


async def _measure(url: str, seats: Sequence[Seat], concurrency: int) -> dict[str, Any]:
    """Bets settled per second and the waiting times of one run; a bet that fails for good fails the run."""
    tally = Tally()
    limits = httpx.Limits(max_connections=concurrency, max_keepalive_connections=concurrency)
    async with httpx.AsyncClient(base_url=url, timeout=TIMEOUT_SECONDS, limits=limits) as http:
        begins = perf_counter() + WARM_UP_SECONDS
        callers = [
            _play(http, seats[caller % len(seats)], f"c{concurrency}-{caller}", tally, begins)
            for caller in range(concurrency)
        ]
        waits = sorted(wait for waited in await asyncio.gather(*callers) for wait in waited)
    print(f"  {concurrency} at once: {len(waits) / SECONDS:.1f} bets/s")
    return {
        "concurrency": concurrency,
        "bets": len(waits),
        "bets_per_second": round(len(waits) / SECONDS, 1),
        "p50_ms": milliseconds(percentile(waits, 0.50)),
        "p99_ms": milliseconds(percentile(waits, 0.99)),
        "repeats": tally.repeats,
    }


async def _play(http: httpx.AsyncClient, seat: Seat, caller: str, tally: Tally, begins: float) -> list[float]:
    """Bet until the time is over; waiting times of the bets that ended within the measured span.

    A 503 says: repeat the same id. The repeats are part of the wait, and they are counted.
    """
    waits: list[float] = []
    ends = begins + SECONDS
    while (asked := perf_counter()) < ends:
        body = {
            "key": f"{caller}-{next(tally.numbers)}",
            "game": "dice",
            "asset": seat.asset.symbol,
            "network": seat.asset.network,
            "stake": str(STAKE),
            "under": UNDER,
        }
        response = await http.post("/v1/bets", json=body, headers=seat.headers)
        while response.status_code == httpx.codes.SERVICE_UNAVAILABLE:
            tally.repeats += 1
            response = await http.post("/v1/bets", json=body, headers=seat.headers)
        response.raise_for_status()
        answered = perf_counter()
        if begins <= answered <= ends:
            waits.append(answered - asked)
    return waits
