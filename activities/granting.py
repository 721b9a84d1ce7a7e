"""GrantingActivities: room in a hot wallet for one send, or a place in the queue for it."""

from dataclasses import dataclass

from temporalio import activity

from domain.assets import Catalogue
from domain.errors import NotFound
from domain.sends import SendFacts, SendKind
from domain.withdrawals import WithdrawalRef
from ledger.nonce_lanes import LiquidityRequest, request_liquidity
from ledger.session import Sessions
from ledger.withdrawals import recall_withdrawal


@dataclass(frozen=True, slots=True)
class GrantingActivities:
    """Liquidity is a queue, not an error: rows hold the place, a top-up moves it."""

    sessions: Sessions
    catalogue: Catalogue

    @activity.defn
    async def request_liquidity(self, ref: WithdrawalRef) -> SendFacts:
        """Insert the send and its request, or recall them; grant a wallet if it is this request's turn."""
        async with self.sessions.begin() as session:
            facts = await recall_withdrawal(session, ref.player, ref.withdrawal_id)
            if facts is None:
                raise NotFound("withdrawal", str(ref.withdrawal_id))
            request = LiquidityRequest(
                send_id=facts.withdrawal_id,
                kind=SendKind.WITHDRAWAL,
                network=facts.network,
                asset_id=facts.asset_id,
                fee_asset_id=self.catalogue.native(facts.network).asset_id,
                payee=facts.payee,
                amount=facts.amount,
                fee_cap=facts.fee_cap,
            )
            return await request_liquidity(session, request)
