"""The networks that withdrawals are measured on, and what differs between them."""

from collections.abc import Callable
from dataclasses import dataclass

from bench.judging import Payment
from bench.killing import MortalNode
from bench.payments_evm import payments_of as paid_on_evm
from bench.payments_tron import payments_of as paid_on_tron
from devstack.evm_network import EVM
from devstack.local_chains import SeededNetwork
from devstack.seeding import SeededHouse
from devstack.stack import CHAIN_IDS
from devstack.tron_network import TRON, LocalTron

SLOT_MS = 3_000
"""Tron's own pace; a block is solid after eighteen more."""


@dataclass(frozen=True, slots=True)
class Ground:
    """One kind of network: its place in the stack, who reads and kills its node, and what it is asked for.

    `window` withdrawals are open at once after `ramp_seconds`, which are about as long as one takes where the
    network needs a minute to be final: all at once would end at once, too. `deposits` are the whole coins and
    tokens of each player; `watched_addresses` of a key family are paid to `deposits_per_second` a second.
    """

    name: str
    family: str
    chain_ids: tuple[int, ...]
    tron_slot_ms: int | None
    block_seconds: float
    window: int
    ramp_seconds: float
    deposits: tuple[int, int]
    watched_addresses: int
    deposits_per_second: int
    payments: Callable[[SeededHouse], list[Payment]]
    node: Callable[[SeededHouse], MortalNode]


ON_EVM = Ground(
    name="evm",
    family=EVM.family,
    chain_ids=CHAIN_IDS[:1],
    tron_slot_ms=None,
    block_seconds=1,
    window=64,
    ramp_seconds=0,
    deposits=(100, 10_000),
    watched_addresses=100_000,
    deposits_per_second=20,
    payments=lambda house: paid_on_evm(house.evm[0]),
    node=lambda house: house.evm[0].chain,
)
ON_TRON = Ground(
    name="tron",
    family=TRON.family,
    chain_ids=(),
    tron_slot_ms=SLOT_MS,
    block_seconds=SLOT_MS / 1_000,
    window=320,
    ramp_seconds=75,
    deposits=(1_000, 10_000),
    watched_addresses=100_000,
    deposits_per_second=5,
    payments=lambda house: paid_on_tron(_tron(house)),
    node=lambda house: _tron(house).chain,
)


def _tron(house: SeededHouse) -> SeededNetwork[LocalTron]:
    assert house.tron is not None, "this ground is a stack with a Tron network"
    return house.tron
