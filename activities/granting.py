"""GrantingActivities: room in a hot wallet for one send or its place in the queue; and serving the queue."""

from dataclasses import dataclass

from temporalio import activity

from domain.assets import Catalogue
from domain.errors import NotFound
from domain.levels import HotWalletFacts, HotWalletInput, assess
from domain.sends import SendFacts, SendKind
from domain.withdrawals import WithdrawalFacts, WithdrawalRef
from ledger.levels import read_liquidity
from ledger.liquidity import LiquidityRequest, grant_waiting, request_liquidity
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
            return await request_liquidity(session, request)

    @activity.defn
    async def grant_liquidity(self, hot: HotWalletInput) -> HotWalletFacts:
        """Give what room there is to who waits, and say how the asset stands afterwards."""
        async with self.sessions.begin() as session:
            granted = await grant_waiting(session, hot.network)
        async with self.sessions.begin() as session:
            liquidity = await read_liquidity(session, hot.network)
        return assess(liquidity, hot.asset_id).model_copy(update={"granted": len(granted)})

    async def _facts(self, ref: WithdrawalRef) -> WithdrawalFacts:
        async with self.sessions.begin() as session:
            facts = await recall_withdrawal(session, ref.player, ref.withdrawal_id)
        if facts is None:
            raise NotFound("withdrawal", str(ref.withdrawal_id))
        return facts


async def pass_room_on(sessions: Sessions, network: str) -> None:
    """Give free room to who has waited longest, who are told; what is lost here costs them one timer."""
    async with sessions.begin() as session:
        await grant_waiting(session, network)
