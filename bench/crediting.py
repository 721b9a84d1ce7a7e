"""From the block that meets the policy to the credit: what a player waits beyond the network's own finality.

Strangers pay at a constant rate while a hundred thousand addresses are watched. A clock outside the house
notes when its node first serves each final block; the moment of the credit is in the deposit's row.
"""

import random
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from time import sleep, time

import psycopg
from pydantic import SecretStr
from sqlalchemy import text

from bench.grounds import Ground
from chains.codecs.hdkeys import ADDRESSES_PER_ACCOUNT, AccountAddresses
from devstack.callers import wait_for
from devstack.key_material import KeyMaterial
from devstack.local_chains import LocalChain, SeededNetwork
from devstack.seeding import OPERATOR, SCRYPT_COST
from devstack.stack import Stack
from domain.players import PlayerInput
from ledger.addresses import assign, insert_pool
from ledger.registrations import register
from ledger.session import Sessions, create_ledger_engine
from signer.keystore_keys import Keystore

PLAYERS = 200
DEPOSIT_SHARE = 100
"""Each payment is this part of a whole coin."""
WARM_UP_SECONDS = 10
ROWS_AT_ONCE = 1_000
POLL_SECONDS = 0.004
QUIET_SHARE = 0.8  # of the time to the next block, after a new one
CREDITED_SECONDS = 600

CREDITED = """
SELECT '0x' || encode(txid, 'hex'), height, extract(epoch FROM posted_at)::float8
  FROM chain.deposits WHERE credits > returns
"""


@dataclass(slots=True)
class FinalityClock:
    """When a node first served each final height: the last moment at which it did not, so never too late."""

    chain: LocalChain
    block_seconds: float
    served: dict[int, float] = field(default_factory=dict)
    _over: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Note heights until told to stop."""
        before, height = time(), self.chain.final_height()
        while not self._over.is_set():
            asked, now_final = time(), self.chain.final_height()
            if now_final > height:
                self.served |= dict.fromkeys(range(height + 1, now_final + 1), before)
                height = now_final
                self._over.wait(QUIET_SHARE * self.block_seconds)
                asked = time()
            before = asked
            sleep(POLL_SECONDS)

    def stop(self) -> None:
        self._over.set()


@dataclass(frozen=True, slots=True)
class CreditFigures:
    """Seconds from each final block to the credits it allowed."""

    deposits: int
    latencies: Sequence[float]


async def watch_many(stack: Stack, ground: Ground) -> list[bytes]:
    """Fill the pool as its keeper does, and give addresses to players; returns those of the players."""
    sessions = Sessions(create_ledger_engine(stack.postgres.dsn()))
    now = datetime.now(UTC)
    try:
        for account, xpub in enumerate(_xpubs(stack.keys, ground)):
            source = AccountAddresses(xpub)
            indexes = _indexes(account, ground)
            for first in range(0, indexes, ROWS_AT_ONCE):
                until = min(first + ROWS_AT_ONCE, indexes)
                addresses = [source.derive(index) for index in range(first, until)]
                async with sessions.begin() as session:
                    await insert_pool(session, ground.family, account, first, addresses, now)
        async with sessions.begin() as session:
            await session.execute(text("ANALYZE chain.watched"))
        return [await _enter(sessions, ground.family, f"saver-{number}", now) for number in range(PLAYERS)]
    finally:
        await sessions.close()


def measure_credits(
    stack: Stack, ground: Ground, addresses: Sequence[bytes], seconds: float, seed: int
) -> CreditFigures:
    """Pay to these addresses at the constant rate; raises TimeoutError if some payment is never credited."""
    (seeded,) = stack.house.networks
    clock = FinalityClock(seeded.chain, ground.block_seconds)
    watching = threading.Thread(target=clock.run, name="finality clock")
    watching.start()
    try:
        measured_from = time() + WARM_UP_SECONDS
        sent = _pay(seeded, ground, addresses, WARM_UP_SECONDS + seconds, seed)
        dsn = stack.postgres.dsn()
        wait_for(lambda: sent.keys() <= _credited(dsn).keys(), "the last credit", CREDITED_SECONDS)
    finally:
        clock.stop()
        watching.join()
    rows = _credited(dsn)
    latencies = [
        posted_at - clock.served[height]
        for txid, (height, posted_at) in rows.items()
        if sent[txid] >= measured_from
    ]
    return CreditFigures(deposits=len(latencies), latencies=latencies)


def _xpubs(keys: KeyMaterial, ground: Ground) -> list[str]:
    """As many accounts as the addresses need; the house has the first one already."""
    password = SecretStr(keys.keystore_password_file.read_text(encoding="ascii"))
    keystore = Keystore(keys.keystore, password, scrypt_cost=SCRYPT_COST)
    more = range(1, -(-ground.watched_addresses // ADDRESSES_PER_ACCOUNT))
    family = ground.family
    return [keystore.accounts()[family, 0].xpub, *(keystore.create_account(family, n) for n in more)]


def _indexes(account: int, ground: Ground) -> int:
    return min(ground.watched_addresses - account * ADDRESSES_PER_ACCOUNT, ADDRESSES_PER_ACCOUNT)


async def _enter(sessions: Sessions, family: str, name: str, now: datetime) -> bytes:
    person = PlayerInput(operator=OPERATOR, external_id=name, request_id=name, received_at=now)
    async with sessions.begin() as session:
        player = (await register(session, person, now)).player
        return (await assign(session, player, family, now)).address


def _pay(
    seeded: SeededNetwork[LocalChain], ground: Ground, addresses: Sequence[bytes], seconds: float, seed: int
) -> dict[str, float]:
    """Payments of a stranger, evenly spread over the time; hash to moment of sending."""
    chance = random.Random(seed)
    units = 10**seeded.coin.decimals // DEPOSIT_SHARE
    begins, sent = time(), {}
    for number in range(int(seconds * ground.deposits_per_second)):
        sleep(max(begins + number / ground.deposits_per_second - time(), 0))
        sent[seeded.chain.pay(b"", chance.choice(addresses), units + number)] = time()
    return sent


def _credited(dsn: str) -> dict[str, tuple[int, float]]:
    with psycopg.connect(dsn) as connection:
        return {txid: (height, posted_at) for txid, height, posted_at in connection.execute(CREDITED)}
