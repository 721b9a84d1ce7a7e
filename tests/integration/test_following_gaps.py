"""The follower killed, doubled and led astray: whoever applies the blocks, the rows end the same."""

import asyncio
import random
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager, suppress

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.following import FollowedNetwork, FollowingActivities
from chains.memory import MemoryReader
from chains.memory_blocks import MemoryChain
from devstack.postgres import Postgres
from domain.errors import NodeStale
from domain.rules import Policy
from ledger.session import Sessions
from tests.support.chain_rigs import address_of, key_of, stranger
from tests.support.ledger_database import NETWORK, LedgerDatabase, new_ledger
from tests.support.records import CATALOGUE, give_address

DEPTH = 70
FORK_MAX = 64
ROUNDS = 16
GAP = 400
TARGET = stranger(78)
PAYER = key_of("forking payer")
ROWS = {
    "headers": "SELECT height, hash, canonical FROM chain.headers ORDER BY height, hash",
    "effects": "SELECT txid, position, block_hash, amount FROM chain.effects ORDER BY 1, 2, 3",
    "deposits": "SELECT txid, position, state, block_hash, amount FROM chain.deposits ORDER BY 1, 2",
    "cursor": "SELECT height, hash, final_height, final_hash, mode FROM chain.chains",
}


class Killed(BaseException):
    """The process ends here, whatever it was about to do."""


class MortalSessions(Sessions):
    """Transactions of a process that dies right after its `last`-th commit of a life."""

    def __init__(self, living: Sessions, chance: random.Random) -> None:
        self._living = living
        self._chance = chance
        self.revive()

    def revive(self) -> None:
        """Begin another life."""
        self._left = self._chance.randrange(2, 7)

    @asynccontextmanager
    async def begin(self) -> AsyncGenerator[AsyncConnection]:
        async with self._living.begin() as session:
            yield session
        self._left -= 1
        if self._left == 0:
            raise Killed


class Forking:
    """A chain that pays an address of ours and forks at random, never through its final block."""

    def __init__(self, chance: random.Random) -> None:
        self.chain = MemoryChain(NETWORK, coins={address_of(PAYER): 10**21}, tokens={}, finality_depth=DEPTH)
        self._chance = chance

    def live(self) -> None:
        """A few payments, a few blocks, and sometimes another branch."""
        for _ in range(self._chance.randrange(4)):
            self._pay()
        self.chain.mine(self._chance.randrange(1, 6))
        if self._chance.random() < 0.3:
            deepest = min(FORK_MAX, len(self.chain.branch) - 1)
            self.chain.reorg(self._chance.randrange(1, deepest + 1), reinject=self._chance.random() < 0.5)

    def scan(self) -> set[tuple[bytes, str, int, bytes]]:
        """What the winning branch pays us, read anew."""
        return {
            (effect.txid, effect.position, effect.amount, at)
            for at in self.chain.branch
            for effect in self.chain.blocks[at].effects
            if effect.receiver == TARGET and effect.succeeded
        }

    def _pay(self) -> None:
        sender = address_of(PAYER)
        nonces = self.chain.latest.after.nonces.get(sender, 0)
        waiting = [nonce for who, nonce in self.chain.pool if who == sender]
        signed = PAYER.sign_transaction(
            {
                "type": 2,
                "chainId": self.chain.chain_id,
                "nonce": max([nonces, *(nonce + 1 for nonce in waiting)]),
                "gas": 21_000,
                "maxFeePerGas": 2 * 10**9,
                "maxPriorityFeePerGas": 10**8,
                "to": TARGET,
                "value": self._chance.randrange(1, 10**6),
                "data": b"",
            }
        )
        self.chain.submit(bytes(signed.raw_transaction))


async def catch_up(chain: MemoryChain, sessions: Sessions) -> int:
    """One round of a follower that knows nothing but its rows."""
    followed = FollowedNetwork(reader=MemoryReader(chain), block_seconds=1, start_height=0)
    following = FollowingActivities(sessions, CATALOGUE, Policy(version=1), {NETWORK: followed})
    return await following._catch_up(NETWORK, followed)


async def catch_up_dying(chain: MemoryChain, sessions: MortalSessions) -> int:
    """As many lives as it takes to read to the head; return how many ended early."""
    deaths = 0
    while True:
        try:
            await catch_up(chain, sessions)
        except Killed:
            deaths += 1
            sessions.revive()
        else:
            return deaths


async def catch_up_doubled(chain: MemoryChain, sessions: Sessions) -> None:
    """Two at once; whoever finds the other one ahead starts over."""

    async def insist() -> None:
        for _ in range(1_000):
            with suppress(NodeStale):
                await catch_up(chain, sessions)
                return

    await asyncio.gather(insist(), insist())


def rows_of(database: LedgerDatabase) -> dict[str, Sequence[tuple[object, ...]]]:
    """Everything that was observed, without clocks and numbers that depend on who came first."""
    with database.raw() as connection:
        return {name: connection.execute(query.encode()).fetchall() for name, query in ROWS.items()}


@pytest.fixture(autouse=True)
def _no_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody takes heartbeats outside a worker."""
    monkeypatch.setattr("temporalio.activity.heartbeat", lambda *_: None)


async def test_killed_doubled_or_left_alone_the_rows_are_the_same(
    postgres: Postgres, chance: random.Random
) -> None:
    """C9, C11: over random forks to depth 64 all rows agree, and the deposits are those of a fresh scan."""
    databases = [await new_ledger(postgres) for _ in range(3)]
    for database in databases:
        await give_address(database.sessions(), TARGET)
    alone, dying, doubled = (database.sessions("croupier_chain") for database in databases)
    mortal = MortalSessions(dying, chance)
    network = Forking(chance)
    network.chain.mine()
    deaths = 0
    for _ in range(ROUNDS):
        network.live()
        await catch_up(network.chain, alone)
        deaths += await catch_up_dying(network.chain, mortal)
        await catch_up_doubled(network.chain, doubled)
    assert deaths > ROUNDS
    found = [rows_of(database) for database in databases]
    assert found[0] == found[1]
    assert found[0] == found[2]
    standing = {
        (txid, position, int(str(amount)), block)
        for txid, position, state, block, amount in found[0]["deposits"]
        if state != "orphaned"
    }
    assert standing == network.scan()
    for database in databases:
        assert await database.broken() == {}
        await database.close()


async def test_a_long_gap_is_filled_in_order(ledger_database: LedgerDatabase, chance: random.Random) -> None:
    """C11: after a long absence every block is applied once, each on top of the one before."""
    sessions = ledger_database.sessions("croupier_chain")
    await give_address(ledger_database.sessions(), TARGET)
    network = Forking(chance)
    network.chain.mine()
    await catch_up(network.chain, sessions)
    while len(network.chain.branch) < GAP:
        network.live()
    assert await catch_up(network.chain, sessions) == len(network.chain.branch) - 1
    rows = rows_of(ledger_database)
    applied = [(height, block) for height, block, canonical in rows["headers"] if canonical]
    assert applied == list(enumerate(network.chain.branch))
