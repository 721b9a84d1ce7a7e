"""The demo's last look at a player who is on two families of networks: one account, added up once more."""

from collections import defaultdict
from typing import Any

from devstack.callers import PlayerClient
from devstack.staff import StaffMember
from devstack.telling import Teller

PARTS = ("available", "locked", "in_play", "pending_withdrawal", "owed")


def look_at_account(client: PlayerClient, staff: StaffMember, teller: Teller) -> dict[str, Any]:
    """Show the account as support sees it; returns what of it is not zero, as the player reads it."""
    teller.command(staff.type("account", client.player_id))
    account = client.get("/v1/account")
    return {
        "player_id": account["player_id"],
        "version": account["version"],
        "assets": [item for item in account["assets"] if _is_something(item)],
        "totals": [item for item in account["totals"] if _is_something(item)],
    }


def adds_up(account: dict[str, Any]) -> bool:
    """Whether several networks stand in the account and each total is the exact sum of its assets."""
    networks = {item["network"] for item in account["assets"]}
    sums: dict[tuple[str, str], int] = defaultdict(int)
    decimals = {item["currency"]: item["decimals"] for item in account["totals"]}
    for item in account["assets"]:
        for part in PARTS:
            scale = 10 ** (decimals[item["currency"]] - item["decimals"])
            sums[item["currency"], part] += int(item[part]) * scale
    shown = {(item["currency"], part): int(item[part]) for item in account["totals"] for part in PARTS}
    return len(networks) > 1 and shown == dict(sums)


def _is_something(item: dict[str, Any]) -> bool:
    return any(int(item[part]) for part in PARTS)
