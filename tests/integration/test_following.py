"""The follower against a chain whose node falls behind or leaves its branch."""

import pytest

from activities.following import FollowedNetwork, FollowingActivities
from chains.memory import MemoryReader
from chains.memory_blocks import MemoryChain
from domain.assets import Asset
from domain.deposits import WalletRole
from domain.errors import NodeStale, NodeUnavailable
from domain.onchain import BlockEffects, BlockRef, Held
from domain.rules import Policy
from ledger.floats import floats_of
from ledger.nonce_lanes import FloatLimits, register_wallet, set_float_limits
from ledger.observed import read_cursor
from ledger.session import Sessions
from tests.support.ledger_database import COIN, NETWORK, LedgerDatabase
from tests.support.records import CATALOGUE

FINALITY_DEPTH = 8
WALLETS = (b"\x01" * 20, b"\x02" * 20)


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


async def test_balances_of_a_block_that_is_no_longer_the_newest_final_one_wait(
    rig: Rig, ledger_database: LedgerDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A node that has moved on holds nothing up; at the next final block the oldest reading comes first."""
    money = ledger_database.sessions("croupier_money")
    await rig.catch_up()
    async with money.begin() as session:
        for wallet in WALLETS:
            await register_wallet(session, NETWORK, wallet, WalletRole.HOT)
            await set_float_limits(session, NETWORK, wallet, COIN.asset_id, FloatLimits(0, 0, 1))
    asked: list[bytes] = []

    async def first_only(_: MemoryReader, who: bytes, __: Asset, at: BlockRef) -> Held:
        asked.append(who)
        if len(asked) % 2 == 0:
            raise NodeStale("n", f"it does not answer for block {at.height} any more")
        return Held(7, at)

    monkeypatch.setattr(MemoryReader, "balance", first_only)
    for height in (2, 4):
        rig.chain.mine(FINALITY_DEPTH + 2 if height == 2 else 2)
        assert await rig.catch_up() == FINALITY_DEPTH + height
        assert await rig.final_height() == height
    assert asked == [WALLETS[0], WALLETS[1], WALLETS[1], WALLETS[0]]
    async with money.begin() as session:
        known = [(row.confirmed, row.confirmed_height) for row in await floats_of(session, NETWORK)]
    assert known == [(7, 2), (7, 4)]


async def _no_block(_: MemoryReader, block_hash: bytes) -> BlockEffects:
    raise NodeUnavailable("n", f"no answer about {block_hash.hex()}")
