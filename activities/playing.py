"""PlayingActivities: a bet's decision, reservation and draw in one transaction, its settlement in another.

Each of them may run twice under one id and has one effect; the second run answers from the rows.
"""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncConnection
from temporalio import activity

from activities.booking import book, declined, in_books
from activities.provenance import provenance
from domain.assets import Catalogue
from domain.bets import BetInput, BetResult, BetState
from domain.errors import (
    AlreadyClosed,
    Busy,
    NotFound,
    PlayerBlocked,
    RefusedByRules,
    Rejected,
)
from domain.fairness import commitment
from domain.games import check_under, roll_dice
from domain.ids import bet_key, decision_id, operator_of_player, player_text
from domain.journal import bet_reserved, bet_settled, bet_voided
from domain.kinds import Result
from domain.players import SeedRotationInput, SeedRotationRecord
from domain.rules import BetCall, Decision, Policy, Verdict, evaluate_bet
from ledger.bets import BetAcceptance, BetOutcome, insert_bet, mark_settled, recall_bet
from ledger.decisions import DecidedCall, record_decision
from ledger.registrations import is_active
from ledger.seeds import SealedSeed, SeedDraw, ensure_pair, rotate, seed_status, take_nonce
from ledger.session import Sessions

DEFAULT_CLIENT_SEED_BYTES = 8
SERVER_SEED_BYTES = 32
EXPIRED = "EXPIRED"


class SeedCipher(Protocol):
    """Seals a server seed for the one place it stands in."""

    def seal(self, clear: bytes, place: str) -> bytes: ...

    def open(self, sealed: bytes, place: str) -> bytes: ...


@dataclass(frozen=True, slots=True)
class PlayingActivities:
    """In-house games: what is drawn is fixed with the reservation, so a settlement only pays it out."""

    sessions: Sessions
    catalogue: Catalogue
    policy: Policy
    cipher: SeedCipher

    @activity.defn
    async def accept_bet(self, request: BetInput) -> BetResult:
        """Decide, reserve the stake and draw; a refusal is an answer and is stored as one."""
        await self._ensure_seeds(request.player)

        async def work(session: AsyncConnection) -> BetResult:
            known = await recall_bet(session, request.player, request.bet_id)
            if known is not None:
                return known
            await insert_bet(session, request, await self._acceptance(session, request))
            accepted = await recall_bet(session, request.player, request.bet_id)
            assert accepted is not None, request.bet_id
            return accepted.model_copy(update={"repeat": False})

        return await in_books(self.sessions, work)

    @activity.defn
    async def settle_bet(self, request: BetInput) -> BetResult:
        """Pay out what was drawn; a bet that already ended is answered as it ended."""

        async def work(session: AsyncConnection) -> BetResult:
            bet = await self._recall(session, request)
            if bet.state is not BetState.RESERVED:
                return bet
            key = _key(request)
            settlement = bet_settled(
                player=request.player,
                asset_id=request.asset_id,
                payout_units=bet.payout,
                key=key,
                ref=key,
                provenance=provenance(request.request_id, request.received_at),
            )
            outcome = await book(session, settlement)
            if outcome.result is not Result.POSTED:
                raise AlreadyClosed(str(outcome.closed_by))
            state = BetState.WON if bet.payout else BetState.LOST
            await mark_settled(
                session,
                request.player,
                request.bet_id,
                state,
                settlement.posting_id,
                outcome.player_version,
                _now(),
            )
            return (await self._recall(session, request)).model_copy(update={"repeat": False})

        return await in_books(self.sessions, work)

    @activity.defn
    async def void_bet(self, request: BetInput) -> BetResult:
        """Give a stake back that nobody was told about, and bar its id for ever if it never arrived."""

        async def work(session: AsyncConnection) -> BetResult:
            bet = await recall_bet(session, request.player, request.bet_id)
            if bet is not None and bet.state is not BetState.RESERVED:
                return bet
            key = _key(request)
            undo = bet_voided(
                player=request.player,
                key=key,
                ref=key,
                provenance=provenance(request.request_id, request.received_at),
            )
            outcome = await book(session, undo)
            if bet is None:
                expired = BetAcceptance(
                    state=BetState.DECLINED,
                    code=EXPIRED,
                    sentence="No answer was given in time; nothing was taken.",
                )
                await insert_bet(session, request, expired)
            else:
                await mark_settled(
                    session,
                    request.player,
                    request.bet_id,
                    BetState.VOIDED,
                    undo.posting_id,
                    outcome.player_version,
                    _now(),
                )
            return await self._recall(session, request)

        return await in_books(self.sessions, work)

    @activity.defn
    async def rotate_seeds(self, request: SeedRotationInput) -> SeedRotationRecord:
        """Reveal the pair in use, once per client key; raises Busy if another rotation came between."""
        await self._ensure_seeds(request.player)
        async with self.sessions.begin() as session:
            status = await seed_status(session, request.player)
            if status is None:
                raise Busy("The seed pair")
            pair = status.current.pair
            return await rotate(
                session,
                request.player,
                request.client_key,
                request.client_seed,
                self._open(request.player, pair, status.sealed),
                self._new_seed(request.player, pair + 2),
                _now(),
            )

    async def _recall(self, session: AsyncConnection, request: BetInput) -> BetResult:
        bet = await recall_bet(session, request.player, request.bet_id)
        if bet is None:
            raise NotFound("bet", str(request.bet_id))
        return bet

    async def _acceptance(self, session: AsyncConnection, request: BetInput) -> BetAcceptance:
        key = _key(request)
        decision = evaluate_bet(self.policy, BetCall(request.asset_id, request.stake))
        decided = DecidedCall(request.player, "bet", request.bet_id, decision_id(key))
        facts = {"asset": request.asset_id, "stake": str(request.stake), "under": request.under}
        await record_decision(session, decided, decision, facts, _now())
        try:
            await self._check(session, request, decision)
            return await self._reserve(session, request, decided)
        except Rejected as refusal:
            return _declined(decided, refusal)

    async def _reserve(
        self, session: AsyncConnection, request: BetInput, decided: DecidedCall
    ) -> BetAcceptance:
        """Reserve the stake and draw; raises Rejected if the ledger refuses."""
        key = _key(request)
        reservation = bet_reserved(
            player=request.player,
            asset_id=request.asset_id,
            units=request.stake,
            key=key,
            decision=decided.decision_id,
            ref=key,
            provenance=provenance(request.request_id, request.received_at),
        )
        outcome = await book(session, reservation)
        refused = declined(reservation, outcome, self.catalogue.by_id(request.asset_id).code)
        if refused is not None:
            raise refused
        drawn = await take_nonce(session, request.player)
        return BetAcceptance(
            state=BetState.RESERVED,
            decision_id=decided.decision_id,
            reserve_id=reservation.posting_id,
            outcome=self._roll(request, drawn),
            version=outcome.player_version,
        )

    async def _check(self, session: AsyncConnection, request: BetInput, decision: Decision) -> None:
        check_under(request.under)
        self.catalogue.by_id(request.asset_id)
        if decision.verdict is not Verdict.ALLOW:
            raise RefusedByRules(", ".join(decision.reasons))
        if not await is_active(session, request.player):
            raise PlayerBlocked(player_text(request.player))

    def _roll(self, request: BetInput, drawn: SeedDraw) -> BetOutcome:
        server_seed = self._open(request.player, drawn.pair, drawn.sealed)
        roll = roll_dice(
            server_seed, drawn.client_seed, drawn.nonce, under=request.under, stake=request.stake
        )
        return BetOutcome(
            pair=drawn.pair, nonce=drawn.nonce, roll=roll.roll, multiplier=roll.multiplier, payout=roll.payout
        )

    async def _ensure_seeds(self, player: int) -> None:
        async with self.sessions.begin() as session:
            if await seed_status(session, player) is not None:
                return
        async with self.sessions.begin() as session:
            await ensure_pair(
                session,
                player,
                self._new_seed(player, 1),
                self._new_seed(player, 2),
                secrets.token_hex(DEFAULT_CLIENT_SEED_BYTES),
                _now(),
            )

    def _new_seed(self, player: int, pair: int) -> SealedSeed:
        clear = secrets.token_hex(SERVER_SEED_BYTES)
        return SealedSeed(self.cipher.seal(clear.encode("ascii"), _place(player, pair)), commitment(clear))

    def _open(self, player: int, pair: int, sealed: bytes) -> str:
        return self.cipher.open(sealed, _place(player, pair)).decode("ascii")


def _declined(decided: DecidedCall, refusal: Rejected) -> BetAcceptance:
    return BetAcceptance(
        state=BetState.DECLINED, decision_id=decided.decision_id, code=refusal.code, sentence=refusal.sentence
    )


def _key(request: BetInput) -> str:
    return bet_key(operator_of_player(request.player), request.bet_id)


def _now() -> datetime:
    return datetime.now(UTC)


def _place(player: int, pair: int) -> str:
    return f"ledger.seed_pairs/{player}/{pair}/server_seed"
