"""OwnTransfer: what sweeps, top-ups and moves share, from ready to settled or given up.

A plain object used inside their workflows, so that one history tells the whole story. Rows decide; a cancel
counts until the coins are committed, and afterwards only proof ends the transfer without its payment.
"""

from collections.abc import Awaitable, Callable
from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import FailureError

from activities.estimating import EstimatingActivities
from activities.transferring import TransferringActivities
from domain.own_transfers import (
    GiveUpAct,
    ReadyAct,
    ReadyTerms,
    SkipAct,
    TransferFacts,
    TransferInput,
    TransferResult,
    TransferState,
    TransferStep,
    next_step,
    transfer_order,
)
from domain.reviews import Reason
from domain.send_steps import SendStep, next_send_step
from domain.sends import SendKind, SimulationVerdict, Told
from domain.sweeping import SweepCode
from workflows.borrowing import borrow_again, give_back
from workflows.names import LEDGER_QUEUE, SignalName, chain_queue
from workflows.policies import CHAIN_FALLBACK, MUST, TRUSTED
from workflows.refunding import bury, reason_to_wait
from workflows.reviews import Desk, show_state
from workflows.sending import Sending
from workflows.stepping import failure_code, take, take_soon

VERBS = ("retry_now",)
WAITS = {
    TransferStep.AWAIT_GAS: "Waits until the gas top-up of this address is final.",
    TransferStep.AWAIT_ENERGY: "Waits until the energy of this address is there, or back.",
}
"""What other workflows see to, and tell of."""
BEFORE_SIGNING = {TransferStep.PAY, TransferStep.AWAIT_ENERGY, TransferStep.BORROW}
"""Steps of a committed transfer at which a cancel still puts the coins back, if nothing is on its way."""
Prepare = Callable[[TransferFacts], Awaitable[TransferFacts]]


class OwnTransfer:
    """One own transfer; `prepare` is the part of its workflow that makes it ready, or waits for that."""

    def __init__(self, transfer: TransferInput, prepare: Prepare) -> None:
        self.desk = Desk(VERBS)
        self.transfer = transfer
        self._prepare = prepare
        self._facts: TransferFacts | None = None
        self._sending: Sending | None = None
        self._news = False
        self.is_unwanted = False
        self._booked = 0

    def told(self) -> None:
        """The follower, a top-up or a person says that something has changed; look at the rows."""
        self._news = True
        self.desk.nudge()
        if self._sending is not None:
            self._sending.told()

    def unwanted(self) -> None:
        """A cancel from outside: skip the transfer if nothing is committed."""
        self.is_unwanted = True
        self.told()

    async def body(self) -> TransferFacts:
        """Go on until the transfer has ended."""
        self._facts = await self.desk.insist("recall", self.recall)
        while True:
            step = next_step(self._now)
            if step is TransferStep.DONE:
                show_state(self._now.state.value, _end_sentence(self._now))
                return self._now
            if workflow.info().is_continue_as_new_suggested() and not self.is_unwanted:
                workflow.continue_as_new(self.transfer)
            try:
                await self._take_step(step)
            except FailureError as error:
                await self.desk.stand(step.value, Reason.CORRUPT, failure_code(error) or "no answer")
                self._facts = await self.desk.insist("recall", self.recall)

    def result(self, facts: TransferFacts) -> TransferResult:
        current = facts.send.current if facts.send else None
        return TransferResult(
            transfer_id=facts.transfer_id,
            state=facts.state,
            code=facts.code,
            txid=current.txid if current else None,
        )

    async def recall(self) -> TransferFacts:
        return await take_soon(
            TransferringActivities.recall_transfer,
            self.transfer,
            queue=LEDGER_QUEUE,
            summary="Read what the rows say",
        )

    async def ready(self, terms: ReadyTerms | None = None) -> TransferFacts:
        """Take wallets and room; without room it stands here with what lacks, and is looked at again."""
        facts = await take(
            TransferringActivities.ready_transfer,
            ReadyAct(transfer_id=self.transfer.transfer_id, terms=terms),
            queue=LEDGER_QUEUE,
            policy=MUST,
            summary="Fix amount and wallets, and promise the coins",
        )
        if not facts.wanting:
            self.desk.leave()
            return facts
        reason = Reason.GAS_TANK_EMPTY if facts.kind is SendKind.GAS else Reason.LIQUIDITY
        await self.desk.stand("ready", reason, facts.wanting)
        return await self.recall()

    async def skip(
        self, state: TransferState, code: str | None = None, sentence: str | None = None
    ) -> TransferFacts:
        """End it, or park it, before anything is committed."""
        return await take(
            TransferringActivities.skip_transfer,
            SkipAct(transfer_id=self.transfer.transfer_id, state=state, code=code, sentence=sentence),
            queue=LEDGER_QUEUE,
            policy=MUST,
            summary=f"End before the commitment: {state.value}",
        )

    async def news(self) -> None:
        """Wait until told, or until it is time to look without news."""
        try:
            await self._heard(CHAIN_FALLBACK)
        except TimeoutError:
            return
        finally:
            self._news = False

    async def _heard(self, at_most: timedelta) -> None:
        await workflow.wait_condition(
            lambda: self._news, timeout=at_most, timeout_summary="Look again without news"
        )

    async def _take_step(self, step: TransferStep) -> None:
        if self.is_unwanted and self._now.state.can_be_skipped:
            self._facts = await self.skip(TransferState.SKIPPED, SweepCode.CANCELLED.value)
            self.desk.leave()
        elif step is TransferStep.PREPARE:
            self._facts = await self._prepare(self._now)
        elif self.is_unwanted and step in BEFORE_SIGNING and _can_be_buried(self._now):
            self._facts = await self._return()
        elif step in WAITS:
            show_state(self._now.state.value, WAITS[step])
            await self.news()
            self._facts = await self.recall()
        else:
            self._facts = await self._act(step)

    async def _act(self, step: TransferStep) -> TransferFacts:
        match step:
            case TransferStep.COMMIT:
                return await self._commit()
            case TransferStep.BORROW:
                await borrow_again(self._now)
                return await self.recall()
            case TransferStep.GIVE_BACK:
                return await give_back(self._now)
            case TransferStep.PAY:
                return await self._pay()
            case TransferStep.RETURN:
                return await self._return()
            case _:
                return await self._settle()

    async def _commit(self) -> TransferFacts:
        """The point of no return: the row lets either this or a skip through."""
        show_state(self._now.state.value, "Rehearsing the transfer before its coins are committed.")
        plan = await self._outgoing().rehearse()
        if plan is None:
            return await self.recall()
        if plan.verdict is SimulationVerdict.REFUSED:
            return await self.skip(TransferState.SKIPPED, SweepCode.REFUSED.value, plan.why)
        facts = await take(
            TransferringActivities.post_transfer,
            self.transfer,
            queue=LEDGER_QUEUE,
            policy=MUST,
            summary="Commit the coins to be moved",
        )
        self.desk.leave()
        return facts

    async def _pay(self) -> TransferFacts:
        assert self._now.send is not None, self._now
        current = self._now.send.current
        if next_send_step(self._now.send) is SendStep.FAILED and current and current.attempt != self._booked:
            await take(
                TransferringActivities.book_transfer_fees,
                self.transfer,
                queue=LEDGER_QUEUE,
                policy=MUST,
                summary="Book what the failed transaction cost",
            )
            self._booked = current.attempt
        send = await self._outgoing().advance(self._now.send)
        return self._now.model_copy(update={"send": send})

    async def _settle(self) -> TransferFacts:
        has_left = await take(
            EstimatingActivities.has_left,
            self.transfer,
            queue=chain_queue(self.transfer.network),
            policy=MUST,
            summary="See that the coins have left the address",
        )
        if not has_left:
            await self.desk.stand("settle", Reason.NO_EFFECT, "the address still holds the coins")
            return await self.recall()
        facts = await take(
            TransferringActivities.settle_transfer,
            self.transfer,
            queue=LEDGER_QUEUE,
            policy=MUST,
            summary="Final on chain: post the arrival, book the fees",
        )
        self.desk.leave()
        return facts

    async def _return(self) -> TransferFacts:
        """Bury the send, prove it, and put the coins back in the books; the chain never moved them."""
        show_state("returning", "Nothing can move these coins any more; putting them back on proof.")
        try:
            returned = await self._put_back()
        except FailureError as error:
            await self.desk.stand("return", reason_to_wait(error), failure_code(error) or "no answer in time")
            return await self.recall()
        if returned is None:
            return await self._pay()
        self.desk.leave()
        return returned

    async def _put_back(self) -> TransferFacts | None:
        proof = await bury(transfer_order(self._now))
        if proof is None:
            return None
        return await take(
            TransferringActivities.return_transfer,
            GiveUpAct(transfer_id=self.transfer.transfer_id, evidence_id=proof.evidence_id),
            queue=LEDGER_QUEUE,
            policy=TRUSTED,
            summary="Put the coins back in the books on that evidence",
        )

    def _outgoing(self) -> Sending:
        if self._sending is None:
            self._sending = Sending(transfer_order(self._now), self.desk)
        return self._sending

    @property
    def _now(self) -> TransferFacts:
        assert self._facts is not None, "nothing was recalled so far"
        return self._facts


class TransferSignals:
    """The news that every workflow of an own transfer takes."""

    _own: OwnTransfer

    @workflow.signal(name=SignalName.OBSERVED)
    def observed(self, news: Told) -> None:  # noqa: ARG002 - the rows say what it was
        self._own.told()

    @workflow.signal(name=SignalName.RETRY_NOW)
    def retry_now(self, who: str) -> None:  # noqa: ARG002 - for the history
        self._own.told()


def _can_be_buried(facts: TransferFacts) -> bool:
    """Whether nothing of a committed transfer is on its way by the rows; the signer has the last word."""
    if facts.state is not TransferState.COMMITTED:
        return False
    current = facts.send.current if facts.send else None
    return current is None or current.outcome is not None or not current.state.has_bytes


def _end_sentence(facts: TransferFacts) -> str:
    if facts.state is TransferState.SETTLED:
        return "Done: the block that holds the transaction is final and the books are settled."
    why = f": {facts.sentence}" if facts.sentence else ""
    return f"Ended as {facts.state.value}{why}."
