"""The follower's own rounds over a real chain, and what its books and the chain itself then say."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from temporalio.testing import ActivityEnvironment

from activities.following import FollowedNetwork, FollowingActivities
from chains.gateway import ChainReader
from domain.assets import Catalogue
from domain.rules import Policy
from domain.sends import FeedInput
from tests.support.chain_rigs import AnvilRig
from tests.support.ledger_database import NETWORK, LedgerDatabase


class Follower:
    """The product's follower over a real chain and a ledger, one catch-up at a time or for good."""

    def __init__(self, rig: AnvilRig, database: LedgerDatabase, reader: ChainReader | None = None) -> None:
        """Read from block 1 on through the rig's own reader or another one."""
        self.database = database
        self.followed = FollowedNetwork(reader or rig.reader, 1, 1)
        self._activities = FollowingActivities(
            sessions=database.sessions("croupier_chain"),
            catalogue=Catalogue([rig.native, rig.token]),
            policy=Policy(version=1),
            networks={NETWORK: self.followed},
        )

    async def follow(self) -> None:
        """Follow as the activity does, until something ends it."""
        await ActivityEnvironment().run(self._activities.follow_chain, FeedInput(network=NETWORK))

    @asynccontextmanager
    async def following(self) -> AsyncIterator[None]:
        """Follow as a worker does, until it is shut down."""
        worker = ActivityEnvironment()
        shift = asyncio.create_task(worker.run(self._activities.follow_chain, FeedInput(network=NETWORK)))
        try:
            yield
        finally:
            worker.worker_shutdown()
            await shift

    def stands_on(self) -> str:
        """The hash of the last block that was applied."""
        with self.database.raw() as connection:
            row = connection.execute("SELECT encode(hash, 'hex') FROM chain.chains").fetchone()
        return "" if row is None else "0x" + str(row[0])

    async def catch_up(self) -> None:
        """Read to the head; raises what keeps it from doing so."""
        await ActivityEnvironment().run(self._activities._catch_up, NETWORK, self.followed)


async def on_chain(rig: AnvilRig, receiver: bytes) -> Counter[tuple[bytes, str, int]]:
    """A fresh scan of the branch that won: transaction, position and amount of each payment."""
    found: Counter[tuple[bytes, str, int]] = Counter()
    at = (await rig.reader.heads()).latest.ref
    while at.height > 1:
        block = await rig.reader.block(at.hash)
        found.update(
            (one.txid, one.position, one.amount) for one in block.effects if one.receiver == receiver
        )
        at = (await rig.reader.header(block.header.parent)).ref
    return found


def in_books(database: LedgerDatabase, condition: str) -> Counter[tuple[bytes, str, int]]:
    """The deposits for which the condition holds."""
    query = f"SELECT encode(txid, 'hex'), position, amount FROM chain.deposits WHERE {condition}"
    with database.raw() as connection:
        rows = connection.execute(query.encode()).fetchall()
    return Counter((bytes.fromhex(str(txid)), str(place), int(str(amount))) for txid, place, amount in rows)
