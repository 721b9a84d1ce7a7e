"""The queue of withdrawals as lines: what it is, since when, and the one sentence beneath."""

from collections.abc import Sequence
from datetime import datetime

from rich.console import RenderableType
from rich.padding import Padding
from rich.text import Text

from api.cli.calling import Document
from api.cli.wording import ago, clean, coins

HEADINGS = ("withdrawal", "player", "amount", "since")
GAP = "  "
INDENT = (0, 0, 0, 4)


def show_queue(items: Sequence[Document], now: datetime) -> list[RenderableType]:
    """A line per withdrawal in aligned columns, and under each its sentence."""
    rows = [_cells(item, now) for item in items]
    widths = [max(len(row[column]) for row in (HEADINGS, *rows)) for column in range(len(HEADINGS))]
    shown: list[RenderableType] = [Text(_line(HEADINGS, widths), style="dim", overflow="fold")]
    for item, row in zip(items, rows, strict=True):
        shown.append(Text(_line(row, widths), style="bold", overflow="fold"))
        shown.append(Padding(Text(clean(item["sentence"])), INDENT))
    return shown


def _cells(item: Document, now: datetime) -> tuple[str, ...]:
    since = item["since"] or item["received_at"]
    return (
        clean(item["withdrawal_id"]),
        clean(item["player_id"]),
        coins(item["amount"], item.get("decimals"), item["asset"]),
        ago(since, now),
    )


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return GAP.join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()
