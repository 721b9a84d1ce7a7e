"""Withdrawals asked for over HTTP, as many open at once as the window says, each to an address of its own.

Closed loop: a lane asks for its next withdrawal when its last one has ended. Whatever the API does not answer
is asked again under the same idempotency key, as a client does that must not pay twice for a lost answer.
"""

import asyncio
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import count
from time import time
from typing import Any

import httpx
import psycopg

from devstack.callers import BackOffice, PlayerClient
from devstack.house_files import hex_text
from devstack.local_chains import LocalChain, SeededNetwork
from devstack.stack import Stack
from domain.assets import Asset

LOOK_SECONDS = 0.25
RETRY_SECONDS = 0.5
TOKEN_SECONDS = 120  # a token lives for five minutes
TIMEOUT_SECONDS = 20
DRAIN_SECONDS = 900  # what was killed near the end has waits of minutes before it
SMALLEST_SHARE = 1000  # of a whole coin: the minimum of the house
ADDRESS_BYTES = 20

CLOSED = """
SELECT withdrawal_id::text, state, extract(epoch FROM closed_at)::float8 FROM ledger.withdrawals
 WHERE closed_at IS NOT NULL AND withdrawal_id = ANY (%s::uuid[])
"""


@dataclass(slots=True)
class Wish:
    """One withdrawal as its client knows it; moments in seconds since 1970, `closed_at` None while open.

    `payee` is `0x` and the 20 bytes, `to` how people on its network write that.
    """

    key: str
    player: PlayerClient
    asset: Asset
    payee: str
    to: str
    amount: int
    asked_at: float = 0.0
    answered_at: float = 0.0
    withdrawal_id: str = ""
    state: str = ""
    closed_at: float | None = None
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def body(self) -> dict[str, str]:
        asset, network = self.asset.symbol, self.asset.network
        return {"asset": asset, "network": network, "to": self.to, "amount": str(self.amount)}


class Offer:
    """What the players of a house ask for; `repeats` counts requests that had to be made again."""

    def __init__(
        self, stack: Stack, players: Sequence[PlayerClient], seeded: SeededNetwork[LocalChain], seed: int
    ) -> None:
        self.wishes: list[Wish] = []
        self.repeats = 0
        self._stack = stack
        self._players = players
        self._fresh = _wishes(players, seeded, seed)
        self._open: dict[str, Wish] = {}

    async def keep_open(self, window: int, seconds: float, ramp_seconds: float) -> None:
        """Hold `window` withdrawals open for so long, then wait until all have ended.

        The first ones are asked for one after the other, evenly over `ramp_seconds` of that time.

        Those that do not end within a quarter of an hour stay behind without `closed_at`.
        """
        ends_at = time() + seconds
        limits = httpx.Limits(max_connections=window, max_keepalive_connections=window)
        url = self._stack.player_url
        async with (
            httpx.AsyncClient(base_url=url, timeout=TIMEOUT_SECONDS, limits=limits) as http,
            asyncio.TaskGroup() as group,
        ):
            beside = [group.create_task(self._watch()), group.create_task(self._renew_tokens())]
            step = ramp_seconds / window
            lanes = [group.create_task(self._lane(http, step * place, ends_at)) for place in range(window)]
            await asyncio.wait(lanes, timeout=seconds + DRAIN_SECONDS)
            for task in [*beside, *lanes]:
                task.cancel()

    async def _lane(self, http: httpx.AsyncClient, waits: float, ends_at: float) -> None:
        await asyncio.sleep(waits)
        while time() < ends_at:
            wish = next(self._fresh)
            self.wishes.append(wish)
            wish.asked_at = time()
            answer = await self._ask(http, wish)
            wish.answered_at = time()
            wish.withdrawal_id = answer["withdrawal_id"]
            self._open[wish.withdrawal_id] = wish
            await wish.ended.wait()

    async def _ask(self, http: httpx.AsyncClient, wish: Wish) -> dict[str, Any]:
        """The API's answer; silence and 5xx are asked again, a refusal fails the run."""
        while True:
            headers = {**wish.player.headers, "Idempotency-Key": wish.key}
            try:
                response = await http.post("/v1/withdrawals", json=wish.body, headers=headers)
            except httpx.TransportError:
                response = None
            if response is not None and not response.is_server_error:
                response.raise_for_status()
                answer: dict[str, Any] = response.json()
                return answer
            self.repeats += 1
            await asyncio.sleep(RETRY_SECONDS)

    async def _watch(self) -> None:
        """Look for what has ended, from outside; a database that was killed is looked for again."""
        while True:
            try:
                await self._look_again_and_again()
            except psycopg.OperationalError:
                await asyncio.sleep(RETRY_SECONDS)

    async def _look_again_and_again(self) -> None:
        dsn = self._stack.postgres.dsn()
        async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as connection:
            while True:
                rows = await connection.execute(CLOSED, [list(self._open)])
                for withdrawal_id, state, closed_at in await rows.fetchall():
                    wish = self._open.pop(withdrawal_id)
                    wish.state, wish.closed_at = state, closed_at
                    wish.ended.set()
                await asyncio.sleep(LOOK_SECONDS)

    async def _renew_tokens(self) -> None:
        office = BackOffice(self._stack.operator_url, self._stack.keys.operator_key)
        async with httpx.AsyncClient(base_url=self._stack.operator_url, headers=office.headers) as http:
            while True:
                await asyncio.sleep(TOKEN_SECONDS)
                for player in self._players:
                    player.headers["Authorization"] = f"Bearer {await self._token(http, player)}"

    async def _token(self, http: httpx.AsyncClient, player: PlayerClient) -> str:
        while True:
            try:
                response = await http.post(f"/v1/players/{player.player_id}/tokens")
            except httpx.TransportError:
                response = None
            if response is not None and not response.is_server_error:
                response.raise_for_status()
                return str(response.json()["token"])
            await asyncio.sleep(RETRY_SECONDS)


def _wishes(players: Sequence[PlayerClient], seeded: SeededNetwork[LocalChain], seed: int) -> Iterator[Wish]:
    """Withdrawals without end; no two have the same payee, and neighbours differ in amount."""
    chance = random.Random(seed)
    for number in count(1):
        asset = chance.choice(seeded.assets)
        smallest = 10**asset.decimals // SMALLEST_SHARE
        payee = sha256(f"{seed}/{number}".encode()).digest()[:ADDRESS_BYTES]
        to = seeded.chain.show_address(payee)
        amount = smallest + number % smallest
        yield Wish(f"out-{number}", chance.choice(players), asset, hex_text(payee), to, amount)
