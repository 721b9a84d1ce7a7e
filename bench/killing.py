"""Deaths without a warning, drawn by seed: which part of a house ends when, and its return at once."""

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass
from time import time
from typing import Protocol

from devstack.stack import Stack

ROUND_SECONDS = 100
ROUND = ("worker", "worker", "signer", "database", "node")
"""What dies in each round, in an order drawn anew; twelve rounds kill every kind at least ten times."""
WORKERS = ("money", "money-2", "ledger", "chain", "feed", "ops")


@dataclass(frozen=True, slots=True)
class Kill:
    """A death to come: seconds after the start, the kind of victim, and the process or server."""

    at_seconds: float
    kind: str
    victim: str


@dataclass(frozen=True, slots=True)
class Death:
    """A death that was: at which moment, and how many seconds until the victim served again."""

    kill: Kill
    at: float
    away_seconds: float


class MortalNode(Protocol):
    """A network's node, which comes back with its blocks."""

    def crash(self) -> None: ...

    def restart(self) -> None: ...


def plan_kills(seconds: float, seed: int) -> list[Kill]:
    """One death in each fifth of a round, at a moment of chance; workers take turns."""
    chance = random.Random(seed)
    share = ROUND_SECONDS / len(ROUND)
    plan: list[Kill] = []
    turns: list[str] = []
    for number in range(max(round(seconds / ROUND_SECONDS), 1)):
        for place, kind in enumerate(chance.sample(ROUND, len(ROUND))):
            turns = turns or chance.sample(WORKERS, len(WORKERS))
            at = number * ROUND_SECONDS + (place + chance.random()) * share
            plan.append(Kill(at, kind, turns.pop() if kind == "worker" else kind))
    return [kill for kill in plan if kill.at_seconds < seconds]


async def kill_in_time(stack: Stack, node: MortalNode, plan: Sequence[Kill]) -> list[Death]:
    """Carry the plan out from now on; a death waits until the one before it was overcome."""
    begins = time()
    deaths: list[Death] = []
    for kill in plan:
        await asyncio.sleep(max(begins + kill.at_seconds - time(), 0))
        died = time()
        await asyncio.to_thread(_kill, stack, node, kill.victim)
        deaths.append(Death(kill, died, time() - died))
    return deaths


def _kill(stack: Stack, node: MortalNode, victim: str) -> None:
    if victim == "database":
        stack.postgres.kill()
        stack.postgres.restart()
    elif victim == "node":
        node.crash()
        node.restart()
    else:
        stack.kill_process(victim)
        stack.start_process(victim)
