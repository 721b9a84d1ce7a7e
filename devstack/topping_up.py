"""The demo's stuck withdrawal: no hot wallet has its coins; support reads why, tops up, and resumes it."""

from functools import partial
from typing import Any

from devstack.callers import wait_for
from devstack.cast import Account
from devstack.house_files import hex_text
from devstack.staff import StaffMember
from devstack.telling import Teller
from devstack.tokens.deploying import send_tokens

TOP_UP_COINS = 500
WORDS = "topped up the hot wallet"


def await_standing(withdrawal_id: str, staff: StaffMember, teller: Teller) -> dict[str, Any]:
    """Wait until the withdrawal stands, and show the list on which support finds it; its entry there."""
    entry = wait_for(partial(_listed, staff, withdrawal_id), "the withdrawal on support's list")
    teller.command(staff.type("withdrawals", "--waiting"))
    return entry


def top_up(account: Account, teller: Teller) -> int:
    """Send coins from the treasury to a hot wallet, as a person with the cold keys would; their block."""
    chain, asset = account.seeded.chain, account.asset
    wallet = hex_text(account.seeded.wallets[0])
    assert asset.contract, "the story's dry asset is a token"
    units = TOP_UP_COINS * account.one
    txid = send_tokens(chain, hex_text(asset.contract), chain.accounts()[0], wallet, units)
    receipt = wait_for(partial(chain.rpc, "eth_getTransactionReceipt", txid), "the top-up's block")
    assert isinstance(receipt, dict), receipt
    block = int(str(receipt["blockNumber"]), 16)
    teller.step(f"{TOP_UP_COINS} {asset.symbol} for hot wallet {wallet} stand in block {block}")
    return block


def resume(
    account: Account, withdrawal_id: str, topped_up_in: int, staff: StaffMember, teller: Teller
) -> None:
    """Press the button, with the reason that the audit keeps.

    Coins count once their block is final: a withdrawal that still stands then is resumed again.
    """
    words = ("resume", withdrawal_id, "--words", WORDS, "--yes")
    teller.command(staff.type(*words))
    wait_for(lambda: account.seeded.chain.final_height() >= topped_up_in, "the top-up's final block")
    if _listed(staff, withdrawal_id):
        teller.command(staff.type(*words))


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
