"""EnergyWorkflow: staked energy is lent to one of our addresses, and comes back whatever happens there."""

from temporalio import workflow
from temporalio.exceptions import FailureError

from activities.borrowing import BorrowingActivities
from activities.energy import EnergyActivities
from activities.lending import LendingActivities
from domain.delegations import (
    BuriedAct,
    DelegationFacts,
    DelegationInput,
    DelegationPurpose,
    DelegationResult,
    DelegationStep,
    delegation_order,
    next_delegation_step,
)
from domain.reviews import Reason
from domain.sends import Told
from workflows.names import LEDGER_QUEUE, OPS_QUEUE, SignalName, WorkflowName, chain_queue
from workflows.policies import CHAIN_FALLBACK, ENERGY_LOOK, LENT_FALLBACK, LOOK, MUST, TRUSTED
from workflows.refunding import bury, reason_to_wait
from workflows.reviews import Desk, show_state
from workflows.sending import Sending
from workflows.stepping import failure_code, shielded, take, take_soon

VERBS = ("retry_now",)
ROW_STEPS = {
    DelegationStep.GRANT: (LendingActivities.grant_delegation, "Record the send that delegates"),
    DelegationStep.OPEN: (LendingActivities.open_delegation, "Final on chain: note that it is lent"),
    DelegationStep.TAKE_BACK: (LendingActivities.take_back_delegation, "Record the send that takes it back"),
    DelegationStep.CLOSE: (LendingActivities.close_delegation, "Note that all of it is back, book the fees"),
}
"""Steps that rows alone take."""


@workflow.defn(name=WorkflowName.ENERGY)
class EnergyWorkflow:
    """One delegation, kind energy: PLANNED -> DELEGATING -> OPEN -> RETURNING -> RETURNED.

    Its row is there before anything is delegated, and it ends only once all of it is back: when its sweep
    says so, when its time is over, and when it is cancelled.
    """

    @workflow.init
    def __init__(self, delegation: DelegationInput) -> None:
        self._ref = delegation
        self._desk = Desk(VERBS)
        self._facts: DelegationFacts | None = None
        self._sending: Sending | None = None
        self._news = False
        self._told: DelegationStep | None = None

    @workflow.run
    async def run(self, delegation: DelegationInput) -> DelegationResult:
        """Go on until all of it is back."""
        facts = await shielded(self._body, on_cancel=self._look_again)
        return DelegationResult(
            delegation_id=delegation.delegation_id, state=facts.state, was_open=facts.was_open
        )

    @workflow.signal(name=SignalName.OBSERVED)
    def observed(self, news: Told) -> None:  # noqa: ARG002 - the rows say what it was
        self._look_again()

    @workflow.signal(name=SignalName.RETRY_NOW)
    def retry_now(self, who: str) -> None:  # noqa: ARG002 - for the history
        self._look_again()

    def _look_again(self) -> None:
        """Something has changed; a cancel changes nothing, because what is lent has to come back."""
        self._news = True
        self._desk.nudge()
        if self._sending is not None:
            self._sending.told()

    async def _body(self) -> DelegationFacts:
        self._facts = await self._desk.insist("recall", self._recall)
        while True:
            step = next_delegation_step(self._now)
            await self._tell_borrower(step)
            if step is DelegationStep.DONE:
                show_state(self._now.state.value, "Done: nothing of it is lent any more.")
                return self._now
            if workflow.info().is_continue_as_new_suggested():
                workflow.continue_as_new(self._ref)
            try:
                self._facts = await self._take_step(step)
            except FailureError as error:
                await self._desk.stand(step.value, Reason.CORRUPT, failure_code(error) or "no answer")
                self._facts = await self._desk.insist("recall", self._recall)

    async def _take_step(self, step: DelegationStep) -> DelegationFacts:
        if step in ROW_STEPS:
            return await self._take_row_step(step)
        if step is DelegationStep.SEE:
            return await self._see()
        if step is DelegationStep.HOLD:
            return await self._hold()
        if step is DelegationStep.BURY:
            return await self._bury()
        return await self._send(step)

    async def _take_row_step(self, step: DelegationStep) -> DelegationFacts:
        activity, summary = ROW_STEPS[step]
        facts = await take(activity, self._ref, queue=LEDGER_QUEUE, policy=MUST, summary=summary)
        self._sending = None
        if facts.wanting:
            await self._desk.stand(step.value, Reason.ENERGY_POOL_EMPTY, facts.wanting)
            return await self._recall()
        self._desk.leave()
        return facts

    async def _send(self, step: DelegationStep) -> DelegationFacts:
        """One step of the transaction that is due; taking back is tried again for as long as it needs."""
        returns = step is DelegationStep.UNDELEGATE
        send = self._now.return_send if returns else self._now.send
        assert send is not None, self._now
        if self._sending is None:
            self._sending = Sending(delegation_order(self._now), self._desk)
        await self._sending.advance(send, may_try_again=returns)
        return await self._recall()

    async def _see(self) -> DelegationFacts:
        """Look at the address until it has the energy: a final delegation shows there a little later."""
        show_state(self._now.state.value, "Lent on chain; looking whether the address has the energy.")
        try:
            is_there = await take(
                EnergyActivities.see_energy,
                self._ref,
                queue=chain_queue(self._ref.network),
                policy=LOOK,
                summary="See what energy the address has",
            )
        except FailureError as error:
            await self._desk.stand("see", Reason.RPC_DOWN, failure_code(error) or "no answer")
            return await self._recall()
        self._desk.leave()
        if not is_there:
            await self._wait(ENERGY_LOOK.total_seconds())
            return await self._recall()
        return await take(
            LendingActivities.note_energy,
            self._ref,
            queue=LEDGER_QUEUE,
            policy=MUST,
            summary="Note that the energy is there",
        )

    async def _hold(self) -> DelegationFacts:
        is_standing = self._now.purpose is DelegationPurpose.STANDING
        show_state(self._now.state.value, "Lent, until it is asked back or its time is over.")
        await self._wait((CHAIN_FALLBACK if is_standing else LENT_FALLBACK).total_seconds())
        return await self._recall()

    async def _bury(self) -> DelegationFacts:
        """Have the signer bury what nobody needs or what failed for good, and end it on that proof."""
        show_state("returning", "It is not needed any more, or cannot be lent; ending it on proof.")
        try:
            proof = await bury(delegation_order(self._now))
            if proof is None:
                return await self._send(DelegationStep.DELEGATE)
            facts = await take(
                LendingActivities.drop_delegation,
                BuriedAct(delegation_id=self._ref.delegation_id, evidence_id=proof.evidence_id),
                queue=LEDGER_QUEUE,
                policy=TRUSTED,
                summary="End it on the evidence that it never happens",
            )
        except FailureError as error:
            await self._desk.stand(
                "return", reason_to_wait(error), failure_code(error) or "no answer in time"
            )
            return await self._recall()
        self._desk.leave()
        return facts

    async def _tell_borrower(self, step: DelegationStep) -> None:
        """Tell its sweep when the energy is there and when nothing of it is left; once each."""
        if step not in {DelegationStep.HOLD, DelegationStep.DONE} or step is self._told:
            return
        self._told = step
        if self._now.purpose is DelegationPurpose.SWEEP:
            await take(
                BorrowingActivities.tell_borrower,
                self._ref,
                queue=OPS_QUEUE,
                policy=MUST,
                summary="Tell the sweep that waits for it",
            )

    async def _wait(self, seconds: float) -> None:
        try:
            await workflow.wait_condition(
                lambda: self._news, timeout=seconds, timeout_summary="Look again without news"
            )
        except TimeoutError:
            return
        finally:
            self._news = False

    async def _recall(self) -> DelegationFacts:
        return await take_soon(
            LendingActivities.recall_delegation,
            self._ref,
            queue=LEDGER_QUEUE,
            summary="Read what the rows say",
        )

    @property
    def _now(self) -> DelegationFacts:
        assert self._facts is not None, "nothing was recalled so far"
        return self._facts
