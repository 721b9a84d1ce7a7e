"""The engine on py-evm, in process."""

from collections.abc import Iterator

from eth.constants import CREATE_CONTRACT_ADDRESS
from eth.exceptions import (
    FullStack,
    InsufficientFunds,
    InsufficientStack,
    InvalidInstruction,
    InvalidJumpDestination,
    OutOfGas,
    ReservedBytesInCode,
    Revert,
    VMError,
)
from eth.vm.execution_context import ExecutionContext
from eth.vm.forks.frontier.transaction_context import FrontierTransactionContext
from eth.vm.message import Message
from eth_typing import Address, BlockNumber, Hash32

from devstack.tron.engine import BlockFacts, Call, Creation, Ending, Execution, Internal, Ledger, Log
from devstack.tron.tvm import OutOfTime, TvmComputation
from devstack.tron.tvm_state import EMPTY_ROOT, Root, TvmState

ENDINGS: tuple[tuple[type[VMError], Ending], ...] = (
    (Revert, Ending.REVERT),
    (OutOfGas, Ending.OUT_OF_ENERGY),
    (OutOfTime, Ending.OUT_OF_TIME),
    (InvalidJumpDestination, Ending.BAD_JUMP_DESTINATION),
    (InsufficientStack, Ending.STACK_TOO_SMALL),
    (FullStack, Ending.STACK_TOO_LARGE),
    (InvalidInstruction, Ending.ILLEGAL_OPERATION),
    (InsufficientFunds, Ending.TRANSFER_FAILED),
    (ReservedBytesInCode, Ending.INVALID_CODE),
)


class PyEvmEngine:
    """Contracts on py-evm with Tron's rules; see `tvm` for what differs from Ethereum."""

    @property
    def empty_root(self) -> bytes:
        return EMPTY_ROOT

    def call(self, root: bytes, call: Call, block: BlockFacts, ledger: Ledger) -> Execution:
        state = self._state(root, block, ledger, call.txid)
        _check_value(state, call.sender, call.value)
        message = Message(
            gas=call.energy_limit,
            to=Address(call.to),
            sender=Address(call.sender),
            value=call.value,
            data=call.data,
            code=state.get_code(Address(call.to)),
        )
        context = FrontierTransactionContext(gas_price=0, origin=Address(call.sender))
        ran = TvmComputation.apply_message(state, message, context)
        return _finish(root, state, ran, ran.output)

    def create(self, root: bytes, creation: Creation, block: BlockFacts, ledger: Ledger) -> Execution:
        state = self._state(root, block, ledger, creation.txid)
        _check_value(state, creation.sender, creation.value)
        if state.has_code_or_nonce(Address(creation.address)):
            raise ValueError(f"{creation.address.hex()} holds a contract already")
        message = Message(
            gas=creation.energy_limit,
            to=CREATE_CONTRACT_ADDRESS,
            sender=Address(creation.sender),
            value=creation.value,
            data=b"",
            code=creation.code,
            create_address=Address(creation.address),
        )
        context = FrontierTransactionContext(gas_price=0, origin=Address(creation.sender))
        ran = TvmComputation.apply_create_message(state, message, context)
        return _finish(root, state, ran, ran.output)

    def code(self, root: bytes, address: bytes) -> bytes:
        return _state_of(root).contracts.codes.get(address, b"")

    def _state(self, root: bytes, block: BlockFacts, ledger: Ledger, txid: bytes) -> TvmState:
        context = ExecutionContext(
            coinbase=Address(block.producer),
            timestamp=block.time_ms // 1000,
            block_number=BlockNumber(block.number),
            difficulty=0,
            mix_hash=Hash32(bytes(32)),
            gas_limit=0,
            prev_hashes=(),
            chain_id=block.chain_id,
            base_fee_per_gas=0,
        )
        return TvmState(context, _state_of(root), ledger, txid)


def _state_of(root: bytes) -> Root:
    assert isinstance(root, Root), "a root that this engine gave"
    return root


def _check_value(state: TvmState, sender: bytes, value: int) -> None:
    if state.get_balance(Address(sender)) < value:
        raise ValueError(f"{sender.hex()} has less than {value} sun")


def _finish(root: bytes, state: TvmState, ran: object, output: bytes) -> Execution:
    """Turn a finished computation into a result; a failed one left nothing behind in the state."""
    assert isinstance(ran, TvmComputation)
    internals = tuple(_internals(ran, rejected=ran.is_error))
    used, penalty = ran.get_gas_used(), _penalty(ran)
    if ran.is_error:
        return Execution(_ending(ran.error), used, penalty, output, (), internals, {}, (), root)
    for address in ran.get_accounts_for_deletion():
        state.delete_account(address)
    logs = tuple(
        Log(address, tuple(topic.to_bytes(32) for topic in topics), data)
        for address, topics, data in ran.get_log_entries()
    )
    return Execution(
        Ending.SUCCESS,
        used,
        penalty,
        output,
        logs,
        internals,
        dict(state.moved),
        state.created,
        state.finished(),
    )


def _ending(error: VMError) -> Ending:
    return next((ending for kind, ending in ENDINGS if isinstance(error, kind)), Ending.UNKNOWN)


def _penalty(ran: TvmComputation) -> int:
    return ran.penalty + sum(_penalty(child) for child in ran.children if isinstance(child, TvmComputation))


def _internals(ran: TvmComputation, *, rejected: bool) -> Iterator[Internal]:
    """The inner movements in the order of a walk through the calls."""
    for child in ran.children:
        assert isinstance(child, TvmComputation)
        message, undone = child.msg, rejected or child.is_error
        yield Internal(
            caller=message.sender,
            to=message.storage_address,
            value=message.value if message.should_transfer_value else 0,
            data=bytes(message.data),
            note="create" if message.is_create else "call",
            rejected=undone,
        )
        yield from _internals(child, rejected=undone)
    for suicide in ran.suicides:
        yield Internal(suicide.caller, suicide.to, suicide.value, b"", suicide.note, rejected)
