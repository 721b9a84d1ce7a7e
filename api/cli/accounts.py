"""One player's account on a page: a line per asset and network, and one per currency with its total."""

from collections.abc import Sequence

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from api.cli.calling import Document
from api.cli.wording import clean, coins

AMOUNTS = ("available", "locked", "in_play", "pending_withdrawal", "owed")
RARE = ("locked", "owed")
"""Columns that are shown only to whom they concern."""


def show_account(document: Document) -> list[RenderableType]:
    """Whose account at which version, then what is there; an asset of which nothing is there has no line."""
    player, version = clean(document["player_id"]), clean(document["version"])
    assets = [item for item in document["assets"] if _is_something(item)]
    totals = [item for item in document["totals"] if _is_something(item)]
    if not assets:
        return [Text(f"{player} has nothing; version {version}.")]
    shown = [name for name in AMOUNTS if name not in RARE or any(int(item[name]) for item in assets)]
    return [
        Text.assemble((player, "bold"), f" at version {version}"),
        _table("asset", shown, [(f"{item['asset']} on {item['network']}", item) for item in assets]),
        _table("in total", shown, [(item["currency"], item) for item in totals]),
    ]


def _is_something(item: Document) -> bool:
    return any(int(item[name]) for name in AMOUNTS)


def _table(first: str, amounts: Sequence[str], lines: Sequence[tuple[str, Document]]) -> Table:
    headings = (first, *(name.replace("_", " ") for name in amounts))
    table = Table(*headings, box=None, header_style="dim", padding=(0, 2, 0, 0))
    for column in table.columns[1:]:
        column.overflow = "fold"
    for name, item in lines:
        table.add_row(clean(name), *(coins(item[amount], item["decimals"]) for amount in amounts))
    return table
