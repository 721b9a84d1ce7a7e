"""The commands that only read: the queue of withdrawals, one case, the hot wallets, one player's account."""

import re
from uuid import UUID

import click
from rich.text import Text

from api.cli.accounts import show_account
from api.cli.calling import Document
from api.cli.cases import show_case
from api.cli.queues import show_queue
from api.cli.terminal import Terminal, json_option
from api.cli.wallets import show_liquidity

CASES = "/v1/support/withdrawals"
LIMIT = 100
PAGE_LIMIT_MAX = 200
NEEDS_A_PERSON = "blocked"
PLAYER_FORM = r"p-[0-9]{1,4}-[0-9]{1,9}"
NOTHING_THERE = {
    "blocked": "No withdrawal needs a person; --waiting shows those that go on by themselves.",
    "waiting": "No withdrawal waits.",
    "review": "No withdrawal waits for a review.",
    "": "No withdrawal is unfinished.",
}


def _one_player(_context: click.Context, _argument: click.Parameter, player_id: str) -> str:
    if re.fullmatch(PLAYER_FORM, player_id, re.ASCII) is None:
        raise click.BadParameter("a player is written like p-1-17")
    return player_id


@click.command(short_help="List withdrawals that stand still, oldest first.")
@click.option("--waiting", "state", flag_value="waiting", help="Those that go on by themselves.")
@click.option("--review", "state", flag_value="review", help="Those that wait to be approved or rejected.")
@click.option("--all", "state", flag_value="", help="All that are unfinished.")
@click.option("--limit", type=click.IntRange(1), default=LIMIT, show_default=True)
@json_option
@click.pass_obj
def withdrawals(terminal: Terminal, state: str | None, limit: int) -> None:
    """List withdrawals that stand still, oldest first; without an option those that need a person."""
    chosen = NEEDS_A_PERSON if state is None else state
    found = _pages(terminal, chosen, limit)
    shown = show_queue(found["items"], terminal.now) if found["items"] else [Text(NOTHING_THERE[chosen])]
    if found["next"] is not None:
        terminal.aside(Text(f"There are more than {limit}; raise --limit.", style="yellow"))
    terminal.answer(found, *shown)


@click.command(short_help="Show one withdrawal: why it stands, its attempts, what people said.")
@click.argument("withdrawal_id", type=click.UUID)
@json_option
@click.pass_obj
def withdrawal(terminal: Terminal, withdrawal_id: UUID) -> None:
    """Show one withdrawal: the sentence, its attempts, and everything that people have said to it."""
    case = terminal.caller.get(f"{CASES}/{withdrawal_id}")
    terminal.answer(case, *show_case(case, terminal.now))


@click.command(short_help="Show what the hot wallets hold, who waits, what to top up.")
@json_option
@click.pass_obj
def liquidity(terminal: Terminal) -> None:
    """Show what the hot wallets hold, who waits for coins, and what to top up."""
    document = terminal.caller.get("/v1/support/liquidity")
    terminal.answer(document, *show_liquidity(document, terminal.now))


@click.command(short_help="Show what one player has, on every network and in total.")
@click.argument("player_id", type=click.UNPROCESSED, callback=_one_player)
@json_option
@click.pass_obj
def account(terminal: Terminal, player_id: str) -> None:
    """Show what one player has, on every network and in total per currency."""
    document = terminal.caller.get(f"/v1/players/{player_id}/account")
    terminal.answer(document, *show_account(document))


def _pages(terminal: Terminal, state: str, limit: int) -> Document:
    """Entries over all pages up to the limit; a page may be empty while others follow."""
    items: list[Document] = []
    cursor = None
    while True:
        parameters = {"limit": str(min(limit, PAGE_LIMIT_MAX))}
        parameters |= {"state": state} if state else {}
        parameters |= {"cursor": cursor} if cursor else {}
        page = terminal.caller.get(CASES, parameters)
        items += page["items"]
        cursor = page["next"]
        if cursor is None or len(items) >= limit:
            return {"items": items[:limit], "next": cursor}
