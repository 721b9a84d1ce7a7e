"""The ledger's decisions, one fact at a time."""

import pytest

from domain.accounts import Guard, Purpose
from domain.answers import refusal
from domain.applying import apply_batch
from domain.errors import (
    AlreadyClosed,
    Blocked,
    InsufficientFunds,
    InvariantBroken,
    NotYet,
)
from domain.kinds import Kind, Result
from domain.postings import ALL, Balance, Command, Leg, Outcome
from tests.support.ledger_books import ANN, Books, command_of
from tests.support.ledger_journal import Actor, posting_uuid

AVAILABLE, IN_PLAY = ANN.account(Purpose.AVAILABLE), ANN.account(Purpose.IN_PLAY)
REVENUE, RECEIVABLE = ANN.account(Purpose.REVENUE), ANN.account(Purpose.RECEIVABLE)
ROUND = posting_uuid("round close")


FUNDED = ANN.deposits(100)
BET, OTHER_BODY = ANN.bets(10), ANN.bets(11)
WIN, ROLLBACK = ANN.settles(25), ANN.voids()


LATER_WIN = command_of(
    "later win", Kind.BET_SETTLED, (Leg(REVENUE, AVAILABLE, 3),), BET.posting_id, unless=ROUND
)
SECOND_ROLLBACK = command_of("second rollback", Kind.BET_ROLLED_BACK, target=BET.posting_id)
ROUND_CLOSE = Command(slot=ANN.slot, posting_id=ROUND, kind=Kind.ROUND_CLOSED)
STATES: dict[str, tuple[Command, ...]] = {
    "absent": (FUNDED,),
    "accepted": (FUNDED, BET),
    "settled": (FUNDED, BET, WIN),
    "refused": (BET,),
    "rolled back": (FUNDED, BET, ROLLBACK),
    "blocked": (FUNDED, ROLLBACK),
}
WALLET = [
    # state of the bet, event, result, closed by, target's result, and whether a row is written
    ("absent", BET, Result.POSTED, None, None, True),
    ("accepted", BET, Result.POSTED, None, None, False),
    ("settled", BET, Result.POSTED, Kind.BET_SETTLED, None, False),
    ("refused", BET, Result.INSUFFICIENT, None, None, False),
    ("rolled back", BET, Result.POSTED, Kind.BET_VOIDED, None, False),
    ("blocked", BET, Result.TOMBSTONE, Kind.BET_VOIDED, None, False),
    ("accepted", OTHER_BODY, Result.CONFLICT, None, None, False),
    ("settled", OTHER_BODY, Result.CONFLICT, None, None, False),
    ("refused", OTHER_BODY, Result.CONFLICT, None, None, False),
    ("rolled back", OTHER_BODY, Result.CONFLICT, None, None, False),
    ("blocked", OTHER_BODY, Result.TOMBSTONE, Kind.BET_VOIDED, None, False),
    ("absent", WIN, Result.NOT_YET, None, None, False),
    ("accepted", WIN, Result.POSTED, None, None, True),
    ("settled", LATER_WIN, Result.POSTED, None, None, True),
    ("refused", WIN, Result.TARGET_REFUSED, None, Result.INSUFFICIENT, True),
    ("rolled back", WIN, Result.ALREADY_CLOSED, Kind.BET_VOIDED, None, True),
    ("blocked", WIN, Result.TARGET_REFUSED, None, Result.TOMBSTONE, True),
    ("absent", ROLLBACK, Result.POSTED, None, None, True),
    ("accepted", ROLLBACK, Result.POSTED, None, None, True),
    ("settled", ROLLBACK, Result.ALREADY_CLOSED, Kind.BET_SETTLED, None, True),
    ("refused", ROLLBACK, Result.POSTED, None, None, True),
    ("rolled back", SECOND_ROLLBACK, Result.ALREADY_CLOSED, Kind.BET_VOIDED, None, True),
    ("blocked", SECOND_ROLLBACK, Result.ALREADY_CLOSED, Kind.BET_VOIDED, None, True),
]


@pytest.mark.parametrize(("state", "event", "result", "closed_by", "target_result", "fresh"), WALLET)
def test_the_wallet_table(  # noqa: PLR0913, PLR0917 - the table's columns
    state: str,
    event: Command,
    result: Result,
    closed_by: Kind | None,
    target_result: Result | None,
    fresh: bool,  # noqa: FBT001 - a case of the table
) -> None:
    """Bet, win and rollback in every state of the bet, as the design's table says."""
    books = Books()
    books.post(*STATES[state])
    before = books.state[ANN.slot].no
    [outcome] = books.post(event)
    assert (outcome.result, outcome.closed_by, outcome.target_result) == (result, closed_by, target_result)
    assert outcome.fresh == fresh
    assert (books.state[ANN.slot].no > before) == fresh


def test_a_round_that_is_closed_bars_a_later_win() -> None:
    """`unless` names the round's closing: after it the win is refused for ever."""
    books = Books(FUNDED, BET, WIN, ROUND_CLOSE)
    assert books.post(LATER_WIN)[0].result is Result.BARRED
    assert books.units(Purpose.AVAILABLE) == 100 - 10 + 25


def test_a_second_win_pays_and_drains_nothing_again() -> None:
    """It follows the closed bet: the stake went once."""
    books = Books(FUNDED, BET, WIN)
    again = command_of(
        "win 2", Kind.BET_SETTLED, (Leg(IN_PLAY, REVENUE, ALL), Leg(REVENUE, AVAILABLE, 4)), BET.posting_id
    )
    assert books.post(again)[0].result is Result.POSTED
    assert (books.units(Purpose.AVAILABLE), books.units(Purpose.IN_PLAY)) == (119, 0)


@pytest.mark.parametrize("taken", [1, 9, 11])
def test_a_settle_takes_exactly_what_the_bet_left(taken: int) -> None:
    """Less or more is a bug of the caller and writes nothing."""
    books = Books(FUNDED, BET, ANN.bets(50, "other"))
    wrong = command_of("half", Kind.BET_SETTLED, (Leg(IN_PLAY, REVENUE, taken),), BET.posting_id)
    [outcome] = books.post(wrong)
    assert outcome == Outcome(Result.MISMATCH)
    assert isinstance(refusal(wrong, outcome), InvariantBroken)


def test_a_share_goes_first_and_the_rest_after() -> None:
    """ALL is what earlier legs have not taken; a rest of zero drops the leg."""
    books = Books(FUNDED, BET)
    share = (Leg(IN_PLAY, ANN.account(Purpose.DEPOSIT_FEES), 10), Leg(IN_PLAY, REVENUE, ALL))
    [outcome] = books.post(command_of("share", Kind.BET_SETTLED, share, BET.posting_id))
    assert (outcome.result, outcome.first_seq, outcome.last_seq) == (Result.POSTED, 3, 3)
    assert books.units(Purpose.DEPOSIT_FEES) == 10


def test_a_bet_of_nothing_has_no_legs_and_can_be_won() -> None:
    """A free bet is a posting without transfers and counts in no player's version."""
    books = Books(ANN.bets(0), ANN.settles(7))
    assert books.units(Purpose.AVAILABLE) == 7
    assert books.state[ANN.slot].players[ANN.player] == 1


def test_a_withdrawal_fits_to_the_unit() -> None:
    """Amount and fee leave available together, and end in the wallet and in income."""
    books = Books(FUNDED, ANN.withdraws(95, 5), ANN.commits(), ANN.is_paid(5))
    assert books.units(Purpose.AVAILABLE) == 0
    assert books.units(Purpose.IN_FLIGHT) == 0
    assert (books.units(Purpose.WITHDRAWAL_FEES), books.units(Purpose.HOT_WALLET)) == (5, 95)


def test_a_dead_withdrawal_returns_everything() -> None:
    """The fee too."""
    books = Books(FUNDED, ANN.withdraws(95, 5), ANN.commits(), ANN.gets_back())
    assert books.units(Purpose.AVAILABLE) == 100


def test_after_the_point_of_no_return_nothing_can_be_cancelled() -> None:
    """The commit closes the reserve; a cancel is told so."""
    books = Books(FUNDED, ANN.withdraws(95, 5), ANN.commits())
    [outcome] = books.post(ANN.cancels())
    assert (outcome.result, outcome.closed_by) == (Result.ALREADY_CLOSED, Kind.WITHDRAWAL_COMMITTED)
    assert isinstance(refusal(ANN.cancels(), outcome), AlreadyClosed)


def test_a_reserve_whose_last_leg_fails_leaves_no_trace() -> None:
    """The first leg would hold; the refusal moves nothing and still has a row."""
    books = Books(FUNDED)
    [outcome] = books.post(ANN.withdraws(100, 1))
    assert (outcome.result, outcome.no, outcome.first_seq) == (Result.INSUFFICIENT, 2, None)
    assert books.units(Purpose.AVAILABLE) == 100
    assert books.state[ANN.slot].players[ANN.player] == 1
    assert isinstance(refusal(ANN.withdraws(100, 1), outcome), InsufficientFunds)


def test_a_refusal_stays_after_the_money_came() -> None:
    """Trying again after a top-up is a new id."""
    books = Books()
    books.post(BET)
    books.post(FUNDED)
    assert books.post(BET)[0].result is Result.INSUFFICIENT
    assert books.post(ANN.bets(10, "bet/2"))[0].result is Result.POSTED


@pytest.mark.parametrize(("spent", "receivable"), [(0, 0), (40, 40), (100, 100)])
def test_a_reorg_takes_back_what_is_there_and_books_the_rest(spent: int, receivable: int) -> None:
    """What is spent becomes a receivable, and available never falls below zero."""
    books = Books(FUNDED)
    if spent:
        books.post(ANN.bets(spent))
    [outcome] = books.post(ANN.loses_deposit())
    assert outcome.result is Result.POSTED
    assert books.units(Purpose.RECEIVABLE) == -receivable
    assert books.units(Purpose.AVAILABLE) == 0
    assert books.units(Purpose.DEPOSIT_ADDRESSES) == 0


def test_an_undo_runs_backwards() -> None:
    """The fee comes back before the deposit goes, so a player who spent nothing owes nothing."""
    books = Books(ANN.deposits(100, fee_units=5), ANN.loses_deposit())
    assert books.units(Purpose.RECEIVABLE) == 0
    assert (books.units(Purpose.AVAILABLE), books.units(Purpose.DEPOSIT_FEES)) == (0, 0)


def test_a_reorg_reaches_a_closed_account_too() -> None:
    """A chain fact must always be recordable: a closed account gives nothing, the receivable all."""
    books = Books(FUNDED)
    books.close(Purpose.AVAILABLE)
    assert books.post(ANN.loses_deposit())[0].result is Result.POSTED
    assert books.units(Purpose.RECEIVABLE) == -100


def test_a_deposit_comes_back_under_the_next_number() -> None:
    """Credit n+1 stands beside return n; each is its own posting."""
    books = Books(FUNDED, ANN.loses_deposit(), ANN.deposits(100, number=2))
    assert books.units(Purpose.AVAILABLE) == 100
    assert books.post(FUNDED)[0].closed_by is Kind.DEPOSIT_REVERSED


def test_a_closed_account_takes_no_bet() -> None:
    """Neither side may move."""
    books = Books(FUNDED)
    books.close(Purpose.AVAILABLE)
    [outcome] = books.post(BET)
    assert outcome.result is Result.ACCOUNT_CLOSED
    assert isinstance(refusal(BET, outcome), Blocked)


def test_an_account_that_is_missing_is_not_remembered() -> None:
    """Nothing is stored: the same id is tried again after the account is open."""
    books = Books(FUNDED)
    wins = command_of("bonus", Kind.PROMOTION, (Leg(REVENUE, ANN.account(Purpose.BONUS_AVAILABLE), 1),))
    assert books.post(wins)[0] == Outcome(Result.ACCOUNT_MISSING)
    books.state[ANN.slot].balances[ANN.account(Purpose.BONUS_AVAILABLE)] = Balance(Guard.CREDITS_COVER)
    assert books.post(wins)[0].result is Result.POSTED


EDGES = [2**53, 2**63, 2**64, 2**127, 10**27, 10**78 - 2]


@pytest.mark.parametrize("balance", EDGES)
@pytest.mark.parametrize("difference", [-1, 0, 1])
def test_amounts_are_exact_at_every_edge(balance: int, difference: int) -> None:
    """One unit more than there is fails, the whole and one less fit, at every width of number."""
    books = Books(ANN.deposits(balance))
    [outcome] = books.post(ANN.bets(balance + difference))
    assert outcome.result is (Result.INSUFFICIENT if difference > 0 else Result.POSTED)
    left = balance if difference > 0 else -difference
    assert books.units(Purpose.AVAILABLE) == left


def test_no_counter_reaches_the_bound() -> None:
    """The last unit below 10^78 fits, the next is refused and stored."""
    books = Books(ANN.deposits(10**78 - 2), ANN.deposits(1, txid="bb"))
    assert books.post(ANN.deposits(1, txid="cc"))[0].result is Result.OVERFLOW
    assert books.post(ANN.deposits(1, txid="cc"))[0].result is Result.OVERFLOW


def test_the_state_is_never_changed() -> None:
    """Deciding is pure: the same state gives the same answers again."""
    books = Books(FUNDED)
    commands = [BET, WIN, ANN.bets(1000, "big")]
    first = apply_batch(books.state, commands)
    assert apply_batch(books.state, commands) == first
    assert books.units(Purpose.AVAILABLE) == 100


def test_a_slot_that_is_not_there_is_being_moved() -> None:
    """Its commands are Unavailable, and the others are decided."""
    books = Books()
    elsewhere = Actor(2).deposits(5)
    outcomes = books.post(elsewhere, FUNDED)
    assert [outcome.result for outcome in outcomes] == [Result.SLOT_CLOSED, Result.POSTED]


def test_a_win_before_its_bet_is_asked_again() -> None:
    """Not-yet is never stored, else a win that overtakes its bet would be lost."""
    books = Books(FUNDED)
    [early] = books.post(WIN)
    assert isinstance(refusal(WIN, early), NotYet)
    assert [outcome.result for outcome in books.post(BET, WIN)] == [Result.POSTED, Result.POSTED]
