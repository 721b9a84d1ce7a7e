"""AddressPoolWorkflow: keeps confirmed deposit addresses ahead of the players who will ask for them."""

from datetime import timedelta

from temporalio import workflow

from activities.addresses import AddressActivities
from activities.signing import SigningActivities
from domain.players import PoolInput
from domain.signing import sign_queue
from workflows.names import LEDGER_QUEUE, WorkflowName
from workflows.policies import MUST
from workflows.reviews import Desk
from workflows.stepping import take

LOOK_EVERY = timedelta(seconds=30)


@workflow.defn(name=WorkflowName.ADDRESS_POOL)
class AddressPoolWorkflow:
    """One key family: derive, have the signer confirm from its own key, store; for ever.

    An address is shown to a player only after the key that spends from it has answered for it.
    """

    @workflow.init
    def __init__(self, pool: PoolInput) -> None:
        self._pool = pool
        self._desk = Desk()

    @workflow.run
    async def run(self, pool: PoolInput) -> None:
        while not workflow.info().is_continue_as_new_suggested():
            if await self._desk.insist("fill", self._fill):
                await workflow.sleep(LOOK_EVERY, summary="The pool is full")
        workflow.continue_as_new(pool)

    async def _fill(self) -> bool:
        """Add one range of addresses; True if there was nothing to add."""
        wanted = await take(
            AddressActivities.wanted_addresses,
            self._pool,
            queue=LEDGER_QUEUE,
            policy=MUST,
            summary="Count the pool",
        )
        if wanted is None:
            return True
        confirmed = await take(
            SigningActivities.confirm_addresses,
            wanted,
            queue=sign_queue(self._pool.network),
            policy=MUST,
            summary="Have the signer derive the next addresses",
        )
        await take(
            AddressActivities.store_addresses,
            confirmed,
            queue=LEDGER_QUEUE,
            policy=MUST,
            summary="Compare with our own derivation and store",
        )
        return False
