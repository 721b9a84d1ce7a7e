"""The blocks of the in-memory chain: a pool, execution of signed payments, branches.

It executes the same signed bytes that go to real nodes (payments of coins and tokens), under a nonce, a base
fee and a replacement rule, so what is proven over it holds for the protocol and not for a script.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from chains.codecs.evm import EvmCodec, EvmTransaction, payment_of
from chains.codecs.keccak import keccak256
from chains.codecs.payments import Payment
from chains.codecs.signatures import sender_of
from domain.assets import NetworkId
from domain.errors import BytesMismatch
from domain.onchain import NATIVE_POSITION, BlockRef, Effect, Header, MinedTransaction
from domain.sends import BroadcastOutcome, NodeReason

NATIVE = b""
PLAIN_GAS = 21_000
TOKEN_GAS = 52_000
REVERT_GAS = 30_000
REPLACEMENT_PERCENT = 110
BASE_FEE = 10**9
BLOCK_SECONDS = 1
GENESIS_TIME = datetime(2024, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class State:
    """Who holds what (by contract and holder; no contract: the coin), and how often each sender has sent."""

    held: Mapping[tuple[bytes, bytes], int]
    nonces: Mapping[bytes, int]


@dataclass(frozen=True, slots=True)
class Block:
    """One executed block with the state it left behind."""

    header: Header
    effects: tuple[Effect, ...]
    transactions: tuple[MinedTransaction, ...]
    raws: tuple[bytes, ...]
    after: State


@dataclass(slots=True)
class _Draft:
    held: dict[tuple[bytes, bytes], int]
    nonces: dict[bytes, int]
    effects: list[Effect] = field(default_factory=list)
    transactions: list[MinedTransaction] = field(default_factory=list)
    raws: list[bytes] = field(default_factory=list)


class MemoryChain:
    """One network. `tokens` are contracts with their first holders; `refusing` take no coin.

    A block is mined when `mine` is called; the final block stays `finality_depth` behind the newest. Each
    block sets `changed` and puts a new event there.
    """

    def __init__(
        self,
        network: NetworkId,
        *,
        coins: Mapping[bytes, int],
        tokens: Mapping[bytes, Mapping[bytes, int]],
        refusing: frozenset[bytes] = frozenset(),
        finality_depth: int = 4,
    ) -> None:
        self.network = network
        self.chain_id = int(network.partition(":")[2])
        self.tokens = frozenset(tokens)
        self.refusing = refusing
        self.keeping: dict[bytes, int] = {}
        """Units of a payment to these payees that stay where they are, although it succeeds."""
        self.base_fee = BASE_FEE
        self.pool: dict[tuple[bytes, int], bytes] = {}
        self.blocks: dict[bytes, Block] = {}
        self.branch: list[bytes] = []
        self.changed = asyncio.Event()
        self.finality_depth = finality_depth
        self._made = 0
        self._codec = EvmCodec()
        held = {(NATIVE, holder): amount for holder, amount in coins.items()}
        held |= {
            (token, holder): amount for token, holders in tokens.items() for holder, amount in holders.items()
        }
        self._append(_Draft(held, {}))

    @property
    def latest(self) -> Block:
        return self.blocks[self.branch[-1]]

    @property
    def final(self) -> Block:
        return self.blocks[self.branch[max(0, len(self.branch) - 1 - self.finality_depth)]]

    def holds(self, block: Header) -> bool:
        """Whether a block is on the present branch."""
        height = block.ref.height
        return height < len(self.branch) and self.branch[height] == block.ref.hash

    def find(self, txid: bytes) -> tuple[Block, MinedTransaction] | None:
        """The block of the present branch that a transaction stands in."""
        for block_hash in reversed(self.branch):
            for mined in self.blocks[block_hash].transactions:
                if mined.txid == txid:
                    return self.blocks[block_hash], mined
        return None

    def is_pooled(self, txid: bytes) -> bool:
        return any(self._codec.txid(raw) == txid for raw in self.pool.values())

    def submit(self, raw: bytes) -> tuple[BroadcastOutcome, NodeReason]:
        """Take a transaction into the pool or say why not; raises BytesMismatch for impossible bytes."""
        signed = self._codec.decode(raw)
        fields, sender = signed.transaction, sender_of(signed)
        if fields.chain_id != self.chain_id:
            raise BytesMismatch(f"the transaction is signed for chain {fields.chain_id}")
        state = self.latest.after
        if raw in self.pool.values():
            return BroadcastOutcome.ALREADY_HAVE, NodeReason.KNOWN
        if fields.nonce < state.nonces.get(sender, 0):
            return BroadcastOutcome.ALREADY_HAVE, NodeReason.NONCE_USED
        if state.held.get((NATIVE, sender), 0) < fields.value + fields.gas_limit * fields.max_fee:
            return BroadcastOutcome.REJECTED_NOW, NodeReason.WALLET_SHORT
        sibling = self.pool.get((sender, fields.nonce))
        if sibling is not None and not self._outbids(fields, sibling):
            return BroadcastOutcome.REJECTED_NOW, NodeReason.SIBLING_POOLED
        self.pool[sender, fields.nonce] = raw
        return BroadcastOutcome.ACCEPTED, NodeReason.TAKEN

    def mine(self, blocks: int = 1) -> None:
        """Add blocks; the first takes everything from the pool that can be executed."""
        for _ in range(blocks):
            state = self.latest.after
            draft = _Draft(dict(state.held), dict(state.nonces))
            for key in sorted(self.pool):
                if self._execute(draft, *key, self.pool[key]):
                    del self.pool[key]
            self._append(draft)

    def fall_behind(self, blocks: int) -> None:
        """Mine blocks while the final one stays where it is; a smaller `finality_depth` lets it catch up."""
        self.finality_depth += blocks
        self.mine(blocks)

    def reorg(self, depth: int, *, reinject: bool = False) -> None:
        """Replace the newest blocks by empty ones; their transactions are lost or return to the pool."""
        assert 0 < depth < len(self.branch), depth
        gone = [self.blocks[block_hash] for block_hash in self.branch[-depth:]]
        del self.branch[-depth:]
        waiting, self.pool = self.pool, {}
        self.mine(depth)
        self.pool = waiting
        for raw in (raw for block in gone for raw in block.raws if reinject):
            self.submit(raw)

    def gas_of(self, payment: Payment) -> tuple[int, bool]:
        """Gas that a payment uses, and whether it can succeed at all."""
        if payment.contract:
            is_token = payment.contract in self.tokens and any(payment.payee)
            return (TOKEN_GAS, True) if is_token else (REVERT_GAS, False)
        return (REVERT_GAS, False) if payment.payee in self.refusing else (PLAIN_GAS, True)

    def _outbids(self, fields: EvmTransaction, sibling: bytes) -> bool:
        old = self._codec.decode(sibling).transaction
        return (
            fields.max_fee * 100 >= old.max_fee * REPLACEMENT_PERCENT
            and fields.max_priority_fee * 100 >= old.max_priority_fee * REPLACEMENT_PERCENT
        )

    def _execute(self, draft: _Draft, sender: bytes, nonce: int, raw: bytes) -> bool:
        fields = self._codec.decode(raw).transaction
        bound = fields.value + fields.gas_limit * fields.max_fee
        if nonce != draft.nonces.get(sender, 0) or fields.max_fee < self.base_fee:
            return False
        if draft.held.get((NATIVE, sender), 0) < bound:
            return False
        price = min(fields.max_fee, self.base_fee + fields.max_priority_fee)
        payment = payment_of(fields)
        gas, passes = self.gas_of(payment)
        enough = draft.held.get((payment.contract, sender), 0) >= payment.amount
        succeeded = passes and enough and gas <= fields.gas_limit
        fee = min(gas, fields.gas_limit) * price
        txid = self._codec.txid(raw)
        draft.nonces[sender] = nonce + 1
        _move(draft, NATIVE, sender, -fee)
        amount = max(payment.amount - self.keeping.get(payment.payee, 0), 0)
        if succeeded:
            _move(draft, payment.contract, sender, -amount)
            _move(draft, payment.contract, payment.payee, amount)
        if amount or (payment.contract and payment.payee not in self.keeping):
            position = "log-0" if payment.contract else NATIVE_POSITION
            draft.effects.append(
                Effect(txid, position, payment.contract, sender, payment.payee, amount, succeeded)
            )
        draft.transactions.append(MinedTransaction(txid, sender, nonce, succeeded, fee))
        draft.raws.append(raw)
        return True

    def _append(self, draft: _Draft) -> None:
        height = len(self.branch)
        parent = self.branch[-1] if self.branch else bytes(32)
        self._made += 1
        seal = b"".join((parent, height.to_bytes(8, "big"), self._made.to_bytes(8, "big"), *draft.raws))
        ref = BlockRef(height, keccak256(seal + self.network.encode()))
        header = Header(ref, parent, GENESIS_TIME + timedelta(seconds=BLOCK_SECONDS * height))
        state = State(draft.held, draft.nonces)
        self.blocks[ref.hash] = Block(
            header, tuple(draft.effects), tuple(draft.transactions), tuple(draft.raws), state
        )
        self.branch.append(ref.hash)
        self.changed.set()
        self.changed = asyncio.Event()


def _move(draft: _Draft, contract: bytes, holder: bytes, amount: int) -> None:
    draft.held[contract, holder] = draft.held.get((contract, holder), 0) + amount
