"""What the `croupier` command prints, word for word, and that nothing from outside steers the terminal."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from api.cli.wording import ago, clean, coins, moment
from api.schemas.accounts import AccountAnswer
from api.schemas.cases import CaseAnswer, CaseLine
from api.schemas.liquidity import LiquidityAnswer
from tests.support.accounts import ACCOUNT
from tests.support.cases import CASE, CONTENT, ITEM, SENT, UNANSWERED, WITHDRAWAL
from tests.support.command import NOW, answering, key_file_in, run_scripted
from tests.support.wallets import LIQUIDITY

QUEUE_PAGE = """\
withdrawal                            player    amount          since
0f6d0f0e-92a5-5b8e-8f4b-5a7c7f1f2d02  p-1-4711  20.000001 TUSD  3 d 5 h
    No answer from Temporal; the rows say: committed.
7b0c8a52-1d7e-5f43-9a6e-2f1f4a3b9c01  p-1-17    1250 TUSD       2 h 14 min
    Waiting for liquidity: the hot wallets of TUSD on eip155:1 lack 1250; place 3 of 7, since
    2026-11-20T14:05:00Z. Goes on by itself as soon as that ends. Open: check-now, resume, reject.
"""

CASE_PAGE = f"""\
The network asks more than this payment may cost, since 2026-11-20T15:59:30Z.

withdrawal    7b0c8a52-1d7e-5f43-9a6e-2f1f4a3b9c01
player        p-1-17
amount        1250 TUSD on eip155:1, and a fee of 0.5 TUSD
to            0x52908400098527886E0F7030069857D2E4169EE7
state         committed; FEE_CAP for 19 min, goes on by itself
open verbs    check-now, rebroadcast, bump-fee, cancel-by-self-send
content hash  {CONTENT}

attempt 1 failed from 0xa1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1, nonce 4, block 2146
  1 pay    0x{"11" * 32}
  cost     1.445 TRX; 130000 energy, 0.345 TRX burnt for bandwidth, 1.1 TRX for a new account
attempt 2 accepted from 0xa1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1, nonce 5
  1 pay    0x{"ab" * 32}
  2 bump   0x{"c4" * 32}

when (UTC)           who   what                 outcome         words
2026-11-20 14:02:00        received
2026-11-20 15:59:30        waits since                          FEE_CAP
2026-11-20 16:01:00  ben   reject-and-refund    MAY_STILL_LAND  "the player asks"; A transaction of it may
                                                                still land: cancel it first.
2026-11-20 16:04:09  anna  cancel-by-self-send  waiting         "wrong address"
anna wants cancel-by-self-send: one more person must agree.
"""

ENDED_PAGE = f"""\
Rejected.

withdrawal    7b0c8a52-1d7e-5f43-9a6e-2f1f4a3b9c01
player        p-1-17
amount        1250 TUSD on eip155:1, and a fee of -
to            0x52908400098527886E0F7030069857D2E4169EE7
state         rejected
ended         REJECTED_BY_REVIEW A person refused it.
approvals     1
open verbs    -
content hash  {CONTENT}

when (UTC)           who  what      outcome  words
2026-11-20 14:02:00       received
2026-11-20 14:05:00       rejected
"""
ENDED = {
    **CASE,
    "state": "rejected",
    "sentence": "Rejected.",
    "reason": None,
    "since": None,
    "waits_for": None,
    "open_verbs": [],
    "fee": None,
    "approvals": 1,
    "code": "REJECTED_BY_REVIEW",
    "detail": "A person refused it.",
}

LIQUIDITY_PAGE = f"""\
LEVEL  Nothing to do.
  wallet                                      holds  promised  floor  target  ceiling  incoming  unmined
  0x{"a1" * 20}  50     0.5       12.5   50      100      0         2
  0x{"a1" * 20}  50     0.5       12.5   50      100      0         8
  0x{"a1" * 20} takes no new send: full
DRY  Nobody can be paid.
  wallet                                      holds  promised  floor  target  ceiling  incoming  unmined
  0x{"a1" * 20}  0      0         125    500     1000     300       0
  0x{"a1" * 20} takes no new send: frozen, a foreign hash took nonce 7
  waiting                               place  amount       for         lacks        due (UTC)
  7b0c8a52-1d7e-5f43-9a6e-2f1f4a3b9c01  1      1250 TUSD    2 h 14 min  1250 TUSD,   16:20      passed
                                                                        0.001 ETH               once
  0f6d0f0e-92a5-5b8e-8f4b-5a7c7f1f2d02  2      0.000001     40 s        lanes        -
                                               TUSD
  Top up: send 200 TUSD to 0x{"a1" * 20}
"""

ACCOUNT_PAGE = """\
p-1-17 at version 42
asset                    available              locked  in play  pending withdrawal
USDT on eip155:1         20.500000000000000001  0       1        0
USDT on tron:0x2b6653dc  100.25                 100     0        5
in total  available               locked  in play  pending withdrawal
USDT      120.750000000000000001  100     1        5
"""

# what is typed, what the API says, what stands on stdout
PAGES: list[tuple[list[str], dict[str, Any], str]] = [
    (["withdrawals"], {"items": [UNANSWERED, ITEM], "next": None}, QUEUE_PAGE),
    (
        ["withdrawals"],
        {"items": [], "next": None},
        "No withdrawal needs a person; --waiting shows those that go on by themselves.\n",
    ),
    (["withdrawals", "--review"], {"items": [], "next": None}, "No withdrawal waits for a review.\n"),
    (["withdrawal", WITHDRAWAL], SENT, CASE_PAGE),
    (["withdrawal", WITHDRAWAL], ENDED, ENDED_PAGE),
    (["liquidity"], LIQUIDITY, LIQUIDITY_PAGE),
    (["liquidity"], {"items": []}, "The house has no hot wallet.\n"),
    (["account", "p-1-17"], ACCOUNT, ACCOUNT_PAGE),
    (
        ["account", "p-1-17"],
        {**ACCOUNT, "assets": [], "totals": [], "version": "0"},
        "p-1-17 has nothing; version 0.\n",
    ),
]


@pytest.mark.parametrize(("typed", "document", "page"), PAGES, ids=[" ".join(row[0]) for row in PAGES])
def test_an_answer_is_printed_like_this(
    tmp_path: Path, typed: list[str], document: dict[str, Any], page: str
) -> None:
    """The page stands on stdout, and nothing else was said."""
    done = run_scripted(key_file_in(tmp_path), answering(document), *typed)
    assert (_lines(done.out), done.err, done.code) == (_lines(page), "", 0)


@pytest.mark.parametrize("document", [CASE, SENT], ids=["waiting", "sent"])
def test_cases_are_written_as_the_api_writes_them(document: dict[str, Any]) -> None:
    """What these pages are made from is word for word what the operator listener answers."""
    assert CaseAnswer.model_validate(document).model_dump(mode="json") == document


@pytest.mark.parametrize("item", [ITEM, UNANSWERED], ids=["waiting", "unanswered"])
def test_lines_are_written_as_the_api_writes_them(item: dict[str, Any]) -> None:
    """The same for a line of the list."""
    assert CaseLine.model_validate(item).model_dump(mode="json") == item


def test_wallets_are_written_as_the_api_writes_them() -> None:
    """The same for the hot wallets."""
    assert LiquidityAnswer.model_validate(LIQUIDITY).model_dump(mode="json") == LIQUIDITY


def test_an_account_is_written_as_the_api_writes_it() -> None:
    """The same for an account."""
    assert AccountAnswer.model_validate(ACCOUNT).model_dump(mode="json") == ACCOUNT


def test_a_player_is_not_a_path(tmp_path: Path) -> None:
    """What is no player's number is wrong usage, and nothing is asked."""
    for text in ("17", "p-1", "p-1-17/tokens", "../support/liquidity", "p-1-\u0661"):
        done = run_scripted(key_file_in(tmp_path), answering(ACCOUNT), "account", text)
        assert (done.code, done.out) == (2, "")


def test_nothing_from_outside_steers_the_terminal(tmp_path: Path) -> None:
    """Words with escape sequences, markup or line breaks are shown as one harmless line."""
    evil = "\x1b[2Jfine\r\n[bold]paid[/] \u202etxet"
    document = {"items": [{**ITEM, "sentence": evil}], "next": None}
    done = run_scripted(key_file_in(tmp_path), answering(document), "withdrawals")
    assert "    �[2Jfine [bold]paid[/] �txet" in _lines(done.out)
    assert "\x1b" not in done.out


# moment, what it reads as at 16:19
AGES = [
    ("2026-11-20T16:18:59.500+00:00", "0 s"),
    ("2026-11-20T16:18:01Z", "59 s"),
    ("2026-11-20T16:18:00Z", "1 min"),
    ("2026-11-20T15:19:01Z", "59 min"),
    ("2026-11-20T16:19:00+01:00", "1 h 0 min"),
    ("2026-11-19T16:19:01Z", "23 h 59 min"),
    ("2026-11-19T16:19:00Z", "1 d 0 h"),
    ("2026-11-01T12:00:00Z", "19 d 4 h"),
    ("2026-11-20T16:19:30Z", "0 s"),
    (None, "-"),
]


@pytest.mark.parametrize(("text", "age"), AGES)
def test_an_age_has_two_parts(text: str | None, age: str) -> None:
    """Ages are cut, not rounded, and a clock that runs ahead is no negative age."""
    assert ago(text, NOW) == age


def test_moments_are_read_in_utc() -> None:
    """Whatever zone a moment came in."""
    assert moment("2026-11-20T17:19:00+01:00") == NOW
    assert moment("2026-11-20T16:19:00Z").utcoffset() == timedelta()


def test_amounts_are_exact() -> None:
    """Units become coins without rounding; without decimals they are called units."""
    assert coins("1", 18, "ETH") == "0.000000000000000001 ETH"
    assert coins("123456789012345678901234567890", 6, "TUSD") == "123456789012345678901234.56789 TUSD"
    assert coins("20", None, "TUSD") == "20 units of TUSD"
    assert coins("-1500000", 6) == "-1.5"
    assert clean(" a\tb ") == "a b"


def _lines(page: str) -> list[str]:
    return [line.rstrip() for line in page.splitlines()]
