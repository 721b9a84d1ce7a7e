"""What reviewers and support may say to a withdrawal: recorded once per ticket, honoured if rows allow it."""

from temporalio import workflow
from temporalio.exceptions import ApplicationError

from activities.accepting import AcceptingActivities
from activities.returning import ReturningActivities
from domain.wishes import SupportAct
from domain.withdrawals import ReviewAct, WithdrawalFacts, WithdrawalState
from workflows.names import LEDGER_QUEUE, UpdateName
from workflows.stepping import take_soon


class StaffVerbs:
    """Update handlers of a withdrawal; the validator asks its memory, the activity its rows."""

    _facts: WithdrawalFacts | None

    def _wake(self) -> None:
        raise NotImplementedError

    @workflow.update(name=UpdateName.APPROVE)
    async def approve(self, act: ReviewAct) -> WithdrawalFacts:
        return await self._review_act(act)

    @approve.validator
    def _may_approve(self, act: ReviewAct) -> None:  # noqa: ARG002 - the state alone decides
        self._must_be_in_review()

    @workflow.update(name=UpdateName.REJECT)
    async def reject(self, act: ReviewAct) -> WithdrawalFacts:
        return await self._review_act(act)

    @reject.validator
    def _may_reject(self, act: ReviewAct) -> None:  # noqa: ARG002 - the state alone decides
        self._must_be_in_review()

    @workflow.update(name=UpdateName.BUMP_FEE)
    async def bump_fee(self, act: SupportAct) -> WithdrawalFacts:
        """Outbid the transaction now; whichever variant becomes final pays."""
        return await self._honour(act)

    @bump_fee.validator
    def _may_bump_fee(self, act: SupportAct) -> None:
        self._must_allow(act)

    @workflow.update(name=UpdateName.CANCEL_BY_SELF_SEND)
    async def cancel_by_self_send(self, act: SupportAct) -> WithdrawalFacts:
        """Spend the nonce on nothing; whichever variant becomes final decides, paid or refunded."""
        return await self._honour(act)

    @cancel_by_self_send.validator
    def _may_cancel_by_self_send(self, act: SupportAct) -> None:
        self._must_allow(act)

    @workflow.update(name=UpdateName.REJECT_AND_REFUND)
    async def reject_and_refund(self, act: SupportAct) -> WithdrawalFacts:
        """Give the money back, if nothing that was signed may land."""
        return await self._honour(act)

    @reject_and_refund.validator
    def _may_reject_and_refund(self, act: SupportAct) -> None:
        self._must_allow(act)

    def _must_allow(self, act: SupportAct) -> None:
        """The state alone decides here; where its transaction stands the activity reads from rows."""
        if self._facts is not None and self._facts.state is not WithdrawalState.COMMITTED:
            message = f"Only a committed withdrawal knows {act.verb.value}: it is {self._state_word()}."
            raise ApplicationError(message, type="TOO_LATE", non_retryable=True)

    async def _honour(self, act: SupportAct) -> WithdrawalFacts:
        facts = await take_soon(
            ReturningActivities.record_verb,
            act,
            queue=LEDGER_QUEUE,
            summary=f"Record the wish of {act.person}: {act.verb.value}",
        )
        if self._facts is not None:
            self._facts = self._facts.model_copy(update={"wishes": facts.wishes})
        self._wake()
        return facts

    async def _review_act(self, act: ReviewAct) -> WithdrawalFacts:
        facts = await take_soon(
            AcceptingActivities.record_review,
            act,
            queue=LEDGER_QUEUE,
            summary=f"Record the word of {act.person}",
        )
        self._wake()
        return facts

    def _must_be_in_review(self) -> None:
        if self._facts is None or self._facts.state is not WithdrawalState.REVIEW:
            message = f"This withdrawal is not in review: it is {self._state_word()}."
            raise ApplicationError(message, type="TOO_LATE", non_retryable=True)

    def _state_word(self) -> str:
        return self._facts.state.value if self._facts else WithdrawalState.NEW.value
