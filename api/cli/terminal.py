"""Where a command of `croupier` asks and speaks: answers on stdout, everything about them on stderr."""

import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

import click
from httpx import BaseTransport, InvalidURL
from rich.console import Console, RenderableType
from rich.text import Text

from api.cli.calling import Document, KeyUnreadable, NotDone, OperatorCaller, key_from
from api.cli.wording import clean

WIDTH_UNSEEN = 108
"""Columns where no terminal says how many it has."""


class Terminal:
    """One run of the command: who asks whom, and how the answer is to be shown."""

    def __init__(self, now: datetime | None = None, transport: BaseTransport | None = None) -> None:
        self.now = now or datetime.now(UTC)
        self.as_json = False
        self.url = ""
        self.key_file: Path | None = None
        self._transport = transport
        self._caller: OperatorCaller | None = None

    @property
    def caller(self) -> OperatorCaller:
        """The connection, opened when something is first asked; raises click.UsageError without a key."""
        if self._caller is None:
            if self.key_file is None:
                raise click.UsageError("Name the file with your operator key: CROUPIER_OPERATOR_KEY_FILE.")
            try:
                self._caller = OperatorCaller(self.url, key_from(self.key_file), self._transport)
            except (KeyUnreadable, InvalidURL) as error:
                raise click.UsageError(str(error)) from None
        return self._caller

    def answer(self, document: Document, *shown: RenderableType) -> None:
        """Show an answer: the document itself for programs, what was made of it for people."""
        if self.as_json:
            click.echo(json.dumps(document, indent=2, ensure_ascii=False))
            return
        console = _console(sys.stdout)
        for part in shown:
            console.print(part)

    def aside(self, *shown: RenderableType) -> None:
        """Say something that is not the answer."""
        console = _console(sys.stderr)
        for part in shown:
            console.print(part)

    def fail(self, failure: NotDone) -> None:
        """Show a refusal, or that nothing is known, with its code first."""
        if self.as_json:
            click.echo(json.dumps(failure.document, indent=2, ensure_ascii=False))
        style = "bold red" if failure.is_final else "bold yellow"
        self.aside(Text.assemble((clean(failure.code), style), " ", clean(failure.sentence)))
        request = failure.document.get("request_id")
        if request and not failure.is_final:
            self.aside(Text(f"request {clean(request)}", style="dim"))
        if failure.again:
            self.aside(Text("Ask again with the same ticket:"))
            _console(sys.stderr).print(Text(failure.again), soft_wrap=True)

    def close(self) -> None:
        if self._caller is not None:
            self._caller.close()


def json_option(command: Callable[..., None]) -> Callable[..., None]:
    """`--json`, which every command has."""
    decorate = click.option(
        "--json",
        is_flag=True,
        expose_value=False,
        callback=_choose_json,
        help="Print the API's own answer, a refusal too.",
    )
    return decorate(command)


def _choose_json(context: click.Context, _option: click.Parameter, chosen: bool) -> None:  # noqa: FBT001 - click's form
    context.ensure_object(Terminal).as_json |= chosen


def _console(stream: TextIO) -> Console:
    return Console(file=stream, highlight=False, width=None if stream.isatty() else WIDTH_UNSEEN)
