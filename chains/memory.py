"""The adapter over the in-memory chain, with lost answers, failing reads and withheld receipts on demand.

It passes the same contract suite as the EVM adapter.
"""

from collections.abc import AsyncGenerator
from dataclasses import dataclass

from chains.codecs.evm import EvmCodec
from chains.codecs.evm_addresses import checksum_text
from chains.codecs.payments import Payment
from chains.memory_blocks import NATIVE, Block, MemoryChain
from chains.replacing import Fees, outbid, replacement_gas
from domain.assets import Asset, NetworkId
from domain.errors import (
    BlockIncomplete,
    BytesMismatch,
    FeeAboveCap,
    FinalityBroken,
    NodeStale,
    NodeUnavailable,
    WalletShort,
)
from domain.onchain import (
    BlockEffects,
    BlockRef,
    ChainIdentity,
    Header,
    HeadHint,
    Heads,
    Held,
    Inclusion,
    Landed,
    Liveness,
    MayLand,
    TxStatus,
)
from domain.sends import (
    AttemptView,
    BroadcastOutcome,
    BroadcastResult,
    NodeAnswer,
    SendIntent,
    SendPlan,
    SignedTx,
    SimulationVerdict,
    TxPurpose,
)

NODE = "memory"
TIP = 100_000_000
PATIENCE_SECONDS = 1
"""Its blocks come as fast as a test wants; patience is counted in blocks, not in seconds."""
CODE = b"\xfe"
TOKEN_DECIMALS = 6


@dataclass(slots=True)
class Faults:
    """How many of the next calls go wrong, by kind."""

    lost_answers: int = 0
    failed_calls: int = 0
    withheld_receipts: int = 0

    def strikes(self, kind: str) -> bool:
        """Whether this call goes wrong; uses one up."""
        left: int = getattr(self, kind)
        setattr(self, kind, max(0, left - 1))
        return left > 0


class MemoryReader:
    """ChainReader over a MemoryChain."""

    def __init__(self, chain: MemoryChain, faults: Faults | None = None) -> None:
        self._chain = chain
        self._faults = faults or Faults()
        self._final: BlockRef | None = None

    @property
    def network(self) -> NetworkId:
        return self._chain.network

    async def identity(self) -> ChainIdentity:
        self._answer()
        return ChainIdentity(self._chain.network, self._chain.branch[0])

    async def heads(self) -> Heads:
        self._answer()
        heads = Heads(self._chain.latest.header, self._chain.final.header)
        held = self._final
        if held is not None and (
            heads.final.ref.height < held.height or self._chain.branch[held.height] != held.hash
        ):
            raise FinalityBroken(self.network, f"block {held.height} is not {held.hash.hex()} any more")
        self._final = heads.final.ref
        return heads

    async def header(self, block_hash: bytes) -> Header:
        return self._known(block_hash).header

    async def header_at(self, height: int) -> Header:
        self._answer()
        if not 0 <= height < len(self._chain.branch):
            raise NodeStale(NODE, f"it does not know block {height}")
        return self._known(self._chain.branch[height]).header

    async def block(self, block_hash: bytes) -> BlockEffects:
        block = self._known(block_hash)
        if self._faults.strikes("withheld_receipts"):
            raise BlockIncomplete(block_hash.hex(), "there are no receipts")
        counted = {"transactions": str(len(block.transactions))}
        return BlockEffects(block.header, block.effects, block.transactions, counted)

    async def settled(self, header: Header) -> BlockEffects | None:  # noqa: ARG002 - the receipts root proves it
        return None

    async def status(self, txid: bytes) -> TxStatus:
        self._answer()
        found = self._chain.find(txid)
        if found is not None:
            block, mined = found
            return TxStatus(self._inclusion(block), block.header.ref, mined.succeeded)
        return TxStatus(Inclusion.PENDING if self._chain.is_pooled(txid) else Inclusion.UNKNOWN)

    async def balance(self, who: bytes, asset: Asset, at: BlockRef) -> Held:
        return Held(self._canonical(at).after.held.get((asset.contract, who), 0), at)

    async def nonce_at(self, wallet: bytes, at: BlockRef) -> int:
        return self._canonical(at).after.nonces.get(wallet, 0)

    async def code_at(self, address: bytes, at: BlockRef) -> bytes:
        self._canonical(at)
        is_contract = address in self._chain.tokens or address in self._chain.refusing
        return CODE if is_contract else b""

    async def token_decimals(self, asset: Asset) -> int:
        self._answer()
        if asset.contract not in self._chain.tokens:
            raise NodeUnavailable(NODE, f"{asset.code} is no token here")
        return TOKEN_DECIMALS

    async def hints(self) -> AsyncGenerator[HeadHint, None]:
        changed = self._chain.changed
        while True:
            await changed.wait()
            changed = self._chain.changed
            yield HeadHint(self._chain.latest.header.ref)

    async def close(self) -> None:
        """Nothing is held open."""

    def _answer(self) -> None:
        if self._faults.strikes("failed_calls"):
            raise NodeUnavailable(NODE, "no answer in time")

    def _known(self, block_hash: bytes) -> Block:
        self._answer()
        block = self._chain.blocks.get(block_hash)
        if block is None:
            raise NodeStale(NODE, f"it does not know block {block_hash.hex()}")
        return block

    def _canonical(self, at: BlockRef) -> Block:
        block = self._known(at.hash)
        if not self._chain.holds(block.header):
            raise NodeStale(NODE, f"block {at.hash.hex()} left its branch")
        return block

    def _inclusion(self, block: Block) -> Inclusion:
        is_final = block.header.ref.height <= self._chain.final.header.ref.height
        return Inclusion.FINAL if is_final else Inclusion.INCLUDED


class MemoryWriter:
    """ChainWriter over a MemoryChain."""

    def __init__(self, chain: MemoryChain, faults: Faults | None = None) -> None:
        self._chain = chain
        self._faults = faults or Faults()
        self._codec = EvmCodec()

    @property
    def nodes(self) -> tuple[str, ...]:
        return (NODE,)

    async def plan(self, send: SendIntent) -> SendPlan:
        if self._faults.strikes("failed_calls"):
            raise NodeUnavailable(NODE, "no answer in time")
        head = self._chain.latest
        payment = Payment(send.contract, send.payee, send.amount)
        gas_limit, passes = self._chain.gas_of(payment)
        max_fee = 2 * self._chain.base_fee + TIP
        if passes:
            needed = gas_limit * (self._chain.base_fee + TIP)
            if needed > send.fee_cap:
                raise FeeAboveCap(needed, send.fee_cap)
            max_fee = min(max_fee, send.fee_cap // gas_limit)
            self._check_held(head, send, gas_limit * max_fee)
        return SendPlan(
            gas_limit=gas_limit,
            max_fee=max_fee,
            max_priority_fee=TIP,
            fee_bound=gas_limit * max_fee,
            verdict=SimulationVerdict.PASSES if passes else SimulationVerdict.REFUSED,
            why="" if passes else "the payee or the token refuses",
            height=head.header.ref.height,
            planned_at_ms=int(head.header.mined_at.timestamp()) * 1000,
            patience_seconds=PATIENCE_SECONDS,
        )

    async def quote(self, send: SendIntent) -> SendPlan:
        if self._faults.strikes("failed_calls"):
            raise NodeUnavailable(NODE, "no answer in time")
        head = self._chain.latest
        gas_limit, passes = self._chain.gas_of(Payment(send.contract, send.payee, send.amount))
        max_fee = 2 * self._chain.base_fee + TIP
        return SendPlan(
            gas_limit=gas_limit,
            max_fee=max_fee,
            max_priority_fee=TIP,
            fee_bound=gas_limit * max_fee,
            verdict=SimulationVerdict.PASSES if passes else SimulationVerdict.REFUSED,
            why="" if passes else "the payee or the token refuses",
            height=head.header.ref.height,
            planned_at_ms=int(head.header.mined_at.timestamp()) * 1000,
            patience_seconds=PATIENCE_SECONDS,
        )

    async def replace(self, send: SendIntent, purpose: TxPurpose, last: SignedTx) -> SendPlan:
        if self._codec.txid(last.raw) != last.txid:
            raise BytesMismatch(f"transaction {last.txid.hex()} is stored with other bytes")
        if self._faults.strikes("failed_calls"):
            raise NodeUnavailable(NODE, "no answer in time")
        head, pooled = self._chain.latest, self._codec.decode(last.raw).transaction
        gas_limit = replacement_gas(purpose, pooled)
        fees = outbid(Fees(2 * self._chain.base_fee + TIP, TIP), pooled, gas_limit, send.fee_cap)
        fee_bound = gas_limit * fees.max_fee
        _check_balance(head, send.wallet, NATIVE, fee_bound + pooled.value * (purpose is TxPurpose.BUMP))
        return SendPlan(
            gas_limit=gas_limit,
            max_fee=fees.max_fee,
            max_priority_fee=fees.max_priority_fee,
            fee_bound=fee_bound,
            verdict=SimulationVerdict.PASSES,
            height=head.header.ref.height,
            planned_at_ms=int(head.header.mined_at.timestamp()) * 1000,
            patience_seconds=PATIENCE_SECONDS,
        )

    async def broadcast(self, tx: SignedTx) -> BroadcastResult:
        if self._codec.txid(tx.raw) != tx.txid:
            raise BytesMismatch(f"transaction {tx.txid.hex()} is stored with other bytes")
        if self._faults.strikes("failed_calls"):
            raise NodeUnavailable(NODE, "no answer in time")
        outcome, reason = self._chain.submit(tx.raw)
        answer = NodeAnswer(NODE, outcome, reason.value, reason)
        if self._faults.strikes("lost_answers"):
            answer = NodeAnswer(NODE, BroadcastOutcome.AMBIGUOUS, "no answer in time")
        return BroadcastResult(answer.outcome, (answer,))

    def expiry(self, tx: SignedTx) -> int | None:  # noqa: ARG002 - a nonce waits for ever
        return None

    async def liveness(self, attempt: AttemptView) -> Liveness:
        if self._faults.strikes("failed_calls"):
            raise NodeUnavailable(NODE, "no answer in time")
        final = self._chain.final.header.ref
        for txid in attempt.txids:
            found = self._chain.find(txid)
            if found is not None:
                block, mined = found
                ref = block.header.ref
                return Landed(txid, ref, mined.succeeded, ref.height <= final.height)
        return MayLand(f"no transaction of nonce {attempt.nonce} is known in a block")

    async def close(self) -> None:
        """Nothing is held open."""

    def _check_held(self, head: Block, send: SendIntent, fee_bound: int) -> None:
        needs = {NATIVE: fee_bound}
        needs[send.contract] = needs.get(send.contract, 0) + send.amount
        for contract, needed in needs.items():
            _check_balance(head, send.wallet, contract, needed)


def _check_balance(head: Block, wallet: bytes, contract: bytes, needed: int) -> None:
    held = head.after.held.get((contract, wallet), 0)
    if held < needed:
        what = checksum_text(contract) if contract else "the native coin"
        raise WalletShort(checksum_text(wallet), what, needed - held)
