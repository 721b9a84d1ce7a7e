"""What the devnet begins with: funded accounts of known keys, USDT, its look-alikes, contracts that pay.

Every contract is made by its own constructor in the engine, so that its storage is what a deployment leaves.
"""

import hashlib
from dataclasses import dataclass, field
from functools import cache

from coincurve import PrivateKey
from eth_abi.abi import encode

from devstack.tokens.compiling import Compiled, compile_token
from devstack.tron.accounts import ContractRecord, Trc10
from devstack.tron.addresses import PREFIX, keccak256, of_contract, of_public_key
from devstack.tron.contract_messages import ABI
from devstack.tron.engine import BlockFacts, Call, Creation, Ending, Engine, Execution
from devstack.tron.genesis_spec import GenesisSpec
from devstack.tron.rendering import read
from devstack.tron.rules import SUN

ACCOUNTS = 10
ACCOUNT_SUN = 100_000_000 * SUN
USDT_SUPPLY = 10**9 * 10**6
USDT_EACH = 10**7 * 10**6
SPOOF_EACH = 10**7 * 10**6
TRC10_ID = "1002000"
TRC10_SUPPLY = 10**9 * 10**6
ENERGY = 10**9  # enough for any constructor
ALLOWANCE = 2**256 - 1


@dataclass(frozen=True, slots=True)
class DevContracts:
    """The addresses (21 bytes) of the contracts that are there from the start."""

    usdt: bytes
    spoof: bytes
    hollow: bytes
    paymaster: bytes
    batching: bytes


@dataclass(slots=True)
class _Founding:
    """State while genesis is made: it answers the engine as a ledger without any TRX would."""

    engine: Engine
    root: bytes
    records: dict[bytes, ContractRecord] = field(default_factory=dict)

    def balance(self, address: bytes) -> int:  # noqa: ARG002 - nobody needs TRX to make a contract
        return 0

    def exists(self, address: bytes) -> bool:
        return PREFIX + address in self.records

    def energy_factor(self, contract: bytes) -> int:  # noqa: ARG002 - none before the first block
        return 0

    def deploy(self, source: str, name: str, owner: bytes, arguments: bytes = b"") -> bytes:
        """Make the contract of `<source>.vy`; return its address."""
        compiled = compile_token(source)
        birth = hashlib.sha256(f"{source} {name}".encode()).digest()
        address = of_contract(birth, owner)
        code = bytes.fromhex(compiled.bytecode.removeprefix("0x")) + arguments
        creation = Creation(owner[1:], address[1:], 0, code, ENERGY, birth)
        self._keep(self.engine.create(self.root, creation, _FACTS, self), name)
        left = self.engine.code(self.root, address[1:])
        self.records[address] = ContractRecord(
            address=address,
            origin=owner,
            name=name,
            abi=_interface(compiled),
            bytecode=code,
            origin_energy_limit=10_000_000,
            code_hash=keccak256(left),
            trx_hash=birth,
        )
        return address

    def call(self, sender: bytes, contract: bytes, signature: str, types: list[str], *values: object) -> None:
        """Call a contract, which must succeed."""
        data = keccak256(signature.encode())[:4] + encode(types, values)
        called = self.engine.call(self.root, Call(sender[1:], contract[1:], 0, data, ENERGY), _FACTS, self)
        self._keep(called, signature)

    def _keep(self, ran: Execution, what: str) -> None:
        assert ran.ending is Ending.SUCCESS, f"{what}: {ran.ending} {ran.output.hex()}"
        self.root = ran.state_root


_FACTS = BlockFacts(number=0, time_ms=0, producer=bytes(20))


@cache
def dev_key(index: int) -> PrivateKey:
    """Return the key of a funded account: published, worthless anywhere else."""
    return PrivateKey(hashlib.sha256(f"croupier tron devnet account {index}".encode()).digest())


def dev_address(index: int) -> bytes:
    """Return the address of a funded account, 21 bytes."""
    return of_public_key(dev_key(index).public_key)


def dev_contracts() -> DevContracts:
    """Return where genesis puts its contracts; they follow from their names and the first account."""
    owner = dev_address(0)

    def at(source: str, name: str) -> bytes:
        return of_contract(hashlib.sha256(f"{source} {name}".encode()).digest(), owner)

    return DevContracts(
        usdt=at("tether", "TetherToken"),
        spoof=at("plain", "TetherToken"),
        hollow=at("hollow", "TetherToken"),
        paymaster=at("paymaster", "Paymaster"),
        batching=at("batching", "Batching"),
    )


def dev_genesis(engine: Engine, time_ms: int, slot_ms: int = 3_000) -> GenesisSpec:
    """Build the genesis of a time, which is rounded down to a slot.

    The first account owns every contract and the TRC-10 "USDT"; each account holds TRX, USDT and the spoof.
    """
    founding = _Founding(engine, engine.empty_root)
    owner = dev_address(0)
    accounts = [dev_address(index) for index in range(ACCOUNTS)]
    usdt = founding.deploy("tether", "TetherToken", owner, encode(["uint256"], [USDT_SUPPLY]))
    arguments = encode(["string", "string", "uint256"], ["Tether USD", "USDT", USDT_SUPPLY])
    spoof = founding.deploy("plain", "TetherToken", owner, arguments)
    founding.deploy("hollow", "TetherToken", owner)
    founding.deploy("paymaster", "Paymaster", owner)
    batching = founding.deploy("batching", "Batching", owner)
    for holder in accounts[1:]:
        for token, amount in ((usdt, USDT_EACH), (spoof, SPOOF_EACH)):
            founding.call(
                owner, token, "transfer(address,uint256)", ["address", "uint256"], holder[1:], amount
            )
    founding.call(owner, usdt, "approve(address,uint256)", ["address", "uint256"], batching[1:], ALLOWANCE)
    return GenesisSpec(
        time_ms=time_ms // slot_ms * slot_ms,
        accounts=dict.fromkeys(accounts, ACCOUNT_SUN),
        state_root=founding.root,
        contracts=founding.records,
        tokens=(Trc10(TRC10_ID, "Tether USD", "USDT", owner, TRC10_SUPPLY, 6),),
    )


def _interface(compiled: Compiled) -> ABI:
    """The interface as the chain keeps it: entries with Tron's names of their types."""
    return read(ABI, {"entrys": compiled.abi}, visible=False)
