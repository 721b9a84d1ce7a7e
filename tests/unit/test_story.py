"""What the demo calls held: its two hard chapters are judged by rules that can say no."""

from io import StringIO
from typing import Any

import pytest
from rich.console import Console

from devstack.depositing import is_told_once
from devstack.staff import Said
from devstack.telling import Teller
from devstack.topping_up import is_told_to_its_end

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

# what differs from a chapter that held
BROKEN_REORGS: list[dict[str, Any]] = [
    {"final_block": 20},
    {"final_block": 19},
    {"credits": 0},
    {"credits": 2},
    {"seen": ["confirming", "credited"]},
]
BROKEN_STANDS: list[dict[str, Any]] = [
    {"reason": "REVIEW"},
    {"resumed_by": None},
    {"state": "committed"},
]


def test_a_chapter_that_held_is_told_so() -> None:
    """Both chapters as a good run leaves them."""
    assert is_told_once(REORG)
    assert is_told_to_its_end(STUCK)


@pytest.mark.parametrize("broken", BROKEN_REORGS)
def test_a_deposit_in_one_block_or_credited_twice_did_not_hold(broken: dict[str, Any]) -> None:
    """It has to move to a later block, be seen without one, and be credited once."""
    assert not is_told_once({**REORG, **broken})


@pytest.mark.parametrize("broken", BROKEN_STANDS)
def test_a_withdrawal_that_nobody_resumed_did_not_hold(broken: dict[str, Any]) -> None:
    """It has to stand for want of coins, be resumed by a person, and end as paid."""
    assert not is_told_to_its_end({**STUCK, **broken})


def test_a_command_is_told_as_it_was_printed() -> None:
    """Brackets of an answer are no markup, and long lines are not broken."""
    out = StringIO()
    line = "  0x" + "ab" * 80
    Teller(Console(file=out, width=60)).command(
        Said('croupier resume 17 --words "a b"', f"[bold] ok\n{line}\n")
    )
    assert out.getvalue() == f'$ croupier resume 17 --words "a b"\n  [bold] ok\n  {line}\n'
