"""Hot wallets on a page: per asset what it has, who waits for coins, and what somebody has to send where."""

from datetime import datetime

from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from api.cli.calling import Document
from api.cli.wording import NOTHING, ago, clean, clock, coins

STYLES = {"level": "green", "low": "yellow", "dry": "bold red", "high": "yellow"}
INDENT = (0, 0, 0, 2)
OPEN = "open"


def show_liquidity(document: Document, now: datetime) -> list[RenderableType]:
    """Each asset with its level and sentence, then its wallets, its queue, and what to top up."""
    shown: list[RenderableType] = []
    for item in document["items"]:
        level = clean(item["level"])
        shown.append(
            Text.assemble((level.upper(), STYLES.get(level, "bold")), f"  {clean(item['sentence'])}")
        )
        parts = [_wallets(item), *_standing(item), _queue(item, now), *_top_ups(item)]
        shown += [Padding(part, INDENT) for part in parts if part is not None]
    return shown or [Text("The house has no hot wallet.")]


def _wallets(item: Document) -> Table | None:
    if not item["wallets"]:
        return None
    table = _table("wallet", "holds", "promised", "floor", "target", "ceiling", "incoming", "unmined")
    for wallet in item["wallets"]:
        amounts = ("confirmed", "committed", "floor", "target", "ceiling", "incoming")
        cells = [coins(wallet[name], item["decimals"]) for name in amounts]
        table.add_row(clean(wallet["address"]), *cells, clean(wallet["unmined"]))
    return table


def _standing(item: Document) -> list[Text]:
    """Why a wallet takes no new send; an open one has too many that no block holds."""
    return [
        Text.assemble(
            f"{clean(wallet['address'])} takes no new send: ",
            ("full" if wallet["state"] == OPEN else clean(wallet["state"]), "red"),
            f", {clean(wallet['why'])}" if wallet["why"] else "",
        )
        for wallet in item["wallets"]
        if not wallet["takes_sends"]
    ]


def _queue(item: Document, now: datetime) -> Table | None:
    if not item["queue"]:
        return None
    table = _table("waiting", "place", "amount", "for", "lacks", "due (UTC)", "")
    for entry in item["queue"]:
        lacks = ", ".join(
            coins(lack["amount"], lack["decimals"], clean(lack["asset"]).partition("@")[0])
            for lack in entry["lacks"]
        )
        notes = ["" if entry["kind"] == "withdrawal" else clean(entry["kind"])]
        notes += ["passed once"] if entry["was_passed"] else []
        table.add_row(
            clean(entry["id"]),
            clean(entry["place"]),
            coins(entry["amount"], item["decimals"], item["asset"]),
            ago(entry["waiting_since"], now),
            lacks or clean(entry["hindrance"] or NOTHING),
            clock(entry["expected_at"]),
            ", ".join(filter(None, notes)),
        )
    return table


def _top_ups(item: Document) -> list[Text]:
    return [
        Text.assemble(
            ("Top up: ", "yellow"),
            f"send {coins(wanted['amount'], item['decimals'], item['asset'])} to {clean(wanted['address'])}",
        )
        for wanted in item["top_ups"]
    ]


def _table(*columns: str) -> Table:
    """A table whose first column names something to be copied, and therefore stays on one line."""
    table = Table(*columns, box=None, header_style="dim", padding=(0, 2, 0, 0))
    table.columns[0].no_wrap = True
    for column in table.columns[1:]:
        column.overflow = "fold"
    return table
