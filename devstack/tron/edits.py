"""Changes of the state that no transaction explains; each takes effect with a block."""

from dataclasses import dataclass, replace

from devstack.tron.accounts import account, activated, contract, put_account, put_contract
from devstack.tron.state import State


@dataclass(frozen=True, slots=True)
class Gift:
    """TRX out of nothing, in sun."""

    address: bytes
    sun: int


@dataclass(frozen=True, slots=True)
class FactorStep:
    """Another energy factor of a contract; 10,000 doubles."""

    address: bytes
    factor: int


Edit = Gift | FactorStep


def carry_out(state: State, edit: Edit) -> None:
    """Write an edit into a state. Raises ValueError for the factor of what is no contract."""
    match edit:
        case Gift(address=address, sun=sun):
            known = account(state, address) or activated(address, 0)
            put_account(state, known.receiving(sun))
        case FactorStep(address=address, factor=factor):
            record = contract(state, address)
            if record is None:
                raise ValueError(f"{address.hex()} is no contract")
            put_contract(state, replace(record, energy_factor=factor))
