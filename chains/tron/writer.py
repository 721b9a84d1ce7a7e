"""Outgoing transactions on a Tron network: plan, broadcast stored bytes, look what became of them."""

import json
import logging
from collections.abc import Callable, Mapping

from chains.broadcasts import weigh
from chains.clock import wall_clock_ms
from chains.codecs.tron import SIGNATURE_BYTES, TronCodec
from chains.tron.answers import plain
from chains.tron.client import HEAD_STORE, TronClient, TronNode
from chains.tron.costs import TronPolicy
from chains.tron.failures import judge_broadcast
from chains.tron.planning import Planner
from chains.tron.testimony import look, prove_dead
from domain.errors import BytesMismatch, NodeUnavailable
from domain.onchain import Liveness
from domain.replacements import NotReplaceable
from domain.sends import (
    AttemptView,
    BroadcastOutcome,
    BroadcastResult,
    NodeAnswer,
    NodeReason,
    SendIntent,
    SendPlan,
    SignedTx,
    TxPurpose,
)

DETAIL_LENGTH_MAX = 300
SUCCESS = "SUCCESS"

logger = logging.getLogger(__name__)


class TronWriter:
    """ChainWriter over the HTTP API. `clock_ms` gives the present time in milliseconds since 1970."""

    def __init__(
        self, client: TronClient, policy: TronPolicy, clock_ms: Callable[[], int] = wall_clock_ms
    ) -> None:
        self._client = client
        self._planner = Planner(policy, clock_ms)
        self._codec = TronCodec()

    @property
    def nodes(self) -> tuple[str, ...]:
        return self._client.node_names

    async def plan(self, send: SendIntent) -> SendPlan:
        assert send.network == self._client.network.network, send
        return await self._client.on_one_node(lambda node: self._planner.plan(node, send))

    async def quote(self, send: SendIntent) -> SendPlan:
        assert send.network == self._client.network.network, send
        return await self._client.on_one_node(lambda node: self._planner.quote(node, send))

    async def replace(self, send: SendIntent, purpose: TxPurpose, last: SignedTx) -> SendPlan:  # noqa: ARG002 - whatever was signed stays
        raise NotReplaceable(send.network)

    async def broadcast(self, tx: SignedTx) -> BroadcastResult:
        self._check(tx)
        return weigh(tx, await self._client.on_each_node(lambda node: self._send(node, tx)))

    def expiry(self, tx: SignedTx) -> int | None:
        self._check(tx)
        return self._codec.decode(tx.raw).transaction.expiration_ms

    async def liveness(self, attempt: AttemptView) -> Liveness:
        seen = await self._client.on_one_node(lambda node: look(node, attempt))
        return await prove_dead(self._client, attempt) if seen is None else seen

    async def close(self) -> None:
        await self._client.close()

    def _check(self, tx: SignedTx) -> None:
        if self._codec.txid(tx.raw) != tx.txid:
            raise BytesMismatch(f"transaction {tx.txid.hex()} is stored with other bytes")
        self._codec.decode(tx.raw)

    async def _send(self, node: TronNode, tx: SignedTx) -> NodeAnswer:
        try:
            answer = await node.ask(_object, f"{HEAD_STORE}/broadcasthex", {"transaction": tx.raw.hex()})
        except NodeUnavailable as error:
            self._client.doubt(node)
            return NodeAnswer(node.name, BroadcastOutcome.AMBIGUOUS, error.sentence)
        why = _contradiction(answer, tx)
        if why:
            logger.error("node %s is set aside: %s", node.name, why)
            self._client.quarantine(node, why)
            return NodeAnswer(node.name, BroadcastOutcome.AMBIGUOUS, why)
        return _judge(node, answer)


def _judge(node: TronNode, answer: Mapping[str, object]) -> NodeAnswer:
    code, message = str(answer.get("code") or SUCCESS), str(answer.get("message") or "")
    if answer.get("result") is True and code == SUCCESS:
        return NodeAnswer(node.name, BroadcastOutcome.ACCEPTED, "taken", NodeReason.TAKEN)
    outcome, reason = judge_broadcast(code, plain(message))
    return NodeAnswer(node.name, outcome, f"{code} {plain(message)}".strip()[:DETAIL_LENGTH_MAX], reason)


def _object(answer: object) -> Mapping[str, object]:
    if not isinstance(answer, Mapping):
        raise ValueError("an object was expected")  # noqa: TRY004 - one error for all bad answers
    return answer


def _contradiction(answer: Mapping[str, object], tx: SignedTx) -> str:
    """How a node's answer speaks of other bytes than those it was given; empty if it does not."""
    told = answer.get("txid")
    if told is not None and told != tx.txid.hex():
        return f"it calls {tx.txid.hex()} {told!r:.80}"
    return "it shows other bytes than it was given" if _is_altered(answer.get("transaction"), tx) else ""


def _is_altered(echo: object, tx: SignedTx) -> bool:
    """Whether a node that shows what it took shows something else; it may write it as JSON within JSON."""
    try:
        shown = json.loads(echo) if isinstance(echo, str) else echo
    except ValueError:
        return True
    if not isinstance(shown, Mapping):
        return shown is not None
    signed = TronCodec().decode(tx.raw).transaction
    signature = tx.raw[-SIGNATURE_BYTES:].hex()
    if shown.get("signature", [signature]) != [signature]:
        return True
    raw_data = shown.get("raw_data", {})
    return not isinstance(raw_data, Mapping) or any(
        raw_data.get(name, number) != number
        for name, number in (
            ("timestamp", signed.timestamp_ms),
            ("expiration", signed.expiration_ms),
            ("fee_limit", signed.fee_limit),
        )
    )
