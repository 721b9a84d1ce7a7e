"""Whether an expired transaction is dead: what each node can testify, and when their words suffice.

A block refuses a transaction whose expiry is not after the time of its parent. So once a solid block is as
late as the expiry, every later block has to refuse it; if no solid block up to that one holds it, it is dead.
A wall clock says nothing, and neither does the time of the block that includes a transaction: with missed
slots one may be included after its expiry.

A node may testify only if its index of solid transactions answers for another transaction of the same time.
"""

import logging
from dataclasses import dataclass

from chains.nodes import NODE_FAILURES
from chains.tron.answers import milliseconds, read_header
from chains.tron.asking import block_at, find, header_at, info_of, newest
from chains.tron.blocks import read_transactions
from chains.tron.client import HEAD_STORE, SOLID_STORE, TronClient, TronNode
from chains.tron.failures import unavailable
from domain.errors import CroupierError, NodeStale
from domain.onchain import BlockRef, Dead, Header, Landed, Liveness, MayLand
from domain.sends import AttemptView

WITNESSES = 2

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Statement:
    """One node's word: no solid block up to the first that is as late as the expiry holds it."""

    node: str
    end: Header
    control: str


async def look(node: TronNode, attempt: AttemptView) -> Liveness | None:
    """Where a transaction of an attempt stands on this node; None once it can only be dead or denied."""
    # The solid block is read first: what is found after it can only be newer.
    solid = await newest(node, SOLID_STORE)
    for store in (SOLID_STORE, HEAD_STORE):
        for txid in attempt.txids:
            found = await find(node, store, txid)
            if found is not None:
                return Landed(txid, found.block, found.succeeded, is_final=store == SOLID_STORE)
    if not attempt.txids or not attempt.expires_ms:
        return MayLand("nothing is known that could have expired")
    if milliseconds(solid) < attempt.expires_ms:
        return MayLand(f"solid block {solid.ref.height} is earlier than its expiry")
    return None


async def prove_dead(client: TronClient, attempt: AttemptView) -> Liveness:
    """Dead if every node that can testify does, two of them at least; a network of one node has one."""

    async def ask(node: TronNode) -> Statement | CroupierError | str:
        try:
            return await _testify(node, attempt)
        except NODE_FAILURES as error:
            return error

    words = await client.on_each_node(ask)
    told = [word for word in words if isinstance(word, Statement)]
    against = [word for word in words if isinstance(word, str)]
    if against or len({word.end.ref for word in told}) > 1:
        why = "; ".join(against) or "its nodes name different final blocks"
        logger.error("the end of %s is in dispute: %s", _names(attempt), why)
        return MayLand(f"the nodes disagree: {why}")
    if len(told) < min(WITNESSES, len(client.node_names)):
        failures = "; ".join(str(word) for word in words if isinstance(word, CroupierError))
        return MayLand(f"too few nodes can testify: {failures or 'the others do not answer'}")
    return Dead(_evidence(attempt, told))


async def _testify(node: TronNode, attempt: AttemptView) -> Statement | str:
    """A node's word, or what it says against it; raises NodeUnavailable or NodeStale if it can not tell."""
    solid = await newest(node, SOLID_STORE)
    if milliseconds(solid) < attempt.expires_ms:
        raise NodeStale(node.name, "it has no solid block as late as the expiry")
    against = await _found(node, attempt)
    if against:
        return against
    word = await _controlled(node, attempt, await _first_as_late(node, attempt, solid))
    # Asked once more, because an index may have caught up between the question and its control.
    return await _found(node, attempt) or word


async def _found(node: TronNode, attempt: AttemptView) -> str:
    """What a node's index of solid transactions says against a death; empty if it says nothing."""
    for txid in attempt.txids:
        if await info_of(node, SOLID_STORE, txid) is not None:
            return f"{node.name} has {txid.hex()} in a solid block"
    return ""


async def _first_as_late(node: TronNode, attempt: AttemptView, solid: Header) -> Header:
    """The first solid block that is as late as the expiry, found by halves."""
    early, late = attempt.reference_height, solid
    while late.ref.height - early > 1:
        middle = await header_at(node, SOLID_STORE, (early + late.ref.height) // 2)
        if milliseconds(middle) >= attempt.expires_ms:
            late = middle
        else:
            early = middle.ref.height
    return late


async def _controlled(node: TronNode, attempt: AttemptView, end: Header) -> Statement | str:
    """Walk down by parent from the end to the reference until another transaction shows that the index works.

    Blocks without any transaction are their own proof: the whole walk then shows that none holds this one.
    """
    expected = end.ref
    while expected.height >= attempt.reference_height:
        block = await block_at(node, SOLID_STORE, str(expected.height))
        try:
            header, transactions = read_header(block), read_transactions(block)
        except ValueError as error:
            raise unavailable(node.name, error) from error
        if header.ref != expected:
            return f"{node.name} has two solid blocks at {expected.height}"
        ids = [one.txid for one in transactions]
        if any(txid in ids for txid in attempt.txids):
            return f"{node.name} has {_names(attempt)} in solid block {expected.height}, not in its index"
        if ids:
            info = await info_of(node, SOLID_STORE, ids[-1])
            if info is None or info.height != expected.height:
                raise NodeStale(node.name, f"its index lacks {ids[-1].hex()} of block {expected.height}")
            return Statement(node.name, end, f"{ids[-1].hex()} in block {expected.height}")
        if expected.height == 0:
            break
        expected = BlockRef(expected.height - 1, header.parent)
    return Statement(node.name, end, f"blocks {attempt.reference_height} to {end.ref.height} are empty")


def _evidence(attempt: AttemptView, told: list[Statement]) -> dict[str, str]:
    end = told[0].end
    return {
        "rule": "no solid block up to the first that is as late as the expiry holds it",
        "txids": " ".join("0x" + txid.hex() for txid in attempt.txids),
        "expires_ms": str(attempt.expires_ms),
        "reference_height": str(attempt.reference_height),
        "final_height": str(end.ref.height),
        "final_block": "0x" + end.ref.hash.hex(),
        "final_time_ms": str(milliseconds(end)),
        **{f"control_{word.node}": word.control for word in told},
    }


def _names(attempt: AttemptView) -> str:
    return " ".join(txid.hex() for txid in attempt.txids)
