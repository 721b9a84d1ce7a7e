"""Random histories of the Tron devnet: whatever is sent, mined and forked, these facts stay true."""

from collections.abc import Callable
from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from devstack.tron.accounts import BURNT, account
from devstack.tron.chain import TronChain
from devstack.tron.contract_messages import Action
from devstack.tron.messages import (
    DelegateResourceContract,
    FreezeBalanceV2Contract,
    ResourceCode,
    TransferContract,
    UnDelegateResourceContract,
    UnfreezeBalanceV2Contract,
)
from devstack.tron.state import State
from tests.support.tron_chain import ALICE, BOB, CAROL, NOBODY, TRX, Person, World

EVERYBODY = (ALICE, BOB, CAROL, NOBODY)
RICH = (ALICE, BOB, CAROL)
ALL_SUN = 3_000_000 * TRX
Step = Callable[[World], None]
Make = Callable[[Person, Person, ResourceCode, int], Action]

MAKES: tuple[Make, ...] = (
    lambda one, other, _, sun: TransferContract(one.address, other.address, sun),
    lambda one, _, resource, sun: FreezeBalanceV2Contract(one.address, sun, resource),
    lambda one, _, resource, sun: UnfreezeBalanceV2Contract(one.address, sun, resource),
    lambda one, other, resource, sun: DelegateResourceContract(one.address, resource, sun, other.address),
    lambda one, other, resource, sun: UnDelegateResourceContract(one.address, resource, sun, other.address),
)


@dataclass(frozen=True, slots=True)
class Send:
    """Somebody sends an action, possible or not."""

    make: Make
    one: Person
    other: Person
    resource: ResourceCode
    sun: int

    def __call__(self, world: World) -> None:
        world.send(world.raw(self.make(self.one, self.other, self.resource, self.sun)), self.one)


@dataclass(frozen=True, slots=True)
class Mine:
    """Blocks come, the first after missed slots."""

    count: int
    missed: int

    def __call__(self, world: World) -> None:
        world.chain.mine(skip_slots=self.missed)
        world.chain.mine(self.count)


@dataclass(frozen=True, slots=True)
class Fork:
    """The newest blocks are replaced, as far as they are not solid; every second transaction stays."""

    depth: int

    def __call__(self, world: World) -> None:
        depth = min(self.depth, world.chain.head.number - world.chain.solid.number)
        if depth:
            popped = [txid for txid in _on_branch(world.chain) if txid[0] % 2]
            world.chain.fork(depth, again=popped)


steps = st.one_of(
    st.builds(
        Send,
        st.sampled_from(MAKES),
        st.sampled_from(RICH),
        st.sampled_from(EVERYBODY),
        st.sampled_from(ResourceCode),
        st.sampled_from((1, TRX, 7 * TRX, 999_000 * TRX)),
    ),
    st.builds(Mine, st.integers(0, 8), st.integers(0, 2)),
    st.builds(Fork, st.integers(1, 20)),
)


@settings(max_examples=40)
@given(st.lists(steps, max_size=30))
def test_no_history_breaks_the_chain(history: list[Step]) -> None:
    """No sun appears or is lost, nothing solid is taken back, no transaction is in a branch twice."""
    world, records = World(), list[dict[str, object]]()
    world.chain.keep_journal(lambda record: records.append(dict(record)))
    solid = world.chain.solid
    for step in history:
        step(world)
        assert _all_sun(world.chain.head_state) == ALL_SUN
        assert world.chain.solid.number >= solid.number
        assert world.chain.block_at(solid.number) is solid
        solid = world.chain.solid
        placed = _on_branch(world.chain)
        assert len(placed) == len(set(placed))
        assert not set(placed) & {one.txid for one in world.chain.pending()}
    assert _all_sun(world.chain.solid_state) == ALL_SUN
    _check_replay(world, records)


def _check_replay(world: World, records: list[dict[str, object]]) -> None:
    again = World().chain
    again.replay(records)
    assert (again.head.id, again.solid.id) == (world.chain.head.id, world.chain.solid.id)
    for who in EVERYBODY:
        assert account(again.solid_state, who.address) == account(world.chain.solid_state, who.address)


def _all_sun(state: State) -> int:
    found = [account(state, who.address) for who in EVERYBODY]
    held = sum(
        one.balance
        + sum(stake.own + stake.lent for stake in one.stakes)
        + sum(coming.amount for coming in one.unfreezing)
        for one in found
        if one is not None
    )
    return held + (state.get(BURNT) or 0)


def _on_branch(chain: TronChain) -> list[bytes]:
    blocks = (chain.block_at(number) for number in range(chain.head.number + 1))
    return [one.txid for block in blocks if block for one in block.transactions]
