"""The demo's stuck withdrawal: no hot wallet has its coins; support reads why, tops up, and resumes it."""

from functools import partial
from typing import Any

from devstack.callers import wait_for
from devstack.cast import Account
from devstack.evm_network import LocalEvm
from devstack.house_files import hex_text
from devstack.staff import StaffMember
from devstack.telling import Teller

TOP_UP_COINS = 500
WORDS = "topped up the hot wallet"


def await_standing(withdrawal_id: str, staff: StaffMember, teller: Teller) -> dict[str, Any]:
    """Wait until the withdrawal stands, and show the list on which support finds it; its entry there."""
    entry = wait_for(partial(_listed, staff, withdrawal_id), "the withdrawal on support's list")
    teller.command(staff.type("withdrawals", "--waiting"))
    return entry


def top_up_and_resume(
    account: Account, chain: LocalEvm, withdrawal_id: str, staff: StaffMember, teller: Teller
) -> None:
    """Send coins from the treasury to a hot wallet, as a person with the cold keys would, and press resume.

    The house counts coins once their block is final, and goes on by itself then. No block comes between the
    two acts, so the button is always pressed while the withdrawal stands.
    """
    asset, wallet = account.asset, account.seeded.wallets[0]
    with chain.paused():
        units = TOP_UP_COINS * account.one
        chain.endow(asset.contract, wallet, units)
        chain.mine(1)
        teller.step(f"{TOP_UP_COINS} {asset.symbol} for hot wallet {hex_text(wallet)} stand in a block")
        teller.command(staff.type("resume", withdrawal_id, "--words", WORDS, "--yes"))
    teller.step("the block becomes final, and the house counts the coins")


def retold(withdrawal_id: str, stood: dict[str, Any], staff: StaffMember, teller: Teller) -> dict[str, Any]:
    """Show the case as it ended, and return why it stood and who resumed it, as the audit has it."""
    teller.command(staff.type("withdrawal", withdrawal_id))
    case = staff.read("withdrawal", withdrawal_id)
    resumed = [act["person"] for act in case["audit"] if (act["verb"], act["outcome"]) == ("resume", "done")]
    return {
        "reason": stood["reason"],
        "sentence": stood["sentence"],
        "resumed_by": resumed[-1] if resumed else None,
        "state": case["state"],
    }


def is_told_to_its_end(stuck: dict[str, Any]) -> bool:
    """Whether a withdrawal stood for want of coins, a person resumed it, and it was paid."""
    return stuck["reason"] == "LIQUIDITY" and bool(stuck["resumed_by"]) and stuck["state"] == "settled"


def _listed(staff: StaffMember, withdrawal_id: str) -> dict[str, Any] | None:
    items = staff.read("withdrawals", "--waiting")["items"]
    return next((item for item in items if item["withdrawal_id"] == withdrawal_id and item["reason"]), None)
