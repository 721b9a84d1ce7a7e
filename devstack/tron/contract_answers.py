"""Answers about contracts: what they are, and what a call would do and cost."""

from devstack.tron.account_answers import known
from devstack.tron.accounts import ContractRecord, contract
from devstack.tron.addresses import PREFIX
from devstack.tron.asking import Answer, Question
from devstack.tron.block_messages import CallValueInfo, InternalTransaction, Log
from devstack.tron.building import (
    CONTRACT_VALIDATE_ERROR,
    call_of,
    failure,
    transaction_shown,
    unsigned,
)
from devstack.tron.calling import constant_call, constant_deployment, engine_root
from devstack.tron.contract_messages import CreateSmartContract, SmartContract
from devstack.tron.engine import Ending, Execution, Internal
from devstack.tron.messages import Code, RawTransaction, Result, Transaction
from devstack.tron.rendering import Json, shown
from devstack.tron.verdicts import ContractInvalid

WORDS = {
    Ending.REVERT: "REVERT opcode executed",
    Ending.OUT_OF_ENERGY: "Not enough energy for the operation executing",
    Ending.OUT_OF_TIME: "CPU timeout for the operation executing",
}
CONTRACT_EXE_ERROR = "CONTRACT_EXE_ERROR"


def contract_of(question: Question) -> Json:
    """Show a contract as its creator described it."""
    found = contract(question.view.state, question.address("value"))
    return {} if found is None else shown(_described(found), visible=question.visible)


def contract_info(question: Question) -> Json:
    """Show a contract with the code it runs and its energy factor."""
    found = contract(question.view.state, question.address("value"))
    if found is None:
        return {}
    chain = question.view.chain
    code = question.view.moment.engine.code(engine_root(question.view.state), found.address[1:])
    cycle = question.view.top.time_ms // chain.parameters.maintenance_interval_ms
    return {
        "smart_contract": shown(_described(found), visible=question.visible),
        "runtimecode": code.hex(),
        "contract_state": known(
            {"energy_usage": found.energy_used, "energy_factor": found.energy_factor, "update_cycle": cycle}
        ),
    }


def constant(question: Question) -> Json:
    """Run a call, or without a contract address a deployment, and show what it would have done."""
    try:
        raw, ran = _run(question)
    except ContractInvalid as refusal:
        return {"result": failure(question, CONTRACT_VALIDATE_ERROR, refusal.message)}
    failed = ran.ending is not Ending.SUCCESS
    result: Json = {"result": True}
    if failed:
        words = WORDS.get(ran.ending, ran.ending.value)
        result["message"] = words if question.visible else words.encode().hex()
    rendered = transaction_shown(question, raw, Transaction(raw, (), (Result(ret=Code(failed)),)))
    return {
        "result": result,
        "energy_used": ran.energy_used,
        "constant_result": [ran.output.hex()],
        **known(
            {
                "energy_penalty": ran.energy_penalty,
                "logs": [
                    shown(Log(log.address, log.topics, log.data), visible=question.visible)
                    for log in ran.logs
                ],
                "internal_transactions": [
                    shown(_internal(one), visible=question.visible) for one in ran.internals
                ],
            }
        ),
        "transaction": {"ret": [{}], **rendered},
    }


def estimate(question: Question) -> Json:
    """Show the energy that a call needs to succeed."""
    try:
        _, ran = _run(question)
    except ContractInvalid as refusal:
        return {"result": failure(question, CONTRACT_VALIDATE_ERROR, refusal.message)}
    if ran.ending is not Ending.SUCCESS:
        words = WORDS.get(ran.ending, ran.ending.value)
        return {"result": failure(question, CONTRACT_EXE_ERROR, words)}
    return {"result": {"result": True}, "energy_required": ran.energy_used}


def _run(question: Question) -> tuple[RawTransaction, Execution]:
    state, moment = question.view.state, question.view.moment
    if not question.text("contract_address"):
        owner, code = question.address("owner_address"), question.data("data")
        creation = CreateSmartContract(owner, SmartContract(origin_address=owner, bytecode=code))
        ran = constant_deployment(state, moment, owner, code, question.number("call_value", 0))
        return unsigned(question, creation), ran
    call = call_of(question)
    ran = constant_call(state, moment, call.owner_address, call.contract_address, call.data, call.call_value)
    return unsigned(question, call), ran


def _described(found: ContractRecord) -> SmartContract:
    return SmartContract(
        origin_address=found.origin,
        contract_address=found.address,
        abi=found.abi,
        bytecode=found.bytecode,
        consume_user_resource_percent=found.consume_user_resource_percent,
        name=found.name,
        origin_energy_limit=found.origin_energy_limit,
        code_hash=found.code_hash,
        trx_hash=found.trx_hash,
        version=found.version,
    )


def _internal(one: Internal) -> InternalTransaction:
    return InternalTransaction(
        caller_address=PREFIX + one.caller,
        transferTo_address=PREFIX + one.to,
        callValueInfo=(CallValueInfo(one.value),),
        note=one.note.encode(),
        rejected=one.rejected,
    )


ANSWERS: dict[str, Answer] = {
    "triggerconstantcontract": constant,
    "estimateenergy": estimate,
}
HEAD_ANSWERS: dict[str, Answer] = {
    "getcontract": contract_of,
    "getcontractinfo": contract_info,
}
