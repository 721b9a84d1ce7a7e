"""GrantingActivities: room in a hot wallet for one send, or a place in the queue for it."""

from dataclasses import dataclass

from temporalio import activity

from domain.assets import Catalogue
from domain.errors import NotFound
from domain.sends import SendFacts, SendKind
from domain.withdrawals import WithdrawalFacts, WithdrawalRef
from ledger.events import EventKind, NewEvent, append_events
from ledger.nonce_lanes import LiquidityRequest, grant_waiting, request_liquidity
from ledger.session import Sessions
from ledger.withdrawals import recall_withdrawal

GRANTED = "granted"


@dataclass(frozen=True, slots=True)
class GrantingActivities:
    """Liquidity is a queue, not an error: rows hold the place, a top-up moves it."""

    sessions: Sessions
    catalogue: Catalogue

    @activity.defn
    async def request_liquidity(self, ref: WithdrawalRef) -> SendFacts:
        """Insert the send and its request, or recall them; grant a wallet if it is this request's turn."""
        facts = await self._facts(ref)
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
        async with self.sessions.begin() as session:
            send = await request_liquidity(session, request)
        if send.wallet is not None:
            await pass_room_on(self.sessions, facts.network)
        return send

    async def _facts(self, ref: WithdrawalRef) -> WithdrawalFacts:
        async with self.sessions.begin() as session:
            facts = await recall_withdrawal(session, ref.player, ref.withdrawal_id)
        if facts is None:
            raise NotFound("withdrawal", str(ref.withdrawal_id))
        return facts


async def pass_room_on(sessions: Sessions, network: str) -> None:
    """Give free room to who has waited longest and tell them; what is lost here costs them one timer."""
    async with sessions.begin() as session:
        granted = await grant_waiting(session, network)
        news = [NewEvent(EventKind.SEND, str(send_id), GRANTED) for send_id in granted]
        await append_events(session, network, news)
