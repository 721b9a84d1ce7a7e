"""Sending: plan, sign, send, watch; what every outgoing transaction shares.

A plain object used inside a workflow, so that one history tells the whole story. It decides from rows alone:
signed bytes are never made twice, a wait is ended by the follower's news, what no block takes is outbid under
the cap, and nothing here gives money back.
"""

from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import FailureError

from activities.broadcasting import BroadcastingActivities
from activities.observing import ObservingActivities
from activities.signing import SigningActivities
from domain.replacements import Replacement, ReplacementRequest
from domain.reviews import Reason
from domain.send_steps import SendStep, has_another_try, next_send_step, standing, without_plan
from domain.sends import (
    AttemptFacts,
    AttemptRef,
    PlanRequest,
    SendFacts,
    SendOrder,
    SendPlan,
    SendRef,
    SimulationVerdict,
    TxPurpose,
)
from domain.signing import Refusal, SignedAnswer, SigningIntent, sign_queue
from domain.wishes import replacement_of
from workflows.names import chain_queue
from workflows.policies import CHAIN_FALLBACK, FROZEN, LOOK, SEND, SIGN
from workflows.reviews import Desk, show_state
from workflows.stepping import failure_code, failure_details, take, take_soon

FIRST_ATTEMPT = 1
FIRST_VARIANT = 1


class Sending:
    """One send of a workflow, from its plan to the block that ends it."""

    def __init__(self, order: SendOrder, desk: Desk) -> None:
        self.order = order
        self._desk = desk
        self._queue = chain_queue(order.network)
        self._news = False
        self._rebroadcast = False
        self._was_stale = False
        self._turn = (0, 0, False)
        self._unheard = timedelta()

    def told(self, *, rebroadcast: bool = False) -> None:
        """Look at the rows: one of our transactions was seen, or a person wants its bytes sent again."""
        self._news = True
        self._rebroadcast = self._rebroadcast or rebroadcast

    async def rehearse(self) -> SendPlan | None:
        """Try the transfer before its money is committed; None if nobody could say and the desk waited."""
        try:
            return await take(
                BroadcastingActivities.simulate_send,
                PlanRequest(order=self.order, attempt=FIRST_ATTEMPT),
                queue=self._queue,
                policy=LOOK,
                summary="Rehearse the transfer before committing to it",
            )
        except FailureError as error:
            await self._no_plan("simulate", error)
            return None

    async def advance(
        self, facts: SendFacts, wanted: TxPurpose | None = None, *, may_try_again: bool = False
    ) -> SendFacts:
        """Take the one step these facts call for, and return what the rows say afterwards.

        `wanted` is the next variant that people want of a transaction which no block holds, `may_try_again`
        their word for one more attempt.
        """
        stands = self._desk.stands
        step = next_send_step(facts)
        if step in {SendStep.PLAN, SendStep.SIGN}:
            await self._sign(facts.current.attempt if facts.current else FIRST_ATTEMPT)
        elif step in {SendStep.FAILED, SendStep.DEAD} and (may_try_again or has_another_try(facts)):
            assert facts.current is not None
            await self._sign(facts.current.attempt + 1)
        elif step is SendStep.SEND:
            assert facts.current is not None
            await self._hand_over(facts.current.attempt, facts.current.variants)
        elif step is SendStep.WATCH:
            await self._watch_or_replace(facts, wanted)
        elif step is not SendStep.PAID:
            await self._desk.stand("send", *standing(facts, step))
        if self._desk.stands == stands:
            self._desk.leave()
        return await self._look()

    async def _watch_or_replace(self, facts: SendFacts, wanted: TxPurpose | None) -> None:
        assert facts.current is not None
        current = facts.current
        if self._rebroadcast and current.block_height is None:
            self._rebroadcast = False
            await self._hand_over(current.attempt, current.variants)
            return
        purpose = wanted or self._due(current)
        await (self._replace(current, purpose) if purpose else self._watch(current))

    async def _look(self) -> SendFacts:
        return await take_soon(
            ObservingActivities.look_at_send,
            SendRef(send_id=self.order.send_id, network=self.order.network),
            queue=self._queue,
            summary="Read what the rows say about the transaction",
        )

    async def _sign(self, attempt: int) -> None:
        """Plan and have it signed; the nonce is the signer's, the bytes stay in the database."""
        show_state("sending", "Asking the signer for the transaction.")
        try:
            plan = await self._plan(attempt)
        except FailureError as error:
            await self._no_plan("plan", error)
            return
        if plan.verdict is SimulationVerdict.REFUSED:
            await self._desk.stand("plan", Reason.PAYEE_REFUSES, plan.why)
            return
        await self._sign_and_hand_over(plan, attempt, FIRST_VARIANT, TxPurpose.PAY)

    async def _sign_and_hand_over(
        self, plan: SendPlan, attempt: int, variant: int, purpose: TxPurpose
    ) -> None:
        try:
            answer = await self._ask_signer(plan, attempt, variant, purpose)
        except FailureError as error:
            await self._signer_said_no(error)
            return
        self._was_stale = False
        lane = "" if answer.nonce is None else f" with nonce {answer.nonce}"
        workflow.set_current_details(f"Signed as 0x{answer.txid.hex()}{lane}; handing it to the nodes.")
        await self._hand_over(attempt, variant)

    def _due(self, current: AttemptFacts) -> TxPurpose | None:
        """What outbids a transaction that has waited its share of blocks and of time; None before that."""
        is_out_of_time = self._unheard >= timedelta(seconds=current.patience_seconds)
        if self._turn != _turn_of(current) or not is_out_of_time:
            return None
        return replacement_of(current) if current.is_overdue else None

    async def _replace(self, current: AttemptFacts, purpose: TxPurpose) -> None:
        """Sign and send the next variant under the cap; at the cap the old bytes stay live."""
        show_state("sending", f"Outbidding the transaction by a {purpose.value} of the same nonce.")
        try:
            replacement = await self._plan_replacement(current, purpose)
        except FailureError as error:
            await self._no_plan("replace", error)
            return
        if replacement.at_cap is not None:
            await self._desk.stand("replace", Reason.FEE_CAP, replacement.at_cap)
        elif replacement.plan is None:
            await self._hand_over(current.attempt, replacement.variant)
        else:
            await self._sign_and_hand_over(replacement.plan, current.attempt, replacement.variant, purpose)

    async def _plan_replacement(self, current: AttemptFacts, purpose: TxPurpose) -> Replacement:
        return await take(
            BroadcastingActivities.plan_replacement,
            ReplacementRequest(
                order=self.order, attempt=current.attempt, variant=current.variants + 1, purpose=purpose
            ),
            queue=self._queue,
            policy=LOOK,
            summary=f"Quote what a {purpose.value} of the same nonce has to offer",
        )

    async def _plan(self, attempt: int) -> SendPlan:
        return await take(
            BroadcastingActivities.plan_send,
            PlanRequest(order=self.order, attempt=attempt),
            queue=self._queue,
            policy=LOOK,
            summary="Quote the fee and rehearse the transfer",
        )

    async def _no_plan(self, step: str, error: FailureError) -> None:
        code = failure_code(error)
        reason = without_plan(self.order.kind, code)
        await self._desk.stand(step, reason, code or "no answer in time")

    async def _ask_signer(
        self, plan: SendPlan, attempt: int, variant: int, purpose: TxPurpose
    ) -> SignedAnswer:
        order = self.order
        return await take(
            SigningActivities.sign,
            SigningIntent(
                kind=order.kind,
                send_id=order.send_id,
                attempt=attempt,
                variant=variant,
                purpose=purpose,
                network=order.network,
                wallet=order.wallet,
                gas_limit=plan.gas_limit,
                max_fee=plan.max_fee,
                max_priority_fee=plan.max_priority_fee,
                fee_cap=order.fee_cap,
                planned_at_ms=plan.planned_at_ms,
                reference=plan.reference,
                expires_ms=plan.expires_ms,
            ),
            queue=sign_queue(order.network),
            policy=SIGN,
            summary="Have the signer judge, sign and store the bytes",
        )

    async def _signer_said_no(self, error: FailureError) -> None:
        if failure_code(error) != "REFUSED_BY_SIGNER":
            reason = (
                Reason.SIGNER_DOWN if failure_code(error) in {None, "SIGNER_UNAVAILABLE"} else Reason.CORRUPT
            )
            await self._desk.stand("sign", reason, failure_code(error) or "no answer in time")
            return
        refusal = Refusal(failure_details(error)[0])
        if refusal is Refusal.PLAN_STALE:
            # A plan ages while the signer is away; two in a row mean that clocks disagree.
            self._was_stale = not self._was_stale
            if self._was_stale:
                return
            await self._desk.stand("sign", Reason.SIGNER_DOWN, refusal.value)
            return
        if refusal is Refusal.CAP:
            await self._desk.stand("sign", Reason.SIGNER_CAP)
        elif refusal.means_not_now:
            await self._desk.stand("sign", Reason.PAUSED)
        else:
            await self._desk.stand("sign", Reason.SIGNER_REFUSED, refusal.value)

    async def _hand_over(self, attempt: int, variant: int) -> None:
        ref = AttemptRef(
            send_id=self.order.send_id, network=self.order.network, attempt=attempt, variant=variant
        )
        try:
            await take(
                BroadcastingActivities.broadcast,
                ref,
                queue=self._queue,
                policy=SEND,
                summary="Hand the stored bytes to the nodes",
            )
        except FailureError as error:
            if failure_code(error) not in FROZEN:
                raise
            await self._no_plan("send", error)

    async def _watch(self, current: AttemptFacts) -> None:
        txid = f"0x{current.txid.hex()}" if current.txid else "the transaction"
        if current.block_height is None:
            show_state(
                "sending",
                f"{txid} is with the nodes; no block holds it so far. "
                "The same bytes are sent again if needed.",
            )
        else:
            show_state(
                "sent", f"{txid} stands in block {current.block_height}; paid once that block is final."
            )
        patience = self._patience(current)
        try:
            await workflow.wait_condition(
                lambda: self._news, timeout=patience, timeout_summary="Look again without news"
            )
        except TimeoutError:
            self._unheard += patience
        finally:
            self._news = False

    def _patience(self, current: AttemptFacts) -> timedelta:
        """How long to wait for news: from its turn on its own patience, then twice as long each time."""
        if current.block_height is not None:
            return CHAIN_FALLBACK
        if self._turn != _turn_of(current):
            self._turn, self._unheard = _turn_of(current), timedelta()
        own = timedelta(seconds=current.patience_seconds)
        return min(max(own, self._unheard), CHAIN_FALLBACK)


def _turn_of(current: AttemptFacts) -> tuple[int, int, bool]:
    """What a wait is for: this variant, before or after the nonces below it were taken."""
    return current.attempt, current.variants, current.is_next
