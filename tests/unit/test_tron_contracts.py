"""Contracts on the Tron devnet: how calls end and what they leave, payments from within, energy factors."""

import pytest

from devstack.tron.accounts import account, contract
from devstack.tron.calling import constant_call
from devstack.tron.contract_messages import CreateSmartContract, SmartContract, TriggerSmartContract
from devstack.tron.messages import AccountType, Code, ContractResult, TransferContract
from devstack.tron.rules import ChainParameters
from devstack.tron.verdicts import ContractInvalid
from tests.support.tron_chain import ALICE, BOB, NOBODY, TRX, World, initcode

STORE = bytes.fromhex("600160005500")
PAY_FIVE = bytes.fromhex("60006000600060006005335af100")  # five sun to the caller
PAY_NOBODY = bytes.fromhex("6000600060006000600573") + NOBODY.address[1:] + bytes.fromhex("5af100")
SAY = bytes.fromhex("602a60005260206000a000")  # one event with 42
ANSWER = bytes.fromhex("602a60005260206000f3")
LIMIT = 1_000 * TRX


@pytest.mark.parametrize(
    ("runtime", "result", "burns_all"),
    [
        (STORE, "SUCCESS", False),
        (bytes.fromhex("60006000fd"), "REVERT", False),
        (bytes.fromhex("600156"), "BAD_JUMP_DESTINATION", True),
        (bytes.fromhex("01"), "STACK_TOO_SMALL", True),
        (bytes.fromhex("fe"), "ILLEGAL_OPERATION", True),
        (bytes.fromhex("5b600056"), "OUT_OF_TIME", True),
    ],
)
def test_every_end_of_a_call_stands_in_its_block(runtime: bytes, result: str, *, burns_all: bool) -> None:
    """A failed call is mined and moves nothing; a revert pays what it used, any other end all it may use."""
    world = World()
    address = world.deploy(ALICE, runtime)
    info = world.act(BOB, TriggerSmartContract(BOB.address, address, call_value=9), fee_limit=LIMIT)
    (stored,) = world.chain.head.message.transactions
    succeeded = result == "SUCCESS"
    assert info.receipt is not None
    assert stored.ret[0].contractRet is info.receipt.result is ContractResult[result]
    assert info.result is (Code.SUCESS if succeeded else Code.FAILED)
    assert bool(info.resMessage) is not succeeded
    assert (info.receipt.energy_fee == LIMIT) is burns_all
    assert info.fee == info.receipt.energy_fee + info.receipt.net_fee
    assert _balance(world, address) == (9 if succeeded else 0)


def test_a_transfer_that_became_impossible_is_in_no_block() -> None:
    """When its money is gone on a new branch it is dropped: there is no failed transfer on Tron."""
    world = World(sun={ALICE: TRX, BOB: 10 * TRX})
    world.chain.mine(20)
    funding = world.pay(BOB, ALICE, 5 * TRX)
    world.chain.mine()
    spending = world.pay(ALICE, BOB, 4 * TRX)
    world.chain.mine()
    world.chain.fork(2, without={funding}, again={spending})
    world.chain.mine(3)
    assert world.chain.find(spending) is None
    assert world.account(ALICE).balance == TRX


def test_trx_cannot_be_transferred_to_a_contract() -> None:
    """Only a call can pay a contract."""
    world = World()
    address = world.deploy(ALICE, STORE)
    verdict = world.send(world.raw(TransferContract(BOB.address, address, 1)), BOB)
    assert verdict.message == "Contract validate error : Cannot transfer TRX to a smartContract."


@pytest.mark.parametrize("shown", [False, True])
def test_a_contract_can_pay_from_within(*, shown: bool) -> None:
    """The receiver's balance rises; the record shows the payment only on a node that keeps internal ones."""
    world = World(internal_transactions=shown)
    address = world.deploy(ALICE, PAY_FIVE)
    before = world.account(BOB).balance
    info = world.act(BOB, TriggerSmartContract(BOB.address, address, call_value=8), fee_limit=LIMIT)
    assert world.account(BOB).balance == before - info.fee - 3
    assert _balance(world, address) == 3
    seen = [
        (one.caller_address, one.transferTo_address, one.callValueInfo[0].callValue)
        for one in info.internal_transactions
    ]
    assert seen == ([(address, BOB.address, 5)] if shown else [])


def test_a_contract_activates_whom_it_pays() -> None:
    """An address paid from within becomes an account, without the fee of an activation."""
    world = World()
    address = world.deploy(ALICE, PAY_NOBODY)
    info = world.act(BOB, TriggerSmartContract(BOB.address, address, call_value=5), fee_limit=LIMIT)
    assert info.receipt is not None
    assert info.receipt.result is ContractResult.SUCCESS
    assert world.account(NOBODY).balance == 5
    assert world.account(NOBODY).type is AccountType.Normal
    assert info.fee == info.receipt.energy_fee


def test_events_carry_twenty_bytes_and_belong_to_their_transaction() -> None:
    """A log names its contract without the network's prefix."""
    world = World()
    address = world.deploy(ALICE, SAY)
    info = world.act(BOB, TriggerSmartContract(BOB.address, address))
    assert [(log.address, log.topics, log.data[-1]) for log in info.log] == [(address[1:], (), 42)]


def test_a_constant_call_changes_nothing() -> None:
    """A node answers with the return data and the energy, and its state stays as it was."""
    world = World()
    answering, storing = world.deploy(ALICE, ANSWER), world.deploy(ALICE, STORE)
    state = world.chain.head_state
    before = world.account(BOB)
    asked = [
        constant_call(state, world.chain.moment, BOB.address, address, b"")
        for address in (answering, storing, storing)
    ]
    assert asked[0].output == bytes(31) + b"\x2a"
    assert [one.energy_used for one in asked[1:]] == [20_006, 20_006]
    assert world.account(BOB) == before
    with pytest.raises(ContractInvalid):
        constant_call(state, world.chain.moment, BOB.address, BOB.address, b"")


def test_a_contract_knows_its_network_by_the_genesis() -> None:
    """The chain id it reads is the last four bytes of the genesis block's id."""
    world = World()
    address = world.deploy(ALICE, bytes.fromhex("4660005260206000f3"))
    asked = constant_call(world.chain.head_state, world.chain.moment, BOB.address, address, b"")
    assert asked.output == bytes(28) + world.chain.genesis_block.id[-4:]


def test_a_deployment_leaves_a_contract_and_its_record() -> None:
    """The record keeps who made it and what the owner set; the account is of the contract kind."""
    world = World()
    address = world.deploy(ALICE, STORE, percent=30, origin_limit=777)
    record, made = contract(world.chain.head_state, address), account(world.chain.head_state, address)
    assert record is not None
    assert made is not None
    assert (record.origin, record.consume_user_resource_percent) == (ALICE.address, 30)
    assert record.origin_energy_limit == 777
    assert record.trx_hash == world.chain.head.transactions[0].txid
    assert made.type is AccountType.Contract


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"origin_address": BOB.address}, "OwnerAddress is not equals OriginAddress"),
        ({"name": "x" * 33}, "contractName's length cannot be greater than 32"),
        ({"consume_user_resource_percent": 101}, "percent must be >= 0 and <= 100"),
        ({"origin_energy_limit": 0}, "The originEnergyLimit must be > 0"),
        ({"call_value": -1}, "callValue must be >= 0"),
    ],
)
def test_a_deployment_must_make_sense(change: dict[str, object], message: str) -> None:
    """What its owner set is checked before anything runs."""
    world = World()
    settings: dict[str, object] = {
        "origin_address": ALICE.address,
        "bytecode": initcode(STORE),
        "origin_energy_limit": 1,
        **change,
    }
    new = SmartContract(**settings)  # type: ignore[arg-type]  # a table of unlike columns
    verdict = world.send(world.raw(CreateSmartContract(ALICE.address, new), fee_limit=LIMIT), ALICE)
    assert verdict.message == f"Contract validate error : {message}"


def test_a_fork_can_execute_a_call_differently() -> None:
    """The same transaction succeeds on one branch and runs out of time on the other."""
    world = World()
    address = world.deploy(ALICE, STORE)
    world.chain.mine(20)
    before = world.act(BOB, TriggerSmartContract(BOB.address, address, call_value=4), fee_limit=LIMIT)
    world.chain.fork(1, timing_out={before.id})
    after = world.info(before.id)
    assert before.receipt is not None
    assert after.receipt is not None
    assert before.receipt.result is ContractResult.SUCCESS
    assert after.receipt.result is ContractResult.OUT_OF_TIME
    assert (after.fee, after.blockNumber) == (LIMIT, before.blockNumber)
    assert _balance(world, address) == 0


@pytest.mark.parametrize(("factor", "energy"), [(0, 20_006), (10_000, 40_012), (34_000, 88_026)])
def test_an_energy_factor_makes_calls_dearer(factor: int, energy: int) -> None:
    """A factor of 10,000 doubles what a call of the contract uses; the receipt shows the surcharge."""
    world = World()
    address = world.deploy(ALICE, STORE)
    world.chain.set_energy_factor(address, factor)
    world.chain.mine()
    info = world.act(BOB, TriggerSmartContract(BOB.address, address), fee_limit=LIMIT)
    assert info.receipt is not None
    assert info.receipt.energy_usage_total == energy
    assert info.receipt.energy_penalty_total == energy - 20_006


def test_a_busy_contract_gets_dearer_at_maintenance_and_a_quiet_one_cheaper() -> None:
    """The factor rises by a fifth of the whole each period above the threshold, to a maximum, then falls."""
    world = World(parameters=ChainParameters(dynamic_energy_threshold=5_000, dynamic_energy_max_factor=3_000))
    address = world.deploy(ALICE, STORE)
    factors = []
    for busy in (True, True, False, False):
        if busy:
            world.act(BOB, TriggerSmartContract(BOB.address, address))
        world.clock.now_ms += 21_600_000
        world.chain.mine(skip_slots=7_200)
        record = contract(world.chain.head_state, address)
        factors.append(record.energy_factor if record else None)
    assert factors == [2_000, 3_000, 2_350, 1_732]


def _balance(world: World, address: bytes) -> int:
    found = account(world.chain.head_state, address)
    return found.balance if found else 0
