"""PostingActivities: what a withdrawal posts once the chain or a person has decided.

Each posting closes the one before it, so whatever races here, the ledger lets one of them through and the
other reads what happened.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncConnection
from temporalio import activity

from activities.booking import book, in_books
from activities.fees import book_fees_of
from activities.granting import pass_room_on
from activities.provenance import provenance
from domain.assets import Catalogue
from domain.errors import NotYet, RecordMismatch
from domain.ids import withdrawal_key
from domain.journal import withdrawal_committed, withdrawal_settled, withdrawal_voided
from domain.kinds import Result
from domain.sends import AttemptOutcome, SendFacts
from domain.withdrawals import VoidAct, WithdrawalFacts, WithdrawalRef, WithdrawalState
from ledger.floats import release, settle_float
from ledger.session import Sessions
from ledger.withdrawals import known_withdrawal, mark


@dataclass(frozen=True, slots=True)
class PostingActivities:
    """Postings of withdrawals, and the facts a workflow decides from."""

    sessions: Sessions
    catalogue: Catalogue

    @activity.defn
    async def recall_withdrawal(self, ref: WithdrawalRef) -> WithdrawalFacts:
        """The withdrawal as its rows show it."""
        async with self.sessions.begin() as session:
            return await known_withdrawal(session, ref.player, ref.withdrawal_id)

    @activity.defn
    async def post_send(self, ref: WithdrawalRef) -> WithdrawalFacts:
        """The point of no return: commit the reserved money, unless something else closed it first."""

        async def work(session: AsyncConnection) -> WithdrawalFacts:
            facts = await known_withdrawal(session, ref.player, ref.withdrawal_id)
            if facts.state is not WithdrawalState.APPROVED:
                return facts
            key = withdrawal_key(ref.withdrawal_id)
            outcome = await book(
                session,
                withdrawal_committed(
                    player=ref.player,
                    asset_id=facts.asset_id,
                    key=key,
                    ref=key,
                    provenance=provenance(facts.request_id),
                ),
            )
            if outcome.result is Result.POSTED:
                await mark(
                    session,
                    ref.player,
                    ref.withdrawal_id,
                    WithdrawalState.COMMITTED,
                    datetime.now(UTC),
                    version=outcome.player_version,
                )
            return await _moved_on(session, ref, facts)

        return await in_books(self.sessions, work)

    @activity.defn
    async def void_withdrawal(self, act: VoidAct) -> WithdrawalFacts:
        """Give a reservation back before it is committed; if the commit was faster, the rows say so."""
        ref = WithdrawalRef(withdrawal_id=act.withdrawal_id, player=act.player)

        async def work(session: AsyncConnection) -> WithdrawalFacts:
            facts = await known_withdrawal(session, ref.player, ref.withdrawal_id)
            if not facts.state.can_be_cancelled:
                return facts
            key = withdrawal_key(act.withdrawal_id)
            outcome = await book(
                session,
                withdrawal_voided(
                    player=act.player, key=key, ref=key, provenance=provenance(facts.request_id)
                ),
            )
            if outcome.result is Result.POSTED:
                if facts.send is not None:
                    await release(session, facts.send.send_id, act.state.value)
                await mark(
                    session,
                    act.player,
                    act.withdrawal_id,
                    act.state,
                    datetime.now(UTC),
                    code=act.code,
                    sentence=act.sentence,
                    version=outcome.player_version,
                )
            return await _moved_on(session, ref, facts)

        facts = await in_books(self.sessions, work)
        await pass_room_on(self.sessions, facts.network)
        return facts

    @activity.defn
    async def settle_withdrawal(self, ref: WithdrawalRef) -> WithdrawalFacts:
        """Settle what a final block proves to be paid, and book what the network took for it."""

        async def work(session: AsyncConnection) -> WithdrawalFacts:
            facts = await known_withdrawal(session, ref.player, ref.withdrawal_id)
            if facts.state is not WithdrawalState.COMMITTED:
                return facts
            if facts.send is None or not _is_paid(facts.send):
                raise NotYet(f"the final payment of withdrawal {ref.withdrawal_id}")
            key = withdrawal_key(ref.withdrawal_id)
            outcome = await book(
                session,
                withdrawal_settled(
                    player=ref.player,
                    asset_id=facts.asset_id,
                    fee_units=facts.fee,
                    key=key,
                    ref=key,
                    provenance=provenance(facts.request_id),
                ),
            )
            if outcome.result is not Result.POSTED:
                raise RecordMismatch(f"paid withdrawal {ref.withdrawal_id} is closed by {outcome.closed_by}")
            await book_fees_of(session, self.catalogue, facts)
            await settle_float(session, facts.send.send_id)
            await mark(
                session,
                ref.player,
                ref.withdrawal_id,
                WithdrawalState.SETTLED,
                datetime.now(UTC),
                version=outcome.player_version,
            )
            return await known_withdrawal(session, ref.player, ref.withdrawal_id)

        facts = await in_books(self.sessions, work)
        await pass_room_on(self.sessions, facts.network)
        return facts


def _is_paid(send: SendFacts) -> bool:
    return send.current is not None and send.current.outcome is AttemptOutcome.PAID


async def _moved_on(session: AsyncConnection, ref: WithdrawalRef, before: WithdrawalFacts) -> WithdrawalFacts:
    """The rows after a posting, its own or the one that was faster; RecordMismatch if nothing moved."""
    facts = await known_withdrawal(session, ref.player, ref.withdrawal_id)
    if facts.state is before.state:
        raise RecordMismatch(
            f"withdrawal {ref.withdrawal_id} is {facts.state.value}, its reservation is closed"
        )
    return facts
