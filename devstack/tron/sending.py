"""Answers to transactions that are sent in, and to the question whose signatures one carries."""

import hashlib

from devstack.tron.account_answers import address_shown, known
from devstack.tron.accounts import account
from devstack.tron.asking import Answer, Question
from devstack.tron.building import failure
from devstack.tron.contract_messages import unpack
from devstack.tron.messages import Transaction
from devstack.tron.permissions import signer_of
from devstack.tron.rendering import Json, Unreadable, read_transaction, shown, shown_transaction
from devstack.tron.schema import Malformed, decode, encode
from devstack.tron.verdicts import ResponseCode, SignatureInvalid, Verdict


def broadcast_hex(question: Question) -> Json:
    """Take a transaction in bytes. This call tells its message in plain text, unlike the other one."""
    data = question.data("transaction")
    try:
        transaction = decode(Transaction, data)
    except Malformed as broken:
        raise Unreadable(str(broken)) from None
    verdict = take(question, data)
    return {
        "result": verdict.code is ResponseCode.SUCCESS,
        "code": verdict.code.name,
        "message": verdict.message,
        "transaction": shown(transaction, visible=True),
        "txid": verdict.txid.hex(),
    }


def broadcast(question: Question) -> Json:
    """Take a transaction in the JSON its builder had; what java-tron does not know in it gets lost."""
    verdict = take(question, encode(read_transaction(question.params, visible=question.visible)))
    if verdict.code is ResponseCode.SUCCESS:
        return {"result": True, "txid": verdict.txid.hex()}
    message = verdict.message if question.visible else verdict.message.encode().hex()
    return {"code": verdict.code.name, "txid": verdict.txid.hex(), **known({"message": message})}


def take(question: Question, data: bytes) -> Verdict:
    """Hand bytes to the chain; a node that remembers what it refused calls a repetition a duplicate."""
    node = question.view.node
    verdict = question.view.chain.broadcast(data)
    if not node.remembers_rejected or verdict.code is ResponseCode.SUCCESS:
        return verdict
    if verdict.txid in node.rejected:
        return Verdict(ResponseCode.DUP_TRANSACTION_ERROR, "Dup transaction.", verdict.txid)
    node.rejected.add(verdict.txid)
    return verdict


def sign_weight(question: Question) -> Json:
    """Show whose signatures a transaction carries, and what the permission it names asks for."""
    transaction = read_transaction(question.params, visible=question.visible)
    assert transaction.raw_data is not None
    if len(transaction.raw_data.contract) != 1:
        raise Unreadable("exactly one contract is expected")
    contract = transaction.raw_data.contract[0]
    raw = encode(transaction.raw_data)
    txid = hashlib.sha256(raw).digest()
    owner = account(question.view.state, unpack(contract).owner_address)
    rendered = shown_transaction(transaction, raw, txid, visible=question.visible)
    answer: Json = {"transaction": {"result": {"result": True}, "txid": txid.hex(), "transaction": rendered}}
    if owner is None:
        return {"result": _refusal(question, "Account is not exist!"), **answer}
    permission = owner.permission(contract.Permission_id)
    if permission is None:
        return {"result": _refusal(question, "permission isn't exit"), **answer}
    weights = {key.address: key.weight for key in permission.keys}
    signers = _signers(transaction, txid)
    weight = sum(weights.get(signer, 0) for signer in signers)
    enough = weight >= permission.threshold
    return {
        "result": {} if enough else {"code": "NOT_ENOUGH_PERMISSION"},
        **known(
            {
                "approved_list": [address_shown(question, signer) for signer in signers],
                "current_weight": weight,
            }
        ),
        "permission": shown(permission, visible=question.visible),
        **answer,
    }


def _refusal(question: Question, words: str) -> Json:
    return failure(question, "PERMISSION_ERROR", words)


def _signers(transaction: Transaction, txid: bytes) -> list[bytes]:
    try:
        return [signer_of(signature, txid) for signature in transaction.signature]
    except SignatureInvalid:
        return []


ANSWERS: dict[str, Answer] = {
    "broadcasthex": broadcast_hex,
    "broadcasttransaction": broadcast,
    "getsignweight": sign_weight,
}
