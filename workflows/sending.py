"""Sending: plan, sign, send, watch; what every outgoing transaction shares.

A plain object used inside a workflow, so that one history tells the whole story. It decides from rows alone:
signed bytes are never made twice, a wait is ended by the follower's news, and nothing here gives money back.
"""

from temporalio import workflow
from temporalio.exceptions import FailureError

from activities.broadcasting import BroadcastingActivities
from activities.observing import ObservingActivities
from activities.signing import SigningActivities
from domain.reviews import Reason
from domain.sends import (
    AttemptRef,
    PlanRequest,
    SendFacts,
    SendOrder,
    SendPlan,
    SendRef,
    SendStep,
    SimulationVerdict,
    next_send_step,
)
from domain.signing import Refusal, SignedAnswer, SigningIntent, sign_queue
from workflows.names import chain_queue
from workflows.policies import CHAIN_FALLBACK, LOOK, MUST, SEND, SIGN
from workflows.reviews import Desk, show_state
from workflows.stepping import failure_code, failure_details, take

FIRST_ATTEMPT = 1
FIRST_VARIANT = 1
PLAN_REASONS = {
    "FEE_ABOVE_CAP": Reason.FEE_CAP,
    "WALLET_SHORT": Reason.LIQUIDITY,
    "CHAIN_FROZEN": Reason.CHAIN_FROZEN,
}


class Sending:
    """One send of a workflow, from its plan to the block that ends it."""

    def __init__(self, order: SendOrder, desk: Desk) -> None:
        self._order = order
        self._desk = desk
        self._queue = chain_queue(order.network)
        self._news = False
        self._was_stale = False

    def told(self) -> None:
        """The follower saw one of our transactions; look at the rows."""
        self._news = True

    async def rehearse(self) -> SendPlan | None:
        """Try the transfer before its money is committed; None if nobody could say and the desk waited."""
        try:
            return await take(
                BroadcastingActivities.simulate_send,
                PlanRequest(order=self._order, attempt=FIRST_ATTEMPT),
                queue=self._queue,
                policy=LOOK,
                summary="Rehearse the transfer before committing to it",
            )
        except FailureError as error:
            await self._no_plan("simulate", error)
            return None

    async def advance(self, facts: SendFacts) -> SendFacts:
        """Take the one step these facts call for, and return what the rows say afterwards."""
        step = next_send_step(facts)
        if step in {SendStep.PLAN, SendStep.SIGN}:
            await self._sign(facts)
        elif step is SendStep.SEND:
            await self._send(facts)
        elif step is SendStep.WATCH:
            await self._watch(facts)
        elif step is not SendStep.PAID:
            await self._desk.stand(
                "send", Reason.SEND_FAILED, f"attempt {facts.attempts[-1].attempt} {step.value}"
            )
        if step not in {SendStep.FAILED, SendStep.CANCELLED, SendStep.DEAD}:
            self._desk.leave()
        return await self._look()

    async def _look(self) -> SendFacts:
        return await take(
            ObservingActivities.look_at_send,
            SendRef(send_id=self._order.send_id, network=self._order.network),
            queue=self._queue,
            policy=MUST,
            summary="Read what the rows say about the transaction",
        )

    async def _sign(self, facts: SendFacts) -> None:
        """Plan and have it signed; the nonce is the signer's, the bytes stay in the database."""
        show_state("sending", "Asking the signer for the transaction.")
        attempt = facts.current.attempt if facts.current else FIRST_ATTEMPT
        try:
            plan = await self._plan(attempt)
        except FailureError as error:
            await self._no_plan("plan", error)
            return
        if plan.verdict is SimulationVerdict.REFUSED:
            await self._desk.stand("plan", Reason.PAYEE_REFUSES, plan.why)
            return
        try:
            answer = await self._ask_signer(plan, attempt)
        except FailureError as error:
            await self._signer_said_no(error)
            return
        self._was_stale = False
        workflow.set_current_details(
            f"Signed as 0x{answer.txid.hex()} with nonce {answer.nonce}; handing it to the nodes."
        )
        await self._hand_over(attempt, FIRST_VARIANT)

    async def _plan(self, attempt: int) -> SendPlan:
        return await take(
            BroadcastingActivities.plan_send,
            PlanRequest(order=self._order, attempt=attempt),
            queue=self._queue,
            policy=LOOK,
            summary="Quote the fee and rehearse the transfer",
        )

    async def _no_plan(self, step: str, error: FailureError) -> None:
        code = failure_code(error)
        reason = PLAN_REASONS.get(code or "", Reason.RPC_DOWN)
        await self._desk.stand(step, reason, code or "no answer in time")

    async def _ask_signer(self, plan: SendPlan, attempt: int) -> SignedAnswer:
        order = self._order
        return await take(
            SigningActivities.sign,
            SigningIntent(
                kind=order.kind,
                send_id=order.send_id,
                attempt=attempt,
                variant=FIRST_VARIANT,
                network=order.network,
                wallet=order.wallet,
                gas_limit=plan.gas_limit,
                max_fee=plan.max_fee,
                max_priority_fee=plan.max_priority_fee,
                fee_cap=order.fee_cap,
                planned_at_ms=plan.planned_at_ms,
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

    async def _send(self, facts: SendFacts) -> None:
        assert facts.current is not None
        await self._hand_over(facts.current.attempt, facts.current.variants)

    async def _hand_over(self, attempt: int, variant: int) -> None:
        await take(
            BroadcastingActivities.broadcast,
            AttemptRef(
                send_id=self._order.send_id, network=self._order.network, attempt=attempt, variant=variant
            ),
            queue=self._queue,
            policy=SEND,
            summary="Hand the stored bytes to the nodes",
        )

    async def _watch(self, facts: SendFacts) -> None:
        current = facts.current
        assert current is not None
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
        try:
            await workflow.wait_condition(
                lambda: self._news, timeout=CHAIN_FALLBACK, timeout_summary="Look again without news"
            )
        except TimeoutError:
            return
        finally:
            self._news = False
