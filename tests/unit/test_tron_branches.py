"""The Tron devnet's blocks: slots and maintenance, what is solid, forks and what they give back."""

import hashlib
from itertools import pairwise

import pytest

from devstack.tron.accounts import account
from devstack.tron.blocks import ChainBlock, block_id, tree_root
from devstack.tron.messages import TransferContract
from devstack.tron.rules import PRODUCERS
from devstack.tron.schema import encode
from devstack.tron.turns import AheadOfTime, NoProducer
from devstack.tron.verdicts import ResponseCode
from tests.support.tron_chain import ALICE, BOB, GENESIS_MS, NOBODY, ROOM_MS, TRX, World, signed

SLOT_MS = 3_000
SIX_HOURS = 6 * 3_600_000


def test_a_block_id_is_its_number_and_the_rest_of_its_hash() -> None:
    """Eight bytes of number, then the header's sha256 from its ninth byte on; each block names its parent."""
    world = World()
    world.chain.mine(3)
    blocks = [world.chain.block_at(number) for number in range(4)]
    for parent, block in pairwise(blocks):
        assert parent is not None
        assert block is not None
        digest = hashlib.sha256(encode(block.raw_header)).digest()
        assert block.id == block.number.to_bytes(8) + digest[8:] == block_id(block.raw_header)
        assert block.parent_id == parent.id
        assert world.chain.block(block.id) is block


@pytest.mark.parametrize(
    ("leaves", "root"),
    [
        ([], bytes(32)),
        ([b"a"], hashlib.sha256(b"a").digest()),
        (
            [b"a", b"b", b"c"],
            hashlib.sha256(
                hashlib.sha256(hashlib.sha256(b"a").digest() + hashlib.sha256(b"b").digest()).digest()
                + hashlib.sha256(b"c").digest()
            ).digest(),
        ),
    ],
)
def test_the_tree_over_transactions_lets_the_odd_one_rise(leaves: list[bytes], root: bytes) -> None:
    """Pairs are hashed together, a leaf without a neighbour goes up as it is, and no leaves give zeros."""
    assert tree_root(leaves) == root


def test_producers_take_turns_in_slots() -> None:
    """27 blocks in a row have 27 producers, each three seconds after the one before."""
    world = World()
    world.chain.mine(PRODUCERS)
    blocks = _branch(world)[1:]
    assert len({block.producer for block in blocks}) == PRODUCERS
    assert {later.time_ms - block.time_ms for block, later in pairwise(blocks)} == {SLOT_MS}


def test_the_chain_never_outruns_the_clock() -> None:
    """A block that would be stamped in the future is not made; the error says how long to wait."""
    world = World()
    world.clock.now_ms = GENESIS_MS + 2 * SLOT_MS + 1
    world.chain.mine(2)
    with pytest.raises(AheadOfTime) as early:
        world.chain.mine()
    assert early.value.wait_ms == SLOT_MS - 1
    world.clock.now_ms += early.value.wait_ms
    assert world.chain.mine().number == 3


def test_a_block_in_real_time_takes_the_slot_of_this_moment() -> None:
    """The slots before it are missed, and the same slot is used once."""
    world = World()
    world.chain.mine()
    made = world.chain.mine_now()
    assert made is not None
    assert (made.number, made.time_ms) == (2, GENESIS_MS + ROOM_MS)
    assert world.chain.mine_now() is None


def test_maintenance_takes_two_slots() -> None:
    """The block that passes the six hours is followed by a pause; the next maintenance is six hours on."""
    world = World()
    world.chain.mine(skip_slots=SIX_HOURS // SLOT_MS - 3)
    assert world.chain.next_maintenance_ms == GENESIS_MS + SIX_HOURS
    before, passing, after = world.chain.mine(), world.chain.mine(), world.chain.mine()
    assert passing.time_ms == GENESIS_MS + SIX_HOURS
    assert passing.time_ms - before.time_ms == SLOT_MS
    assert after.time_ms - passing.time_ms == 3 * SLOT_MS
    assert world.chain.next_maintenance_ms == GENESIS_MS + 2 * SIX_HOURS


@pytest.mark.parametrize(("blocks", "solid"), [(0, 0), (18, 0), (19, 1), (20, 2), (60, 42)])
def test_a_block_is_solid_when_nineteen_have_built_upon_it(blocks: int, solid: int) -> None:
    """With all producers up the solid block is eighteen below the head."""
    world = World()
    world.chain.mine(blocks)
    assert (world.chain.head.number, world.chain.solid.number) == (blocks, solid)


@pytest.mark.parametrize(("down", "solid"), [(8, True), (9, False)])
def test_solid_blocks_stop_when_nine_producers_are_down(down: int, *, solid: bool) -> None:
    """Nineteen suffice and eighteen do not; what was solid stays so, and it goes on when they are back."""
    world = World()
    world.chain.mine(PRODUCERS)
    before = world.chain.solid.number
    world.chain.producers_down(range(down))
    world.chain.mine(5 * PRODUCERS)
    reached = world.chain.solid.number
    assert (reached > world.chain.head.number - PRODUCERS) is solid
    assert reached >= before
    world.chain.producers_down(())
    world.chain.mine(PRODUCERS)
    assert world.chain.solid.number > world.chain.head.number - PRODUCERS


def test_without_producers_there_are_no_blocks() -> None:
    """When all 27 are down nothing is made, now or in the slot of this moment."""
    world = World()
    world.chain.producers_down(range(PRODUCERS))
    with pytest.raises(NoProducer):
        world.chain.mine()
    assert world.chain.mine_now() is None


def test_the_head_counts_the_pool_in_and_the_solid_state_does_not() -> None:
    """A payment shows at once in the head's accounts and nineteen blocks later in the solid ones."""
    world = World()
    world.pay(ALICE, NOBODY, TRX)
    seen = [_balance(world)]
    world.chain.mine()
    for _ in range(2):
        seen.append(_balance(world))
        world.chain.mine(17)
    seen.append(_balance(world))
    assert seen == [(TRX, None), (TRX, None), (TRX, None), (TRX, TRX)]


def test_a_fork_pops_blocks_and_pushes_their_transactions_back() -> None:
    """The new branch is one higher; a popped transaction waits again and comes to stand at another height."""
    world = World()
    world.chain.mine(20)
    txid = world.pay(ALICE, BOB)
    left = world.chain.mine(3)
    head = world.chain.fork(3)
    assert head.number == left.number + 1
    assert world.chain.block(left.id) is None
    assert world.chain.info(txid) is None
    assert [one.txid for one in world.chain.pending()] == [txid]
    world.chain.mine()
    assert world.info(txid).blockNumber == 25


def test_a_transaction_that_names_a_left_block_cannot_return() -> None:
    """Its reference is not on the new branch, so it is dropped and refused."""
    world = World()
    world.chain.mine(20)
    data = signed(world.raw(_transfer()), ALICE)
    txid = world.chain.broadcast(data).txid
    world.chain.mine()
    world.chain.fork(2)
    assert world.chain.pending() == ()
    assert world.chain.find(txid) is None
    assert world.chain.broadcast(data).code is ResponseCode.TAPOS_ERROR


def test_a_fork_undoes_what_it_leaves_out() -> None:
    """Balances and activations of the left branch are gone when nothing is pushed back."""
    world = World()
    world.chain.mine(20)
    before = world.account(ALICE)
    txid = world.pay(ALICE, NOBODY)
    world.chain.mine()
    world.chain.fork(1, without={txid})
    assert account(world.chain.head_state, NOBODY.address) is None
    assert world.account(ALICE) == before


def test_what_a_fork_keeps_stands_in_its_first_block() -> None:
    """A transaction may be executed again on the new branch at once."""
    world = World()
    world.chain.mine(20)
    txid = world.pay(ALICE, BOB)
    world.chain.mine(2)
    world.chain.fork(2, again={txid})
    assert world.info(txid).blockNumber == 21
    assert world.chain.pending() == ()


@pytest.mark.parametrize(("depth", "possible"), [(18, True), (19, False), (0, False)])
def test_no_fork_reaches_a_solid_block(depth: int, *, possible: bool) -> None:
    """Everything above the solid block can be replaced, and not the solid block."""
    world = World()
    world.chain.mine(30)
    solid = world.chain.solid
    assert solid.number == 12
    if possible:
        world.chain.fork(depth)
    else:
        with pytest.raises(ValueError, match="is solid"):
            world.chain.fork(depth)
    assert world.chain.block_at(12) is solid
    assert world.chain.solid.number >= 12


def test_a_branch_pauses_after_its_maintenance_too() -> None:
    """The new branch's block that passes the six hours is followed by two empty slots."""
    world = World()
    world.chain.mine(skip_slots=SIX_HOURS // SLOT_MS - 4)
    world.chain.mine(3)
    world.chain.fork(3)
    gaps = [later.time_ms - block.time_ms for block, later in pairwise(_branch(world)[1:])]
    assert gaps == [2 * SLOT_MS, SLOT_MS, 3 * SLOT_MS, SLOT_MS]


def test_listeners_hear_what_leaves_and_what_joins() -> None:
    """Blocks that a fork pops come first, newest first, then the new branch in order."""
    world = World()
    world.chain.mine(5)
    heard: list[tuple[int, bool]] = []
    world.chain.on_block(lambda block, removed: heard.append((block.number, removed)))
    world.chain.fork(2)
    world.chain.mine()
    assert heard == [(5, True), (4, True), (4, False), (5, False), (6, False), (7, False)]


def test_a_gift_is_part_of_the_next_block() -> None:
    """TRX that no transaction explains shows at the head at once and becomes solid with its block."""
    world = World()
    before = world.account(BOB).balance
    world.chain.top_up(BOB.address, 7)
    assert world.account(BOB).balance == before + 7
    world.chain.mine(19)
    found = account(world.chain.solid_state, BOB.address)
    assert found is not None
    assert found.balance == before + 7


def _transfer() -> TransferContract:
    return TransferContract(ALICE.address, BOB.address, TRX)


def _branch(world: World) -> list[ChainBlock]:
    found = (world.chain.block_at(number) for number in range(world.chain.head.number + 1))
    return [block for block in found if block is not None]


def _balance(world: World) -> tuple[int | None, int | None]:
    states = (world.chain.head_state, world.chain.solid_state)
    head, solid = (account(state, NOBODY.address) for state in states)
    return head.balance if head else None, solid.balance if solid else None
