"""What the demo calls held: its hard chapters are judged by rules that can say no."""

from io import StringIO
from typing import Any

import pytest
from rich.console import Console

from devstack.consolidating import adds_up
from devstack.depositing import is_told_once
from devstack.lining_up import is_told_together
from devstack.paying_out import is_cost_of
from devstack.staff import Said
from devstack.telling import Teller
from devstack.topping_up import is_told_to_its_end
from tests.support.accounts import ACCOUNT

REORG: dict[str, Any] = {
    "txid": "0x11",
    "first_block": 20,
    "final_block": 22,
    "credits": 1,
    "seen": ["confirming", "orphaned", "confirming", "credited"],
}
STUCK: dict[str, Any] = {
    "reason": "LIQUIDITY",
    "sentence": "Waiting for liquidity.",
    "resumed_by": "anna",
    "state": "settled",
}
TOGETHER: dict[str, Any] = {
    "credited_at": {
        "eip155:31337": "2026-11-20T19:47:36.100000+00:00",
        "tron:0x11223344": "2026-11-20T19:47:36.400000+00:00",
    },
    "apart_ms": 300,
}

# what differs from a chapter that held
BROKEN_REORGS: list[dict[str, Any]] = [
    {"final_block": 20},
    {"final_block": 19},
    {"credits": 0},
    {"credits": 2},
    {"seen": ["confirming", "credited"]},
]
BROKEN_TOGETHER: list[dict[str, Any]] = [
    {"apart_ms": 1_000},
    {"credited_at": {"eip155:31337": "2026-11-20T19:47:36.100000+00:00"}, "apart_ms": 0},
]
BROKEN_STANDS: list[dict[str, Any]] = [
    {"reason": "REVIEW"},
    {"resumed_by": None},
    {"state": "committed"},
]


def test_a_chapter_that_held_is_told_so() -> None:
    """Each chapter as a good run leaves it."""
    assert is_told_once(REORG)
    assert is_told_together(TOGETHER)
    assert adds_up(ACCOUNT)
    assert is_told_to_its_end(STUCK)


@pytest.mark.parametrize("broken", BROKEN_REORGS)
def test_a_deposit_in_one_block_or_credited_twice_did_not_hold(broken: dict[str, Any]) -> None:
    """It has to move to a later block, be seen without one, and be credited once."""
    assert not is_told_once({**REORG, **broken})


@pytest.mark.parametrize("broken", BROKEN_TOGETHER)
def test_credits_a_second_apart_or_of_one_network_did_not_hold(broken: dict[str, Any]) -> None:
    """There have to be two networks, and less than a second between them."""
    assert not is_told_together({**TOGETHER, **broken})


@pytest.mark.parametrize("part", ["available", "locked", "in_play", "pending_withdrawal", "owed"])
def test_an_account_that_does_not_add_up_did_not_hold(part: str) -> None:
    """One unit more or less in a total, or an asset that no total counts, is no account over networks."""
    ether, dollars = ACCOUNT["totals"]
    for change in (-1, 1):
        wrong = {**dollars, part: str(int(dollars[part]) + change)}
        assert not adds_up({**ACCOUNT, "totals": [ether, wrong]})


def test_an_account_on_one_network_did_not_hold() -> None:
    """The chapter is about several."""
    assert not adds_up({**ACCOUNT, "assets": ACCOUNT["assets"][:1], "totals": ACCOUNT["totals"][:1]})


@pytest.mark.parametrize(
    ("booked", "is_equal"),
    [
        ({"fee": "2800400", "energy": 28004, "energy_burnt": "2800400", "bandwidth": 345}, True),
        ({"fee": "2800400", "energy": 28004, "energy_burnt": "2800400"}, False),
        ({"fee": "2800401", "energy": 28004, "energy_burnt": "2800400", "bandwidth": 345}, False),
        ({}, False),
    ],
)
def test_a_cost_is_booked_as_the_node_tells_it(booked: dict[str, Any], *, is_equal: bool) -> None:
    """To the sun; what is zero may be left out."""
    taken = {"fee": 2_800_400, "energy": 28_004, "energy_burnt": 2_800_400, "bandwidth": 345}
    assert is_cost_of(booked, {**taken, "bandwidth_burnt": 0}) is is_equal


@pytest.mark.parametrize("broken", BROKEN_STANDS)
def test_a_withdrawal_that_nobody_resumed_did_not_hold(broken: dict[str, Any]) -> None:
    """It has to stand for want of coins, be resumed by a person, and end as paid."""
    assert not is_told_to_its_end({**STUCK, **broken})


def test_two_credits_are_told_with_their_moments() -> None:
    """To the millisecond, each with its network, and how far apart they were."""
    out = StringIO()
    Teller(Console(file=out, width=110)).together("Carol", TOGETHER, ok=True)
    assert out.getvalue() == (
        "✓ Carol credited on eip155:31337 at 19:47:36.100 and tron:0x11223344 at 19:47:36.400: 300 ms apart\n"
    )


def test_a_command_is_told_as_it_was_printed() -> None:
    """Brackets of an answer are no markup, and long lines are not broken."""
    out = StringIO()
    line = "  0x" + "ab" * 80
    Teller(Console(file=out, width=60)).command(
        Said('croupier resume 17 --words "a b"', f"[bold] ok\n{line}\n")
    )
    assert out.getvalue() == f'$ croupier resume 17 --words "a b"\n  [bold] ok\n  {line}\n'
