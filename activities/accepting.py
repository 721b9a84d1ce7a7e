"""AcceptingActivities: decision, reservation and business row in one transaction, or what is already there.

Each of them may run twice under one id and has one effect; the second run answers from the rows.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncConnection
from temporalio import activity

from activities.booking import book, declined, in_books
from activities.granting import pass_room_on
from activities.provenance import provenance
from activities.repaying import repay
from domain.assets import Catalogue
from domain.crediting import withheld
from domain.errors import NotFound, PlayerBlocked, RefusedByRules, Rejected, TooLate
from domain.ids import decision_id, player_text, posting_id, slot_of_player, step, withdrawal_key
from domain.journal import withdrawal_reserved, withdrawal_voided
from domain.kinds import Result
from domain.players import AddressInput, AddressRecord, PlayerInput, PlayerRecord
from domain.rules import Decision, Policy, Verdict, WithdrawalCall, WithdrawalTerms, evaluate_withdrawal
from domain.withdrawals import ReviewAct, ReviewVerb, WithdrawalFacts, WithdrawalInput, WithdrawalState
from ledger.addresses import assign
from ledger.decisions import DecidedCall, record_decision, record_review
from ledger.floats import release
from ledger.loading import lock_slots
from ledger.registrations import is_active, register
from ledger.session import Sessions
from ledger.withdrawals import (
    WithdrawalAcceptance,
    insert_withdrawal,
    known_withdrawal,
    mark,
    recall_withdrawal,
)


@dataclass(frozen=True, slots=True)
class AcceptingActivities:
    """What begins: a player, an address, a withdrawal; and a person's word on one that waits."""

    sessions: Sessions
    catalogue: Catalogue
    policy: Policy

    @activity.defn
    async def register_player(self, request: PlayerInput) -> PlayerRecord:
        """Give a person a number, once."""
        async with self.sessions.begin() as session:
            return await register(session, request, datetime.now(UTC))

    @activity.defn
    async def assign_address(self, request: AddressInput) -> AddressRecord:
        """Give the player a confirmed deposit address; raises Busy while the pool is empty."""
        async with self.sessions.begin() as session:
            return await assign(session, request.player, request.family, datetime.now(UTC))

    @activity.defn
    async def accept_withdrawal(self, request: WithdrawalInput) -> WithdrawalFacts:
        """Decide and reserve amount and fee; a refusal is an answer and is stored as one."""

        async def work(session: AsyncConnection) -> WithdrawalFacts:
            known = await recall_withdrawal(session, request.player, request.withdrawal_id)
            if known is not None:
                return known
            acceptance = await self._acceptance(session, request)
            await insert_withdrawal(session, request, acceptance, datetime.now(UTC))
            facts = await known_withdrawal(session, request.player, request.withdrawal_id)
            return facts.model_copy(update={"repeat": False})

        return await in_books(self.sessions, work)

    @activity.defn
    async def record_review(self, act: ReviewAct) -> WithdrawalFacts:
        """Keep a person's word once, and let it act: approved may be sent, rejected gives the money back.

        Raises what `record_review` does, and TooLate if the commit was faster than a rejection.
        """

        async def work(session: AsyncConnection) -> WithdrawalFacts:
            # The slot before the row, as every posting takes them: a rejection and a cancel never deadlock.
            await lock_slots(session, {slot_of_player(act.player)})
            if await record_review(session, act, datetime.now(UTC)):
                await self._act(session, act)
            return await known_withdrawal(session, act.player, act.withdrawal_id)

        facts = await in_books(self.sessions, work)
        if act.verb is ReviewVerb.REJECT and facts.send is not None:
            await pass_room_on(self.sessions, facts.network)
        return facts

    async def _act(self, session: AsyncConnection, act: ReviewAct) -> None:
        state = WithdrawalState.APPROVED
        code = sentence = None
        if act.verb is ReviewVerb.REJECT:
            await self._void(session, act)
            state, code = WithdrawalState.REJECTED, "REJECTED_BY_REVIEW"
            sentence = "This withdrawal was not approved; the money is back in the balance."
        await mark(
            session, act.player, act.withdrawal_id, state, datetime.now(UTC), code=code, sentence=sentence
        )

    async def _void(self, session: AsyncConnection, act: ReviewAct) -> None:
        """Give the reservation and the room in a wallet back, unless the commit was faster."""
        facts = await known_withdrawal(session, act.player, act.withdrawal_id)
        key = withdrawal_key(act.withdrawal_id)
        outcome = await book(
            session, withdrawal_voided(player=act.player, key=key, ref=key, provenance=provenance())
        )
        if outcome.result is not Result.POSTED:
            raise TooLate(act.verb.word, facts.state.value)
        if facts.send is not None:
            await release(session, facts.send.send_id, WithdrawalState.REJECTED.value)

    async def _acceptance(self, session: AsyncConnection, request: WithdrawalInput) -> WithdrawalAcceptance:
        key = withdrawal_key(request.withdrawal_id)
        decision = evaluate_withdrawal(self.policy, WithdrawalCall(request.asset_id, request.amount))
        decided = DecidedCall(request.player, "withdrawal", request.withdrawal_id, decision_id(key))
        facts = {"asset": request.asset_id, "amount": str(request.amount), "to": "0x" + request.payee.hex()}
        await record_decision(session, decided, decision, facts, datetime.now(UTC))
        terms = self.policy.terms_of(request.asset_id)
        try:
            await self._check(session, request, decision)
            version = await self._reserve(session, request, decided, terms.fee if terms else 0)
        except Rejected as refusal:
            return _acceptance(key, decided, terms, WithdrawalState.DECLINED, refusal=refusal)
        state = WithdrawalState.REVIEW if decision.verdict is Verdict.REVIEW else WithdrawalState.APPROVED
        return _acceptance(key, decided, terms, state, version=version)

    async def _reserve(
        self, session: AsyncConnection, request: WithdrawalInput, decided: DecidedCall, fee: int
    ) -> int | None:
        """Reserve amount and fee; returns the player's version, raises Rejected if the ledger refuses."""
        key = withdrawal_key(request.withdrawal_id)
        await self._check_withheld(session, request, fee)
        reservation = withdrawal_reserved(
            player=request.player,
            asset_id=request.asset_id,
            units=request.amount,
            fee_units=fee,
            key=key,
            decision=decided.decision_id,
            ref=key,
            provenance=provenance(request.request_id, request.received_at),
        )
        outcome = await book(session, reservation)
        refused = declined(reservation, outcome, self.catalogue.by_id(request.asset_id).code)
        if refused is not None:
            raise refused
        return outcome.player_version

    async def _check_withheld(self, session: AsyncConnection, request: WithdrawalInput, fee: int) -> None:
        """Debts are repaid first; what is locked or owed does not leave. Decided under the slot's lock."""
        await lock_slots(session, {slot_of_player(request.player)})
        asset = self.catalogue.by_id(request.asset_id)
        key = withdrawal_key(request.withdrawal_id)
        held = await repay(session, self.catalogue, request.player, asset, key)
        refused = withheld(asset.code, request.amount + fee, held)
        if refused is not None:
            raise refused

    async def _check(self, session: AsyncConnection, request: WithdrawalInput, decision: Decision) -> None:
        if self.catalogue.by_id(request.asset_id).network != request.network:
            raise NotFound("asset", f"{request.asset_id} on {request.network}")
        if decision.verdict is Verdict.REFUSE:
            raise RefusedByRules(", ".join(decision.reasons))
        if not await is_active(session, request.player):
            raise PlayerBlocked(player_text(request.player))


def _acceptance(  # noqa: PLR0913 - one row's columns
    key: str,
    decided: DecidedCall,
    terms: WithdrawalTerms | None,
    state: WithdrawalState,
    *,
    version: int | None = None,
    refusal: Rejected | None = None,
) -> WithdrawalAcceptance:
    return WithdrawalAcceptance(
        state=state,
        fee=terms.fee if terms else 0,
        fee_cap=terms.network_fee_cap if terms else 0,
        reserve_id=posting_id(step(key, "reserve")),
        send_posting_id=posting_id(step(key, "send")),
        decision_id=decided.decision_id,
        version=version,
        code=refusal.code if refusal else None,
        sentence=refusal.sentence if refusal else None,
    )
