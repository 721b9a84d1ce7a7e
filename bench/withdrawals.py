"""Withdrawals per hour of one hot wallet set under random deaths, and the time from finality to credit.

Everything is the real stack on one machine: PostgreSQL, Temporal, one network, every process of the house,
and the load generator beside them.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

from bench.crediting import CreditFigures, measure_credits, watch_many
from bench.grounds import Ground
from bench.judging import Verdict, judge, shown_by_api
from bench.killing import ROUND_SECONDS, Death, kill_in_time, plan_kills
from bench.measuring import percentile, write_figures
from bench.offering import Offer, Wish
from devstack.auditing import audit
from devstack.callers import BackOffice, PlayerClient, wait_for
from devstack.dynamic_config import values_for
from devstack.runs import open_run
from devstack.stack import Stack, running_stack
from domain.assets import Asset

MINUTES = 5.0
CREDIT_SECONDS = 120
SEED = 1
WALLETS = 8
TWICE = ("money",)
"""One process of workflow tasks for each core."""
PLAYERS = 20
FUNDED_SECONDS = 240
SECONDS_PER_HOUR = 3600
SHARES = (("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("max", 1.0))

Measured = TypeVar("Measured")


@dataclass(frozen=True, slots=True)
class Payouts:
    """One run of withdrawals: what was asked, who died meanwhile, and the judge's word."""

    wishes: Sequence[Wish]
    repeats: int
    deaths: Sequence[Death]
    verdict: Verdict


def run(ground: Ground, build: Path, *, minutes: float = MINUTES, seed: int = SEED) -> Path:
    """Measure and write `withdrawals_<ground>.json`; raises RuntimeError afterwards if the judge objects."""
    target = build / "bench" / f"withdrawals_{ground.name}.json"
    credited = _on_a_stack(ground, "bench-credits", partial(_measure_credits, ground, seed=seed))
    payouts = _on_a_stack(
        ground, "bench-payouts", partial(_measure_payouts, ground, minutes=minutes, seed=seed)
    )
    settings = {
        "block_seconds": ground.block_seconds,
        "hot_wallets": WALLETS,
        "processes_run_twice": TWICE,
        "open_at_once": ground.window,
        "ramp_seconds": ground.ramp_seconds,
        "players": PLAYERS,
        "minutes": minutes,
        "seed": seed,
        "kill_round_seconds": ROUND_SECONDS,
        "watched_addresses": ground.watched_addresses,
        "deposits_per_second": ground.deposits_per_second,
        "loop": "closed, over HTTP, load generator on the same machine",
        "temporal": values_for("bench"),
    }
    write_figures(target, {**_payout_figures(payouts), **_credit_figures(credited)}, settings)
    if not payouts.verdict.is_clean:
        raise RuntimeError(f"the judge objects: {payouts.verdict}")
    return target


def _on_a_stack(ground: Ground, name: str, measure: Callable[[Stack], Measured]) -> Measured:
    """Measure on a house of its own with one network."""
    directory = open_run(name)
    try:
        with running_stack(
            directory.path,
            say=lambda what: print(f"  {what}", flush=True),
            profile="bench",
            chain_ids=ground.chain_ids,
            tron_slot_ms=ground.tron_slot_ms,
            wallets_per_network=WALLETS,
            twice=TWICE,
        ) as stack:
            return measure(stack)
    finally:
        directory.close()


def _measure_credits(ground: Ground, stack: Stack, *, seed: int) -> CreditFigures:
    print(f"  watching {ground.watched_addresses} addresses", flush=True)
    addresses = asyncio.run(watch_many(stack, ground))
    credited = measure_credits(stack, ground, addresses, CREDIT_SECONDS, seed)
    print(f"  {credited.deposits} deposits: {_percentiles(credited.latencies)}", flush=True)
    return credited


def _measure_payouts(ground: Ground, stack: Stack, *, minutes: float, seed: int) -> Payouts:
    (seeded,) = stack.house.networks
    players = _fund(ground, stack)
    offer = Offer(stack, players, seeded, seed)
    deaths = asyncio.run(_offer_and_kill(ground, stack, offer, minutes * 60, seed))
    print(f"  judging {len(offer.wishes)} withdrawals", flush=True)
    office = BackOffice(stack.operator_url, stack.keys.operator_key)
    again = [office.enter(f"payee-{number}", stack.player_url) for number in range(PLAYERS)]
    audited = asyncio.run(audit(stack.postgres, stack.house.networks))
    payments = ground.payments(stack.house)
    verdict = judge(offer.wishes, payments, shown_by_api(again), audited, seeded.wallets)
    for client in (office, *players, *again):
        client.close()
    print(f"  {verdict}", flush=True)
    return Payouts(offer.wishes, offer.repeats, deaths, verdict)


async def _offer_and_kill(
    ground: Ground, stack: Stack, offer: Offer, seconds: float, seed: int
) -> list[Death]:
    async with asyncio.TaskGroup() as group:
        group.create_task(offer.keep_open(ground.window, seconds, ground.ramp_seconds))
        killing = group.create_task(kill_in_time(stack, ground.node(stack.house), plan_kills(seconds, seed)))
    return killing.result()


def _fund(ground: Ground, stack: Stack) -> list[PlayerClient]:
    """Register players and let each make real deposits of coin and token."""
    (seeded,) = stack.house.networks
    office = BackOffice(stack.operator_url, stack.keys.operator_key)
    players = [office.enter(f"payee-{number}", stack.player_url) for number in range(PLAYERS)]
    office.close()
    for player in players:
        address = seeded.chain.read_address(player.deposit_address(seeded.network))
        for asset, coins in zip(seeded.assets, ground.deposits, strict=True):
            seeded.chain.endow(asset.contract, address, coins * 10**asset.decimals)
    for player in players:
        for asset in seeded.assets:
            wait_for(partial(_is_funded, player, asset), "a credit", FUNDED_SECONDS)
    return players


def _is_funded(player: PlayerClient, asset: Asset) -> bool:
    return player.available(asset.symbol, asset.network) > 0


def _payout_figures(payouts: Payouts) -> dict[str, object]:
    """Settled withdrawals over the time from first request to last settlement, and what surrounds them."""
    wishes = payouts.wishes
    spans = [(one.asked_at, one.closed_at) for one in wishes if one.state == "settled" and one.closed_at]
    first = min(one.asked_at for one in wishes)
    seconds = max((end for _, end in spans), default=first) - first
    an_hour = round(len(spans) * SECONDS_PER_HOUR / seconds) if seconds else 0
    deaths = payouts.deaths
    return {
        "withdrawals_per_hour": an_hour,
        "double_payments": payouts.verdict.double_payments,
        "kills": len(deaths),
        "kills_by_kind": dict(Counter(death.kill.kind for death in deaths)),
        "kills_by_victim": dict(Counter(death.kill.victim for death in deaths)),
        "away_s": _percentiles([death.away_seconds for death in deaths]),
        "final_withdrawals": len(spans),
        "duration_s": round(seconds, 1),
        "requests_repeated": payouts.repeats,
        "accepted_after_s": _percentiles([one.answered_at - one.asked_at for one in wishes]),
        "settled_after_s": _percentiles([end - begin for begin, end in spans]),
        "verdict": asdict(payouts.verdict),
    }


def _credit_figures(credited: CreditFigures) -> dict[str, object]:
    return {"credit_latency_s": _percentiles(credited.latencies), "credits": credited.deposits}


def _percentiles(seconds: Sequence[float]) -> dict[str, float]:
    return {name: round(percentile(seconds, share), 3) for name, share in SHARES}
