"""Transactions that the node makes of a question, unsigned: only for clients that trust their node."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from devstack.tron.acting import Plain, check
from devstack.tron.addresses import keccak256
from devstack.tron.asking import Answer, Question
from devstack.tron.calling import check_call
from devstack.tron.contract_messages import (
    Action,
    CreateSmartContract,
    SmartContract,
    TriggerSmartContract,
    pack,
)
from devstack.tron.messages import (
    AccountCreateContract,
    AccountPermissionUpdateContract,
    DelegateResourceContract,
    FreezeBalanceV2Contract,
    RawTransaction,
    Transaction,
    TransferAssetContract,
    TransferContract,
    UnDelegateResourceContract,
    UnfreezeBalanceV2Contract,
    WithdrawExpireUnfreezeContract,
)
from devstack.tron.rendering import Json, read, shown_transaction
from devstack.tron.schema import encode
from devstack.tron.verdicts import ContractInvalid

SELECTOR_BYTES = 4
CONTRACT_VALIDATE_ERROR = "CONTRACT_VALIDATE_ERROR"

SYSTEM: Final[Mapping[str, type[Plain]]] = {
    "createtransaction": TransferContract,
    "transferasset": TransferAssetContract,
    "createaccount": AccountCreateContract,
    "accountpermissionupdate": AccountPermissionUpdateContract,
    "freezebalancev2": FreezeBalanceV2Contract,
    "unfreezebalancev2": UnfreezeBalanceV2Contract,
    "withdrawexpireunfreeze": WithdrawExpireUnfreezeContract,
    "delegateresource": DelegateResourceContract,
    "undelegateresource": UnDelegateResourceContract,
}


class JavaError(Exception):
    """What java-tron shows as `{"Error": "class ... : ..."}` with the name of its exception."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(f"class {kind} : {message}")


def build_system(kind: type[Plain]) -> Answer:
    """Return the builder of one kind of system contract."""

    def build(question: Question) -> Json:
        action = read(kind, question.params, visible=question.visible)
        transaction = unsigned(question, action)
        try:
            check(question.view.state, question.view.moment, action)
        except ContractInvalid as refusal:
            raise JavaError("org.tron.core.exception.ContractValidateException", refusal.detail) from None
        return transaction_shown(question, transaction)

    return build


def trigger(question: Question) -> Json:
    """Build a call of a contract."""
    action = call_of(question)
    try:
        check_call(question.view.state, question.view.moment, action, question.number("fee_limit", 0))
    except ContractInvalid as refusal:
        return {"result": failure(question, CONTRACT_VALIDATE_ERROR, refusal.message)}
    return {
        "result": {"result": True},
        "transaction": transaction_shown(question, unsigned(question, action)),
    }


def deploy(question: Question) -> Json:
    """Build a deployment; the bytecode may be followed by the constructor's parameters."""
    owner = question.address("owner_address")
    interface = {"entrys": _entries(question.params.get("abi"))}
    new = read(
        SmartContract,
        {
            "name": question.text("name"),
            "abi": interface,
            "call_value": question.number("call_value", 0),
            "consume_user_resource_percent": question.number("consume_user_resource_percent", 0),
            "origin_energy_limit": question.number("origin_energy_limit", 0),
            "bytecode": question.text("bytecode") + question.text("parameter"),
            "origin_address": owner.hex(),
        },
        visible=False,
    )
    return transaction_shown(question, unsigned(question, CreateSmartContract(owner, new)))


def call_of(question: Question) -> TriggerSmartContract:
    """Read the call that a question describes, by selector and parameter or by its bytes."""
    data = question.data("data")
    selector = question.text("function_selector")
    if selector:
        data = keccak256(selector.encode())[:SELECTOR_BYTES] + question.data("parameter")
    return TriggerSmartContract(
        owner_address=question.address("owner_address"),
        contract_address=question.address("contract_address"),
        call_value=question.number("call_value", 0),
        data=data,
        call_token_value=question.number("call_token_value", 0),
        token_id=question.number("token_id", 0),
    )


def unsigned(question: Question, action: Action) -> RawTransaction:
    """Return the part to sign of a transaction upon the head, good for a minute after it."""
    memo = question.text("extra_data")
    return replace(
        question.view.chain.draft(action, fee_limit=question.number("fee_limit", 0)),
        data=memo.encode() if question.visible else question.data("extra_data"),
        contract=(pack(action, question.number("Permission_id", 0)),),
    )


def transaction_shown(question: Question, raw: RawTransaction, signed: Transaction | None = None) -> Json:
    """Return a built transaction as JSON, with the `visible` it was asked by."""
    encoded = encode(raw)
    txid = hashlib.sha256(encoded).digest()
    rendered = shown_transaction(signed or Transaction(raw), encoded, txid, visible=question.visible)
    return {"visible": question.visible, **rendered}


def failure(question: Question, code: str, message: str) -> Json:
    """Return a failed result: its message is in hex unless visible."""
    return {"code": code, "message": message if question.visible else message.encode().hex()}


def _entries(abi: object) -> object:
    if isinstance(abi, str):
        abi = json.loads(abi) if abi else []
    return abi.get("entrys", []) if isinstance(abi, dict) else abi or []


ANSWERS: dict[str, Answer] = {
    **{path: build_system(kind) for path, kind in SYSTEM.items()},
    "triggersmartcontract": trigger,
    "deploycontract": deploy,
}
