"""How the demo speaks: chapters, tables, and the end."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from devstack.auditing import Audit
from devstack.cast import Account
from devstack.stack import Stack
from devstack.staff import Said
from domain.accounts import Purpose
from domain.money import show_units

GOOD, BAD = "[green]✓[/]", "[red]✗[/]"
HOLDERS = {
    Purpose.DEPOSIT_ADDRESSES: "deposit addresses",
    Purpose.HOT_WALLET: "hot wallets",
    Purpose.GAS_TANK: "gas tanks",
    Purpose.COLD: "cold addresses",
}


class Teller:
    """Prints the story to one console."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def step(self, what: str) -> None:
        self._console.print(f"[dim]·[/] {what}")

    def chapter(self, title: str) -> None:
        self._console.print(Rule(f"[bold]{title}", align="left", style="dim"))

    def links(self, stack: Stack) -> None:
        self.step(
            f"Temporal UI while this runs: [link]{stack.temporal.ui}[/]   "
            f"API: [link]{stack.player_url}/docs[/]"
        )

    def deposits(self, accounts: Sequence[Account], deposits: Sequence[dict[str, Any]]) -> None:
        table = _table("player", "network", "deposited", "address", "transaction")
        for account, deposit in zip(accounts, deposits, strict=True):
            table.add_row(
                account.name,
                account.asset.network,
                _coins(account, account.deposit),
                deposit["address"],
                _short(deposit["txid"]),
            )
        self._console.print(table)

    def together(self, name: str, together: dict[str, Any], *, ok: bool) -> None:
        networks = " and ".join(
            f"{network} at {moment.partition('T')[2][:12]}"
            for network, moment in together["credited_at"].items()
        )
        self._console.print(
            f"{GOOD if ok else BAD} {name} credited on {networks}: {together['apart_ms']} ms apart"
        )

    def bets(self, accounts: Sequence[Account], *, fair: bool) -> None:
        table = _table("player", "network", "bets", "won", "lost", "staked", "paid out", "balance")
        for account in accounts:
            staked = sum(int(bet["stake"]) for bet in account.bets)
            payouts = sum(int(bet["payout"]) for bet in account.bets)
            states = [bet["state"] for bet in account.bets]
            balance = account.client.available(account.asset.symbol, account.asset.network)
            table.add_row(
                account.name,
                account.asset.network,
                str(len(states)),
                str(states.count("won")),
                str(states.count("lost")),
                _coins(account, staked),
                _coins(account, payouts),
                _coins(account, balance),
            )
        self._console.print(table)
        self._console.print(f"{GOOD if fair else BAD} every roll recomputed from the revealed server seeds")

    def withdrawal(self, account: Account, paid: dict[str, Any]) -> None:
        arrived = _coins(account, int(paid["arrived"]))
        self._console.print(
            f"{GOOD} {account.name}: {arrived} arrived on {account.asset.network} at {account.outside} "
            f"in {_short(str(paid['txid']))}"
        )

    def cost(self, cost: Mapping[str, Any], *, ok: bool) -> None:
        """What a payment on Tron took, as booked; what stake and free bytes covered costs nothing."""
        used = " and ".join(
            f"{cost.get(name, 0)} {what} ({_burnt(cost, name)} burnt)"
            for name, what in (("energy", "energy"), ("bandwidth", "bytes of bandwidth"))
        )
        self._console.print(f"{GOOD if ok else BAD} its cost, in the books as on chain: {used}")

    def command(self, said: Said) -> None:
        """A command as somebody typed it, and what it printed."""
        self._console.print(Text(f"$ {said.line}", style="bold cyan"))
        for line in said.out.rstrip().splitlines():
            self._console.print(Text(f"  {line.rstrip()}"), soft_wrap=True)

    def audit(self, judged: Audit) -> None:
        table = _table("asset", "held by", "books", "chain", "")
        shown = [compared for compared in judged.comparisons if compared.books or compared.chain]
        for compared in shown:
            decimals = compared.asset.decimals
            table.add_row(
                compared.asset.code,
                HOLDERS[compared.holder],
                show_units(compared.books, decimals),
                show_units(compared.chain, decimals),
                GOOD if compared.is_equal else BAD,
            )
        self._console.print(table)
        self.step(f"{len(judged.comparisons) - len(shown)} more holdings are nothing on both sides")
        held = sum(judged.invariants.values())
        self._console.print(
            f"{GOOD if judged.is_clean else BAD} {held} of {len(judged.invariants)} invariants hold"
        )
        for name, holds in judged.invariants.items():
            if not holds:
                self._console.print(f"  {BAD} {name}")

    def end(self, target: Path, *, ok: bool, seconds: float) -> None:
        verdict = "[bold green]everything held[/]" if ok else "[bold red]something differs[/]"
        self._console.print(f"{verdict} after {seconds} s; details in {target.name}")
        self.step("`make up` keeps this stack running and prints how to use the `croupier` command on it")


def _table(*columns: str) -> Table:
    table = Table(*columns, box=None, header_style="dim", padding=(0, 2, 0, 0))
    for column in table.columns[1:]:
        column.overflow = "fold"
    return table


def _coins(account: Account, units: int) -> str:
    return f"{show_units(units, account.asset.decimals)} {account.asset.symbol}"


def _burnt(cost: Mapping[str, Any], name: str) -> str:
    return f"{show_units(int(cost.get(f'{name}_burnt', 0)), cost['decimals'])} {cost['coin']}"


def _short(txid: str) -> str:
    return f"{txid[:10]}…{txid[-6:]}"
