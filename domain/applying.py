"""The ledger as a pure function: a state and commands in, answers and rows out.

Nothing here reads a clock, draws a number or touches a database; PostgreSQL guards the same rules once more.
Each slot is decided from its own part of the state, so a batch gives the same answers whether its slots are
decided together or apart, and whether it is cut in two or not.
"""

from collections import defaultdict
from collections.abc import Sequence

from domain.kinds import Result
from domain.postings import Balance, Command, Outcome, SlotState, State, StoredLeg, Writes
from domain.slot_books import SlotBook, stored_posting


def apply_batch(state: State, commands: Sequence[Command]) -> tuple[list[Outcome], Writes]:
    """Decide commands strictly in order; the state is not changed.

    Returns one outcome per command and everything that has to be written. A command whose slot is missing in
    the state is answered SLOT_CLOSED.
    """
    books: dict[int, SlotBook] = {}
    outcomes: list[Outcome] = []
    for command in commands:
        book = books.get(command.slot)
        if book is None:
            known = state.get(command.slot)
            if known is None:
                outcomes.append(Outcome(Result.SLOT_CLOSED))
                continue
            book = books[command.slot] = SlotBook(command.slot, known)
        outcomes.append(book.decide(command))
    changed = [books[slot] for slot in sorted(books) if books[slot].postings]
    return outcomes, Writes(
        postings=tuple(row for book in changed for row in book.postings),
        transfers=tuple(row for book in changed for row in book.transfers),
        balances=tuple(change for book in changed for change in book.balance_changes()),
        players=tuple(change for book in changed for change in book.player_changes()),
        slots=tuple(book.slot_change() for book in changed),
    )


def advance(state: State, writes: Writes) -> State:
    """The state after these writes, which turns `apply_batch` into a complete ledger in memory."""
    after = {slot: _copy(known) for slot, known in state.items()}
    legs: dict[tuple[int, int], list[StoredLeg]] = defaultdict(list)
    for row in writes.transfers:
        leg = StoredLeg(row.debit_account, row.credit_account, row.amount, row.code)
        legs[row.slot, row.posting_no].append(leg)
    for posting in writes.postings:
        known = after[posting.slot]
        known.seen[posting.posting_id] = stored_posting(posting, legs[posting.slot, posting.no])
        if posting.closes is not None and posting.result is Result.POSTED:
            known.closer[posting.closes] = posting.kind
    for change in writes.balances:
        guard, debits, credits_, version = after[change.slot].balances[change.account_id]
        after[change.slot].balances[change.account_id] = Balance(
            guard, debits + change.debits, credits_ + change.credits, version + change.moves
        )
    for player in writes.players:
        after[player.slot].players[player.player] = player.version
    for heads in writes.slots:
        after[heads.slot].no, after[heads.slot].seq = heads.no, heads.seq
    return after


def _copy(known: SlotState) -> SlotState:
    return SlotState(
        no=known.no,
        seq=known.seq,
        balances=dict(known.balances),
        seen=dict(known.seen),
        closer=dict(known.closer),
        players=dict(known.players),
    )
