"""One transaction upon a state: its fees, its action, and the record of what became of it."""

from dataclasses import dataclass

from devstack.tron.accounts import Poor, account
from devstack.tron.acting import Done, act
from devstack.tron.addresses import PREFIX, keccak256, show
from devstack.tron.block_messages import (
    CallValueInfo,
    InternalTransaction,
    Log,
    ResourceReceipt,
    TransactionInfo,
)
from devstack.tron.calling import Ran
from devstack.tron.engine import Ending, Execution
from devstack.tron.messages import Code, ContractResult, Result
from devstack.tron.moment import Moment
from devstack.tron.resources import BandwidthBill, burn_from, pay_bandwidth
from devstack.tron.state import State
from devstack.tron.transactions import SignedTransaction
from devstack.tron.transferring import activates
from devstack.tron.verdicts import ContractInvalid, Refused, ResourcesMissing, ResponseCode

MESSAGES = {Ending.REVERT: b"REVERT opcode executed", Ending.OUT_OF_TIME: b"CPU timeout for 0x00 executing"}


@dataclass(frozen=True, slots=True)
class Applied:
    """A transaction as a block holds it: the result beside it and the record of it."""

    transaction: SignedTransaction
    result: Result
    info: TransactionInfo


def apply(
    state: State,
    moment: Moment,
    transaction: SignedTransaction,
    *,
    in_time: bool = True,
    internals: bool = False,
) -> Applied:
    """Write what a transaction does into the state. Raises Refused, and then nothing is written.

    `in_time` false makes a call end as OUT_OF_TIME; `internals` says whether the record shows internal calls.
    """
    draft = state.over()
    try:
        bandwidth, others = _pay_fees(draft, moment, transaction)
        done = act(draft, moment, transaction, in_time=in_time)
    except Poor as problem:
        raise Refused(ResponseCode.CONTRACT_EXE_ERROR, str(problem)) from None
    state.absorb(draft)
    return _applied(moment, transaction, bandwidth, others, done, internals=internals)


def _pay_fees(state: State, moment: Moment, transaction: SignedTransaction) -> tuple[BandwidthBill, int]:
    owner = transaction.action.owner_address
    if account(state, owner) is None:
        raise ContractInvalid(f"account [{show(owner)}] does not exist")
    opens = activates(state, transaction.action)
    bandwidth = pay_bandwidth(state, moment, owner, transaction.bandwidth_bytes, activates=opens)
    fee = moment.parameters.multi_sign_fee if len(transaction.signatures) > 1 else 0
    fee += moment.parameters.memo_fee if transaction.signed.data else 0
    payer = account(state, owner)
    assert payer is not None, "just charged"
    if payer.balance < fee:
        raise ResourcesMissing(
            f"{show(owner)} holds {payer.balance}, the fees for memo and signatures are {fee}"
        )
    burn_from(state, payer, fee)
    return bandwidth, fee


def _applied(  # noqa: PLR0913 - the parts of one record
    moment: Moment,
    transaction: SignedTransaction,
    bandwidth: BandwidthBill,
    others: int,
    done: Done,
    *,
    internals: bool,
) -> Applied:
    ran = done.ran
    outcome = ContractResult[ran.execution.ending] if ran else ContractResult.SUCCESS
    failed = outcome is not ContractResult.SUCCESS
    energy_sun = ran.bill.sun if ran else 0
    info = TransactionInfo(
        id=transaction.txid,
        fee=bandwidth.sun + others + done.fee + energy_sun,
        blockNumber=moment.number,
        blockTimeStamp=moment.time_ms,
        contractResult=(ran.execution.output if ran else b"",),
        contract_address=ran.contract if ran else b"",
        receipt=_receipt(bandwidth, ran, outcome),
        log=tuple(Log(log.address, log.topics, log.data) for log in ran.execution.logs) if ran else (),
        result=Code.FAILED if failed else Code.SUCESS,
        resMessage=_message(ran.execution) if ran and failed else b"",
        internal_transactions=_internals(transaction.txid, ran.execution) if ran and internals else (),
        packingFee=bandwidth.sun + energy_sun if moment.parameters.transaction_fee_pool else 0,
        withdraw_expire_amount=done.withdrawn,
        unfreeze_amount=done.unfrozen,
    )
    return Applied(transaction, Result(contractRet=outcome), info)


def _receipt(bandwidth: BandwidthBill, ran: Ran | None, outcome: ContractResult) -> ResourceReceipt:
    if ran is None:
        return ResourceReceipt(net_usage=bandwidth.usage, net_fee=bandwidth.sun)
    return ResourceReceipt(
        energy_usage=ran.bill.usage,
        energy_fee=ran.bill.sun,
        origin_energy_usage=ran.bill.origin_usage,
        energy_usage_total=ran.execution.energy_used,
        net_usage=bandwidth.usage,
        net_fee=bandwidth.sun,
        result=outcome,
        energy_penalty_total=ran.execution.energy_penalty,
    )


def _message(ran: Execution) -> bytes:
    if ran.ending is Ending.OUT_OF_ENERGY:
        return f"Not enough energy for executing, used all {ran.energy_used}".encode()
    return MESSAGES.get(ran.ending, ran.ending.replace("_", " ").lower().encode())


def _internals(txid: bytes, ran: Execution) -> tuple[InternalTransaction, ...]:
    return tuple(
        InternalTransaction(
            hash=_internal_hash(txid, index),
            caller_address=PREFIX + one.caller,
            transferTo_address=PREFIX + one.to,
            callValueInfo=(CallValueInfo(callValue=one.value),),
            note=one.note.encode(),
            rejected=one.rejected,
        )
        for index, one in enumerate(ran.internals)
    )


def _internal_hash(txid: bytes, index: int) -> bytes:
    return keccak256(txid + index.to_bytes(8))
