"""The demo's withdrawals: paid only when the coins lie at the outside address and the books are settled."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from devstack.callers import BackOffice, wait_for
from devstack.cast import Account
from devstack.telling import Teller

PAYING_SECONDS = 90


def ask_out(account: Account) -> str:
    """Ask for one whole coin; the id of the withdrawal."""
    asset = account.asset
    asked = account.client.withdraw(
        f"out-{asset.network}", asset.symbol, asset.network, account.outside, account.one
    )
    return str(asked["withdrawal_id"])


def await_paid(account: Account, withdrawal_id: str, office: BackOffice, teller: Teller) -> dict[str, Any]:
    """Follow a withdrawal to its end, as its player's screen tells it."""
    seen: list[str] = []

    def look() -> dict[str, Any] | None:
        now = account.client.withdrawal(withdrawal_id)
        if now["status"] not in seen:
            seen.append(now["status"])
            teller.step(f"{account.name}'s withdrawal on {account.asset.network}: {now['status']}")
        is_settled = now["status"] == "paid" and office.withdrawal_state(withdrawal_id) == "settled"
        return now if is_settled else None

    final = wait_for(look, f"{account.name}'s payment", PAYING_SECONDS)
    arrived = wait_for(partial(_arrived, account), f"{account.name}'s coins outside")
    paid = {**final, "seen": seen, "player": account.name, "arrived": str(arrived)}
    teller.withdrawal(account, paid)
    return paid


def booked_cost(office: BackOffice, withdrawal_id: str) -> dict[str, Any]:
    """What the network took for a payment, as support reads it; amounts are text, and zeros are left out."""
    case = office.get(f"/v1/support/withdrawals/{withdrawal_id}")
    hashes = [signed for attempt in case["attempts"] for signed in attempt["hashes"]]
    [cost] = [signed["cost"] for signed in hashes if signed["cost"]]
    return {name: told for name, told in cost.items() if told is not None}


def is_cost_of(booked: Mapping[str, Any], taken: Mapping[str, int]) -> bool:
    """Whether the books and the node of a Tron network tell the same of one transaction."""
    return all(int(booked.get(name, 0)) == units for name, units in taken.items())


def _arrived(account: Account) -> int:
    chain = account.seeded.chain
    return chain.held(account.asset.contract, chain.read_address(account.outside))
