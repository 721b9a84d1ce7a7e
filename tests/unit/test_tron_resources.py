"""Bandwidth and energy of the Tron devnet: how use fades, who pays what, and what a fee limit caps."""

from dataclasses import replace

import pytest

from devstack.tron.block_messages import ResourceReceipt
from devstack.tron.contract_messages import TriggerSmartContract
from devstack.tron.messages import (
    AccountCreateContract,
    Code,
    ContractResult,
    FreezeBalanceV2Contract,
    ResourceCode,
    TransferContract,
)
from devstack.tron.resources import free_bandwidth_used, share
from devstack.tron.rules import ChainParameters
from devstack.tron.usage import Usage
from devstack.tron.verdicts import ResponseCode
from tests.support.tron_chain import ALICE, BOB, CAROL, NOBODY, TRX, World

DAY = 28_800  # slots
STORE = bytes.fromhex("600160005500")  # writes one slot: 20,006 energy
STORE_ENERGY = 20_006
ENDLESS = bytes.fromhex("5b600056")  # jumps to itself
SMALL = ChainParameters(
    total_energy_limit=1_000_000,
    energy_staked_elsewhere=900,
    total_net_limit=1_000_000,
    net_staked_elsewhere=900,
)
"""Whoever stakes 100 TRX of the thousand has a tenth of a million."""


@pytest.mark.parametrize(
    ("used", "after", "left"),
    [
        (600, 0, 600),
        (600, 1, 599),
        (600, DAY // 4, 450),
        (600, DAY // 2, 300),
        (600, DAY - 1, 0),
        (600, DAY, 0),
        (600, 3 * DAY, 0),
        (100_000, DAY // 2, 50_000),
        (0, 5, 0),
    ],
)
def test_use_fades_over_a_day(used: int, after: int, left: int) -> None:
    """A usage falls linearly to nothing in 28,800 slots."""
    assert Usage().increased(used, 1_000, DAY).recovered(1_000 + after) == left


@pytest.mark.parametrize(
    ("later", "more", "total", "window"),
    [
        (0, 600, 1_200, DAY),
        (DAY // 2, 0, 300, DAY // 2),
        (DAY // 2, 300, 600, (300 * DAY // 2 + 300 * DAY) // 600),
        (DAY, 100, 100, DAY),
    ],
)
def test_new_use_leaves_the_old_its_window(later: int, more: int, total: int, window: int) -> None:
    """What remains of the old use fades as before: the common window is the weighted mean of both."""
    usage = Usage().increased(600, 1_000, DAY).increased(more, 1_000 + later, DAY)
    assert (usage.amount, usage.window) == (total, window)


def test_two_small_transfers_a_day_are_free() -> None:
    """The third burns TRX for its bytes, and after half a day one is free again."""
    world = World()
    infos = [world.act(ALICE, TransferContract(ALICE.address, BOB.address, sun)) for sun in (1, 2, 3)]
    size = infos[0].receipt.net_usage if infos[0].receipt else 0
    assert [info.receipt for info in infos] == [
        ResourceReceipt(net_usage=size),
        ResourceReceipt(net_usage=size),
        ResourceReceipt(net_fee=size * 1_000),
    ]
    assert [info.fee for info in infos] == [0, 0, size * 1_000]
    moment, owner = world.chain.moment, world.account(ALICE)
    assert 2 * size - 1 <= free_bandwidth_used(moment, owner) <= 2 * size
    world.clock.now_ms += 86_400_000
    world.chain.mine(skip_slots=DAY // 2)
    assert world.act(ALICE, TransferContract(ALICE.address, BOB.address, 4)).fee == 0


def test_bytes_are_counted_with_the_signature_and_the_result() -> None:
    """A transfer costs its signed bytes and 64 more for what the producer adds."""
    world = World()
    info = world.act(ALICE, TransferContract(ALICE.address, BOB.address, 1), fee_limit=0)
    transaction = world.chain.head.transactions[0]
    assert info.receipt == ResourceReceipt(net_usage=transaction.size + 64)
    assert transaction.size == len(transaction.raw) + 3 + 67


@pytest.mark.parametrize(("staked", "fee", "net_fee"), [(0, 1_100_000, 100_000), (100 * TRX, 1_000_000, 0)])
def test_the_first_trx_to_a_fresh_address_costs_more(staked: int, fee: int, net_fee: int) -> None:
    """One TRX for the account and 0.1 for bandwidth, which the free allowance never pays but a stake does."""
    world = World(parameters=SMALL)
    if staked:
        world.act(ALICE, FreezeBalanceV2Contract(ALICE.address, staked, ResourceCode.BANDWIDTH))
    before = world.account(ALICE).balance
    info = world.act(ALICE, TransferContract(ALICE.address, NOBODY.address, 5 * TRX))
    assert (info.fee, info.receipt.net_fee if info.receipt else None) == (fee, net_fee)
    assert world.account(NOBODY).balance == 5 * TRX
    assert world.account(ALICE).balance == before - 5 * TRX - fee


@pytest.mark.parametrize(("held", "code"), [(2_100_000, "SUCCESS"), (2_099_999, "CONTRACT_VALIDATE_ERROR")])
def test_an_activation_is_paid_beside_the_amount(held: int, code: str) -> None:
    """A payer of one TRX to a fresh address needs 2.1 TRX, to the sun."""
    world = World(sun={ALICE: held})
    verdict = world.send(world.raw(TransferContract(ALICE.address, NOBODY.address, TRX)), ALICE)
    assert verdict.code.name == code


def test_an_account_can_be_made_without_a_payment() -> None:
    """It costs the same, and a second time it is refused."""
    world = World()
    action = AccountCreateContract(ALICE.address, NOBODY.address)
    assert world.act(ALICE, action).fee == 1_100_000
    assert world.account(NOBODY).balance == 0
    verdict = world.send(world.raw(action), ALICE)
    assert verdict.message == "Contract validate error : Account has existed"


def test_a_memo_costs_one_trx() -> None:
    """The fee is in the total and in no line of the receipt."""
    world = World()
    raw = replace(world.raw(TransferContract(ALICE.address, BOB.address, 1)), data=b"hello")
    txid = world.send(raw, ALICE).txid
    world.chain.mine()
    assert world.info(txid).fee == TRX
    assert world.info(txid).receipt == ResourceReceipt(
        net_usage=world.chain.head.transactions[0].bandwidth_bytes
    )


def test_who_cannot_pay_for_bytes_is_refused() -> None:
    """Without a stake, a free allowance and TRX the code is BANDWITH_ERROR."""
    world = World(sun={ALICE: 100, BOB: TRX})
    for _ in range(2):
        world.pay(ALICE, BOB, 1)
    verdict = world.send(world.raw(TransferContract(ALICE.address, BOB.address, 1)), ALICE)
    assert verdict.code is ResponseCode.BANDWITH_ERROR
    assert verdict.message == "Account resource insufficient error."


@pytest.mark.parametrize(("stake", "giving"), [(0, 0), (1, 1_000_000 // 901), (100, 100_000), (900, 500_000)])
def test_a_stake_gives_its_share_of_the_total(stake: int, giving: int) -> None:
    """A share is the stake's part of all staked TRX, in whole TRX, of the network's daily total."""
    world = World(parameters=SMALL)
    if stake:
        world.act(ALICE, FreezeBalanceV2Contract(ALICE.address, stake * TRX, ResourceCode.ENERGY))
    assert (
        share(world.chain.head_state, world.chain.moment, world.account(ALICE), ResourceCode.ENERGY).limit
        == giving
    )


@pytest.mark.parametrize(
    ("case", "stake", "limit_sun", "usage", "burnt", "result"),
    [
        ("all burnt", 0, 100 * STORE_ENERGY, 0, 100 * STORE_ENERGY, "SUCCESS"),
        ("one sun short", 0, 100 * STORE_ENERGY - 1, 0, 100 * (STORE_ENERGY - 1), "OUT_OF_ENERGY"),
        ("all staked", 100, 100 * STORE_ENERGY, STORE_ENERGY, 0, "SUCCESS"),
        ("the limit caps staked energy too", 100, 1_000_000, 10_000, 0, "OUT_OF_ENERGY"),
        ("stake first, then TRX", 10, 100 * STORE_ENERGY, 10_989, 100 * (STORE_ENERGY - 10_989), "SUCCESS"),
        ("nothing allowed", 0, 0, 0, 0, "OUT_OF_ENERGY"),
    ],
)
def test_a_fee_limit_caps_staked_and_burnt_energy(  # noqa: PLR0913, PLR0917 - the columns of one table
    case: str, stake: int, limit_sun: int, usage: int, burnt: int, result: str
) -> None:
    """Energy comes from the stake and then from TRX, together never above the limit at energy's price."""
    world = World(parameters=SMALL)
    contract = world.deploy(ALICE, STORE)
    if stake:
        world.act(BOB, FreezeBalanceV2Contract(BOB.address, stake * TRX, ResourceCode.ENERGY))
    before = world.account(BOB).balance
    info = world.act(BOB, TriggerSmartContract(BOB.address, contract), fee_limit=limit_sun)
    assert info.receipt is not None
    assert (info.receipt.energy_usage, info.receipt.energy_fee) == (usage, burnt), case
    assert info.receipt.energy_usage_total == usage + burnt // 100
    assert info.receipt.result is ContractResult[result]
    assert info.result is (Code.SUCESS if result == "SUCCESS" else Code.FAILED)
    assert world.account(BOB).balance == before - info.fee == before - burnt - info.receipt.net_fee


def test_energy_comes_back_within_a_day() -> None:
    """Half of what a call used of a stake is there again after half a day."""
    world = World(parameters=SMALL)
    contract = world.deploy(ALICE, STORE)
    world.act(BOB, FreezeBalanceV2Contract(BOB.address, 100 * TRX, ResourceCode.ENERGY))
    world.act(BOB, TriggerSmartContract(BOB.address, contract))
    assert _energy_used(world) == pytest.approx(STORE_ENERGY, abs=2)
    world.clock.now_ms += 86_400_000
    world.chain.mine(skip_slots=DAY // 2)
    assert _energy_used(world) == pytest.approx(STORE_ENERGY // 2, abs=2)
    world.chain.mine(skip_slots=DAY // 2)
    assert _energy_used(world) == 0


@pytest.mark.parametrize(
    ("percent", "origin_limit", "origin_pays"),
    [
        (100, 1_000_000, 0),
        (0, 1_000_000, STORE_ENERGY),
        (50, 1_000_000, STORE_ENERGY // 2),
        (0, 5_000, 5_000),
    ],
)
def test_the_owner_of_a_contract_can_pay_a_part(percent: int, origin_limit: int, origin_pays: int) -> None:
    """The owner's staked energy pays what the caller's percentage leaves, up to the limit the owner set."""
    world = World(parameters=SMALL)
    world.act(ALICE, FreezeBalanceV2Contract(ALICE.address, 900 * TRX, ResourceCode.ENERGY))
    contract = world.deploy(ALICE, STORE, percent=percent, origin_limit=origin_limit)
    info = world.act(BOB, TriggerSmartContract(BOB.address, contract))
    assert info.receipt is not None
    assert info.receipt.origin_energy_usage == origin_pays
    assert info.receipt.energy_fee == 100 * (STORE_ENERGY - origin_pays)


def test_burnt_energy_is_bounded_by_the_balance() -> None:
    """A caller who holds less than the limit runs out of energy, not into debt."""
    world = World(sun={ALICE: 1_000 * TRX, CAROL: TRX})
    contract = world.deploy(ALICE, ENDLESS)
    info = world.act(CAROL, TriggerSmartContract(CAROL.address, contract))
    assert info.receipt is not None
    assert info.receipt.result is ContractResult.OUT_OF_ENERGY
    assert info.fee == TRX
    assert world.account(CAROL).balance == 0


@pytest.mark.parametrize(
    ("sun", "code"), [(15_000 * TRX, "SUCCESS"), (15_000 * TRX + 1, "CONTRACT_VALIDATE_ERROR")]
)
def test_a_fee_limit_has_a_maximum(sun: int, code: str) -> None:
    """The chain takes a limit of 15,000 TRX and not a sun more."""
    world = World()
    contract = world.deploy(ALICE, STORE)
    verdict = world.send(world.raw(TriggerSmartContract(BOB.address, contract), fee_limit=sun), BOB)
    assert verdict.code.name == code


def _energy_used(world: World) -> int:
    return share(world.chain.head_state, world.chain.moment, world.account(BOB), ResourceCode.ENERGY).used
