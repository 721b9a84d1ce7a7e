"""CreditingActivities: post what a deposit is worth, unlock it, take it back.

Each holds the deposit's row, so no block moves it meanwhile, and each posting closes the one before it:
whatever races here, the ledger lets one of them through and the other reads what happened.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncConnection
from temporalio import activity

from activities.booking import book, in_books
from activities.cold_coins import book_top_up
from activities.provenance import provenance
from activities.repaying import repay
from domain.accounts import Purpose
from domain.assets import Catalogue
from domain.crediting import has_room, thresholds_for
from domain.deposits import DepositFacts, DepositInput, DepositReason, DepositStep, WalletRole, next_step
from domain.errors import RecordMismatch
from domain.ids import deposit_key, slot_of_player
from domain.journal import deposit_credited, deposit_reversed, deposit_unattributed
from domain.kinds import Result
from domain.postings import Command
from domain.rules import Policy
from ledger.crediting import (
    change_early_credit,
    final_lag,
    lock_early_credit,
    posted_credit,
    wait_for_final,
)
from ledger.deposits import lock_deposit, mark_credited, mark_returned, mark_unlocked, recall_deposit
from ledger.loading import lock_slots
from ledger.session import Sessions

HOLDER = {
    WalletRole.DEPOSIT: Purpose.DEPOSIT_ADDRESSES,
    WalletRole.HOT: Purpose.HOT_WALLET,
    WalletRole.COLD: Purpose.COLD,
    WalletRole.GAS: Purpose.GAS_TANK,
    WalletRole.ENERGY: Purpose.GAS_TANK,
}


@dataclass(frozen=True, slots=True)
class CreditingActivities:
    """Postings of deposits, and the facts a workflow decides from."""

    sessions: Sessions
    catalogue: Catalogue
    policy: Policy
    house: int

    @activity.defn
    async def recall_deposit(self, deposit: DepositInput) -> DepositFacts:
        """The deposit as its rows show it."""
        async with self.sessions.begin() as session:
            return await recall_deposit(session, deposit)

    @activity.defn
    async def post_deposit(self, deposit: DepositInput) -> DepositFacts:
        """Post a deposit to its player, or to what nobody is owed so far.

        Final ones always; earlier ones inside the caps and locked, and a full cap waits for final. What may
        be withdrawn from the same moment on is unlocked in the same transaction.
        """

        async def work(session: AsyncConnection) -> DepositFacts:
            facts = await lock_deposit(session, deposit)
            wanted = next_step(facts)
            if wanted is DepositStep.CREDIT_EARLY and not await self._may_be_early(session, deposit, facts):
                await wait_for_final(session, facts.deposit_id)
            elif wanted in {DepositStep.CREDIT, DepositStep.CREDIT_EARLY}:
                await self._post(session, deposit, facts, is_early=wanted is DepositStep.CREDIT_EARLY)
            return await self._unlocked(session, deposit, await recall_deposit(session, deposit))

        return await in_books(self.sessions, work)

    @activity.defn
    async def unlock_deposit(self, deposit: DepositInput) -> DepositFacts:
        """What is beyond any doubt may be withdrawn, after debts were repaid from it."""

        async def work(session: AsyncConnection) -> DepositFacts:
            return await self._unlocked(session, deposit, await lock_deposit(session, deposit))

        return await in_books(self.sessions, work)

    @activity.defn
    async def reverse_deposit(self, deposit: DepositInput) -> DepositFacts:
        """Take back a credit whose block left the chain; what is spent becomes a receivable."""

        async def work(session: AsyncConnection) -> DepositFacts:
            facts = await lock_deposit(session, deposit)
            if next_step(facts) is not DepositStep.REVERSE:
                return facts
            credit = await posted_credit(session, facts.deposit_id, facts.credits)
            assert credit.player is not None, facts.deposit_id
            key = _key(deposit)
            reversal = deposit_reversed(
                player=credit.player,
                asset_id=credit.asset_id,
                key=key,
                number=facts.credits,
                ref=key,
                provenance=provenance(),
            )
            outcome = await book(session, reversal)
            if outcome.result is not Result.POSTED:
                raise RecordMismatch(f"the reversal of deposit {facts.deposit_id} was {outcome.result.name}")
            await mark_returned(session, facts.deposit_id, facts.credits, datetime.now(UTC))
            if credit.is_early:
                await change_early_credit(session, deposit.network, credit.asset_id, -credit.amount)
            return await recall_deposit(session, deposit)

        return await in_books(self.sessions, work)

    async def _unlocked(
        self, session: AsyncConnection, deposit: DepositInput, facts: DepositFacts
    ) -> DepositFacts:
        if next_step(facts) is not DepositStep.UNLOCK:
            return facts
        credit = await posted_credit(session, facts.deposit_id, facts.credits)
        assert credit.player is not None, facts.deposit_id
        await lock_slots(session, {credit.slot})
        await mark_unlocked(session, facts.deposit_id, facts.credits, datetime.now(UTC))
        asset = self.catalogue.by_id(credit.asset_id)
        await repay(session, self.catalogue, credit.player, asset, _key(deposit), facts.credits)
        if credit.is_early:
            await change_early_credit(session, deposit.network, credit.asset_id, -credit.amount)
        return await recall_deposit(session, deposit)

    async def _may_be_early(
        self, session: AsyncConnection, deposit: DepositInput, facts: DepositFacts
    ) -> bool:
        """Whether today's policy, a final block that keeps up and all caps allow an early credit."""
        assert facts.asset_id is not None
        assert facts.player is not None
        assert facts.confirmations_needed is not None
        terms = self.policy.deposit_terms_of(facts.asset_id)
        needed = thresholds_for(terms, facts.amount).confirmations
        if needed is None or needed > facts.confirmations_needed:
            return False
        if await final_lag(session, deposit.network) > terms.final_lag_max:
            return False
        await lock_slots(session, {slot_of_player(facts.player)})
        credited = await lock_early_credit(session, facts.deposit_id)
        return has_room(terms, facts.amount, credited)

    async def _post(
        self, session: AsyncConnection, deposit: DepositInput, facts: DepositFacts, *, is_early: bool
    ) -> None:
        assert facts.asset_id is not None
        number = facts.credits + 1
        if facts.reason is DepositReason.FROM_COLD:
            await book_top_up(session, self.catalogue, self.house, deposit, facts)
            await mark_credited(session, facts.deposit_id, number, datetime.now(UTC))
            return
        outcome = await book(session, self._credit(deposit, facts, number))
        if outcome.result is not Result.POSTED:
            raise RecordMismatch(f"credit {number} of deposit {facts.deposit_id} was {outcome.result.name}")
        is_players = facts.player is not None and facts.reason is None
        is_locked = is_players and not facts.is_ripe
        await mark_credited(
            session, facts.deposit_id, number, datetime.now(UTC), is_early=is_early, is_locked=is_locked
        )
        if is_early:
            await change_early_credit(session, deposit.network, facts.asset_id, facts.amount)
        elif is_players and not is_locked:
            assert facts.player is not None
            asset = self.catalogue.by_id(facts.asset_id)
            await repay(session, self.catalogue, facts.player, asset, _key(deposit), number)

    def _credit(self, deposit: DepositInput, facts: DepositFacts, number: int) -> Command:
        assert facts.asset_id is not None
        key = _key(deposit)
        if facts.player is not None and facts.reason is None:
            return deposit_credited(
                player=facts.player,
                asset_id=facts.asset_id,
                units=facts.amount,
                key=key,
                number=number,
                ref=key,
                provenance=provenance(),
            )
        assert facts.slot is not None
        return deposit_unattributed(
            operator=self.house,
            slot=facts.slot,
            asset_id=facts.asset_id,
            units=facts.amount,
            key=key,
            number=number,
            held_at=HOLDER[facts.receiver_role],
            ref=key,
            provenance=provenance(),
        )


def _key(deposit: DepositInput) -> str:
    return deposit_key(deposit.network, deposit.txid, deposit.position)
