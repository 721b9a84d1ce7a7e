"""BroadcastingActivities: rehearse and quote a transaction, hand stored bytes to the nodes, do it again."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection
from temporalio import activity

from activities.alarms import alarming
from activities.burning import Burning
from activities.deaths import Deaths
from activities.shifts import Shift
from chains.gateway import ChainWriter
from domain.assets import Catalogue
from domain.errors import FeeAboveCap, Unavailable
from domain.replacements import Replacement, ReplacementRequest
from domain.sends import (
    AttemptRef,
    BroadcastNote,
    FeedInput,
    PlanRequest,
    SendIntent,
    SendOrder,
    SendPlan,
    SignedTx,
    SimulationVerdict,
)
from domain.stalls import ChainStalled
from ledger.freezing import must_be_trusted
from ledger.open_sends import OpenSend, open_sends
from ledger.sends import (
    copy_signed,
    insert_attempt,
    newest_variant,
    record_answers,
    record_sending,
    replan_attempt,
    signed_plan,
    uncopied_sends,
    uncopied_variant,
)
from ledger.session import Sessions
from ledger.stalling import STALLED

HEAL_EVERY_SECONDS = 10
RESEND_AFTER = timedelta(seconds=30)
RESEND_EXPIRING_AFTER = timedelta(seconds=15)
"""Nodes of networks whose transactions expire forget them sooner, and there is less time to be taken."""


@dataclass(frozen=True, slots=True)
class BroadcastingActivities:
    """Outgoing transactions of the networks this worker serves; it holds no key and makes no bytes."""

    sessions: Sessions
    catalogue: Catalogue
    writers: Mapping[str, ChainWriter]
    burning: Mapping[str, Burning] = field(default_factory=dict[str, Burning])

    @activity.defn
    async def simulate_send(self, request: PlanRequest) -> SendPlan:
        """Rehearse a transfer before its money is committed; nothing is stored."""
        order, plan = request.order, await self._rehearsed(request)
        left = await self._energy_left(order, plan)
        async with self.sessions.begin() as session:
            return await self._admitted(session, order, plan, left)

    @activity.defn
    async def plan_send(self, request: PlanRequest) -> SendPlan:
        """Quote fees, rehearse the transfer, and store the attempt with its plan; it takes no nonce.

        An attempt that was signed keeps the plan it was signed under and is not rehearsed again: bytes whose
        answer was lost are taken over, and the rows then say SIGNED whatever the network would say now.
        """
        order = request.order
        signed = await self._signed_before(order.send_id, order.network, request.attempt)
        if signed is not None:
            return signed
        plan = await self._rehearsed(request)
        if plan.verdict is SimulationVerdict.REFUSED:
            return plan
        left = await self._energy_left(order, plan)
        async with self.sessions.begin() as session:
            plan = await self._admitted(session, order, plan, left)
            return await insert_attempt(
                session, order.send_id, request.attempt, network=order.network, wallet=order.wallet, plan=plan
            )

    async def _signed_before(self, send_id: UUID, network: str, attempt: int) -> SendPlan | None:
        """The plan of an attempt whose bytes the signer stored, which are copied here; None without bytes."""
        async with self.sessions.begin() as session:
            await must_be_trusted(session, network, send_id)
            variant = await uncopied_variant(session, send_id, attempt)
            if variant is not None:
                await copy_signed(session, send_id, attempt, variant, self.writers[network].expiry)
            return await signed_plan(session, send_id, attempt)

    async def _rehearsed(self, request: PlanRequest) -> SendPlan:
        order = request.order
        async with self.sessions.begin() as session:
            mode = await must_be_trusted(session, order.network, order.send_id)
        if mode == STALLED:
            raise ChainStalled(order.network, "nothing new is sent there until it does")
        return await self.writers[order.network].plan(self._intent(order))

    async def _energy_left(self, order: SendOrder, plan: SendPlan) -> int | None:
        """What staked energy the wallet has; None where nothing of this plan runs on it."""
        burning = self.burning.get(order.network)
        return None if burning is None else await burning.energy_left(order, plan)

    async def _admitted(
        self, session: AsyncConnection, order: SendOrder, plan: SendPlan, left: int | None
    ) -> SendPlan:
        """The plan with what it may burn at worst; raises EnergyPoolEmpty beyond the day's budget."""
        return plan if left is None else await self.burning[order.network].admit(session, order, plan, left)

    @activity.defn
    async def plan_replacement(self, request: ReplacementRequest) -> Replacement:
        """Quote what outbids an attempt's newest variant, unless the signer already holds a newer one.

        At the cap the old bytes stay live, and the answer says what the network asks.
        """
        order = request.order
        async with self.sessions.begin() as session:
            await must_be_trusted(session, order.network, order.send_id)
            missing = await uncopied_variant(session, order.send_id, request.attempt)
            last = await newest_variant(session, order.send_id, request.attempt)
        if missing is not None:
            return Replacement(variant=missing)
        try:
            plan = await self.writers[order.network].replace(self._intent(order), request.purpose, last)
        except FeeAboveCap as error:
            return Replacement(variant=request.variant, at_cap=error.sentence)
        async with self.sessions.begin() as session:
            await replan_attempt(session, order.send_id, request.attempt, plan)
        return Replacement(variant=request.variant, plan=plan)

    @activity.defn
    async def broadcast(self, ref: AttemptRef) -> BroadcastNote:
        """Hand the stored bytes of one variant to the nodes; whatever they say, only a block ends it."""
        async with self.sessions.begin() as session:
            await must_be_trusted(session, ref.network, ref.send_id)
            tx = await copy_signed(
                session, ref.send_id, ref.attempt, ref.variant, self.writers[ref.network].expiry
            )
        return await self._hand_over(ref.network, tx)

    @activity.defn
    async def heal_sends(self, feed: FeedInput) -> None:
        """Hand the bytes of open transactions to the nodes again while they are due; ends after a shift.

        What has expired by the network's final time is handed to nobody, and closed once it is proven dead.
        """
        async for _ in Shift(every_seconds=HEAL_EVERY_SECONDS):
            try:
                await self._heal(feed.network)
                await Deaths(self.sessions, feed.network, self.writers[feed.network]).prove()
            except Unavailable as error:
                activity.logger.warning("healing waits: %s", error.sentence)

    def _intent(self, order: SendOrder) -> SendIntent:
        asset = self.catalogue.by_id(order.asset_id)
        return SendIntent(
            send_id=order.send_id,
            kind=order.kind,
            network=asset.network,
            wallet=order.wallet,
            payee=order.payee,
            contract=asset.contract,
            amount=order.amount,
            fee_cap=order.fee_cap,
            returns=order.returns,
        )

    async def _copy_forgotten(self, network: str) -> None:
        """Take over bytes whose workflow died before it could: later nonces wait behind them."""
        async with self.sessions.begin() as session:
            forgotten = await uncopied_sends(session, network)
        for send_id, attempt, variant in forgotten:
            with alarming(send_id, attempt):
                async with self.sessions.begin() as session:
                    await copy_signed(session, send_id, attempt, variant, self.writers[network].expiry)

    async def _heal(self, network: str) -> None:
        await self._copy_forgotten(network)
        async with self.sessions.begin() as session:
            waiting = await open_sends(session, network)
        now = datetime.now(UTC)
        for send in waiting:
            activity.heartbeat(f"healing {send.send_id}")
            if _is_due(send, now):
                with alarming(send.send_id, send.attempt):
                    await self._hand_over(network, send.tx)

    async def _hand_over(self, network: str, tx: SignedTx) -> BroadcastNote:
        writer = self.writers[network]
        async with self.sessions.begin() as session:
            await record_sending(session, network, tx.txid, writer.nodes, datetime.now(UTC))
        result = await writer.broadcast(tx)
        async with self.sessions.begin() as session:
            await record_answers(session, network, tx.txid, result, datetime.now(UTC))
        return BroadcastNote(
            outcome=result.outcome,
            detail="; ".join(f"{answer.node}: {answer.detail}" for answer in result.answers),
        )


def _is_due(send: OpenSend, now: datetime) -> bool:
    """Whether no node was called for a while."""
    patience = RESEND_AFTER if send.expires_ms is None else RESEND_EXPIRING_AFTER
    return send.tried_at is None or send.tried_at < now - patience
