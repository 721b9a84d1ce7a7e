"""The engine of the devnet: Tron's prices, its addresses, its endings, and states that stay."""

from dataclasses import dataclass, field
from itertools import pairwise

import pytest
from eth_abi.abi import encode

from devstack.tokens.compiling import compile_token
from devstack.tron.addresses import keccak256
from devstack.tron.engine import BlockFacts, Call, Creation, Ending, Execution, Internal
from devstack.tron.pyevm import PyEvmEngine
from devstack.tron.tvm import created2_address, created_address

FACTS = BlockFacts(number=7, time_ms=1_700_000_000_000, producer=b"\x05" * 20)
SENDER, CONTRACT, PAYEE = b"\x11" * 20, b"\x22" * 20, b"\x33" * 20
TXID = b"\x77" * 32
ENERGY = 5_000_000
PUSH = 3
STOP = "00"


@dataclass
class Books:
    """A ledger of few accounts."""

    sun: dict[bytes, int] = field(default_factory=lambda: {SENDER: 1_000})
    factors: dict[bytes, int] = field(default_factory=dict)

    def balance(self, address: bytes) -> int:
        return self.sun.get(address, 0)

    def exists(self, address: bytes) -> bool:
        return address in self.sun

    def energy_factor(self, contract: bytes) -> int:
        return self.factors.get(contract, 0)


def installed(engine: PyEvmEngine, code: str) -> bytes:
    """Return the root of a state whose only contract has this code (hex, up to 255 bytes)."""
    body = bytes.fromhex(code)
    making = bytes([0x60, len(body), 0x60, 0x0C, 0x60, 0, 0x39, 0x60, len(body), 0x60, 0, 0xF3]) + body
    made = engine.create(engine.empty_root, Creation(SENDER, CONTRACT, 0, making, ENERGY), FACTS, Books())
    assert made.ending is Ending.SUCCESS
    return made.state_root


def ran(code: str, *, books: Books | None = None, energy: int = ENERGY, value: int = 0) -> Execution:
    """Run a contract of this code once."""
    engine = PyEvmEngine()
    call = Call(SENDER, CONTRACT, value, b"", energy, TXID)
    return engine.call(installed(engine, code), call, FACTS, books or Books())


@pytest.mark.parametrize(
    ("operation", "code", "energy"),
    [
        ("BALANCE", "30 31", 2 + 20),
        ("EXTCODESIZE", "30 3b", 2 + 20),
        ("EXTCODEHASH", "30 3f", 2 + 400),
        ("EXTCODECOPY of a word", "6020 6000 6000 30 3c", 3 * PUSH + 2 + 20 + 3 + 3),
        ("SLOAD", "6000 54", PUSH + 50),
        ("SLOAD again costs the same", "6000 54 6000 54", 2 * (PUSH + 50)),
        ("SSTORE of a new value", "6001 6000 55", 2 * PUSH + 20_000),
        ("SSTORE over a value", "6001 6000 55 6002 6000 55", 4 * PUSH + 20_000 + 5_000),
        ("SSTORE of zero over it gives nothing back", "6001 6000 55 6000 6000 55", 4 * PUSH + 25_000),
        ("EXP with two bytes", "610100 6002 0a", 2 * PUSH + 10 + 2 * 10),
        ("CALL of an empty account", "6000 6000 6000 6000 6000 30 6000 f1", 6 * PUSH + 2 + 40),
        ("PUSH0 of Shanghai", "5f", 2),
    ],
)
def test_an_operation_costs_what_tron_charges(operation: str, code: str, energy: int) -> None:
    """Prices of java-tron's EnergyCost, in energy; nothing is charged for the call as such."""
    result = ran(code + STOP)
    assert (result.ending, result.energy_used) == (Ending.SUCCESS, energy), operation


@pytest.mark.parametrize(
    ("code", "ending", "burns_all"),
    [
        ("6000 6000 fd", Ending.REVERT, False),
        ("5b 6000 56", Ending.OUT_OF_TIME, True),
        ("600f 56", Ending.BAD_JUMP_DESTINATION, True),
        ("01", Ending.STACK_TOO_SMALL, True),
        ("fe", Ending.ILLEGAL_OPERATION, True),
        ("6001 62ffffff 52", Ending.OUT_OF_ENERGY, True),
    ],
)
@pytest.mark.parametrize("factor", [0, 5_000])
def test_a_failed_run_leaves_nothing_but_its_bill(
    code: str, ending: Ending, factor: int, *, burns_all: bool
) -> None:
    """Each kind of end has Tron's name; a revert keeps what was not used, with or without a factor."""
    engine = PyEvmEngine()
    root = installed(engine, code)
    books = Books(factors={CONTRACT: factor})
    result = engine.call(root, Call(SENDER, CONTRACT, 5, b"", 1_500_000), FACTS, books)
    assert result.ending is ending
    assert (result.energy_used == 1_500_000) is burns_all
    assert (result.state_root, result.balances, result.logs, result.created) == (root, {}, (), ())


def test_a_factor_charges_each_contract_for_its_own_work() -> None:
    """A caller's factor does not touch the energy it lends to the callee, nor the other way round."""
    plain = ran("6000 54" + STOP).energy_used
    raised = ran("6000 54" + STOP, books=Books(factors={CONTRACT: 10_000}))
    assert (raised.energy_used, raised.energy_penalty) == (2 * plain, plain)
    calling = "6000 6000 6000 6000 6000 73" + PAYEE.hex() + "61ffff f1" + STOP
    alone = ran(calling).energy_used
    elsewhere = ran(calling, books=Books(factors={PAYEE: 10_000}))
    assert (elsewhere.energy_used, elsewhere.energy_penalty) == (alone, 0)


def test_trx_moves_inside_and_is_told_as_balances() -> None:
    """The contract passes half on: new balances for all three, and one inner movement."""
    code = "6000 6000 6000 6000 6004 73" + PAYEE.hex() + "6000 f1" + STOP
    result = ran(code, value=8)
    assert result.balances == {SENDER: 992, CONTRACT: 4, PAYEE: 4}
    assert result.internals == (Internal(CONTRACT, PAYEE, 4, b"", "call", rejected=False),)


def test_an_undone_movement_is_told_as_rejected() -> None:
    """What a contract moved before it reverted did not happen."""
    code = "6000 6000 6000 6000 6004 73" + PAYEE.hex() + "6000 f1 6000 6000 fd"
    result = ran(code, value=8)
    assert result.ending is Ending.REVERT
    assert result.balances == {}
    assert [one.rejected for one in result.internals] == [True]


def test_the_sender_must_have_the_value() -> None:
    """A run cannot begin with money that is not there."""
    with pytest.raises(ValueError, match="less than"):
        ran(STOP, value=1_001)


def test_contracts_made_inside_get_trons_addresses() -> None:
    """CREATE counts within the transaction; CREATE2 hashes with 0x41 where Ethereum has 0xff."""
    created = ran("6000 6000 6000 f0 6000 6000 6000 f0" + STOP)
    assert created.created == (created_address(TXID, 0), created_address(TXID, 1))
    assert created.created[0] == keccak256(TXID + bytes(8))[12:]
    salted = ran("6009 6000 6000 6000 f5" + STOP)
    salt = (9).to_bytes(32)
    assert salted.created == (created2_address(CONTRACT, salt, b""),)
    assert salted.created[0] == keccak256(b"\x41" + CONTRACT + salt + keccak256(b""))[12:]


def test_every_old_state_stays() -> None:
    """Three transfers, each upon the root before it: any of the roots can be continued."""
    engine, books = PyEvmEngine(), Books()
    token = bytes.fromhex(compile_token("tether").bytecode[2:]) + encode(["uint256"], [100])
    made = engine.create(engine.empty_root, Creation(SENDER, CONTRACT, 0, token, ENERGY), FACTS, books)
    moving = keccak256(b"transfer(address,uint256)")[:4] + encode(["address", "uint256"], [PAYEE, 30])
    asking = keccak256(b"balanceOf(address)")[:4] + encode(["address"], [PAYEE])
    roots = [made.state_root]
    for _ in range(3):
        moved = engine.call(roots[-1], Call(SENDER, CONTRACT, 0, moving, ENERGY), FACTS, books)
        assert moved.output == bytes(32)
        roots.append(moved.state_root)
    held = [
        int.from_bytes(engine.call(root, Call(SENDER, CONTRACT, 0, asking, ENERGY), FACTS, books).output)
        for root in roots
    ]
    assert held == [0, 30, 60, 90]
    assert all(one != other for one, other in pairwise(roots))
    again = engine.call(roots[1], Call(SENDER, CONTRACT, 0, moving, ENERGY), FACTS, books)
    assert again.state_root == roots[2]
