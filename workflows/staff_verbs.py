"""What reviewers and support may say to a withdrawal: recorded once per ticket, honoured if rows allow it."""

from temporalio import workflow
from temporalio.exceptions import ApplicationError

from activities.accepting import AcceptingActivities
from activities.returning import ReturningActivities
from domain.errors import TooLate
from domain.verbs import REVIEW_VERBS
from domain.wishes import SupportAct, SupportVerb, Wish
from domain.withdrawals import ReviewAct, WithdrawalFacts, WithdrawalState
from workflows.names import LEDGER_QUEUE, UpdateName
from workflows.stepping import take_soon


class StaffVerbs:
    """Update handlers of a withdrawal; the validator asks its memory, the activity its rows."""

    def __init__(self) -> None:
        self._facts: WithdrawalFacts | None = None
        self._heard: tuple[Wish, ...] = ()

    def _wake(self, *, rebroadcast: bool = False) -> None:
        raise NotImplementedError

    def _is_blocked(self) -> bool:
        raise NotImplementedError

    @workflow.update(name=UpdateName.APPROVE)
    async def approve(self, act: ReviewAct) -> WithdrawalFacts:
        """Let a withdrawal in review go on."""
        return await self._review_act(act)

    @approve.validator
    def _may_approve(self, act: ReviewAct) -> None:
        self._must_be_reviewable(act)

    @workflow.update(name=UpdateName.REJECT)
    async def reject(self, act: ReviewAct) -> WithdrawalFacts:
        """Give the reservation of a withdrawal back that is not committed."""
        return await self._review_act(act)

    @reject.validator
    def _may_reject(self, act: ReviewAct) -> None:
        self._must_be_reviewable(act)

    @workflow.update(name=UpdateName.CHECK_NOW)
    async def check_now(self, act: SupportAct) -> WithdrawalFacts:
        """Look at the rows and at what stands blocked at once."""
        return await self._honour(act)

    @check_now.validator
    def _may_check_now(self, act: SupportAct) -> None:
        self._must_allow(act)

    @workflow.update(name=UpdateName.REBROADCAST)
    async def rebroadcast(self, act: SupportAct) -> WithdrawalFacts:
        """Hand the same bytes to all nodes again, now."""
        return await self._honour(act)

    @rebroadcast.validator
    def _may_rebroadcast(self, act: SupportAct) -> None:
        self._must_allow(act)

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

    @workflow.update(name=UpdateName.RESUME)
    async def resume(self, act: SupportAct) -> WithdrawalFacts:
        """Try the step again that stands blocked, or make one more attempt after the last one ended."""
        return await self._honour(act)

    @resume.validator
    def _may_resume(self, act: SupportAct) -> None:
        self._must_allow(act)
        if self._facts is not None and not self._is_blocked():
            raise refused(TooLate(SupportVerb.RESUME.word, f"{self._state_word()}, and nothing is blocked"))

    @workflow.update(name=UpdateName.REJECT_AND_REFUND)
    async def reject_and_refund(self, act: SupportAct) -> WithdrawalFacts:
        """Give the money back, if nothing that was signed may land."""
        return await self._honour(act)

    @reject_and_refund.validator
    def _may_reject_and_refund(self, act: SupportAct) -> None:
        self._must_allow(act)

    def _must_allow(self, act: SupportAct) -> None:
        """The state alone decides here; where its transaction stands the activity reads from rows.

        After a reset a verb is delivered again before any row was read: then the activity decides alone.
        """
        if self._facts is None:
            return
        is_for_all = act.verb in {SupportVerb.CHECK_NOW, SupportVerb.RESUME}
        if not (self._facts.state is WithdrawalState.COMMITTED or (is_for_all and self._facts.state.is_open)):
            raise refused(TooLate(act.verb.word, self._state_word()))

    def _must_be_reviewable(self, act: ReviewAct) -> None:
        if self._facts is None or act.verb not in REVIEW_VERBS.get(self._facts.state, ()):
            raise refused(TooLate(act.verb.word, self._state_word()))

    def _learn(self, facts: WithdrawalFacts) -> None:
        """Take over what rows said; wishes only become more: one said while they were read is kept."""
        if len(facts.wishes) < len(self._heard):
            facts = facts.model_copy(update={"wishes": self._heard})
        self._heard = facts.wishes
        self._facts = facts

    async def _honour(self, act: SupportAct) -> WithdrawalFacts:
        facts = await take_soon(
            ReturningActivities.record_verb,
            act,
            queue=LEDGER_QUEUE,
            summary=f"Record the wish of {act.person}: {act.verb.word}",
        )
        if len(facts.wishes) > len(self._heard):
            self._heard = facts.wishes
        if self._facts is not None:
            self._learn(self._facts)
        self._wake(rebroadcast=act.verb is SupportVerb.REBROADCAST)
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

    def _state_word(self) -> str:
        return self._facts.state.value if self._facts else WithdrawalState.NEW.value


def refused(error: TooLate) -> ApplicationError:
    """A refusal as the caller of an update gets it."""
    return ApplicationError(error.sentence, type=error.code, non_retryable=True)
