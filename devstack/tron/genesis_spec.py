"""What a chain begins with, and the state made of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from devstack.tron.accounts import (
    ENGINE_ROOT,
    Account,
    ContractRecord,
    Trc10,
    account,
    activated,
    put_account,
    put_contract,
    put_token,
)
from devstack.tron.messages import AccountType
from devstack.tron.state import State


@dataclass(frozen=True, slots=True)
class GenesisSpec:
    """The time of the genesis and what is there: TRX by address, contracts under the machine's root, tokens.

    The whole supply of a token belongs to its owner.
    """

    time_ms: int
    accounts: Mapping[bytes, int]
    state_root: bytes
    contracts: Mapping[bytes, ContractRecord] = field(default_factory=dict)
    tokens: tuple[Trc10, ...] = ()


def first_state(spec: GenesisSpec) -> State:
    """Return the state of the genesis block."""
    state = State()
    state.put(ENGINE_ROOT, row=spec.state_root)
    for address, sun in spec.accounts.items():
        put_account(state, activated(address, spec.time_ms).receiving(sun))
    for record in spec.contracts.values():
        put_contract(state, record)
        held = _account(state, spec, record.address).balance
        contract = activated(record.address, spec.time_ms, AccountType.Contract)
        put_account(state, replace(contract, balance=held))
    for token in spec.tokens:
        put_token(state, token)
        put_account(state, _account(state, spec, token.owner).holding(token.id, token.supply))
    return state


def _account(state: State, spec: GenesisSpec, address: bytes) -> Account:
    return account(state, address) or activated(address, spec.time_ms)
