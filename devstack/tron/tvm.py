"""Tron's virtual machine as changes to the Shanghai one: older prices, its own addresses, energy factors.

The prices are java-tron's EnergyCost: EXP, BALANCE, EXTCODESIZE, EXTCODECOPY, EXTCODEHASH, SLOAD, SSTORE and
the calls cost what they cost before Ethereum's repricings, nothing is refunded, a call may take all energy.
"""

from collections.abc import Callable

from eth import constants
from eth._utils.address import force_bytes_to_address
from eth.abc import (
    ComputationAPI,
    MessageAPI,
    OpcodeAPI,
    StateAPI,
    TransactionContextAPI,
)
from eth.exceptions import OutOfGas, VMError, WriteProtection
from eth.vm import mnemonics, opcode_values
from eth.vm.forks.shanghai.computation import ShanghaiComputation
from eth.vm.forks.shanghai.opcodes import SHANGHAI_OPCODES
from eth.vm.gas_meter import GasMeter
from eth.vm.logic import arithmetic, call, context, storage, system
from eth.vm.opcode import Opcode, as_opcode
from eth_typing import Address

from devstack.tron.addresses import keccak256
from devstack.tron.engine import FACTOR_ONE, OPERATIONS, Internal
from devstack.tron.tvm_state import TvmState

ADDRESS_PREFIX = b"\x41"
EXP_BYTE = 10
BALANCE = 20
EXT_CODE = 20
EXT_CODE_HASH = 400
SLOAD = 50
CALL = 40


class OutOfTime(VMError):
    """A run took more operations than a node grants."""


class Lent(int):
    """Energy that goes along with an inner call: it is spent there, under that contract's factor."""


class TvmMeter(GasMeter):
    """Energy of one frame: on top of what it spends itself comes the factor of its contract."""

    def __init__(self, energy: int, factor: int) -> None:
        super().__init__(energy)
        self.factor = factor
        self.penalty = 0

    def consume_gas(self, amount: int, reason: str) -> None:
        if self.factor and not isinstance(amount, Lent):
            penalty = amount * self.factor // FACTOR_ONE
            self.penalty += penalty
            amount += penalty
        if amount > self.gas_remaining:
            raise OutOfGas(reason)
        self.gas_remaining -= amount


class TvmComputation(ShanghaiComputation):
    """A frame of a run: it counts operations and keeps what SELFDESTRUCT moved."""

    def __init__(
        self, state: StateAPI, message: MessageAPI, transaction_context: TransactionContextAPI
    ) -> None:
        assert isinstance(state, TvmState)
        self.tvm: TvmState = state
        self.suicides: list[Internal] = []
        super().__init__(state, message, transaction_context)

    @property
    def penalty(self) -> int:
        assert isinstance(self._gas_meter, TvmMeter)
        return self._gas_meter.penalty

    def consume_gas(self, amount: int, reason: str) -> None:
        if self._error is not None:  # what is left burns as it is
            self._gas_meter.consume_gas(Lent(amount), reason)
            return
        self.tvm.steps += 1
        if self.tvm.steps > OPERATIONS:
            raise OutOfTime(reason)
        self._gas_meter.consume_gas(amount, reason)

    def _configure_gas_meter(self) -> GasMeter:
        return TvmMeter(self.msg.gas, self.tvm.ledger.energy_factor(self.msg.storage_address))

    @classmethod
    def consume_initcode_gas_cost(cls, computation: ComputationAPI) -> None:
        """Nothing: Tron does not charge for the length of creation code."""


class _TronCall(call.BaseCall):
    """Prices of a call: its own cost is charged at once, then it lends what was asked or all that is left."""

    stipend = True

    def compute_msg_gas(
        self, computation: ComputationAPI, gas: int, to: Address, value: int
    ) -> tuple[int, int]:
        computation.consume_gas(self.compute_msg_extra_gas(computation, gas, to, value), self.mnemonic)
        lent = Lent(min(gas, computation.get_gas_remaining()))
        return lent + (constants.GAS_CALLSTIPEND if value and self.stipend else 0), lent


class TronCall(_TronCall, call.CallByzantium):
    """CALL."""


class TronCallCode(_TronCall, call.CallCode):
    """CALLCODE."""


class TronDelegateCall(_TronCall, call.DelegateCall):
    """DELEGATECALL, which passes a value on without moving it."""

    stipend = False


class TronStaticCall(_TronCall, call.StaticCall):
    """STATICCALL."""


class TronCreate(system.CreateByzantium):
    """CREATE: the address follows from the transaction and a count within it."""

    def max_child_gas_modifier(self, gas: int) -> int:
        return Lent(gas)

    def generate_contract_address(
        self,
        stack_data: system.CreateOpcodeStackData,  # noqa: ARG002 - the shape of the library
        call_data: bytes,  # noqa: ARG002 - the shape of the library
        computation: ComputationAPI,
    ) -> Address:
        assert isinstance(computation, TvmComputation)
        state = computation.tvm
        serial, state.serial = state.serial, state.serial + 1
        return _created(state, created_address(state.txid, serial))


class TronCreate2(system.Create2):
    """CREATE2: as on Ethereum, with Tron's address prefix in the place of 0xff."""

    def max_child_gas_modifier(self, gas: int) -> int:
        return Lent(gas)

    def generate_contract_address(
        self, stack_data: system.CreateOpcodeStackData, call_data: bytes, computation: ComputationAPI
    ) -> Address:
        assert isinstance(computation, TvmComputation)
        assert stack_data.salt is not None
        salt = stack_data.salt.to_bytes(32)
        return _created(computation.tvm, created2_address(computation.msg.storage_address, salt, call_data))


def created_address(txid: bytes, serial: int) -> bytes:
    """Return the address of the contract that CREATE makes as number `serial` of a transaction."""
    return keccak256(txid + serial.to_bytes(8))[12:]


def created2_address(sender: bytes, salt: bytes, code: bytes) -> bytes:
    """Return the address of the contract that CREATE2 makes."""
    return keccak256(ADDRESS_PREFIX + sender + salt + keccak256(code))[12:]


def _created(state: TvmState, address: bytes) -> Address:
    state.created = (*state.created, address)
    return Address(address)


def _selfdestruct(computation: ComputationAPI) -> None:
    """Hand the balance on, and leave a note of it as the other inner movements do."""
    assert isinstance(computation, TvmComputation)
    if computation.msg.is_static:
        raise WriteProtection(mnemonics.SELFDESTRUCT)
    beneficiary = force_bytes_to_address(computation.stack_pop1_bytes())
    contract = computation.msg.storage_address
    value = computation.state.get_balance(contract)
    computation.suicides.append(Internal(contract, beneficiary, value, b"", "suicide", rejected=False))
    system._selfdestruct(computation, beneficiary)


def _sstore(computation: ComputationAPI) -> None:
    if computation.msg.is_static:
        raise WriteProtection(mnemonics.SSTORE)
    storage.sstore(computation)


def _logic(opcode: int, mnemonic: str, logic: Callable[..., object], cost: int) -> dict[int, OpcodeAPI]:
    return {opcode: as_opcode(logic_fn=logic, mnemonic=mnemonic, gas_cost=cost)}


def _acting(opcode: int, mnemonic: str, shape: type[Opcode], cost: int) -> dict[int, OpcodeAPI]:
    return {opcode: shape.configure(__name__=mnemonic, mnemonic=mnemonic, gas_cost=cost)()}


TvmComputation.opcodes = {
    **SHANGHAI_OPCODES,
    **_logic(opcode_values.EXP, mnemonics.EXP, arithmetic.exp(gas_per_byte=EXP_BYTE), 10),
    **_logic(opcode_values.BALANCE, mnemonics.BALANCE, context.balance, BALANCE),
    **_logic(opcode_values.EXTCODESIZE, mnemonics.EXTCODESIZE, context.extcodesize, EXT_CODE),
    **_logic(opcode_values.EXTCODECOPY, mnemonics.EXTCODECOPY, context.extcodecopy, EXT_CODE),
    **_logic(opcode_values.EXTCODEHASH, mnemonics.EXTCODEHASH, context.extcodehash, EXT_CODE_HASH),
    **_logic(opcode_values.SLOAD, mnemonics.SLOAD, storage.sload, SLOAD),
    **_logic(opcode_values.SSTORE, mnemonics.SSTORE, _sstore, 0),
    **_logic(opcode_values.SELFDESTRUCT, mnemonics.SELFDESTRUCT, _selfdestruct, 0),
    **_acting(opcode_values.CREATE, mnemonics.CREATE, TronCreate, constants.GAS_CREATE),
    **_acting(opcode_values.CREATE2, mnemonics.CREATE2, TronCreate2, constants.GAS_CREATE),
    **_acting(opcode_values.CALL, mnemonics.CALL, TronCall, CALL),
    **_acting(opcode_values.CALLCODE, mnemonics.CALLCODE, TronCallCode, CALL),
    **_acting(opcode_values.DELEGATECALL, mnemonics.DELEGATECALL, TronDelegateCall, CALL),
    **_acting(opcode_values.STATICCALL, mnemonics.STATICCALL, TronStaticCall, CALL),
}
TvmState.computation_class = TvmComputation
