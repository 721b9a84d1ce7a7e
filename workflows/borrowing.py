"""Borrowing: the steps of an own transfer that lead to staked energy and back."""

from activities.borrowing import BorrowingActivities
from activities.lending import LendingActivities
from domain.delegations import BorrowWish, DelegationFacts, DelegationInput, GiveBackWish
from domain.own_transfers import TransferFacts
from workflows.names import LEDGER_QUEUE, OPS_QUEUE
from workflows.policies import MUST
from workflows.stepping import take


async def borrow(wish: BorrowWish) -> None:
    """See that the address of a sweep is lent what it lacks; its rows then say how far that is."""
    await take(
        BorrowingActivities.borrow,
        wish,
        queue=OPS_QUEUE,
        policy=MUST,
        summary="Plan the energy that the address lacks, and see that it is lent",
    )


async def borrow_again(facts: TransferFacts) -> None:
    """The same terms once more, for a transfer whose delegation went back before it could sign."""
    lent = facts.delegation
    assert lent is not None, facts
    await borrow(BorrowWish(sweep_id=facts.transfer_id, giver=lent.giver, sun=lent.sun, energy=lent.energy))


async def give_back(facts: TransferFacts) -> TransferFacts:
    """Note that nothing of the delegation is needed any more, and see that its workflow takes it back."""
    lent = facts.delegation
    assert lent is not None, facts
    noted = await take(
        LendingActivities.give_back,
        GiveBackWish(sweep_id=facts.transfer_id),
        queue=LEDGER_QUEUE,
        policy=MUST,
        summary="Note that the energy is not needed any more",
    )
    await take(
        BorrowingActivities.tell_lender,
        _ref(lent),
        queue=OPS_QUEUE,
        policy=MUST,
        summary="Have it taken back",
    )
    return noted


def _ref(lent: DelegationFacts) -> DelegationInput:
    return DelegationInput(delegation_id=lent.delegation_id, network=lent.network)
