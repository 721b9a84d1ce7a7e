"""Answers about blocks, transactions and what became of them."""

from devstack.tron.asking import Answer, Question
from devstack.tron.blocks import ChainBlock
from devstack.tron.messages import Result
from devstack.tron.rendering import Json, Unreadable, shown, shown_block, shown_transaction
from devstack.tron.transactions import SignedTransaction

ID_BYTES = 32
BLOCKS_MAX = 100


def now_block(question: Question) -> Json:
    """Show the newest block."""
    return _block(question, question.view.top)


def block_by_number(question: Question) -> Json:
    """Show the block of a height."""
    return _block(question, question.view.block(question.number("num")))


def block_by_id(question: Question) -> Json:
    """Show the block of an id."""
    return _block(question, question.view.block_by_id(question.data("value")))


def block(question: Question) -> Json:
    """Find a block by number or id; only with `detail` its transactions come along."""
    wanted = question.text("id_or_num")
    if not wanted:
        found: ChainBlock | None = question.view.top
    elif len(wanted) == 2 * ID_BYTES:
        found = question.view.block_by_id(question.data("id_or_num"))
    else:
        found = question.view.block(question.number("id_or_num"))
    return _block(question, found, with_transactions=question.flag("detail"))


def blocks_by_limit(question: Question) -> Json:
    """List the blocks from one number up to, not with, another."""
    first, end = question.number("startNum"), question.number("endNum")
    if not 0 < end - first <= BLOCKS_MAX:
        return {}
    found = (question.view.block(number) for number in range(first, end))
    return {"block": [_block(question, one) for one in found if one is not None]}


def latest_blocks(question: Question) -> Json:
    """List the newest blocks."""
    count = question.number("num")
    top = question.view.top.number
    if not 0 < count < BLOCKS_MAX:
        return {}
    found = (question.view.block(number) for number in range(max(top - count + 1, 0), top + 1))
    return {"block": [_block(question, one) for one in found if one is not None]}


def transaction_by_id(question: Question) -> Json:
    """Find a transaction; at the head one that waits in the pool is shown like one in a block."""
    txid = _txid(question)
    found = question.view.transaction(txid)
    if found is None:
        return {}
    block = question.view.place(txid)
    result = block.by_txid[txid].result if block else question.view.chain.pool_result(txid)
    return rendered(found, result, visible=question.visible)


def transaction_info(question: Question) -> Json:
    """Show what became of a transaction that a block holds."""
    found = question.view.info(_txid(question))
    return {} if found is None else shown(found, visible=question.visible)


def transaction_infos(question: Question) -> object:
    """List what became of each transaction of a block; an unknown block has none."""
    found = question.view.block(question.number("num"))
    if found is None or found.number == 0:
        return [] if found is None else {}
    return [shown(info, visible=question.visible) for info in found.infos]


def transaction_count(question: Question) -> Json:
    """Count the transactions of a block; -1 for an unknown one."""
    found = question.view.block(question.number("num"))
    return {"count": -1 if found is None else len(found.transactions)}


def pending_ids(question: Question) -> Json:
    """List what waits for a block."""
    waiting = [transaction.txid.hex() for transaction in question.view.chain.pending()]
    return {"txId": waiting} if waiting else {}


def pending_transaction(question: Question) -> Json:
    """Show a transaction that waits for a block."""
    wanted = _txid(question)
    found = next((one for one in question.view.chain.pending() if one.txid == wanted), None)
    if found is None:
        return {}
    return rendered(found, question.view.chain.pool_result(wanted), visible=question.visible)


def pending_size(question: Question) -> Json:
    """Count what waits for a block."""
    return {"pendingSize": len(question.view.chain.pending())}


def rendered(transaction: SignedTransaction, result: Result | None, *, visible: bool) -> Json:
    """Return a signed transaction as JSON, with the result that its block or the pool has for it."""
    message = transaction.message if result is None else transaction.with_result(result)
    return shown_transaction(message, transaction.raw, transaction.txid, visible=visible)


def _block(question: Question, found: ChainBlock | None, *, with_transactions: bool = True) -> Json:
    if found is None:
        return {}
    applied = found.applied if with_transactions else ()
    transactions = [rendered(one.transaction, one.result, visible=question.visible) for one in applied]
    return shown_block(found.id, found.header, transactions, visible=question.visible)


def _txid(question: Question) -> bytes:
    txid = question.data("value")
    if len(txid) != ID_BYTES:
        raise Unreadable(f"transaction id: {ID_BYTES} bytes are expected, not {len(txid)}")
    return txid


ANSWERS: dict[str, Answer] = {
    "getnowblock": now_block,
    "getblock": block,
    "getblockbynum": block_by_number,
    "getblockbyid": block_by_id,
    "getblockbylimitnext": blocks_by_limit,
    "getblockbylatestnum": latest_blocks,
    "gettransactionbyid": transaction_by_id,
    "gettransactioninfobyid": transaction_info,
    "gettransactioninfobyblocknum": transaction_infos,
    "gettransactioncountbyblocknum": transaction_count,
}
POOL_ANSWERS: dict[str, Answer] = {
    "gettransactionlistfrompending": pending_ids,
    "gettransactionfrompending": pending_transaction,
    "getpendingsize": pending_size,
}
