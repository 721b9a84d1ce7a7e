"""The worked numbers of docs/money.md are what the ledger computes."""

import re

from devstack.runs import CHECKOUT
from domain.accounts import Purpose, Side
from domain.applying import advance, apply_batch
from domain.journal import bankroll_in
from domain.kinds import Result
from domain.postings import Balance, SlotState, State
from tests.support.ledger_journal import ASSET, OPERATOR, Actor

PAGE = (CHECKOUT / "docs" / "money.md").read_text()
COLUMNS = {
    "available": Purpose.AVAILABLE,
    "in play": Purpose.IN_PLAY,
    "pending": Purpose.PENDING_WITHDRAWAL,
    "in flight": Purpose.IN_FLIGHT,
    "revenue": Purpose.REVENUE,
    "fee income": Purpose.WITHDRAWAL_FEES,
    "bankroll": Purpose.BANKROLL,
    "deposit addresses": Purpose.DEPOSIT_ADDRESSES,
    "hot wallet": Purpose.HOT_WALLET,
}
ANNA = Actor(owner=1)


def _rows(first_heading: str) -> list[list[str]]:
    """The table of the page whose header begins with this word: header and body."""
    lines = PAGE.splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith(f"| {first_heading} |"))
    body = [line for line in lines[start:] if line.startswith("|") or not line]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in body[: body.index("")]]
    return [cells[0], *cells[2:]]


def _shown(state: State, purpose: Purpose) -> int:
    """A balance on its account's own side."""
    balance = state[ANNA.slot].balances[ANNA.account(purpose)].units
    return -balance if purpose.normal_side is Side.DEBIT else balance


def test_the_players_day_is_computed_as_written() -> None:
    """Each posting of the example leaves exactly the balances of its row."""
    header, *rows = _rows("after")
    postings = {
        "opening": bankroll_in(
            operator=OPERATOR, slot=ANNA.slot, asset_id=ASSET, units=100_000_000, key="wallet/1"
        ),
        "deposit": ANNA.deposits(25_000_000),
        "bet": ANNA.bets(1_000_000),
        "win": ANNA.settles(1_980_000),
        "reserve": ANNA.withdraws(20_000_000, fee_units=1_000_000),
        "send": ANNA.commits(),
        "settle": ANNA.is_paid(fee_units=1_000_000),
    }
    assert header == ["after", *COLUMNS]
    assert [row[0] for row in rows] == list(postings)
    accounts = {ANNA.account(purpose): Balance(guard=purpose.guard) for purpose in COLUMNS.values()}
    state: State = {ANNA.slot: SlotState(balances=accounts, players={ANNA.player: 0})}
    for name, *numbers in rows:
        outcomes, writes = apply_batch(state, [postings[name]])
        assert [outcome.result for outcome in outcomes] == [Result.POSTED]
        state = advance(state, writes)
        assert [_shown(state, purpose) for purpose in COLUMNS.values()] == [
            int(number) for number in numbers
        ], name


def test_the_chart_is_the_codes_own() -> None:
    """Every purpose stands in the table of accounts, on its side and with its guard."""
    _, *rows = _rows("purpose")
    written = {
        int(number): (row[2], row[4] == "yes") for row in rows for number in re.findall(r"\d+", row[0])
    }
    assert written == {purpose.value: (purpose.normal_side.value, bool(purpose.guard)) for purpose in Purpose}
