"""One slot while a batch is decided: what was read, and what the batch adds to it."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from domain.digests import NO_DIGEST, asked_by, conflict_field, digest_of
from domain.kinds import Kind, Result
from domain.matching import Move, Plan, plan
from domain.moving import Made, run_moves
from domain.postings import (
    Balance,
    BalanceChange,
    Command,
    Outcome,
    PlayerChange,
    PostingRow,
    SlotChange,
    SlotState,
    StoredLeg,
    StoredPosting,
    TransferRow,
    the_player,
)


class SlotBook:
    """Decides commands of one slot in order; never changes the state it was given."""

    def __init__(self, slot: int, known: SlotState) -> None:
        self.slot = slot
        self.postings: list[PostingRow] = []
        self.transfers: list[TransferRow] = []
        self._known = known
        self._no = known.no
        self._seq = known.seq
        self._balances: dict[int, Balance] = {}
        self._last_seqs: dict[int, int] = {}
        self._players: dict[int, int] = {}
        self._seen: dict[UUID, StoredPosting] = {}
        self._closer: dict[UUID, Kind] = {}

    def decide(self, command: Command) -> Outcome:
        """Answer one command: known id, then target, then what it drains, then `unless`, then the legs."""
        digest = digest_of(command)
        stored = self._stored(command.posting_id)
        if stored is not None:
            return self._answer_again(command, digest, stored)
        planned = self._plan(command)
        if not planned.result.is_stored:
            return Outcome(planned.result)
        if planned.result is not Result.POSTED:
            return self._refuse(command, digest, planned)
        result, made, after = run_moves(planned.moves, self._balance)
        if result is not Result.POSTED:
            return self._refuse(command, digest, Plan(result))
        return self._post(command, digest, planned, made, after)

    def balance_changes(self) -> Iterable[BalanceChange]:
        for account in sorted(self._balances):
            before, after = self._known.balances[account], self._balances[account]
            yield BalanceChange(
                self.slot,
                account,
                after.debits - before.debits,
                after.credits - before.credits,
                after.version - before.version,
                self._last_seqs[account],
                before.version,
            )

    def player_changes(self) -> Iterable[PlayerChange]:
        for player in sorted(self._players):
            yield PlayerChange(self.slot, player, self._known.players[player], self._players[player])

    def slot_change(self) -> SlotChange:
        return SlotChange(self.slot, self._known.no, self._known.seq, self._no, self._seq)

    def _plan(self, command: Command) -> Plan:
        planned = plan(command, self._stored(command.target), self._closed_by(command.target))
        if planned.result is not Result.POSTED:
            return planned
        if self._stored(command.unless) is not None:
            return Plan(Result.BARRED)
        return Plan(Result.ACCOUNT_MISSING) if self._lacks_an_account(planned.moves) else planned

    def _stored(self, posting_id: UUID | None) -> StoredPosting | None:
        if posting_id is None:
            return None
        return self._seen.get(posting_id) or self._known.seen.get(posting_id)

    def _closed_by(self, posting_id: UUID | None) -> Kind | None:
        if posting_id is None:
            return None
        return self._closer.get(posting_id) or self._known.closer.get(posting_id)

    def _balance(self, account: int) -> Balance:
        return self._balances.get(account) or self._known.balances[account]

    def _lacks_an_account(self, moves: Sequence[Move]) -> bool:
        named = {account for move in moves for account in (move.debit, move.credit, move.spill) if account}
        player = the_player(named)
        return not self._known.balances.keys() >= named or (
            player is not None and player not in self._known.players
        )

    def _answer_again(self, command: Command, digest: bytes, stored: StoredPosting) -> Outcome:
        if stored.kind is not Kind.TOMBSTONE and stored.digest != digest:
            return Outcome(Result.CONFLICT, field=conflict_field(command, stored))
        target = self._stored(stored.target)
        was_closed = stored.result is Result.ALREADY_CLOSED
        return Outcome(
            result=stored.result,
            no=stored.no,
            first_seq=stored.first_seq,
            last_seq=stored.last_seq,
            player_version=stored.player_version,
            closed_by=self._closed_by(stored.target if was_closed else command.posting_id),
            target_result=target.result if target and stored.result is Result.TARGET_REFUSED else None,
        )

    def _refuse(self, command: Command, digest: bytes, planned: Plan) -> Outcome:
        row = self._row(command, digest, planned.result)._replace(
            closes=command.target, refused=asked_by(command)
        )
        self._store(row, ())
        return Outcome(
            planned.result,
            fresh=True,
            no=row.no,
            closed_by=planned.closed_by,
            target_result=planned.target_result,
        )

    def _post(
        self, command: Command, digest: bytes, planned: Plan, made: list[Made], after: dict[int, Balance]
    ) -> Outcome:
        if planned.buries and command.target is not None:
            self._bury(command.target)
        row = self._row(command, digest, Result.POSTED)
        row = row._replace(closes=planned.closes, follows=planned.follows)
        if made:
            row = self._transfer(row, made, after)
        self._store(row, [StoredLeg(move.debit, move.credit, move.amount, move.code) for move in made])
        if planned.closes is not None:
            self._closer[planned.closes] = command.kind
        return Outcome(
            Result.POSTED,
            fresh=True,
            no=row.no,
            first_seq=row.first_seq,
            last_seq=row.last_seq,
            player_version=row.player_version,
        )

    def _transfer(self, row: PostingRow, made: list[Made], after: dict[int, Balance]) -> PostingRow:
        first = self._seq + 1
        for seq, move in enumerate(made, first):
            self.transfers.append(TransferRow(self.slot, seq, row.no, *move))
            self._last_seqs[move.debit] = self._last_seqs[move.credit] = seq
        self._seq += len(made)
        self._balances.update(after)
        player = the_player(after)
        if player is None:
            return row._replace(first_seq=first, last_seq=self._seq)
        version = self._players.get(player, self._known.players[player]) + 1
        self._players[player] = version
        return row._replace(first_seq=first, last_seq=self._seq, player=player, player_version=version)

    def _bury(self, posting_id: UUID) -> None:
        row = PostingRow(
            slot=self.slot,
            no=self._no + 1,
            posting_id=posting_id,
            kind=Kind.TOMBSTONE,
            result=Result.TOMBSTONE,
            digest=NO_DIGEST,
        )
        self._store(row, ())

    def _row(self, command: Command, digest: bytes, result: Result) -> PostingRow:
        return PostingRow(
            slot=self.slot,
            no=self._no + 1,
            posting_id=command.posting_id,
            kind=command.kind,
            result=result,
            digest=digest,
            decision_id=command.decision,
            ref=command.ref,
            provenance=command.provenance,
        )

    def _store(self, row: PostingRow, legs: Iterable[StoredLeg]) -> None:
        self._no = row.no
        self.postings.append(row)
        self._seen[row.posting_id] = stored_posting(row, legs)


def stored_posting(row: PostingRow, legs: Iterable[StoredLeg]) -> StoredPosting:
    """What a row just written says when it is read again."""
    return StoredPosting(
        kind=row.kind,
        result=row.result,
        digest=row.digest,
        target=row.closes or row.follows,
        ref=row.ref,
        no=row.no,
        first_seq=row.first_seq,
        last_seq=row.last_seq,
        player_version=row.player_version,
        legs=tuple(legs),
        asked=row.refused,
    )
