"""The rules of geth that a local node does not keep: whom its pool admits, what a reorg gives back.

Sources: core/txpool (validation.go, legacypool/list.go and legacypool.go) and eth/filters of geth 1.13.
"""

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from devstack.anvil import RpcError
from devstack.faults.exchange import (
    INVALID_INPUT,
    Ask,
    Call,
    Refusal,
    Reply,
    Result,
    number_of,
    object_of,
    through,
    value_of,
)
from devstack.faults.log_filters import LogFilters
from devstack.faults.raw_transactions import RawTransaction, read_raw

PRICE_BUMP_PERCENT = 10
TIP_WEI_MIN = 1
LATEST = "latest"
HEADER_ONLY = False
BLOCK_TAGS = ("latest", "pending", "safe", "finalized", "earliest")


@dataclass(frozen=True, slots=True)
class PoolLimits:
    """How many transactions of one account may wait: next in line, and behind a missing nonce.

    The node counts those in line only when its whole pool is full; a small `in_line` stands for that.
    """

    in_line: int = 5_120
    gapped: int = 64


@dataclass(frozen=True, slots=True)
class Purse:
    """What the state says about a sender: next nonce, the nonce behind those in line, coins in wei."""

    next_nonce: int
    line_end: int
    coins: int


class NodeRules:
    """A layer that keeps these rules. `gives_back` = a reorg returns its transactions to the pool."""

    def __init__(self, limits: PoolLimits | None = None, *, gives_back: bool = True) -> None:
        self.limits = limits or PoolLimits()
        self.gives_back = gives_back
        self._waiting: dict[str, dict[int, RawTransaction]] = {}
        self._in_turn = asyncio.Lock()
        self._filters = LogFilters()

    async def __call__(self, call: Call, ask: Ask) -> Reply:
        return await self._filters(call, through(self._keep, ask))

    async def _keep(self, call: Call, ask: Ask) -> Reply:
        if call.method == "eth_sendRawTransaction":
            async with self._in_turn:
                return await self._admit(call, ask)
        if call.method == "eth_getLogs":
            return await _logs(call, ask)
        if call.method == "anvil_reorg" and self.gives_back:
            async with self._in_turn:
                return await self._reorganise(call, ask)
        return await ask(call)

    async def _admit(self, call: Call, ask: Ask) -> Reply:
        try:
            transaction = read_raw(str(call.params[0]))
        except ValueError:
            return await ask(call)  # the node has its own words for bytes that are no transaction
        purse = await _purse(ask, transaction.sender)
        waiting = self._waiting.setdefault(transaction.sender, {})
        for nonce in [nonce for nonce in waiting if nonce < purse.next_nonce]:
            del waiting[nonce]
        refusal = judge(transaction, waiting, purse, self.limits)
        if refusal is not None:
            await _forget_dropped(waiting, ask)
            refusal = judge(transaction, waiting, purse, self.limits)
        if refusal is not None:
            return Refusal(INVALID_INPUT, refusal)
        if is_beyond_gap(transaction, waiting, purse, self.limits):
            return Result(transaction.txid)
        reply = await ask(call)
        if isinstance(reply, Result):
            waiting[transaction.nonce] = transaction
        return reply

    async def _reorganise(self, call: Call, ask: Ask) -> Reply:
        orphaned = await _newest(ask, int(str(call.params[0])))
        reply = await ask(call)
        for transaction in orphaned:
            try:
                await value_of(ask, "eth_sendRawTransaction", "0x" + transaction.raw.hex())
            except RpcError:  # the other branch used its nonce
                continue
            self._waiting.setdefault(transaction.sender, {})[transaction.nonce] = transaction
        return reply


def judge(
    transaction: RawTransaction, waiting: Mapping[int, RawTransaction], purse: Purse, limits: PoolLimits
) -> str | None:
    """The words in which the pool refuses a transaction, or None; `waiting` is its sender's, by nonce."""
    return next(_objections(transaction, waiting, purse, limits), None)


def is_beyond_gap(
    transaction: RawTransaction, waiting: Mapping[int, RawTransaction], purse: Purse, limits: PoolLimits
) -> bool:
    """Whether the pool answers with the id and forgets the transaction: too many wait behind a gap."""
    lower = [nonce for nonce in waiting if purse.line_end <= nonce < transaction.nonce]
    return not _is_in_line(transaction, purse) and len(lower) >= limits.gapped


def _objections(
    transaction: RawTransaction, waiting: Mapping[int, RawTransaction], purse: Purse, limits: PoolLimits
) -> Iterator[str]:
    """Everything that speaks against a transaction, in the order in which the pool looks."""
    sibling = waiting.get(transaction.nonce)
    if sibling is not None and sibling.txid == transaction.txid:
        yield "already known"
    if transaction.max_tip > transaction.max_fee:
        yield "max priority fee per gas higher than max fee per gas"
    if transaction.max_tip < TIP_WEI_MIN:
        yield f"transaction underpriced: gas tip cap {transaction.max_tip}, minimum needed {TIP_WEI_MIN}"
    if transaction.nonce < purse.next_nonce:
        yield f"nonce too low: next nonce {purse.next_nonce}, tx nonce {transaction.nonce}"
    queued = sum(other.cost for nonce, other in waiting.items() if nonce != transaction.nonce)
    overshot = queued + transaction.cost - purse.coins
    if overshot > 0:
        yield (
            f"insufficient funds for gas * price + value: balance {purse.coins}, queued cost {queued}, "
            f"tx cost {transaction.cost}, overshot {overshot}"
        )
    if sibling is not None and not _is_outbid(sibling, transaction):
        yield "replacement transaction underpriced"
    is_new_in_line = sibling is None and _is_in_line(transaction, purse)
    if is_new_in_line and purse.line_end - purse.next_nonce >= limits.in_line:
        yield "txpool is full"


def _is_in_line(transaction: RawTransaction, purse: Purse) -> bool:
    return transaction.nonce <= purse.line_end


def _is_outbid(old: RawTransaction, new: RawTransaction) -> bool:
    """Both fees must rise, and each by the full bump (rounded down, as geth does)."""
    return all(
        bid > had and bid >= had * (100 + PRICE_BUMP_PERCENT) // 100
        for had, bid in ((old.max_fee, new.max_fee), (old.max_tip, new.max_tip))
    )


async def _purse(ask: Ask, sender: str) -> Purse:
    next_nonce, line_end, coins = await asyncio.gather(
        number_of(ask, "eth_getTransactionCount", sender, LATEST),
        number_of(ask, "eth_getTransactionCount", sender, "pending"),
        number_of(ask, "eth_getBalance", sender, LATEST),
    )
    return Purse(next_nonce, line_end, coins)


async def _forget_dropped(waiting: dict[int, RawTransaction], ask: Ask) -> None:
    """Look which of these the node still has: a test may have taken some out of its pool."""
    for nonce, transaction in list(waiting.items()):
        if await object_of(ask, "eth_getTransactionByHash", transaction.txid) is None:
            del waiting[nonce]


async def _logs(call: Call, ask: Ask) -> Reply:
    """A range that begins beyond the head is an empty list at geth, an error here."""
    wanted = call.params[0] if call.params else None
    start = wanted.get("fromBlock") if isinstance(wanted, dict) else None
    is_height = isinstance(start, str) and start not in BLOCK_TAGS
    if is_height and int(str(start), 16) > await number_of(ask, "eth_blockNumber"):
        return Result([])
    return await ask(call)


async def _newest(ask: Ask, depth: int) -> list[RawTransaction]:
    """The transactions of the newest blocks, oldest first."""
    head = await number_of(ask, "eth_blockNumber")
    found: list[RawTransaction] = []
    for height in range(max(head - depth + 1, 1), head + 1):
        block = await object_of(ask, "eth_getBlockByNumber", hex(height), HEADER_ONLY)
        assert block is not None, height
        assert isinstance(block["transactions"], list)
        raws = [await value_of(ask, "eth_getRawTransactionByHash", txid) for txid in block["transactions"]]
        found += [read_raw(str(raw)) for raw in raws]
    return found
