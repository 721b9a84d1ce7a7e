"""Scenes in which something goes wrong with a transaction or with its block, for the golden histories."""

from domain.deposits import DepositState
from domain.rules import CreditTier
from domain.sends import TxPurpose
from domain.wishes import SupportVerb
from domain.withdrawals import WithdrawalInput, WithdrawalState
from tests.support.history_keeping import Keeper
from tests.support.world import Terms
from tests.support.world_house import ETHER
from tests.support.world_people import PaidIn
from tests.support.world_support import agree, dear, has_variant, refusing, say, sent_and_still
from tests.support.world_waits import stands, workflow_of

LENT_AFTER = 3
LENDING = Terms(
    early=(CreditTier(up_to=ETHER, confirmations=LENT_AFTER),), finality_depth=6, final_seconds_max=60
)


class Troubles(Keeper):
    """Bumps, cancels, retries, refunds, and deposits whose block left the chain."""

    async def play(self) -> None:
        """Every scene of a world that lends nothing, once."""
        for scene in (
            self.outbid,
            self.cancelled_by_self_send,
            self.tried_again,
            self.refunded,
            self.orphaned,
        ):
            await scene()

    async def outbid(self) -> None:
        """A network that asks more, then more than the cap: a bump, a wait under FEE_CAP, a payment."""
        wish = await sent_and_still(self.world, self.people)
        with dear(self.world, times=1000):
            self.world.is_still = False
            await stands(self.world, wish, "FEE_CAP")
        await self._ended("outbid", wish, WithdrawalState.SETTLED)

    async def cancelled_by_self_send(self) -> None:
        """Two people agree, and the block takes the transaction that pays nobody."""
        wish = await sent_and_still(self.world, self.people)
        await agree(self.world, wish, SupportVerb.CANCEL_BY_SELF_SEND)
        await has_variant(self.people, wish, 2, TxPurpose.CANCEL)
        self.world.is_still = False
        await self._ended("cancelled_by_self_send", wish, WithdrawalState.REFUNDED)

    async def tried_again(self) -> None:
        """The first attempt fails on chain, the second one pays."""
        wish = await sent_and_still(self.world, self.people)
        with refusing(self.world, wish.payee):
            self.world.chain.mine()
        self.world.is_still = False
        await self._ended("tried_again", wish, WithdrawalState.SETTLED)

    async def refunded(self) -> None:
        """Committed, refused by its payee before anything was signed, and given back by support."""
        wish = self.people.wish(await self.people.rich_player())
        held = self.world.mischief.hold(workflow_of(wish), "plan_send")
        await self.people.withdraw(wish)
        await self.world.reached(held)
        with refusing(self.world, wish.payee):
            held.let_go()
            await stands(self.world, wish, "PAYEE_REFUSES")
            await say(self.world, wish, SupportVerb.REJECT_AND_REFUND)
            await self._ended("refunded", wish, WithdrawalState.REFUNDED)

    async def orphaned(self) -> None:
        """A deposit whose block leaves the chain before it is final, and which another block takes."""
        paid = await self._paid_in(blocks=2)
        await self.people.deposit_until(paid, lambda facts: facts.state is DepositState.CONFIRMING)
        self.world.chain.reorg(2, reinject=True)
        await self.people.deposit_until(paid, lambda facts: facts.state is DepositState.ORPHANED)
        self.world.is_still = False
        await self.people.credited(paid)
        await self._kept("orphaned", paid)

    async def reversed(self) -> None:
        """In a world that lends: credited early, taken back with its block, credited again."""
        paid = await self._paid_in(blocks=LENT_AFTER)
        await self.people.credited(paid)
        self.world.chain.reorg(LENT_AFTER, reinject=True)
        await self.people.deposit_until(paid, lambda facts: facts.returns == 1)
        self.world.is_still = False
        await self.people.deposit_until(paid, lambda facts: facts.credits > 1 and not facts.is_locked)
        await self._kept("reversed", paid)

    async def _paid_in(self, blocks: int) -> PaidIn:
        address = await self.people.address(await self.people.register())
        self.world.is_still = True
        paid = self.people.pay_in(address, ETHER)
        self.world.chain.mine(blocks)
        return paid

    async def _kept(self, scenario: str, paid: PaidIn) -> None:
        await self.world.money.get_workflow_handle(paid.workflow_id).result()
        await self.keep(scenario, self.world.money, paid.workflow_id)

    async def _ended(self, scenario: str, wish: WithdrawalInput, state: WithdrawalState) -> None:
        await self.people.ended(wish, state)
        await self.keep(scenario, self.world.money, workflow_of(wish))
