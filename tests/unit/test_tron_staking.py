"""Staking on the Tron devnet: shares, lending with and without a lock, taking back with what was used."""

import pytest

from devstack.tron.accounts import Unfreezing, delegation, givers_of, receivers_of
from devstack.tron.contract_messages import Action, TriggerSmartContract
from devstack.tron.delegating import delegatable
from devstack.tron.messages import (
    DelegateResourceContract,
    FreezeBalanceV2Contract,
    ResourceCode,
    UnDelegateResourceContract,
    UnfreezeBalanceV2Contract,
    WithdrawExpireUnfreezeContract,
)
from devstack.tron.resources import Share, share
from devstack.tron.rules import DAY_MS, ChainParameters
from tests.support.tron_chain import ALICE, BOB, CAROL, NOBODY, TRX, Person, World

ENERGY = ResourceCode.ENERGY
STORE = bytes.fromhex("600160005500")
STORE_ENERGY = 20_006
SMALL = ChainParameters(total_energy_limit=1_000_000, energy_staked_elsewhere=900)
"""Whoever stakes 100 TRX of the thousand has a tenth of a million."""


def staked(trx: int = 100) -> World:
    """Return a world where Alice has staked for energy."""
    world = World(parameters=SMALL)
    world.act(ALICE, FreezeBalanceV2Contract(ALICE.address, trx * TRX, ENERGY))
    return world


def lend(sun: int = 100 * TRX, *, lock: bool = False, period: int = 0) -> DelegateResourceContract:
    """Return Alice's order to lend energy to Bob."""
    return DelegateResourceContract(ALICE.address, ENERGY, sun, BOB.address, lock, period)


def take_back(sun: int = 100 * TRX) -> UnDelegateResourceContract:
    """Return Alice's order to take energy back from Bob."""
    return UnDelegateResourceContract(ALICE.address, ENERGY, sun, BOB.address)


def energy(world: World, who: Person) -> Share:
    """Return what somebody has of energy now."""
    return share(world.chain.head_state, world.chain.moment, world.account(who), ENERGY)


def later(world: World, slots: int) -> None:
    """Let so many slots pass without a block and then make one."""
    world.clock.now_ms += slots * 3_000
    world.chain.mine(skip_slots=slots)


def test_a_stake_leaves_the_balance_and_comes_back_after_fourteen_days() -> None:
    """Unstaked TRX waits, then one order brings it home; the share is gone at once."""
    world = staked()
    held = world.account(ALICE).balance
    assert energy(world, ALICE).limit == 100_000
    fees = world.act(ALICE, UnfreezeBalanceV2Contract(ALICE.address, 40 * TRX, ENERGY)).fee
    start_ms = world.chain.head.time_ms - 3_000
    assert world.account(ALICE).unfreezing == (Unfreezing(ENERGY, 40 * TRX, start_ms + 14 * DAY_MS),)
    assert energy(world, ALICE).limit == 60 * 1_000_000 // 960
    early = world.send(world.raw(WithdrawExpireUnfreezeContract(ALICE.address)), ALICE)
    assert early.message == "Contract validate error : no unFreeze balance to withdraw "
    later(world, 14 * 28_800)
    info = world.act(ALICE, WithdrawExpireUnfreezeContract(ALICE.address))
    assert info.withdraw_expire_amount == 40 * TRX
    assert world.account(ALICE).balance == held + 40 * TRX - fees - info.fee
    assert world.account(ALICE).unfreezing == ()


def test_lent_energy_is_the_receivers() -> None:
    """The giver's share falls, the receiver's rises, the total that shares is the same."""
    world = staked()
    world.act(ALICE, lend(60 * TRX))
    assert (energy(world, ALICE).limit, energy(world, BOB).limit) == (40_000, 60_000)
    assert energy(world, BOB).total_weight == 1_000
    state = world.chain.head_state
    assert receivers_of(state, ALICE.address) == (BOB.address,)
    assert givers_of(state, BOB.address) == (ALICE.address,)
    world.act(ALICE, take_back(60 * TRX))
    state = world.chain.head_state
    assert (energy(world, ALICE).limit, energy(world, BOB).limit) == (100_000, 0)
    assert receivers_of(state, ALICE.address) == givers_of(state, BOB.address) == ()
    assert delegation(state, ALICE.address, BOB.address, locked=False) is None


@pytest.mark.parametrize(("slots", "moved"), [(0, STORE_ENERGY), (14_400, STORE_ENERGY // 2), (28_800, 0)])
def test_what_the_receiver_used_comes_back_as_the_givers_use(slots: int, moved: int) -> None:
    """Energy lent, used and taken back is used for the giver, as far as it has not come back by then."""
    world = staked()
    contract = world.deploy(CAROL, STORE)
    world.act(ALICE, lend())
    before = energy(world, ALICE).used
    info = world.act(BOB, TriggerSmartContract(BOB.address, contract))
    assert info.receipt is not None
    assert info.receipt.energy_usage == STORE_ENERGY
    assert before == 0
    if slots:
        later(world, slots)
    world.act(ALICE, take_back())
    assert energy(world, ALICE).used == pytest.approx(moved, abs=6)
    assert energy(world, BOB).used == pytest.approx(0, abs=6)
    assert energy(world, BOB).limit == 0


def test_what_was_used_cannot_be_lent() -> None:
    """The part of a stake whose energy is used stays until it has come back."""
    world = staked()
    contract = world.deploy(BOB, STORE)
    world.act(ALICE, TriggerSmartContract(ALICE.address, contract))
    free = delegatable(world.chain.head_state, world.chain.moment, world.account(ALICE), ENERGY)
    assert free == pytest.approx(100 * TRX - STORE_ENERGY * 1_000, abs=2_000)
    verdict = world.send(world.raw(lend()), ALICE)
    assert verdict.message.endswith(
        "delegateBalance must be less than or equal to available FreezeEnergyV2 balance"
    )


def test_a_lock_holds_until_its_end() -> None:
    """A locked part cannot be taken back before its period in slots is over, an unlocked one can."""
    world = staked()
    world.act(ALICE, lend(60 * TRX, lock=True, period=100))
    world.act(ALICE, lend(40 * TRX))
    refused = world.send(world.raw(take_back(41 * TRX)), ALICE)
    assert (
        "insufficient delegatedFrozenBalance(Energy), request=41000000, unlock_balance=40000000"
        in refused.message
    )
    world.act(ALICE, take_back(40 * TRX))
    later(world, 101)
    world.act(ALICE, take_back(60 * TRX))
    assert energy(world, ALICE).limit == 100_000


@pytest.mark.parametrize(
    ("action", "message"),
    [
        (
            FreezeBalanceV2Contract(ALICE.address, TRX - 1),
            "frozenBalance must be greater than or equal to 1 TRX",
        ),
        (
            FreezeBalanceV2Contract(ALICE.address, 2_000_000 * TRX),
            "frozenBalance must be less than or equal to accountBalance",
        ),
        (UnfreezeBalanceV2Contract(ALICE.address, TRX), "no frozenBalance(BANDWIDTH)"),
        (
            UnfreezeBalanceV2Contract(ALICE.address, 101 * TRX, ENERGY),
            "Invalid unfreeze_balance, [101000000] is error",
        ),
        (lend(TRX - 1), "delegateBalance must be greater than or equal to 1 TRX"),
        (
            lend(101 * TRX),
            "delegateBalance must be less than or equal to available FreezeEnergyV2 balance",
        ),
        (
            DelegateResourceContract(ALICE.address, ENERGY, TRX, ALICE.address),
            "receiverAddress must not be the same as ownerAddress",
        ),
        (DelegateResourceContract(ALICE.address, ENERGY, TRX, b"\x41"), "Invalid receiverAddress"),
        (
            lend(TRX, lock=True, period=864_001),
            "The lock period of delegate resource cannot be less than 0 and cannot exceed 864000!",
        ),
        (take_back(TRX), "delegated Resource does not exist"),
    ],
)
def test_an_impossible_stake_is_refused(action: Action, message: str) -> None:
    """The words are those of the network."""
    world = staked()
    assert world.send(world.raw(action), ALICE).message == f"Contract validate error : {message}"


def test_nobody_lends_to_a_contract_or_to_nobody() -> None:
    """A receiver must be an activated plain account."""
    world = staked()
    contract = world.deploy(BOB, STORE)
    lends = [
        DelegateResourceContract(ALICE.address, ENERGY, TRX, receiver)
        for receiver in (contract, NOBODY.address)
    ]
    words = [world.send(world.raw(action), ALICE).message for action in lends]
    assert words[0].endswith("Do not allow delegate resources to contract addresses")
    assert words[1].endswith("not exists")


def test_lending_and_staking_fork_with_their_blocks() -> None:
    """On a branch without the order nothing is lent, and every share is as before."""
    world = staked()
    world.chain.mine(20)
    txid = world.act(ALICE, lend()).id
    world.chain.fork(1, without={txid})
    assert (energy(world, ALICE).limit, energy(world, BOB).limit) == (100_000, 0)
    assert receivers_of(world.chain.head_state, ALICE.address) == ()
