"""GrantingActivities: room in a hot wallet for one send, or a place in the queue for it."""

from dataclasses import dataclass

from temporalio import activity

from domain.sends import SendFacts
from domain.withdrawals import WithdrawalRef
from ledger.nonce_lanes import request_liquidity
from ledger.session import Sessions
from ledger.withdrawals import recall_withdrawal


@dataclass(frozen=True, slots=True)
class GrantingActivities:
    """Liquidity is a queue, not an error: rows hold the place, a top-up moves it."""

    sessions: Sessions

    @activity.defn
    async def request_liquidity(self, ref: WithdrawalRef) -> SendFacts:
        """Insert the send and its request, or recall them; grant a wallet if it is this request's turn."""
        async with self.sessions.begin() as session:
            facts = await recall_withdrawal(session, ref.player, ref.withdrawal_id)
            return await request_liquidity(session, facts)
