"""WithdrawalWorkflow: accept, review, grant, commit, pay, settle.

COMMITTED is the point of no return: before it the reservation can be voided, after it money comes back only
with proof. The ledger's rows decide every race; this class only sequences.
"""

from temporalio import workflow
from temporalio.exceptions import FailureError

from activities.accepting import AcceptingActivities
from activities.granting import GrantingActivities
from activities.posting import PostingActivities
from domain.cases import Said
from domain.errors import TooLate
from domain.reviews import Reason
from domain.send_steps import SendStep, next_send_step
from domain.sends import SimulationVerdict, Told
from domain.verbs import open_verbs, sentence_about, unfulfilled
from domain.wishes import wanted_replacement, wants_another_try
from domain.withdrawals import (
    CancelAct,
    VoidAct,
    WithdrawalFacts,
    WithdrawalInput,
    WithdrawalRef,
    WithdrawalResult,
    WithdrawalState,
    WithdrawalStep,
    end_sentence,
    next_step,
    result_of,
    send_order,
)
from workflows.names import LEDGER_QUEUE, QueryName, SignalName, UpdateName, WorkflowName
from workflows.policies import REVIEW_END, REVIEW_REMINDER
from workflows.refunding import book_fees, reason_to_wait, refund
from workflows.reviews import Desk, show_state
from workflows.sending import Sending
from workflows.staff_verbs import StaffVerbs, refused
from workflows.stepping import failure_code, shielded, take_soon


@workflow.defn(name=WorkflowName.WITHDRAWAL)
class WithdrawalWorkflow(StaffVerbs):
    """One withdrawal, from the player's wish to the final block that paid it.

    NEW -> DECLINED | REVIEW -> APPROVED -> COMMITTED -> SETTLED, CANCELLED or REJECTED before COMMITTED, and
    REFUNDED after it with proof.
    """

    @workflow.init
    def __init__(self, request: WithdrawalInput) -> None:
        super().__init__()
        self._request = request
        self._ref = WithdrawalRef(withdrawal_id=request.withdrawal_id, player=request.player)
        self._wanted_back: VoidAct | None = None
        self._desk = Desk()
        self._sending: Sending | None = None
        self._booked = 0

    @workflow.run
    async def run(self, request: WithdrawalInput) -> WithdrawalResult:
        facts = await shielded(self._body, on_cancel=self._want_back)
        if facts.state.is_open:
            workflow.continue_as_new(request)
        await workflow.wait_condition(workflow.all_handlers_finished)
        return result_of(facts)

    @workflow.update(name=UpdateName.ACCEPT)
    async def accept(self, request: WithdrawalInput) -> WithdrawalFacts:  # noqa: ARG002 - the run has it
        await workflow.wait_condition(lambda: self._facts is not None)
        return self._now

    @workflow.update(name=UpdateName.CANCEL)
    async def cancel(self, act: CancelAct) -> WithdrawalFacts:  # noqa: ARG002 - the id is this workflow's own
        self._want_back()
        # A reset delivers this again before the new run has read any row.
        await workflow.wait_condition(lambda: not (self._facts is None or self._now.state.can_be_cancelled))
        if self._now.state is not WithdrawalState.CANCELLED:
            raise refused(TooLate("cancel", self._now.state.value))
        return self._now

    @cancel.validator
    def _may_cancel(self, act: CancelAct) -> None:  # noqa: ARG002 - the state alone decides
        if self._facts is not None and not self._facts.state.can_be_cancelled:
            raise refused(TooLate("cancel", self._facts.state.value))

    @workflow.query(name=QueryName.CASE)
    def case(self) -> Said:
        """The one sentence about this withdrawal, and what it is made of."""
        waiting = self._desk.waiting
        return Said(
            sentence=" ".join((workflow.get_current_details(), *self._wanted())),
            reason=waiting.reason if waiting else None,
            since=waiting.since if waiting else None,
            verbs=self._verbs(),
        )

    @workflow.signal(name=SignalName.RETRY_NOW)
    def retry_now(self, who: str) -> None:  # noqa: ARG002 - for the history
        self._wake()

    @workflow.signal(name=SignalName.OBSERVED)
    def observed(self, news: Told) -> None:  # noqa: ARG002 - the rows say what it was
        self._wake()

    @workflow.signal(name=SignalName.GRANTED)
    def granted(self, news: Told) -> None:  # noqa: ARG002 - the rows say what it was
        self._wake()

    async def _body(self) -> WithdrawalFacts:
        """Step by step to the end, or to where a new run goes on because this history grew long."""
        self._desk.offer(self._verbs)
        self._learn(await self._desk.insist("accept", self._accept))
        while True:
            step = next_step(self._now)
            if step is WithdrawalStep.DONE:
                show_state(self._now.state.value, end_sentence(self._now))
                return self._now
            # An unfinished handler may wait for this very body: the turn is taken when none is.
            if workflow.info().is_continue_as_new_suggested() and workflow.all_handlers_finished():
                return self._now
            try:
                await self._take_step(step)
            except FailureError as error:
                await self._desk.stand(step.value, Reason.CORRUPT, failure_code(error) or "no answer")
                self._learn(await self._desk.insist("recall", self._recall))

    async def _accept(self) -> WithdrawalFacts:
        return await take_soon(
            AcceptingActivities.accept_withdrawal,
            self._request,
            queue=LEDGER_QUEUE,
            summary="Decide and reserve, or recall what the rows say",
        )

    async def _take_step(self, step: WithdrawalStep) -> None:
        if self._wanted_back is not None and self._now.state.can_be_cancelled:
            await self._void(self._wanted_back)
        elif step is WithdrawalStep.REVIEW:
            await self._review()
        elif step is WithdrawalStep.GRANT:
            await self._grant()
        elif step is WithdrawalStep.COMMIT:
            await self._commit()
        elif step is WithdrawalStep.PAY:
            await self._pay()
        elif step is WithdrawalStep.RETURN:
            await self._return()
        else:
            await self._settle()

    async def _review(self) -> None:
        """Wait for a person; the hold ends after three days, and then the money goes back."""
        opened = self._request.received_at
        if workflow.now() - opened >= REVIEW_END:
            self._want_back(WithdrawalState.REJECTED, "REVIEW_EXPIRED", "Nobody decided within three days.")
            return
        await self._desk.stand("review", Reason.REVIEW, at_most=REVIEW_REMINDER)
        self._learn(await self._recall())
        if self._now.state is not WithdrawalState.REVIEW:
            self._desk.leave()

    async def _grant(self) -> None:
        show_state(self._now.state.value, "Looking for a hot wallet with room.")
        send = await take_soon(
            GrantingActivities.request_liquidity,
            self._ref,
            queue=LEDGER_QUEUE,
            summary="Take room in a hot wallet, or a place in the queue",
        )
        self._learn(self._now.model_copy(update={"send": send}))
        if send.wallet is None:
            await self._desk.stand("grant", Reason.LIQUIDITY, send.standing)
            self._learn(await self._recall())
        else:
            self._desk.leave()

    async def _commit(self) -> None:
        """The point of no return: the ledger lets either this or a void close the reservation."""
        plan = await self._outgoing().rehearse()
        if plan is None:
            self._learn(await self._recall())
            return
        if self._wanted_back is not None:
            return
        if plan.verdict is SimulationVerdict.REFUSED:
            sentence = f"The payee cannot be paid: {plan.why}."
            self._want_back(WithdrawalState.REJECTED, Reason.PAYEE_REFUSES.value, sentence)
            return
        facts = await take_soon(
            PostingActivities.post_send,
            self._ref,
            queue=LEDGER_QUEUE,
            summary="Commit the money to be sent",
        )
        self._learn(facts)
        self._desk.leave()

    async def _pay(self) -> None:
        assert self._now.send is not None, self._ref
        current = self._now.send.current
        if next_send_step(self._now.send) is SendStep.FAILED and current and current.attempt != self._booked:
            await book_fees(self._now)
            self._booked = current.attempt
        about = (self._now.send, self._now.wishes, self._now.seen)
        send = await self._outgoing().advance(
            self._now.send, wanted_replacement(*about), may_try_again=wants_another_try(*about)
        )
        self._learn(self._now.model_copy(update={"send": send}))

    def _outgoing(self) -> Sending:
        """The sending of this withdrawal, on today's terms: people may have raised its fee cap."""
        if self._sending is None:
            self._sending = Sending(send_order(self._now), self._desk)
        self._sending.order = send_order(self._now)
        return self._sending

    async def _return(self) -> None:
        try:
            returned = await refund(self._now)
        except FailureError as error:
            await self._desk.stand(
                "refund", reason_to_wait(error), failure_code(error) or "no answer in time"
            )
            self._learn(await self._recall())
            return
        if returned is None:
            await self._pay()
        else:
            self._learn(returned)
            self._desk.leave()

    async def _settle(self) -> None:
        facts = await take_soon(
            PostingActivities.settle_withdrawal,
            self._ref,
            queue=LEDGER_QUEUE,
            summary="Final on chain: settle, book the fees",
        )
        self._learn(facts)

    async def _void(self, act: VoidAct) -> None:
        facts = await take_soon(
            PostingActivities.void_withdrawal,
            act,
            queue=LEDGER_QUEUE,
            summary="Give the reservation back",
        )
        self._learn(facts)
        self._desk.leave()

    async def _recall(self) -> WithdrawalFacts:
        return await take_soon(
            PostingActivities.recall_withdrawal,
            self._ref,
            queue=LEDGER_QUEUE,
            summary="Read what the rows say",
        )

    @property
    def _now(self) -> WithdrawalFacts:
        assert self._facts is not None, "nothing was accepted so far"
        return self._facts

    def _wake(self, *, rebroadcast: bool = False) -> None:
        self._desk.nudge()
        if self._sending is not None:
            self._sending.told(rebroadcast=rebroadcast)

    def _is_blocked(self) -> bool:
        return self._desk.waiting is not None and self._desk.waiting.reason is not Reason.REVIEW

    def _verbs(self) -> tuple[str, ...]:
        return open_verbs(self._facts, is_blocked=self._is_blocked()) if self._facts else ()

    def _wanted(self) -> tuple[str, ...]:
        facts = self._facts
        return tuple(sentence_about(facts, wish) for wish in unfulfilled(facts)) if facts else ()

    def _want_back(
        self,
        state: WithdrawalState = WithdrawalState.CANCELLED,
        code: str | None = None,
        sentence: str | None = None,
    ) -> None:
        self._wanted_back = VoidAct(
            withdrawal_id=self._ref.withdrawal_id,
            player=self._ref.player,
            state=state,
            code=code,
            sentence=sentence,
        )
        self._desk.nudge()
