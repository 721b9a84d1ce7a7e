"""The demo's deposits: paid by strangers, one of them taken back by its chain and brought again."""

from collections.abc import Collection, Sequence
from functools import partial
from typing import Any

from devstack.callers import wait_for
from devstack.cast import Account
from devstack.evm_network import LocalEvm
from devstack.telling import Teller

SEEN = ("seen", "confirming")
ORPHANED = "orphaned"
CREDITED = ("credited", "swept")


def pay_in(account: Account) -> dict[str, Any]:
    """Let a stranger pay to the player's address."""
    chain = account.seeded.chain
    address = account.client.deposit_address(account.asset.network)
    txid = chain.pay(account.asset.contract, chain.read_address(address), account.deposit)
    return {
        "player": account.name,
        "network": account.asset.network,
        "asset": account.asset.symbol,
        "amount": str(account.deposit),
        "address": address,
        "txid": txid,
    }


def take_back(account: Account, chain: LocalEvm, txid: str, teller: Teller) -> dict[str, Any]:
    """Let the chain forget the block of a deposit before it is final, then mine the same bytes again.

    No block comes by itself meanwhile, so that the branch which is given up is never deeper than what its
    chain calls final. Returns the first block and the states that the player's own screen showed so far.
    """
    seen: list[str] = []
    with chain.paused():
        if chain.block_of(txid) is None:
            chain.mine(1)
        wait_for(partial(_shown, account, txid, seen, SEEN), "the deposit in its first block")
        first = chain.block_of(txid)
        assert first is not None, "a node forgets no receipt by itself"
        raw = chain.rpc("eth_getRawTransactionByHash", txid)
        chain.reorg(chain.height() - first + 1)
        chain.mine(1)
        teller.step(f"{account.name}'s deposit: {seen[-1]} in block {first}, which the chain now takes back")
        wait_for(partial(_shown, account, txid, seen, (ORPHANED,)), "the deposit without its block")
        teller.step(f"{account.name}'s deposit: {seen[-1]}, and the same transaction is sent again")
        chain.rpc("eth_sendRawTransaction", raw)
        chain.mine(1)
    return {"txid": txid, "first_block": first, "seen": seen}


def await_return(account: Account, reorg: dict[str, Any], teller: Teller) -> dict[str, Any]:
    """Wait until the deposit that lost its block is credited from another; the story as it ended."""
    seen, txid = reorg["seen"], reorg["txid"]
    wait_for(partial(_shown, account, txid, seen, CREDITED), f"{account.name}'s credit")
    final = account.seeded.chain.block_of(txid)
    teller.step(f"{account.name}'s deposit: {seen[-1]} from block {final}")
    return {**reorg, "final_block": final, "credits": credits_of(account, txid)}


def await_credits(accounts: Sequence[Account]) -> None:
    """Wait until every deposit can be played with."""
    for account in accounts:
        wait_for(partial(_is_credited, account), f"{account.name}'s credit")


def credits_of(account: Account, txid: str) -> int:
    """How often a deposit was credited, as the player's statement lists it."""
    entries = account.client.statement(account.asset.symbol, account.asset.network)
    return sum(entry["kind"] == "deposit_credited" and txid in entry["reference"] for entry in entries)


def is_told_once(reorg: dict[str, Any]) -> bool:
    """Whether a deposit lost its block, came back in a later one, and was credited exactly once."""
    is_moved = reorg["first_block"] < reorg["final_block"]
    return is_moved and reorg["credits"] == 1 and ORPHANED in reorg["seen"]


def _shown(account: Account, txid: str, seen: list[str], states: Collection[str]) -> bool:
    """Whether the player's screen shows the deposit in one of these states; what it showed is noted."""
    found = next((item for item in account.client.deposits() if item["txid"] == txid), None)
    if found is None:
        return False
    if found["state"] not in seen[-1:]:
        seen.append(found["state"])
    return found["state"] in states


def _is_credited(account: Account) -> bool:
    return account.client.available(account.asset.symbol, account.asset.network) == account.deposit
