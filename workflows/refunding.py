"""Refunding: a committed withdrawal goes back only after the signer buried it and the rows prove it.

Every step answers the same again, so a run that was lost in between repeats them without effect.
"""

from temporalio.exceptions import FailureError

from activities.proving import ProvingActivities
from activities.returning import ReturningActivities
from activities.signing import SigningActivities
from domain.reviews import Reason
from domain.send_steps import SendStep, next_send_step
from domain.sends import SendOrder, SendRef
from domain.signing import ForbidRequest, ForbidVerdict, sign_queue
from domain.wishes import was_given_up
from domain.withdrawals import ReturnAct, Unpayable, WithdrawalFacts, WithdrawalRef, send_order
from workflows.names import LEDGER_QUEUE, chain_queue
from workflows.policies import MUST, SIGN, TRUSTED
from workflows.reviews import show_state
from workflows.stepping import failure_code, take

CANCELLED = (
    "PAYMENT_CANCELLED",
    "The payment was cancelled before it was made; the money is back in the balance.",
)
REJECTED = ("REFUNDED_BY_SUPPORT", "This withdrawal was not paid; the money is back in the balance.")


WAITS = {
    None: Reason.SIGNER_DOWN,
    "SIGNER_UNAVAILABLE": Reason.SIGNER_DOWN,
    "CHAIN_FROZEN": Reason.CHAIN_FROZEN,
}
"""Why a refund waits, by the code of the step that did not go through; only the signer has a deadline."""


def reason_to_wait(error: FailureError) -> Reason:
    """What a refund that did not go through stands under; what nobody foresaw is for people."""
    return WAITS.get(failure_code(error), Reason.CORRUPT)


async def refund(facts: WithdrawalFacts) -> WithdrawalFacts | None:
    """Bury the send, prove it and give the money back; None if something signed may still land.

    Raises FailureError while the signer is away or the network is frozen.
    """
    order = send_order(facts)
    ref = SendRef(send_id=order.send_id, network=order.network)
    current = facts.send.current if facts.send else None
    if current is not None and current.outcome is None and current.moved_nothing:
        await take(
            ProvingActivities.close_judged,
            ref,
            queue=chain_queue(order.network),
            policy=MUST,
            summary="End the attempt that moved nothing, on two people's word",
        )
    show_state("refunding", "Nothing can pay this any more; giving the money back on proof.")
    proof = await bury(order)
    if proof is None:
        return None
    assert facts.send is not None
    is_cancelled = next_send_step(facts.send) is SendStep.CANCELLED or was_given_up(facts.send, facts.wishes)
    code, sentence = CANCELLED if is_cancelled else REJECTED
    return await take(
        ReturningActivities.return_withdrawal,
        ReturnAct(
            withdrawal_id=facts.withdrawal_id,
            player=facts.player,
            evidence_id=proof.evidence_id,
            code=code,
            sentence=sentence,
        ),
        queue=LEDGER_QUEUE,
        policy=TRUSTED,
        summary="Give amount and fee back on that evidence",
    )


async def bury(order: SendOrder) -> Unpayable | None:
    """Have the signer bury a send and store what proves its end; None if something signed may still land.

    Raises FailureError while the signer is away or the network is frozen.
    """
    answer = await take(
        SigningActivities.forbid_signing,
        ForbidRequest(send_id=order.send_id, network=order.network, wallet=order.wallet),
        queue=sign_queue(order.network),
        policy=SIGN,
        summary="Have the signer bury the send",
    )
    if answer.verdict is ForbidVerdict.STILL_LIVE:
        return None
    return await take(
        ProvingActivities.prove_unpayable,
        SendRef(send_id=order.send_id, network=order.network),
        queue=chain_queue(order.network),
        policy=TRUSTED,
        summary="Store the evidence that nothing can pay any more",
    )


async def book_fees(facts: WithdrawalFacts) -> None:
    """Book what ended attempts cost while the withdrawal itself goes on or waits."""
    await take(
        ReturningActivities.book_fees,
        WithdrawalRef(withdrawal_id=facts.withdrawal_id, player=facts.player),
        queue=LEDGER_QUEUE,
        policy=MUST,
        summary="Book what the failed transaction cost",
    )
