"""Outgoing transactions on an EVM network: plan, broadcast stored bytes, look what became of them."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace

from chains.answers import items, members
from chains.broadcasts import weigh
from chains.clock import wall_clock_ms
from chains.codecs.abi import WORD_BYTES, encode_balance_of
from chains.codecs.address_forms import ADDRESS_BYTES
from chains.codecs.evm import EvmCodec, call_of
from chains.codecs.evm_addresses import checksum_text
from chains.codecs.keccak import keccak256
from chains.codecs.payments import Payment
from chains.evm.answers import HASH_BYTES, data, hexadecimal, quantity, sized
from chains.evm.client import EvmClient, EvmNode
from chains.evm.costs import (
    FEE_HISTORY_BLOCKS,
    FEE_HISTORY_PERCENTILE,
    FeePolicy,
    choose_fees,
    fit_under_cap,
    with_margin,
)
from chains.evm.failures import NodeRefused, judge_broadcast
from chains.evm.reader import FINALIZED, LATEST, ask_at, header_by_tag, nonce_on, receipt_on
from chains.replacing import PLAIN_TRANSFER_GAS, Fees, outbid, replacement_gas
from domain.errors import BytesMismatch, NodeUnavailable, WalletShort
from domain.onchain import BlockRef, Landed, Liveness, MayLand
from domain.sends import (
    AttemptView,
    BroadcastOutcome,
    BroadcastResult,
    NodeAnswer,
    NodeReason,
    SendIntent,
    SendPlan,
    SignedTx,
    SimulationVerdict,
    TxPurpose,
)

NATIVE_NAME = "the native coin"


@dataclass(frozen=True, slots=True)
class _Room:
    """What the dry run found: the gas to allow, or why the payment is refused."""

    gas_limit: int
    refusal: str = ""


class EvmWriter:
    """ChainWriter over JSON-RPC. `clock_ms` gives the present time in milliseconds since 1970."""

    def __init__(
        self, client: EvmClient, policy: FeePolicy, clock_ms: Callable[[], int] = wall_clock_ms
    ) -> None:
        self._client = client
        self._policy = policy
        self._clock_ms = clock_ms
        self._codec = EvmCodec()

    @property
    def nodes(self) -> tuple[str, ...]:
        return self._client.node_names

    async def plan(self, send: SendIntent) -> SendPlan:
        assert send.network == self._client.network.network, send
        return await self._client.on_one_node(lambda node: self._plan(node, send))

    async def quote(self, send: SendIntent) -> SendPlan:
        assert send.network == self._client.network.network, send
        return await self._client.on_one_node(lambda node: self._quote(node, send))

    async def replace(self, send: SendIntent, purpose: TxPurpose, last: SignedTx) -> SendPlan:
        assert send.network == self._client.network.network, send
        if self._codec.txid(last.raw) != last.txid:
            raise BytesMismatch(f"transaction {last.txid.hex()} is stored with other bytes")
        return await self._client.on_one_node(lambda node: self._replace(node, send, purpose, last))

    async def broadcast(self, tx: SignedTx) -> BroadcastResult:
        if self._codec.txid(tx.raw) != tx.txid:
            raise BytesMismatch(f"transaction {tx.txid.hex()} is stored with other bytes")
        chain_id = self._codec.decode(tx.raw).transaction.chain_id
        if chain_id != self._client.network.chain_id:
            raise BytesMismatch(f"transaction {tx.txid.hex()} is signed for chain {chain_id}")
        answers = await self._client.on_each_node(lambda node: self._send(node, tx))
        return weigh(tx, answers)

    def expiry(self, tx: SignedTx) -> int | None:  # noqa: ARG002 - a nonce waits for ever
        return None

    async def liveness(self, attempt: AttemptView) -> Liveness:
        return await self._client.on_one_node(lambda node: _liveness(node, attempt))

    async def close(self) -> None:
        await self._client.close()

    async def _quote(self, node: EvmNode, send: SendIntent) -> SendPlan:
        head = await header_by_tag(node, LATEST)
        room = await self._dry_run(node, send, head.ref)
        if send.contract and not room.refusal:
            empty = replace(send, payee=_nobody(send.payee))
            worst = await self._dry_run(node, empty, head.ref)
            room = max(room, worst, key=lambda found: found.gas_limit)
        _, fees = await self._market(node, head.ref)
        return self._terms_of(room, fees, head.ref)

    async def _plan(self, node: EvmNode, send: SendIntent) -> SendPlan:
        head = await header_by_tag(node, LATEST)
        await _check_amount(node, send, head.ref)
        room = await self._dry_run(node, send, head.ref)
        base_fee, fees = await self._market(node, head.ref)
        if not room.refusal:
            fees = fit_under_cap(fees, base_fee, room.gas_limit, send.fee_cap)
            await _check_coins(node, send, head.ref, room.gas_limit * fees.max_fee)
        return self._terms_of(room, fees, head.ref)

    def _terms_of(self, room: _Room, fees: Fees, at: BlockRef) -> SendPlan:
        return SendPlan(
            gas_limit=room.gas_limit,
            max_fee=fees.max_fee,
            max_priority_fee=fees.max_priority_fee,
            fee_bound=room.gas_limit * fees.max_fee,
            verdict=SimulationVerdict.REFUSED if room.refusal else SimulationVerdict.PASSES,
            why=room.refusal,
            height=at.height,
            planned_at_ms=self._clock_ms(),
            patience_seconds=self._policy.patience_seconds,
            patience_blocks=self._policy.patience_blocks,
        )

    async def _replace(self, node: EvmNode, send: SendIntent, purpose: TxPurpose, last: SignedTx) -> SendPlan:
        pooled = self._codec.decode(last.raw).transaction
        head = await header_by_tag(node, LATEST)
        _, market = await self._market(node, head.ref)
        gas_limit = replacement_gas(purpose, pooled)
        fees = outbid(market, pooled, gas_limit, send.fee_cap)
        fee_bound = gas_limit * fees.max_fee
        await _check_balance(
            node, send.wallet, head.ref, fee_bound + (pooled.value if purpose is TxPurpose.BUMP else 0)
        )
        return SendPlan(
            gas_limit=gas_limit,
            max_fee=fees.max_fee,
            max_priority_fee=fees.max_priority_fee,
            fee_bound=fee_bound,
            verdict=SimulationVerdict.PASSES,
            height=head.ref.height,
            planned_at_ms=self._clock_ms(),
            patience_seconds=self._policy.patience_again_seconds,
            patience_blocks=self._policy.patience_blocks,
        )

    async def _market(self, node: EvmNode, at: BlockRef) -> tuple[int, Fees]:
        base_fee, tips = await node.ask(
            _fee_history,
            "eth_feeHistory",
            hex(FEE_HISTORY_BLOCKS),
            hex(at.height),
            [FEE_HISTORY_PERCENTILE],
        )
        return base_fee, choose_fees(base_fee, tips, self._policy)

    async def _dry_run(self, node: EvmNode, send: SendIntent, at: BlockRef) -> _Room:
        to, value, call_data = call_of(Payment(send.contract, send.payee, send.amount))
        is_plain = not send.contract and not await ask_at(node, at, data, "eth_getCode", hexadecimal(to))
        if is_plain:
            return _Room(PLAIN_TRANSFER_GAS)
        call = {"from": hexadecimal(send.wallet), "to": hexadecimal(to), "value": hex(value)}
        if call_data:
            call["data"] = hexadecimal(call_data)
        try:
            answer = await ask_at(node, at, data, "eth_call", call)
            gas = await node.ask(quantity, "eth_estimateGas", call, hex(at.height))
        except NodeRefused as error:
            if error.is_short_of_funds:
                await _check_coins(node, send, at, 0)
            if not error.is_revert:
                raise
            return _Room(
                PLAIN_TRANSFER_GAS, f"the {'token' if send.contract else 'payee'} refuses: {error.message}"
            )
        if send.contract and not _says_moved(answer):
            return _Room(PLAIN_TRANSFER_GAS, "the token answers that it would not move the coins")
        gas_limit = with_margin(gas, is_token=bool(send.contract))
        if gas_limit > self._policy.gas_limit_max:
            return _Room(PLAIN_TRANSFER_GAS, f"it needs {gas_limit} gas, more than the policy allows")
        return _Room(gas_limit)

    async def _send(self, node: EvmNode, tx: SignedTx) -> NodeAnswer:
        try:
            txid = await node.ask(_hash, "eth_sendRawTransaction", hexadecimal(tx.raw))
        except NodeRefused as error:
            outcome, reason = judge_broadcast(error.message)
            return NodeAnswer(node.name, outcome, error.message, reason)
        except NodeUnavailable as error:
            self._client.doubt(node)
            return NodeAnswer(node.name, BroadcastOutcome.AMBIGUOUS, error.sentence)
        if txid != tx.txid:
            self._client.quarantine(node, f"it answered {tx.txid.hex()} with {txid.hex()}")
            return NodeAnswer(
                node.name, BroadcastOutcome.AMBIGUOUS, f"it names another transaction, {txid.hex()}"
            )
        return NodeAnswer(node.name, BroadcastOutcome.ACCEPTED, "taken", NodeReason.TAKEN)


def _nobody(payee: bytes) -> bytes:
    """An address that holds no token, for the price of the first one there; nothing is ever sent to it."""
    return keccak256(payee)[-ADDRESS_BYTES:]


async def _liveness(node: EvmNode, attempt: AttemptView) -> Liveness:
    # The final block is read first: a receipt found after it can only be newer than what the nonce says.
    final = await header_by_tag(node, FINALIZED)
    receipts = await asyncio.gather(*(receipt_on(node, txid) for txid in attempt.txids))
    for receipt in receipts:
        if receipt is not None:
            is_final = receipt.block.height <= final.ref.height
            return Landed(receipt.txid, receipt.block, receipt.succeeded, is_final)
    if attempt.nonce is None:
        return MayLand("it has no nonce")
    used = await nonce_on(node, attempt.wallet, final.ref)
    if used > attempt.nonce:
        # Not found is no proof (a node may index late), and a foreign transaction would be a stolen key: our
        # own complete scan of the blocks decides, never this node.
        return MayLand(
            f"final block {final.ref.height} is past nonce {attempt.nonce}, but shows none of its hashes"
        )
    return MayLand(f"nonce {attempt.nonce} is not used in final block {final.ref.height}")


async def _check_amount(node: EvmNode, send: SendIntent, at: BlockRef) -> None:
    if not send.contract:
        return
    call = {"to": hexadecimal(send.contract), "data": hexadecimal(encode_balance_of(send.wallet))}
    held = await ask_at(node, at, _word, "eth_call", call)
    if held < send.amount:
        raise WalletShort(checksum_text(send.wallet), checksum_text(send.contract), send.amount - held)


async def _check_coins(node: EvmNode, send: SendIntent, at: BlockRef, fee_bound: int) -> None:
    await _check_balance(node, send.wallet, at, fee_bound + (0 if send.contract else send.amount))


async def _check_balance(node: EvmNode, wallet: bytes, at: BlockRef, needed: int) -> None:
    held = await ask_at(node, at, quantity, "eth_getBalance", hexadecimal(wallet))
    if held < needed:
        raise WalletShort(checksum_text(wallet), NATIVE_NAME, needed - held)


def _says_moved(answer: bytes) -> bool:
    # USDT on Ethereum returns nothing; every other token must return true.
    return not answer or (len(answer) == WORD_BYTES and int.from_bytes(answer, "big") == 1)


def _fee_history(answer: object) -> tuple[int, list[int]]:
    rewards = members(answer, "reward")
    base_fees = [quantity(fee) for fee in members(answer, "baseFeePerGas")]
    tips = [quantity(tip) for row in rewards for tip in items(row)]
    return base_fees[-1], tips


def _hash(answer: object) -> bytes:
    return sized(answer, HASH_BYTES)


def _word(answer: object) -> int:
    return int.from_bytes(sized(answer, WORD_BYTES), "big")
