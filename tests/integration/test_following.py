"""The follower against a chain whose node falls behind or leaves its branch."""

import pytest

from activities.following import FollowedNetwork, FollowingActivities
from chains.memory import MemoryReader
from chains.memory_blocks import MemoryChain
from domain.errors import NodeStale, NodeUnavailable
from domain.onchain import BlockEffects
from domain.rules import Policy
from ledger.observed import read_cursor
from ledger.session import Sessions
from tests.support.ledger_database import NETWORK, LedgerDatabase
from tests.support.records import CATALOGUE

FINALITY_DEPTH = 8


class Rig:
    """A follower of one chain, driven round by round; every round asks a process that knows nothing."""

    def __init__(self, sessions: Sessions) -> None:
        self.chain = MemoryChain(NETWORK, coins={}, tokens={}, finality_depth=FINALITY_DEPTH)
        self.sessions = sessions

    async def catch_up(self) -> int:
        """One round of a fresh follower; return the height it has read up to."""
        followed = FollowedNetwork(reader=MemoryReader(self.chain), block_seconds=1, start_height=0)
        activities = FollowingActivities(self.sessions, CATALOGUE, Policy(version=1), {NETWORK: followed})
        return await activities._catch_up(NETWORK, followed)

    async def cursor(self) -> bytes:
        """The hash of the block the rows have been read up to."""
        async with self.sessions.begin() as session:
            return (await read_cursor(session, NETWORK)).hash

    async def final_height(self) -> int:
        """Up to which block the rows are final."""
        async with self.sessions.begin() as session:
            return (await read_cursor(session, NETWORK)).final_height


@pytest.fixture
def rig(ledger_database: LedgerDatabase, monkeypatch: pytest.MonkeyPatch) -> Rig:
    """Build a follower under its role; outside a worker nobody takes its heartbeats."""
    monkeypatch.setattr("temporalio.activity.heartbeat", lambda *_: None)
    return Rig(ledger_database.sessions("croupier_chain"))


async def test_a_node_that_is_behind_takes_nothing_back(rig: Rig) -> None:
    """A lower head on our own branch is stale; the rows stay, and the next round goes on from them."""
    rig.chain.mine(6)
    assert await rig.catch_up() == 6
    known = await rig.cursor()
    hidden = rig.chain.branch[4:]
    del rig.chain.branch[4:]
    with pytest.raises(NodeStale):
        await rig.catch_up()
    assert await rig.cursor() == known
    rig.chain.branch.extend(hidden)
    rig.chain.mine()
    assert await rig.catch_up() == 7


async def test_another_branch_is_followed_from_where_it_parted(rig: Rig) -> None:
    """Blocks that left the chain are taken back one by one, and the new branch is read in order."""
    rig.chain.mine(5)
    await rig.catch_up()
    left = await rig.cursor()
    rig.chain.reorg(3)
    rig.chain.mine()
    height = await rig.catch_up()
    assert height == len(rig.chain.branch) - 1
    assert await rig.cursor() == rig.chain.branch[-1] != left


async def test_what_is_final_does_not_wait_for_newer_blocks(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A block read earlier becomes final although the node gives no newer one away."""
    rig.chain.mine(FINALITY_DEPTH)
    await rig.catch_up()
    rig.chain.mine(3)
    monkeypatch.setattr(MemoryReader, "block", _no_block)
    with pytest.raises(NodeUnavailable):
        await rig.catch_up()
    assert await rig.final_height() == 3


async def test_a_gap_becomes_final_once_it_is_read(rig: Rig) -> None:
    """After a long pause the newest final block is none of ours so far: it is read first."""
    rig.chain.mine(2)
    await rig.catch_up()
    rig.chain.mine(2 * FINALITY_DEPTH)
    await rig.catch_up()
    assert await rig.final_height() == FINALITY_DEPTH + 2


async def _no_block(_: MemoryReader, block_hash: bytes) -> BlockEffects:
    raise NodeUnavailable("n", f"no answer about {block_hash.hex()}")
