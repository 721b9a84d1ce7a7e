"""DepositWorkflow: seen, final, credited, unlocked; reversed if the chain takes it back."""

from collections.abc import Awaitable, Callable

from temporalio import workflow

from activities.crediting import CreditingActivities
from domain.deposits import (
    DepositFacts,
    DepositInput,
    DepositResult,
    DepositState,
    DepositStep,
    Observation,
    next_step,
)
from workflows.names import LEDGER_QUEUE, SignalName, WorkflowName
from workflows.policies import CHAIN_FALLBACK
from workflows.reviews import Desk, show_state
from workflows.stepping import shielded, take_soon


@workflow.defn(name=WorkflowName.DEPOSIT)
class DepositWorkflow:
    """One effect on an address of ours, from first sight to its posting.

    The row, written by the follower, says where it stands on chain; the workflow only sequences what that
    calls for.
    """

    @workflow.init
    def __init__(self, request: DepositInput) -> None:
        self._request = request
        self._heard = 0
        self._understood = 0
        self._desk = Desk()

    @workflow.run
    async def run(self, request: DepositInput) -> DepositResult:
        facts = await shielded(self._body, on_cancel=lambda: None)
        await workflow.wait_condition(workflow.all_handlers_finished)
        if facts is None:
            workflow.continue_as_new(request)
        return DepositResult(deposit_id=facts.deposit_id, state=facts.state, reason=facts.reason)

    @workflow.signal(name=SignalName.OBSERVED)
    def observed(self, observation: Observation) -> None:
        """The follower saw a transition; late and repeated news changes nothing."""
        self._heard = max(self._heard, observation.number)

    async def _body(self) -> DepositFacts | None:
        """Take one step after the other; None when the history has grown so long that a new run goes on."""
        facts = await self._look()
        while True:
            step = next_step(facts)
            if step in _ACTS:
                facts = await self._post(step)
                continue
            show_state(facts.state.value, _sentence(facts))
            if step is DepositStep.DONE:
                return facts
            if workflow.info().is_continue_as_new_suggested():
                return None
            await self._news()
            facts = await self._look()

    async def _look(self) -> DepositFacts:
        self._understood = self._heard
        return await self._desk.insist("recall", self._recall)

    async def _recall(self) -> DepositFacts:
        return await take_soon(
            CreditingActivities.recall_deposit,
            self._request,
            queue=LEDGER_QUEUE,
            summary="Read what the rows say",
        )

    async def _post(self, step: DepositStep) -> DepositFacts:
        act, summary = _ACTS[step]
        return await self._desk.insist(
            step.value, lambda: take_soon(act, self._request, queue=LEDGER_QUEUE, summary=summary)
        )

    async def _news(self) -> None:
        try:
            await workflow.wait_condition(
                lambda: self._heard > self._understood,
                timeout=CHAIN_FALLBACK,
                timeout_summary="Look again without news",
            )
        except TimeoutError:
            return


_Act = Callable[[CreditingActivities, DepositInput], Awaitable[DepositFacts]]
_ACTS: dict[DepositStep, tuple[_Act, str]] = {
    DepositStep.CREDIT: (CreditingActivities.post_deposit, "Post the final deposit"),
    DepositStep.CREDIT_EARLY: (CreditingActivities.post_deposit, "Post the deposit before it is final"),
    DepositStep.UNLOCK: (CreditingActivities.unlock_deposit, "Let the player withdraw it"),
    DepositStep.REVERSE: (CreditingActivities.reverse_deposit, "Take back what the chain took back"),
}


def _sentence(facts: DepositFacts) -> str:
    what = f"{facts.amount} units of {facts.asset_code or 'an unlisted token'}"
    if facts.state is DepositState.IGNORED or facts.state is DepositState.REVIEW:
        return f"{what}: {facts.state.value}, reason {facts.reason}."
    if facts.state is DepositState.ORPHANED:
        return f"{what}: its block left the chain; it may come back."
    if facts.state is DepositState.CREDITED:
        return f"{what}: credited{', not withdrawable so far' if facts.is_locked else ''}."
    if facts.state is DepositState.PROVISIONAL:
        return f"{what}: credited before it is final, and locked until it is."
    return (
        f"{what}: in block {facts.height}; the network is final up to {facts.final_height}. "
        "Credited when final."
    )
