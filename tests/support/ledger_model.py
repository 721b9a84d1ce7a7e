"""A second, naive ledger that replays its whole history for every question.

It shares the vocabulary of commands with the real one and none of its reasoning: no running balance, no
index, no cache. Slow, and short enough to be read against the design's tables.
"""

from dataclasses import dataclass, replace
from uuid import UUID

from domain.accounts import HELD_BY_CREDIT, HELD_BY_DEBIT, Guard, Purpose
from domain.ids import player_of_account
from domain.kinds import Kind, Mode, Result
from domain.postings import ALL, NOBODY, Command, Outcome

LIMIT = 10**78
Move = tuple[int, int, int]
"""Debit account, credit account, units."""


@dataclass(frozen=True)
class Entry:
    """One stored posting of one slot."""

    slot: int
    posting_id: UUID
    kind: Kind
    result: Result
    command: Command | None
    moves: tuple[Move, ...] = ()
    closes: UUID | None = None


class NaiveLedger:
    """Decides one command at a time from everything that ever happened."""

    def __init__(self) -> None:
        self.guards: dict[tuple[int, int], Guard] = {}
        self.closed_slots: set[int] = set()
        self.history: list[Entry] = []

    def decide(self, command: Command) -> Outcome:  # noqa: PLR0911 - one answer per rule, in their order
        slot = command.slot
        if slot in self.closed_slots:
            return Outcome(Result.SLOT_CLOSED)
        known = self.find(slot, command.posting_id)
        if known is not None:
            return self._again(command, known)
        target = self.find(slot, command.target)
        closer = self.closer(slot, command.target)
        refused = self._judge_target(command, target, closer)
        if refused is not None:
            return self._record_refusal(command, refused)
        wanted = self._wanted(command, target, closer)
        if wanted is None:
            return Outcome(Result.MISMATCH)
        if command.unless is not None and self.find(slot, command.unless) is not None:
            return self._record_refusal(command, Outcome(Result.BARRED))
        named = {account for move in wanted for account in (move[0], move[1], move[3]) if account}
        if any((slot, account) not in self.guards for account in named):
            return Outcome(Result.ACCOUNT_MISSING)
        result, moves = self._run(slot, wanted)
        if result is not Result.POSTED:
            return self._record_refusal(command, Outcome(result))
        return self._record(command, target, closer, moves)

    def find(self, slot: int, posting_id: UUID | None) -> Entry | None:
        return next((e for e in self.history if (e.slot, e.posting_id) == (slot, posting_id)), None)

    def closer(self, slot: int, posting_id: UUID | None) -> Kind | None:
        closers = [
            e.kind for e in self.history if e.slot == slot and e.result == 0 and e.closes == posting_id
        ]
        assert posting_id is None or len(closers) <= 1, "closed twice"
        return closers[0] if posting_id is not None and closers else None

    def debits(self, slot: int, account: int) -> int:
        return sum(move[2] for e in self.history if e.slot == slot for move in e.moves if move[0] == account)

    def credits(self, slot: int, account: int) -> int:
        return sum(move[2] for e in self.history if e.slot == slot for move in e.moves if move[1] == account)

    def version(self, slot: int, player: int, up_to: int | None = None) -> int:
        entries = [e for e in self.history if e.slot == slot][:up_to]
        return sum(_player(e.moves) == player for e in entries)

    def _again(self, command: Command, known: Entry) -> Outcome:
        same = known.command is None or _body(known.command) == _body(command)
        if not same:
            return Outcome(Result.CONFLICT)
        of_slot = [e for e in self.history if e.slot == command.slot]
        place = of_slot.index(known)
        target = known.command.target if known.command else None
        closed = target if known.result is Result.ALREADY_CLOSED else command.posting_id
        found = self.find(command.slot, target) if known.result is Result.TARGET_REFUSED else None
        return replace_numbers(
            self._numbered(command.slot, place), fresh=False, closed_by=self.closer(command.slot, closed),
            target_result=found.result if found else None,
        )  # fmt: skip

    def _judge_target(self, command: Command, target: Entry | None, closer: Kind | None) -> Outcome | None:  # noqa: PLR0911 - one answer per rule, in their order
        mode = command.kind.mode
        if mode is Mode.NONE:
            return None
        if mode is Mode.UNDO:
            if target is None:
                return None
            if target.kind != Kind.TOMBSTONE and target.kind not in command.kind.targets:
                return Outcome(Result.TARGET_REFUSED, target_result=target.result)
            return None if closer is None else Outcome(Result.ALREADY_CLOSED, closed_by=closer)
        if target is None:
            return Outcome(Result.NOT_YET)
        if target.result != 0 or target.kind not in command.kind.targets:
            return Outcome(Result.TARGET_REFUSED, target_result=target.result)
        undone = closer is not None and closer.mode is Mode.UNDO
        if undone or (closer is not None and mode is Mode.CLOSE):
            return Outcome(Result.ALREADY_CLOSED, closed_by=closer)
        return None

    def _wanted(
        self, command: Command, target: Entry | None, closer: Kind | None
    ) -> list[tuple[int, int, int, int | None]] | None:
        if command.kind.mode is Mode.UNDO:
            moves = target.moves if target else ()
            if command.spill and any(not _fits(command.spill, move) for move in moves):
                return None
            return [(credit, debit, units, command.spill) for debit, credit, units in reversed(moves)]
        left = _held(target.moves) if target is not None and closer is None else {}
        rest, wanted = dict(left), []
        for leg in command.legs:
            held = leg.debit if leg.debit in rest else leg.credit
            units = rest.get(held, 0) if leg.amount is ALL else leg.amount
            if units:
                rest[held] = max(0, rest.get(held, 0) - units)
                wanted.append((leg.debit, leg.credit, units, leg.spill))
        if command.kind.mode is not Mode.NONE:
            taken = _held([(credit, debit, units) for debit, credit, units, _ in wanted])
            if taken != left:
                return None
        return wanted

    def _run(
        self, slot: int, wanted: list[tuple[int, int, int, int | None]]
    ) -> tuple[Result, tuple[Move, ...]]:
        done: list[Move] = []

        def totals(account: int) -> tuple[int, int]:
            debits = self.debits(slot, account) + sum(m[2] for m in done if m[0] == account)
            credits_ = self.credits(slot, account) + sum(m[2] for m in done if m[1] == account)
            return debits, credits_

        for debit, credit, units, spill in wanted:
            parts = [(debit, credit, units)]
            guard = self.guards[slot, debit]
            if spill is not None and guard in (Guard.CREDITS_COVER, Guard.CLOSED):
                paid, owed = totals(debit)
                allowed = 0 if guard is Guard.CLOSED else min(units, owed - paid)
                parts = [(debit, credit, allowed), (spill, credit, units - allowed)]
            for move in parts:
                if move[2] == 0:
                    continue
                refusal = self._refusal(slot, move, totals(move[0]), totals(move[1]))
                if refusal is not None:
                    return refusal, ()
                done.append(move)
        return Result.POSTED, tuple(done)

    def _refusal(
        self, slot: int, move: Move, debit: tuple[int, int], credit: tuple[int, int]
    ) -> Result | None:
        guards = (self.guards[slot, move[0]], self.guards[slot, move[1]])
        if Guard.CLOSED in guards:
            return Result.ACCOUNT_CLOSED
        if guards[0] is Guard.CREDITS_COVER and debit[1] - debit[0] < move[2]:
            return Result.INSUFFICIENT
        if guards[1] is Guard.DEBITS_COVER and credit[0] - credit[1] < move[2]:
            return Result.INSUFFICIENT
        return Result.OVERFLOW if max(debit[0], credit[1]) + move[2] >= LIMIT else None

    def _record_refusal(self, command: Command, outcome: Outcome) -> Outcome:
        if outcome.result >= Result.CONFLICT:
            return outcome
        self.history.append(Entry(command.slot, command.posting_id, command.kind, outcome.result, command))
        place = sum(e.slot == command.slot for e in self.history) - 1
        return replace_numbers(
            self._numbered(command.slot, place), fresh=True, closed_by=outcome.closed_by,
            target_result=outcome.target_result,
        )  # fmt: skip

    def _record(
        self, command: Command, target: Entry | None, closer: Kind | None, moves: tuple[Move, ...]
    ) -> Outcome:
        slot = command.slot
        if command.kind.mode is Mode.UNDO and target is None and command.target is not None:
            self.history.append(Entry(slot, command.target, Kind.TOMBSTONE, Result.TOMBSTONE, None))
        closes = command.target if closer is None else None
        self.history.append(
            Entry(slot, command.posting_id, command.kind, Result.POSTED, command, moves, closes)
        )
        place = sum(e.slot == slot for e in self.history) - 1
        return self._numbered(slot, place)

    def _numbered(self, slot: int, place: int) -> Outcome:
        of_slot = [e for e in self.history if e.slot == slot]
        entry = of_slot[place]
        before = sum(len(e.moves) for e in of_slot[:place])
        player = _player(entry.moves)
        return Outcome(
            entry.result,
            fresh=True,
            no=place + 1,
            first_seq=before + 1 if entry.moves else None,
            last_seq=before + len(entry.moves) if entry.moves else None,
            player_version=None if player is None else self.version(slot, player, place + 1),
        )


def replace_numbers(
    outcome: Outcome, *, fresh: bool, closed_by: Kind | None, target_result: Result | None
) -> Outcome:
    """The same numbers with another circumstance."""
    return outcome._replace(fresh=fresh, closed_by=closed_by, target_result=target_result)


def _body(command: Command) -> Command:
    return replace(command, decision=command.posting_id, provenance=NOBODY)


def _held(moves: "list[Move] | tuple[Move, ...]") -> dict[int, int]:
    accounts = {account for move in moves for account in move[:2]}
    held = {}
    for account in accounts:
        net = sum(m[2] for m in moves if m[1] == account) - sum(m[2] for m in moves if m[0] == account)
        purpose = account % 256
        if purpose in HELD_BY_DEBIT:
            net = -net
        if (purpose in HELD_BY_CREDIT or purpose in HELD_BY_DEBIT) and net > 0:
            held[account] = net
    return held


def _player(moves: "tuple[Move, ...]") -> int | None:
    players = {player_of_account(account) for move in moves for account in move[:2]} - {None}
    assert len(players) <= 1, "two players in one posting"
    return players.pop() if players else None


def _fits(spill: int, move: Move) -> bool:
    same_asset = (spill >> 8) % 2**16 == (move[0] >> 8) % 2**16
    other_player = player_of_account(spill) not in (
        None, *({player_of_account(a) for a in move[:2]} - {None} or {player_of_account(spill)}),
    )  # fmt: skip
    return spill != move[0] and same_asset and spill >> 52 == move[0] >> 52 and not other_player


assert Purpose.IN_TRANSIT in HELD_BY_DEBIT
