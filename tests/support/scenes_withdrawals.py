"""Scenes of withdrawals whose histories are golden."""

from domain.sends import TxPurpose
from domain.wishes import SupportVerb
from domain.withdrawals import ReviewVerb, WithdrawalState
from tests.support.recorder import Recorder, nothing
from tests.support.world import World
from tests.support.world_buttons import attribute
from tests.support.world_house import ETHER
from tests.support.world_support import agree, attempts_of, dear, refusing, say
from tests.support.world_waits import stands, workflow_of
from workflows.names import (
    REASON,
    SignalName,
    withdrawal_workflow_id,
)


class WithdrawalScenes(Recorder[World]):
    """Every way a withdrawal can go."""

    async def paid(self) -> None:
        wish = self.people.wish(await self.people.rich_player())
        await self.ended("paid", wish, WithdrawalState.SETTLED, nothing)

    async def reviewed(self) -> None:
        wish = self.people.wish(await self.people.rich_player(), 11 * ETHER)
        await self.ended(
            "reviewed", wish, WithdrawalState.SETTLED, lambda: self.people.review(wish, ReviewVerb.APPROVE)
        )

    async def cancelled(self) -> None:
        wish = self.people.wish(await self.people.rich_player(), 11 * ETHER)
        await self.ended("cancelled", wish, WithdrawalState.CANCELLED, lambda: self.people.cancel(wish))

    async def paused(self) -> None:
        wish = self.people.wish(await self.people.rich_player())
        workflow_id = withdrawal_workflow_id(wish.withdrawal_id)
        with self.world.database.raw() as connection:
            connection.execute("INSERT INTO signer.switches (scope, why) VALUES ('any', 'a test')")

        async def resume() -> None:
            async def is_paused() -> bool:
                return await attribute(self.world.money, workflow_id, REASON) == "PAUSED"

            await self.world.until(is_paused, "the reason PAUSED")
            with self.world.database.raw() as connection:
                connection.execute("DELETE FROM signer.switches")
            await self.world.money.get_workflow_handle(workflow_id).signal(SignalName.RETRY_NOW, "anna")

        await self.ended("paused", wish, WithdrawalState.SETTLED, resume)

    async def answer_lost(self) -> None:
        wish = self.people.wish(await self.people.rich_player())
        self.world.mischief.lose_answer(withdrawal_workflow_id(wish.withdrawal_id), "sign")
        await self.ended("answer_lost", wish, WithdrawalState.SETTLED, nothing)

    async def outbid(self) -> None:
        """A network that asks more, then more than the cap: a bump, a wait under FEE_CAP, a payment."""
        wish = await self.sent_and_still()
        with dear(self.world, times=1000):
            self.world.is_still = False
            await stands(self.world, wish, "FEE_CAP")
        await self.kept("outbid", wish, WithdrawalState.SETTLED)

    async def cancelled_by_self_send(self) -> None:
        wish = await self.sent_and_still()
        await agree(self.world, wish, SupportVerb.CANCEL_BY_SELF_SEND)
        await self.people.withdrawal_until(
            wish, lambda facts: attempts_of(facts)[-1].purpose is TxPurpose.CANCEL, "a cancel"
        )
        self.world.is_still = False
        await self.kept("cancelled_by_self_send", wish, WithdrawalState.REFUNDED)

    async def tried_again(self) -> None:
        wish = await self.sent_and_still()
        with refusing(self.world, wish.payee):
            self.world.chain.mine()
        self.world.is_still = False
        await self.kept("tried_again", wish, WithdrawalState.SETTLED)

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
            await self.kept("refunded", wish, WithdrawalState.REFUNDED)
