"""Calls and deployments of contracts: what is checked before a run, and what the run does to accounts.

A failed run is no refusal: the transaction stands in its block with the result, and its energy is paid.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from devstack.tron.accounts import (
    ENGINE_ROOT,
    Account,
    ContractRecord,
    account,
    activated,
    contract,
    put_account,
    put_contract,
)
from devstack.tron.addresses import PREFIX, keccak256, of_contract, show
from devstack.tron.contract_messages import CreateSmartContract, TriggerSmartContract
from devstack.tron.engine import Call, Creation, Ending, Execution
from devstack.tron.messages import AccountType
from devstack.tron.moment import Moment
from devstack.tron.resources import ALL_PERCENT, EnergyBill, energy_limit, pay_energy
from devstack.tron.rules import ENERGY_LIMIT_CONSTANT, FACTOR_ONE
from devstack.tron.state import State
from devstack.tron.transactions import SignedTransaction
from devstack.tron.verdicts import ContractInvalid

NAME_BYTES_MAX = 32


@dataclass(frozen=True, slots=True)
class Ran:
    """A run and what it cost; `contract` is the address called or made."""

    contract: bytes
    execution: Execution
    bill: EnergyBill


class StateLedger:
    """The accounts of a state as a run of the machine may see them, by twenty bytes."""

    def __init__(self, state: State) -> None:
        self._state = state

    def balance(self, address: bytes) -> int:
        """TRX of the account in sun, 0 for an unknown one."""
        found = account(self._state, PREFIX + address)
        return found.balance if found else 0

    def exists(self, address: bytes) -> bool:
        """Whether the address is an account or a contract."""
        return account(self._state, PREFIX + address) is not None

    def energy_factor(self, contract: bytes) -> int:
        """The contract's surcharge in 1/10,000; 0 without one."""
        return _factor(self._state, PREFIX + contract)


def check_call(state: State, moment: Moment, action: TriggerSmartContract, fee_limit: int) -> None:
    """Raise ContractInvalid unless the machine can be started for this call."""
    if contract(state, action.contract_address) is None:
        raise ContractInvalid("No contract or not a smart contract")
    _check_start(state, moment, action.owner_address, action.call_value, fee_limit)
    _check_no_token(action)


def check_deployment(
    state: State, moment: Moment, action: CreateSmartContract, fee_limit: int, txid: bytes
) -> None:
    """Raise ContractInvalid unless the machine can be started for this deployment."""
    new = action.new_contract
    if new is None or action.owner_address != new.origin_address:
        raise ContractInvalid("OwnerAddress is not equals OriginAddress")
    if len(new.name.encode()) > NAME_BYTES_MAX:
        raise ContractInvalid("contractName's length cannot be greater than 32")
    if not 0 <= new.consume_user_resource_percent <= ALL_PERCENT:
        raise ContractInvalid("percent must be >= 0 and <= 100")
    address = of_contract(txid, action.owner_address)
    if account(state, address) is not None:
        raise ContractInvalid(f"Trying to create a contract with existing contract address: {show(address)}")
    if new.origin_energy_limit <= 0:
        raise ContractInvalid("The originEnergyLimit must be > 0")
    _check_start(state, moment, action.owner_address, new.call_value, fee_limit)
    _check_no_token(action)


def call(
    state: State,
    moment: Moment,
    transaction: SignedTransaction,
    action: TriggerSmartContract,
    *,
    in_time: bool,
) -> Ran:
    """Run a call, pay its energy, and write what it did. `in_time` false makes it end as OUT_OF_TIME."""
    caller, record = account(state, action.owner_address), contract(state, action.contract_address)
    assert caller is not None, "a validated caller"
    assert record is not None, "a validated contract"
    fee_limit = transaction.signed.fee_limit
    limit = energy_limit(state, moment, caller, record, fee_limit, action.call_value)
    root = engine_root(state)
    ran = moment.engine.call(
        root,
        Call(
            action.owner_address[1:],
            action.contract_address[1:],
            action.call_value,
            action.data,
            limit,
            transaction.txid,
        ),
        moment.block_facts,
        StateLedger(state),
    )
    ran = ran if in_time else _late(ran, root, limit)
    _apply(state, moment, ran)
    _count_energy(state, action.contract_address, ran)
    return Ran(
        action.contract_address, ran, pay_energy(state, moment, caller.address, record, ran.energy_used)
    )


def deploy(
    state: State,
    moment: Moment,
    transaction: SignedTransaction,
    action: CreateSmartContract,
    *,
    in_time: bool,
) -> Ran:
    """Run a deployment, pay its energy, and write the contract when it succeeded."""
    owner, new = account(state, action.owner_address), action.new_contract
    assert owner is not None, "a validated owner"
    assert new is not None, "a validated contract"
    limit = energy_limit(state, moment, owner, None, transaction.signed.fee_limit, new.call_value)
    address = of_contract(transaction.txid, action.owner_address)
    root = engine_root(state)
    ran = moment.engine.create(
        root,
        Creation(owner.address[1:], address[1:], new.call_value, new.bytecode, limit, transaction.txid),
        moment.block_facts,
        StateLedger(state),
    )
    ran = ran if in_time else _late(ran, root, limit)
    _apply(state, moment, ran)
    if ran.ending is Ending.SUCCESS:
        _write_contract(state, moment, address, transaction, action)
    return Ran(address, ran, pay_energy(state, moment, owner.address, None, ran.energy_used))


def constant_call(  # noqa: PLR0913, PLR0917 - one question
    state: State, moment: Moment, owner: bytes, address: bytes, data: bytes, value: int = 0
) -> Execution:
    """Run a call whose effects are thrown away, as a node does for those who ask.

    Raises ContractInvalid without a contract at the address, or when the owner has less than the value.
    """
    if contract(state, address) is None:
        raise ContractInvalid("No contract or not a smart contract")
    if value > StateLedger(state).balance(owner[1:]):
        raise ContractInvalid("Validate InternalTransfer error, balance is not sufficient.")
    return moment.engine.call(
        engine_root(state),
        Call(owner[1:], address[1:], value, data, ENERGY_LIMIT_CONSTANT),
        moment.block_facts,
        StateLedger(state),
    )


def constant_deployment(state: State, moment: Moment, owner: bytes, code: bytes, value: int = 0) -> Execution:
    """Run a deployment whose effects are thrown away."""
    if value > StateLedger(state).balance(owner[1:]):
        raise ContractInvalid("Validate InternalTransfer error, balance is not sufficient.")
    return moment.engine.create(
        engine_root(state),
        Creation(owner[1:], keccak256(owner + code)[12:], value, code, ENERGY_LIMIT_CONSTANT),
        moment.block_facts,
        StateLedger(state),
    )


def engine_root(state: State) -> bytes:
    """Return the machine's state root."""
    root = state.get(ENGINE_ROOT)
    assert root is not None, "written by the genesis"
    return root


def step_energy_factors(state: State, moment: Moment, addresses: tuple[bytes, ...]) -> None:
    """Raise the factor of contracts that were busy since the last maintenance, lower that of the others."""
    rules = moment.parameters
    for address in addresses:
        record = contract(state, address)
        assert record is not None, "a listed contract"
        factor = record.energy_factor
        if record.energy_used >= rules.dynamic_energy_threshold:
            raised = (FACTOR_ONE + factor) * (FACTOR_ONE + rules.dynamic_energy_increase_factor) // FACTOR_ONE
            factor = min(raised - FACTOR_ONE, rules.dynamic_energy_max_factor)
        else:
            decrease = rules.dynamic_energy_increase_factor // 4
            factor = max((FACTOR_ONE + factor) * (FACTOR_ONE - decrease) // FACTOR_ONE - FACTOR_ONE, 0)
        if factor != record.energy_factor or record.energy_used:
            put_contract(state, replace(record, energy_factor=factor, energy_used=0))


def _check_start(state: State, moment: Moment, owner: bytes, value: int, fee_limit: int) -> None:
    if value < 0:
        raise ContractInvalid("callValue must be >= 0")
    caller = account(state, owner)
    if caller is None:
        raise ContractInvalid(f"account [{show(owner)}] does not exist")
    if not 0 <= fee_limit <= moment.parameters.max_fee_limit:
        raise ContractInvalid(f"feeLimit must be >= 0 and <= {moment.parameters.max_fee_limit}")
    if caller.balance < value:
        raise ContractInvalid("Validate InternalTransfer error, balance is not sufficient.")


def _check_no_token(action: TriggerSmartContract | CreateSmartContract) -> None:
    if action.call_token_value or action.token_id:
        raise ContractInvalid("TRC-10 tokens cannot be sent along with a call here")


def _late(ran: Execution, root: bytes, limit: int) -> Execution:
    return replace(
        ran,
        ending=Ending.OUT_OF_TIME,
        energy_used=limit,
        energy_penalty=0,
        output=b"",
        logs=(),
        internals=tuple(replace(one, rejected=True) for one in ran.internals),
        balances={},
        created=(),
        state_root=root,
    )


def _apply(state: State, moment: Moment, ran: Execution) -> None:
    state.put(ENGINE_ROOT, row=ran.state_root)
    created = {PREFIX + address for address in ran.created}
    _set_balances(state, moment, {PREFIX + address: sun for address, sun in ran.balances.items()}, created)
    for address in created:
        _make_account(state, moment, address)
        code_hash = keccak256(moment.engine.code(ran.state_root, address[1:]))
        put_contract(state, ContractRecord(address, origin=address, code_hash=code_hash, version=1))


def _set_balances(state: State, moment: Moment, balances: Mapping[bytes, int], created: set[bytes]) -> None:
    for address, sun in balances.items():
        kind = AccountType.Contract if address in created else AccountType.Normal
        known = account(state, address) or activated(address, moment.head_time_ms, kind)
        put_account(state, replace(known, balance=sun))


def _make_account(state: State, moment: Moment, address: bytes) -> None:
    known = account(state, address) or Account(address, create_time_ms=moment.head_time_ms)
    put_account(
        state, replace(known, type=AccountType.Contract, owner_permission=None, active_permissions=())
    )


def _write_contract(
    state: State, moment: Moment, address: bytes, transaction: SignedTransaction, action: CreateSmartContract
) -> None:
    new = action.new_contract
    assert new is not None, "a validated contract"
    _make_account(state, moment, address)
    record = ContractRecord(
        address=address,
        origin=action.owner_address,
        name=new.name,
        abi=new.abi,
        bytecode=new.bytecode,
        consume_user_resource_percent=new.consume_user_resource_percent,
        origin_energy_limit=new.origin_energy_limit,
        code_hash=keccak256(moment.engine.code(engine_root(state), address[1:])),
        trx_hash=transaction.txid,
        version=1,
    )
    put_contract(state, record)


def _count_energy(state: State, address: bytes, ran: Execution) -> None:
    record = contract(state, address)
    assert record is not None, "a validated contract"
    used = record.energy_used + ran.energy_used - ran.energy_penalty
    put_contract(state, replace(record, energy_used=used))


def _factor(state: State, address: bytes) -> int:
    found = contract(state, address)
    return found.energy_factor if found else 0
