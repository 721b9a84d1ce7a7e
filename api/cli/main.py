"""`croupier`: what stands still, why, and the safe verbs, for support staff in a terminal.

Exit codes: 0 done; 1 refused for good; 2 wrong usage or a question answered with no, nothing was sent;
3 not available or not known, ask again with the same ticket.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from api.cli.calling import NOT_UNDERSTOOD, NotDone
from api.cli.looking import account, liquidity, withdrawal, withdrawals
from api.cli.terminal import Terminal
from api.cli.verbs import VERB_COMMANDS

DEFAULT_URL = "http://127.0.0.1:8001"
DONE, REFUSED, USAGE, UNCERTAIN = 0, 1, 2, 3
HELP_WIDTH = 110


class InOrder(click.Group):
    """Commands are listed in the order in which somebody needs them."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's form
        return list(self.commands)


@click.group(
    cls=InOrder,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": HELP_WIDTH},
    epilog="Exit codes: 0 done; 1 refused; 2 wrong usage, nothing was sent; 3 not known, ask again.",
)
@click.option("--url", envvar="CROUPIER_URL", default=DEFAULT_URL, show_default=True, show_envvar=True)
@click.option(
    "--key-file",
    envvar="CROUPIER_OPERATOR_KEY_FILE",
    show_envvar=True,
    type=click.Path(path_type=Path),
    help="Holds your operator key; the audit calls you by the key's name.",
)
@click.pass_obj
def croupier(terminal: Terminal, url: str, key_file: Path | None) -> None:
    """See which withdrawals stand still and why, and send them the safe verbs.

    No verb sets a state, marks anything as paid, or enters a transaction.
    """
    terminal.url = url
    terminal.key_file = key_file


for command in (withdrawals, withdrawal, liquidity, account, *VERB_COMMANDS):
    croupier.add_command(command)


def main(arguments: Sequence[str], terminal: Terminal | None = None) -> int:
    """Run one command; returns its exit code."""
    terminal = terminal or Terminal()
    try:
        croupier.main(list(arguments), prog_name="croupier", obj=terminal, standalone_mode=False)
    except NotDone as failure:
        terminal.fail(failure)
        return REFUSED if failure.is_final else UNCERTAIN
    except (LookupError, TypeError, ValueError) as error:
        detail = f"The answer has a form that this command does not know ({error!r}); --json shows it."
        terminal.fail(NotDone({"code": NOT_UNDERSTOOD, "detail": detail}, is_final=False))
        return UNCERTAIN
    except click.Abort:
        click.echo("Nothing was sent.", err=True)
        return USAGE
    except click.ClickException as error:
        error.show()
        return USAGE
    finally:
        terminal.close()
    return DONE


def run() -> None:
    """The program."""
    sys.exit(main(sys.argv[1:]))
