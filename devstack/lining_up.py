"""The demo's two deposits of one player on two families of networks, which become final at one moment."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from devstack.callers import wait_for
from devstack.cast import Account
from devstack.depositing import pay_in
from devstack.evm_network import LocalEvm

SOON_SECONDS = 0.02
SECOND_MS = 1_000
MILLISECOND = timedelta(milliseconds=1)


def pay_in_together(near: Account, chain: LocalEvm, far: Account) -> list[dict[str, Any]]:
    """Pay on both networks, and let the last block that `near` waits for come when `far` is final.

    Both deposits are final by their networks' own rules; only the moment of one block is chosen.
    """
    first = pay_in(near)
    with chain.paused():
        if chain.block_of(first["txid"]) is None:
            chain.mine(1)
        height = chain.block_of(first["txid"])
        assert height is not None, "a node mines what it accepted"
        while chain.final_height() < height - 1:
            chain.mine(1)
        second = pay_in(far)
        wait_for(
            lambda: _is_final(far, second["txid"]), "the final block of the other network", every=SOON_SECONDS
        )
        chain.mine(1)
    return [first, second]


def credited_together(accounts: Sequence[Account], deposits: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """When each deposit was credited, as the player's own screen says, and how far apart that was."""
    moments = [
        _credited_at(account, deposit["txid"]) for account, deposit in zip(accounts, deposits, strict=True)
    ]
    apart = max(moments) - min(moments)
    return {
        "credited_at": {
            account.asset.network: moment.isoformat()
            for account, moment in zip(accounts, moments, strict=True)
        },
        "apart_ms": apart // MILLISECOND,
    }


def is_told_together(together: dict[str, Any]) -> bool:
    """Whether deposits on two networks were credited within one second."""
    return len(together["credited_at"]) > 1 and together["apart_ms"] < SECOND_MS


def _is_final(account: Account, txid: str) -> bool:
    height = account.seeded.chain.block_of(txid)
    return height is not None and account.seeded.chain.final_height() >= height


def _credited_at(account: Account, txid: str) -> datetime:
    [shown] = [item for item in account.client.deposits() if item["txid"] == txid]
    return datetime.fromisoformat(shown["credited_at"])
