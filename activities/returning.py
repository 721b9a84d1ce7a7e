"""ReturningActivities: what support wants of a committed withdrawal, and its money back on proof.

The proof is a row that another role wrote; without it the database refuses the refund.
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
from domain.errors import NotFound, RecordMismatch
from domain.ids import slot_of_player, withdrawal_key
from domain.journal import withdrawal_returned
from domain.kinds import Result
from domain.verbs import judge
from domain.wishes import SupportAct, Wish
from domain.withdrawals import ReturnAct, WithdrawalFacts, WithdrawalRef, WithdrawalState
from ledger.floats import release
from ledger.freezing import hold_unfrozen
from ledger.loading import lock_slots
from ledger.session import Sessions
from ledger.wishes import insert_wish, is_recorded, lock_withdrawal
from ledger.withdrawals import mark, recall_withdrawal


@dataclass(frozen=True, slots=True)
class ReturningActivities:
    """Wishes, returns and fees of withdrawals past their point of no return."""

    sessions: Sessions
    catalogue: Catalogue

    @activity.defn
    async def record_verb(self, act: SupportAct) -> WithdrawalFacts:
        """Keep a person's wish once; the workflow honours it as far as the rows allow.

        Raises what `judge` does, and NotFound or Conflict for a ticket that the door never wrote down or
        wrote down otherwise.
        """
        async with self.sessions.begin() as session:
            await lock_withdrawal(session, act.player, act.withdrawal_id)
            if not await is_recorded(session, act):
                facts = await _recalled(session, act)
                await insert_wish(session, act, _wish(act, facts, judge(act, facts), datetime.now(UTC)))
            return await _recalled(session, act)

    @activity.defn
    async def book_fees(self, ref: WithdrawalRef) -> None:
        """Book what ended attempts cost, whatever becomes of the withdrawal."""

        async def work(session: AsyncConnection) -> None:
            await book_fees_of(session, self.catalogue, await _recalled(session, ref))

        await in_books(self.sessions, work)

    @activity.defn
    async def return_withdrawal(self, act: ReturnAct) -> WithdrawalFacts:
        """Give amount and fee back to the player, on the evidence that nothing can pay any more.

        Raises TooLate while an attempt is open or paid, ChainFrozen while its network is frozen, and Corrupt
        if the evidence is none.
        """

        async def work(session: AsyncConnection) -> WithdrawalFacts:
            # The slot before any row, as every posting takes them.
            await lock_slots(session, {slot_of_player(act.player)})
            facts = await _recalled(session, act)
            if facts.state is not WithdrawalState.COMMITTED:
                return facts
            assert facts.send is not None
            await hold_unfrozen(session, facts.network)
            await release(session, facts.send.send_id, WithdrawalState.REFUNDED.value)
            key = withdrawal_key(act.withdrawal_id)
            outcome = await book(
                session,
                withdrawal_returned(
                    player=act.player,
                    asset_id=facts.asset_id,
                    key=key,
                    ref=key,
                    provenance=provenance(facts.request_id),
                ),
            )
            if outcome.result is not Result.POSTED:
                raise RecordMismatch(f"withdrawal {act.withdrawal_id} is closed by {outcome.closed_by}")
            await book_fees_of(session, self.catalogue, facts)
            await mark(
                session,
                act.player,
                act.withdrawal_id,
                WithdrawalState.REFUNDED,
                datetime.now(UTC),
                code=act.code,
                sentence=act.sentence,
                version=outcome.player_version,
                evidence_id=act.evidence_id,
            )
            return await _recalled(session, act)

        facts = await in_books(self.sessions, work)
        await pass_room_on(self.sessions, facts.network)
        return facts


def _wish(act: SupportAct, facts: WithdrawalFacts, people: int, now: datetime) -> Wish:
    current = facts.send.current if facts.send else None
    return Wish(
        verb=act.verb,
        attempt=current.attempt if current else 0,
        variant=current.variants if current else 0,
        ticket=act.ticket,
        person=act.person,
        content_hash=facts.seen,
        cap=act.cap,
        people=people,
        at=now,
    )


async def _recalled(
    session: AsyncConnection, about: SupportAct | ReturnAct | WithdrawalRef
) -> WithdrawalFacts:
    facts = await recall_withdrawal(session, about.player, about.withdrawal_id)
    if facts is None:
        raise NotFound("withdrawal", str(about.withdrawal_id))
    return facts
