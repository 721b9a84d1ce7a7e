"""The same id with another body, and what makes two bodies the same."""

from dataclasses import replace

import pytest

from domain.accounts import Purpose
from domain.answers import refusal
from domain.digests import digest_of
from domain.errors import Conflict
from domain.ids import decision_id
from domain.kinds import Kind, Result
from domain.postings import Command, Leg
from tests.support.ledger_books import ANN, Books, command_of
from tests.support.ledger_journal import posting_uuid

AVAILABLE, IN_PLAY = ANN.account(Purpose.AVAILABLE), ANN.account(Purpose.IN_PLAY)
REVENUE, RECEIVABLE = ANN.account(Purpose.REVENUE), ANN.account(Purpose.RECEIVABLE)
ROUND = posting_uuid("round close")
FUNDED, BET, ROLLBACK = ANN.deposits(100), ANN.bets(10), ANN.voids()
GIFT = command_of("gift", Kind.PROMOTION, (Leg(REVENUE, AVAILABLE, 1),))
CONFLICTS = [
    ("amount", ANN.bets(10), ANN.bets(11)),
    ("ref", ANN.bets(10), ANN.bets(10, ref="r")),
    ("legs", ANN.withdraws(10, 1), ANN.withdraws(10)),
    ("legs", ANN.withdraws(10), ANN.withdraws(10, 1)),
    ("account", GIFT, replace(GIFT, legs=(Leg(REVENUE, IN_PLAY, 1),))),
    ("kind", GIFT, replace(GIFT, kind=Kind.DEPOSIT_CREDITED)),
    ("target", ROLLBACK, replace(ROLLBACK, target=posting_uuid("another"))),
    ("request", ANN.bets(0), command_of("y", Kind.BET_RESERVED, unless=ROUND)),
]  # fmt: skip


@pytest.mark.parametrize(("field", "then", "now"), CONFLICTS)
def test_a_conflict_names_the_first_difference(field: str, then: Command, now: Command) -> None:
    """The caller learns what differs; nothing is written."""
    books = Books(FUNDED)
    books.post(then)
    now = replace(now, posting_id=then.posting_id)
    [outcome] = books.post(now)
    assert (outcome.result, outcome.field) == (Result.CONFLICT, field)
    error = refusal(now, outcome)
    assert isinstance(error, Conflict)
    assert error.field == field


def test_a_digest_covers_the_request_and_not_the_decision() -> None:
    """A retry may carry a new decision; each other field makes another digest."""
    other_decision = replace(BET, decision=decision_id("again"))
    assert digest_of(other_decision) == digest_of(BET)
    different = [
        replace(BET, **change)
        for change in (
            {"ref": ""},
            {"ref": "r"},
            {"unless": ROUND},
            {"request": bytes(31) + b"\x01"},
            {"legs": ()},
            {"legs": BET.legs * 2},
            {"legs": (Leg(AVAILABLE, IN_PLAY, 10, spill=RECEIVABLE),)},
            {"kind": Kind.INSTANT_PLAY},
        )
    ]
    assert len({digest_of(command) for command in (BET, *different)}) == len(different) + 1
