"""LendingActivities: staked energy lent to our addresses, as rows; what it costs, in the books."""

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncConnection
from temporalio import activity

from activities.booking import in_books
from activities.fees import book_delegation_fees
from domain.assets import Catalogue
from domain.delegations import (
    BuriedAct,
    DelegationFacts,
    DelegationInput,
    DelegationState,
    GiveBackWish,
)
from domain.errors import NotYet
from domain.own_transfers import TransferFacts
from domain.send_steps import SendStep, next_send_step
from domain.sends import SendFacts, SendKind
from ledger.delegations import (
    lock_delegation,
    mark_delegation,
    mark_seen,
    newest_delegation,
    recall_delegation,
    want_back,
)
from ledger.floats import release, settle_float
from ledger.freezing import hold_unfrozen
from ledger.liquidity import LiquidityRequest
from ledger.loading import lock_slots
from ledger.own_transfers import recall_transfer
from ledger.session import Sessions
from ledger.transfer_room import is_open_wallet, take_wallet

NEVER_OPEN = "never open"


@dataclass(frozen=True, slots=True)
class LendingActivities:
    """Moves delegations on; what a network did is believed once an attempt is closed as paid."""

    sessions: Sessions
    catalogue: Catalogue

    @activity.defn
    async def recall_delegation(self, ref: DelegationInput) -> DelegationFacts:
        """The delegation as its rows show it."""
        async with self.sessions.begin() as session:
            return await recall_delegation(session, ref.delegation_id)

    @activity.defn
    async def grant_delegation(self, ref: DelegationInput) -> DelegationFacts:
        """Record the delegating send under its giver; from now on the signer may be asked."""
        async with self.sessions.begin() as session:
            facts = await lock_delegation(session, ref.delegation_id)
            if facts.state is not DelegationState.PLANNED or facts.is_due_back:
                return facts
            if not await is_open_wallet(session, facts.network, facts.giver):
                return facts.model_copy(update={"wanting": f"wallet 0x{facts.giver.hex()} is not open"})
            await take_wallet(session, self._request(facts, returns=False), facts.giver)
            await mark_delegation(session, ref.delegation_id, DelegationState.DELEGATING, datetime.now(UTC))
            return await recall_delegation(session, ref.delegation_id)

    @activity.defn
    async def open_delegation(self, ref: DelegationInput) -> DelegationFacts:
        """Take note that a final block lends the stake, and book what that cost."""

        async def work(session: AsyncConnection) -> DelegationFacts:
            facts = await _locked(session, ref)
            if facts.state is not DelegationState.DELEGATING:
                return facts
            _must_be_paid(facts.send, facts.key)
            await settle_float(session, facts.delegation_id)
            await book_delegation_fees(session, self.catalogue, facts)
            await mark_delegation(session, facts.delegation_id, DelegationState.OPEN, datetime.now(UTC))
            return await recall_delegation(session, facts.delegation_id)

        return await in_books(self.sessions, work)

    @activity.defn
    async def note_energy(self, ref: DelegationInput) -> DelegationFacts:
        """Take note that the receiver was seen to have the energy."""
        async with self.sessions.begin() as session:
            await mark_seen(session, ref.delegation_id, datetime.now(UTC))
            return await recall_delegation(session, ref.delegation_id)

    @activity.defn
    async def take_back_delegation(self, ref: DelegationInput) -> DelegationFacts:
        """Record the send that takes the stake back; its giver's state does not matter for that."""
        async with self.sessions.begin() as session:
            facts = await lock_delegation(session, ref.delegation_id)
            if facts.state in {DelegationState.OPEN, DelegationState.PLANNED}:
                await take_wallet(session, self._request(facts, returns=True), facts.giver)
                await mark_delegation(
                    session, ref.delegation_id, DelegationState.RETURNING, datetime.now(UTC)
                )
            return await recall_delegation(session, ref.delegation_id)

    @activity.defn
    async def close_delegation(self, ref: DelegationInput) -> DelegationFacts:
        """End a delegation that is back by a final block, or that never left its plan; book the fees."""

        async def work(session: AsyncConnection) -> DelegationFacts:
            facts = await _locked(session, ref)
            if facts.state is DelegationState.RETURNING:
                _must_be_paid(facts.return_send, facts.key)
                await settle_float(session, facts.return_id)
                await book_delegation_fees(session, self.catalogue, facts)
            elif facts.state is not DelegationState.PLANNED:
                return facts
            await mark_delegation(session, facts.delegation_id, DelegationState.RETURNED, datetime.now(UTC))
            return await recall_delegation(session, facts.delegation_id)

        return await in_books(self.sessions, work)

    @activity.defn
    async def drop_delegation(self, act: BuriedAct) -> DelegationFacts:
        """End a delegation that never opened, on the evidence that it never will; book what it cost.

        Raises ChainFrozen while its network is frozen.
        """

        async def work(session: AsyncConnection) -> DelegationFacts:
            facts = await _locked(session, act)
            if facts.state is not DelegationState.DELEGATING:
                return facts
            await hold_unfrozen(session, facts.network)
            await release(session, facts.delegation_id, NEVER_OPEN)
            await book_delegation_fees(session, self.catalogue, facts)
            await mark_delegation(
                session,
                facts.delegation_id,
                DelegationState.RETURNED,
                datetime.now(UTC),
                evidence_id=act.evidence_id,
            )
            return await recall_delegation(session, facts.delegation_id)

        return await in_books(self.sessions, work)

    @activity.defn
    async def give_back(self, wish: GiveBackWish) -> TransferFacts:
        """Note that a sweep needs nothing of its delegation any more."""
        async with self.sessions.begin() as session:
            newest = await newest_delegation(session, wish.sweep_id)
            if newest is not None:
                await want_back(session, [newest.delegation_id], datetime.now(UTC))
            return await recall_transfer(session, wish.sweep_id)

    def _request(self, facts: DelegationFacts, *, returns: bool) -> LiquidityRequest:
        return LiquidityRequest(
            send_id=facts.return_id if returns else facts.delegation_id,
            kind=SendKind.ENERGY,
            network=facts.network,
            asset_id=facts.asset_id,
            fee_asset_id=facts.asset_id,
            payee=facts.receiver,
            amount=facts.sun,
            fee_cap=facts.fee_cap,
        )


async def _locked(session: AsyncConnection, ref: DelegationInput | BuriedAct) -> DelegationFacts:
    """The slot before any row, as every posting takes them."""
    facts = await recall_delegation(session, ref.delegation_id)
    await lock_slots(session, {facts.slot})
    return await lock_delegation(session, ref.delegation_id)


def _must_be_paid(send: SendFacts | None, key: str) -> None:
    if send is None or next_send_step(send) is not SendStep.PAID:
        raise NotYet(f"the final transaction of {key}")
