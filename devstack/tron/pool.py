"""Transactions that wait for a block: done upon the head, and anew with each block; forgotten in time."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from devstack.tron.making import Rulebook, enter
from devstack.tron.messages import Result
from devstack.tron.moment import Moment
from devstack.tron.rules import PENDING_MAX, PENDING_MS
from devstack.tron.state import State
from devstack.tron.transactions import SignedTransaction
from devstack.tron.verdicts import Refused, ResponseCode


@dataclass(frozen=True, slots=True)
class Waiting:
    """A transaction in the pool, when it came, and how it ended upon the head."""

    transaction: SignedTransaction
    since_ms: int
    result: Result


class Pool:
    """The pool of one node. Its state is the head's with every waiting transaction done upon it."""

    def __init__(self, book: Rulebook, state: State) -> None:
        self.state = state
        self._book = book
        self._waiting: dict[bytes, Waiting] = {}

    @property
    def transactions(self) -> tuple[SignedTransaction, ...]:
        return tuple(one.transaction for one in self._waiting.values())

    def get(self, txid: bytes) -> SignedTransaction | None:
        """Return a waiting transaction."""
        found = self._waiting.get(txid)
        return found.transaction if found else None

    def result(self, txid: bytes) -> Result | None:
        """Return how a waiting transaction would end upon the head."""
        found = self._waiting.get(txid)
        return found.result if found else None

    def add(self, transaction: SignedTransaction, moment: Moment, now_ms: int) -> None:
        """Take a transaction in. Raises Refused."""
        if len(self._waiting) >= PENDING_MAX:
            raise Refused(ResponseCode.SERVER_BUSY, f"{PENDING_MAX} transactions wait")
        applied = enter(self._book, self.state, moment, transaction)
        self._waiting[transaction.txid] = Waiting(transaction, now_ms, applied.result)

    def renew(
        self, state: State, moment: Moment, now_ms: int, returned: Iterable[SignedTransaction] = ()
    ) -> None:
        """Stand upon a new head: what came back from a left branch first, then what still waits and is young.

        What the rules refuse upon the new head is dropped: it is in a block now, or late, or impossible.
        """
        old = tuple(self._waiting.values())
        young = [(one.transaction, one.since_ms) for one in old if now_ms - one.since_ms <= PENDING_MS]
        self.state, self._waiting = state, {}
        for transaction, since_ms in (*((one, now_ms) for one in returned), *young):
            if transaction.txid not in self._waiting:
                self._take_back(transaction, since_ms, moment)

    def forget(self, txids: Collection[bytes]) -> None:
        """Drop transactions; their effects stay in the state until it is renewed."""
        for txid in txids:
            self._waiting.pop(txid, None)

    def _take_back(self, transaction: SignedTransaction, since_ms: int, moment: Moment) -> None:
        try:
            applied = enter(self._book, self.state, moment, transaction)
        except Refused:
            return
        self._waiting[transaction.txid] = Waiting(transaction, since_ms, applied.result)
