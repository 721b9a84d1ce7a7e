"""The verbs of support: look, ask the person, send once under a ticket, say what came of it.

A ticket makes a repeated request one act. It is drawn here, told before anything is sent, and told again with
the whole command to repeat when no answer came.
"""

import re
import secrets
import shlex
from dataclasses import dataclass, replace
from uuid import UUID

import click
from rich.text import Text

from api.cli.calling import Document, NotDone
from api.cli.cases import show_case, show_outcome
from api.cli.looking import CASES
from api.cli.terminal import Terminal, json_option

TICKET_BYTES = 8
TICKET_FORM = r"[A-Za-z0-9_.:-]{1,64}"
WORDS_MAX = 2000
UNITS_FORM = r"[0-9]{1,78}"


@dataclass(frozen=True, slots=True)
class Verb:
    """One verb: what it does in the words of the question, and whether somebody must have looked first."""

    name: str
    does: str
    names_content: bool = True
    is_looked_at: bool = False
    takes_cap: bool = False


VERBS = (
    Verb("check-now", "Look at the rows and the chain at once.", names_content=False),
    Verb("rebroadcast", "Hand the same signed bytes to all nodes again.", names_content=False),
    Verb("bump-fee", "Outbid the transaction by one of the same nonce; one of them pays.", takes_cap=True),
    Verb(
        "cancel-by-self-send",
        "Spend the nonce on nothing; whichever transaction is final decides between paid and refunded.",
        is_looked_at=True,
    ),
    Verb("resume", "Try the step again that stands blocked, for example after a top-up."),
    Verb(
        "reject-and-refund",
        "Give the money back to the player, while nothing that was signed may land.",
        is_looked_at=True,
    ),
    Verb("approve", "Agree to a withdrawal in review, exactly as it was seen.", is_looked_at=True),
    Verb("reject", "Refuse a withdrawal before it is committed; the money goes back to the player."),
)


@dataclass(frozen=True, slots=True)
class Act:
    """One person's wish as it is sent, and as it can be repeated."""

    verb: Verb
    withdrawal_id: UUID
    words: str
    ticket: str
    content_hash: str | None
    cap: str | None

    @property
    def body(self) -> Document:
        asked = {
            "ticket": self.ticket,
            "words": self.words,
            "content_hash": self.content_hash,
            "cap": self.cap,
        }
        return {name: value for name, value in asked.items() if value is not None}

    @property
    def command(self) -> str:
        """What repeats exactly this act."""
        words = ["croupier", self.verb.name, str(self.withdrawal_id), "--words", self.words]
        words += ["--ticket", self.ticket]
        words += ["--content-hash", self.content_hash] if self.content_hash else []
        words += ["--cap", self.cap] if self.cap else []
        return shlex.join(words)


def send(terminal: Terminal, act: Act, *, is_sure: bool) -> None:
    """Send one verb, after a question unless `is_sure`; raises NotDone and click.Abort."""
    verb = act.verb
    if is_sure and verb.is_looked_at and act.content_hash is None:
        raise click.UsageError(f"{verb.name} --yes needs the --content-hash of the case you looked at.")
    path = f"{CASES}/{act.withdrawal_id}"
    if not is_sure or (verb.names_content and act.content_hash is None):
        case = terminal.caller.get(path)
        if verb.names_content and act.content_hash is None:
            act = replace(act, content_hash=str(case["content_hash"]))
        if not is_sure:
            terminal.aside(*show_case(case, terminal.now))
            click.confirm(f"{verb.does} Send {verb.name}?", abort=True, err=True)
    terminal.aside(Text(f"ticket {act.ticket}", style="dim"))
    try:
        answer = terminal.caller.post(f"{path}/{verb.name}", act.body)
    except NotDone as failure:
        if not failure.is_final:
            failure.document.setdefault("ticket", act.ticket)
            failure.again = act.command
        raise
    terminal.answer({**answer, "ticket": act.ticket}, *show_outcome(answer, verb.name))


def draw_ticket() -> str:
    """A ticket nobody has used."""
    return f"cli-{secrets.token_hex(TICKET_BYTES)}"


def _command(verb: Verb) -> click.Command:
    @click.command(verb.name, help=verb.does, short_help=verb.does)
    @click.argument("withdrawal_id", type=click.UUID)
    @click.option("--words", required=True, callback=_said, help="Why: the audit keeps it beside your name.")
    @click.option(
        "--ticket", callback=_well_formed, help="Repeats an act that got no answer; else one is drawn."
    )
    @click.option("--content-hash", help="Of the case you looked at; else of the case as it stands now.")
    @click.option("--yes", "is_sure", is_flag=True, help="Ask nothing.")
    @json_option
    @click.pass_obj
    def command(  # noqa: PLR0913 - each is an option
        terminal: Terminal,
        *,
        withdrawal_id: UUID,
        words: str,
        ticket: str | None,
        content_hash: str | None,
        is_sure: bool,
        cap: str | None = None,
    ) -> None:
        given = Act(verb, withdrawal_id, words, ticket or draw_ticket(), content_hash, cap)
        send(terminal, given, is_sure=is_sure)

    if verb.takes_cap:
        raising = "Raise the network fee cap to this many units of the network's coin; needs two people."
        command.params.insert(4, click.Option(["--cap"], callback=_whole, help=raising))
    return command


def _said(_context: click.Context, _option: click.Parameter, words: str) -> str:
    if not 0 < len(words.strip()) <= WORDS_MAX:
        raise click.BadParameter(f"say why, in at most {WORDS_MAX} characters")
    return words


def _well_formed(_context: click.Context, _option: click.Parameter, ticket: str | None) -> str | None:
    if ticket is not None and re.fullmatch(TICKET_FORM, ticket, re.ASCII) is None:
        raise click.BadParameter("a ticket has 1 to 64 letters, digits, and _ . : -")
    return ticket


def _whole(_context: click.Context, _option: click.Parameter, units: str | None) -> str | None:
    if units is not None and re.fullmatch(UNITS_FORM, units, re.ASCII) is None:
        raise click.BadParameter("units are whole digits")
    return units


VERB_COMMANDS = tuple(_command(verb) for verb in VERBS)
