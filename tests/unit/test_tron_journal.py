"""The Tron devnet's journal: a chain made again from it is the same chain, forks and gifts included."""

import json

import pytest

from devstack.tron.accounts import account
from devstack.tron.chain import TronChain
from devstack.tron.contract_messages import TriggerSmartContract
from devstack.tron.genesis_spec import GenesisSpec
from devstack.tron.journal import ForeignRecord
from devstack.tron.messages import DelegateResourceContract, FreezeBalanceV2Contract, ResourceCode
from tests.support.tron_chain import ALICE, BOB, CAROL, GENESIS_MS, NOBODY, TRX, Person, World

STORE = bytes.fromhex("600160005500")


def test_a_journal_makes_the_same_chain_again() -> None:
    """Blocks, infos, states and the solid block are equal; only the pool is forgotten."""
    world, lines = World(), list[str]()
    world.chain.keep_journal(lambda record: lines.append(json.dumps(record)))
    contract = world.deploy(ALICE, STORE)
    world.act(ALICE, FreezeBalanceV2Contract(ALICE.address, 100 * TRX, ResourceCode.ENERGY))
    world.act(ALICE, DelegateResourceContract(ALICE.address, ResourceCode.ENERGY, 50 * TRX, BOB.address))
    world.chain.mine(25)
    world.chain.set_energy_factor(contract, 5_000)
    world.chain.top_up(NOBODY.address, 3)
    left_out = world.pay(ALICE, CAROL)
    called = world.act(BOB, TriggerSmartContract(BOB.address, contract)).id
    world.chain.mine(2)
    world.chain.fork(3, without={left_out}, timing_out={called})
    world.chain.mine(4, skip_slots=1)
    world.pay(ALICE, CAROL)

    again = _empty(world)
    again.replay(json.loads(line) for line in lines)
    assert again.head.id == world.chain.head.id
    assert again.solid.id == world.chain.solid.id
    assert again.head.infos == world.chain.head.infos
    assert again.info(called) == world.chain.info(called)
    assert again.pending() == ()
    for who in (ALICE, BOB, CAROL):
        assert _solid(again, who) == _solid(world.chain, who)
    assert again.mine().number == world.chain.head.number + 1


def test_a_journal_of_another_chain_is_refused() -> None:
    """Records that do not follow from this genesis, or come out otherwise, make no chain."""
    world, records = World(), list[dict[str, object]]()
    world.chain.keep_journal(lambda record: records.append(dict(record)))
    world.pay(ALICE, BOB)
    world.chain.mine(2)
    with pytest.raises(ForeignRecord, match="stands upon none"):
        _empty(world).replay(records[1:])
    with pytest.raises(ForeignRecord, match="came out as"):
        _empty(world).replay([{**records[0], "transactions": []}])


def _empty(world: World) -> TronChain:
    held = {who.address: 1_000_000 * TRX for who in (ALICE, BOB, CAROL)}
    spec = GenesisSpec(GENESIS_MS, held, world.engine.empty_root)
    return TronChain(spec, world.engine, clock=world.clock)


def _solid(chain: TronChain, who: Person) -> object:
    return account(chain.solid_state, who.address)
