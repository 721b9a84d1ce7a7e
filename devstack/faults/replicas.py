"""A node as it was some blocks ago: what a replica that lags answers, and several behind one address.

It hides every block above its own head; the pool is shared, as transactions travel faster than blocks.
"""

import itertools
from collections.abc import Iterable
from dataclasses import dataclass

from devstack.faults.exchange import (
    INVALID_INPUT,
    Ask,
    Call,
    Refusal,
    Reply,
    Result,
    number_of,
    object_of,
)

TAGS_OF_HEAD = ("latest", "pending")
TAGS_BEHIND = ("safe", "finalized")
PLACES_OF_BLOCK = {
    "eth_getBlockByNumber": 0,
    "eth_getBlockByHash": 0,
    "eth_getBlockReceipts": 0,
    "eth_getBalance": 1,
    "eth_getCode": 1,
    "eth_getTransactionCount": 1,
    "eth_call": 1,
    "eth_estimateGas": 1,
    "eth_feeHistory": 1,
    "eth_getStorageAt": 2,
}
NULL_IF_UNKNOWN = ("eth_getBlockByNumber", "eth_getBlockByHash", "eth_getBlockReceipts")
HASH_LENGTH = 66
HEADER_ONLY = False


@dataclass(frozen=True, slots=True)
class Replica:
    """A layer that answers like a node `lag` blocks behind."""

    lag: int

    async def __call__(self, call: Call, ask: Ask) -> Reply:
        if self.lag == 0:
            return await ask(call)
        head = max(await number_of(ask, "eth_blockNumber") - self.lag, 0)
        if call.method == "eth_blockNumber":
            return Result(hex(head))
        if call.method in ("eth_getTransactionReceipt", "eth_getTransactionByHash"):
            return _unmined_above(head, call.method, await ask(call))
        place = PLACES_OF_BLOCK.get(call.method)
        if place is None or place >= len(call.params):
            return await ask(call)
        block = await self._translate(call.params[place], head, ask)
        if block is None:
            return _unknown_block(call)
        return await ask(Call(call.method, (*call.params[:place], block, *call.params[place + 1 :])))

    async def _translate(self, block: object, head: int, ask: Ask) -> object | None:
        """The block to ask the node for, or None if this replica does not have it."""
        named = block.get("blockHash", block.get("blockNumber")) if isinstance(block, dict) else block
        if named in TAGS_OF_HEAD:
            return hex(head)
        if named in TAGS_BEHIND:
            return hex(max(await _height(ask, str(named)) - self.lag, 0))
        if not isinstance(named, str) or not named.startswith("0x"):
            return block
        height = await _height(ask, named) if len(named) == HASH_LENGTH else int(named, 16)
        return block if height <= head else None


class Replicas:
    """Several nodes behind one address: each call goes to the next of them."""

    def __init__(self, lags: Iterable[int]) -> None:
        self._turn = itertools.cycle([Replica(lag) for lag in lags])

    async def __call__(self, call: Call, ask: Ask) -> Reply:
        return await next(self._turn)(call, ask)


async def _height(ask: Ask, named: str) -> int:
    """The height of a block; one that nobody knows counts as the oldest, which hides nothing."""
    method = "eth_getBlockByHash" if len(named) == HASH_LENGTH else "eth_getBlockByNumber"
    block = await object_of(ask, method, named, HEADER_ONLY)
    return int(str(block["number"]), 16) if block is not None else 0


def _unmined_above(head: int, method: str, reply: Reply) -> Reply:
    """A transaction that this replica has not seen mined still waits in its pool."""
    if not isinstance(reply, Result) or not isinstance(reply.value, dict):
        return reply
    mined_at = reply.value.get("blockNumber")
    if mined_at is None or int(str(mined_at), 16) <= head:
        return reply
    if method == "eth_getTransactionReceipt":
        return Result(None)
    return Result({**reply.value, "blockHash": None, "blockNumber": None, "transactionIndex": None})


def _unknown_block(call: Call) -> Reply:
    if call.method in NULL_IF_UNKNOWN:
        return Result(None)
    return Refusal(INVALID_INPUT, "header not found")
