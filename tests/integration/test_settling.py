"""What becomes final is read once more where headers prove nothing, and must be what was read before."""

from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256

import pytest

from activities.following import FollowedNetwork, FollowingActivities
from activities.settling import BLOCKS_AT_ONCE
from chains.memory import MemoryReader
from chains.memory_blocks import MemoryChain
from domain.errors import FinalityBroken, NodeUnavailable
from domain.onchain import BlockEffects, Header
from domain.rules import Policy
from ledger.observed import read_cursor
from ledger.session import Sessions
from tests.support.ledger_database import NETWORK, LedgerDatabase
from tests.support.records import CATALOGUE

DEPTH = 4


class UnprovenReader(MemoryReader):
    """A reader of a network whose headers bind no effects; `lies` are told of the second reading."""

    def __init__(self, chain: MemoryChain) -> None:
        super().__init__(chain)
        self.again: list[int] = []
        self.source = "head"
        self.lies: Callable[[BlockEffects], BlockEffects] = lambda block: block

    async def block(self, block_hash: bytes) -> BlockEffects:
        return _with_digest(await super().block(block_hash), self.source)

    async def settled(self, header: Header) -> BlockEffects | None:
        self.again.append(header.ref.height)
        return self.lies(_with_digest(await super().block(header.ref.hash), "solid"))


class Rig:
    """A follower over one chain, driven round by round."""

    def __init__(self, sessions: Sessions) -> None:
        self.chain = MemoryChain(NETWORK, coins={}, tokens={}, finality_depth=DEPTH)
        self.reader = UnprovenReader(self.chain)
        self.sessions = sessions

    async def catch_up(self, reader: MemoryReader | None = None) -> None:
        """One round of the follower."""
        followed = FollowedNetwork(reader=reader or self.reader, block_seconds=1, start_height=0)
        activities = FollowingActivities(self.sessions, CATALOGUE, Policy(version=1), {NETWORK: followed})
        await activities._catch_up(NETWORK, followed)

    async def final_height(self) -> int:
        """Up to which block the rows are final."""
        async with self.sessions.begin() as session:
            return (await read_cursor(session, NETWORK)).final_height


@pytest.fixture
def rig(ledger_database: LedgerDatabase, monkeypatch: pytest.MonkeyPatch) -> Rig:
    """Build a follower under its role; outside a worker nobody takes its heartbeats."""
    monkeypatch.setattr("temporalio.activity.heartbeat", lambda *_: None)
    return Rig(ledger_database.sessions("croupier_chain"))


async def test_each_block_is_read_again_once_before_it_is_final(rig: Rig) -> None:
    """Final moves over several blocks at a time; none of them is left out or read a third time."""
    for blocks in (DEPTH + 2, 3, 1):
        rig.chain.mine(blocks)
        await rig.catch_up()
        await rig.catch_up()
    assert sorted(rig.reader.again) == [1, 2, 3, 4, 5, 6]
    assert await rig.final_height() == 6


async def test_what_was_read_from_the_final_store_is_not_read_again(rig: Rig) -> None:
    """A backlog that was final when it was read costs one question."""
    rig.reader.source = "solid"
    rig.chain.mine(DEPTH + 9)
    await rig.catch_up()
    assert (rig.reader.again, await rig.final_height()) == ([9], 9)


async def test_a_header_that_proves_its_block_is_asked_once(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nine blocks become final by one question that costs no call to a node."""
    asked: list[int] = []

    async def settled(_: MemoryReader, header: Header) -> None:
        asked.append(header.ref.height)

    monkeypatch.setattr(MemoryReader, "settled", settled)
    rig.chain.mine(DEPTH + 9)
    await rig.catch_up(MemoryReader(rig.chain))
    assert (asked, await rig.final_height()) == ([9], 9)


@pytest.mark.parametrize(
    "lie",
    [
        lambda block: replace(block, completeness={"effects": "others", "source": "solid"}),
        lambda block: replace(block, completeness={}),
        lambda block: replace(block, header=replace(block.header, ref=replace(block.header.ref, hash=b"x"))),
    ],
    ids=["other effects", "no proof", "another block"],
)
async def test_a_block_that_did_something_else_breaks_finality(
    rig: Rig, lie: Callable[[BlockEffects], BlockEffects]
) -> None:
    """Nothing of its step becomes final."""
    rig.chain.mine(DEPTH + 2)
    await rig.catch_up()
    rig.chain.mine(3)
    rig.reader.lies = lambda block: lie(block) if block.header.ref.height == 4 else block
    with pytest.raises(FinalityBroken):
        await rig.catch_up()
    assert await rig.final_height() == 2


async def test_a_long_backlog_settles_step_by_step(rig: Rig) -> None:
    """A node that fails in the middle takes nothing back: the next round goes on behind the last step."""
    rig.chain.mine(DEPTH + 2 * BLOCKS_AT_ONCE + 5)

    def fail(block: BlockEffects) -> BlockEffects:
        if block.header.ref.height == BLOCKS_AT_ONCE + 5:
            raise NodeUnavailable("n", "no answer in time")
        return block

    rig.reader.lies = fail
    with pytest.raises(NodeUnavailable):
        await rig.catch_up()
    assert await rig.final_height() == BLOCKS_AT_ONCE
    rig.reader.lies, rig.reader.again = lambda block: block, []
    await rig.catch_up()
    assert await rig.final_height() == 2 * BLOCKS_AT_ONCE + 5
    assert min(rig.reader.again) == BLOCKS_AT_ONCE + 1


def _with_digest(block: BlockEffects, source: str) -> BlockEffects:
    digest = sha256(repr((block.effects, block.transactions)).encode()).hexdigest()
    return replace(block, completeness={"effects": digest, "source": source})
