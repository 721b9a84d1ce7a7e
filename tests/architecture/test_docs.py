"""The pages say what the code has: states, reasons, settings, commands; and their links lead somewhere."""

import re
from enum import StrEnum
from itertools import pairwise

import pytest
import yaml

from api.cli.main import DONE, REFUSED, UNCERTAIN, USAGE, croupier
from devstack.runs import CHECKOUT
from domain.bets import BetState
from domain.delegations import DelegationState
from domain.deposits import DepositState
from domain.levels import Level
from domain.own_transfers import TransferState
from domain.reviews import Reason
from domain.sends import AttemptOutcome, AttemptState
from domain.withdrawals import PlayerView, WithdrawalState
from tests.support.environments import command_variables, settings_groups
from workers.registry import PROCESSES

PAGES = sorted(
    [*CHECKOUT.glob("*.md"), *(CHECKOUT / "docs").rglob("*.md"), *(CHECKOUT / "deploy").rglob("*.md")]
)
NAMES = [page.relative_to(CHECKOUT).as_posix() for page in PAGES]
WORKFLOWS = (CHECKOUT / "docs" / "workflows.md").read_text()
OPERATING = (CHECKOUT / "docs" / "operating.md").read_text()
VERBS = set(re.findall(r"^([a-z]+):.*##", (CHECKOUT / "Makefile").read_text(), re.MULTILINE))
FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)


def _prose(name: str) -> str:
    """A page without its code blocks."""
    return FENCE.sub("", (CHECKOUT / name).read_text())


def _anchors(name: str) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", _prose(name), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading).strip().lower().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize(
    "states",
    [
        BetState,
        DepositState,
        WithdrawalState,
        PlayerView,
        TransferState,
        DelegationState,
        AttemptState,
        AttemptOutcome,
        Level,
    ],
)
def test_every_state_is_explained(states: type[StrEnum]) -> None:
    """Each state a row can have stands in the page of workflows."""
    assert [state.value for state in states if not re.search(rf"\b{state.value}\b", WORKFLOWS)] == []


def test_every_reason_has_its_section() -> None:
    """Each reason has one heading, under what it needs: patience or a person."""
    patience, person = OPERATING.split("## Reasons that wait for a person")
    _, patience = patience.split("## Reasons that end by themselves")
    person, _ = person.split("\n## ", 1)
    for text, retries in ((patience, True), (person, False)):
        headings = re.findall(r"^### (.+)$", text, re.MULTILINE)
        assert sorted(headings) == sorted(reason for reason in Reason if reason.retries_by_itself is retries)


def test_every_setting_is_listed() -> None:
    """The table of settings names exactly the variables that code reads, migrations apart."""
    table = OPERATING.split("## Settings")[1].split("\n## ")[0]
    listed: set[str] = set()
    prefixes = sorted(settings_groups(), key=len, reverse=True)
    for line in table.splitlines():
        if not line.startswith("| `"):
            continue
        first, *others = re.findall(r"`(\w+)`", line.split("|")[1])
        prefix = next(prefix for prefix in prefixes if first.startswith(prefix))
        listed |= {first, *(prefix + other.removeprefix("_") for other in others)}
    read = {
        prefix + name.upper()
        for prefix, group in settings_groups().items()
        for name in group.model_fields
        if prefix != "CROUPIER_MIGRATION_"
    }
    assert listed == read


def test_every_process_is_listed() -> None:
    """The table of processes has a row per process of the registry, with its role."""
    for process in PROCESSES.values():
        row = (
            rf"^\| `worker-{process.name}` \| `python -m workers {process.name}` \|.*\| `{process.role}` \|$"
        )
        assert re.search(row, OPERATING, re.MULTILINE), process.name


@pytest.mark.parametrize("name", NAMES)
def test_links_lead_somewhere(name: str) -> None:
    """A relative link names a file of the tree, and its anchor a heading there."""
    page = CHECKOUT / name
    for target in re.findall(r"\]\(([^)\s]+)\)", _prose(name)):
        if target.startswith("https://"):
            continue
        path, _, anchor = target.partition("#")
        linked = (page.parent / path).resolve() if path else page
        assert linked.exists(), target
        assert not anchor or anchor in _anchors(linked.relative_to(CHECKOUT).as_posix()), target


@pytest.mark.parametrize("name", NAMES)
def test_verbs_exist(name: str) -> None:
    """Every `make` verb a page names is one of the Makefile's."""
    text = (CHECKOUT / name).read_text()
    assert set(re.findall(r"(?:^|`)make ([a-z]+)", text, re.MULTILINE)) <= VERBS


def test_every_verb_is_explained() -> None:
    """Contributors are told about every verb that does not only print or prepare."""
    told = set(re.findall(r"^\| `make ([a-z]+)", (CHECKOUT / "CONTRIBUTING.md").read_text(), re.MULTILINE))
    assert told == VERBS - {"help", "setup"}


def test_services_named_in_commands_exist() -> None:
    """Every service that a `docker compose` command of a page names is in the compose file."""
    services = yaml.safe_load((CHECKOUT / "docker-compose.yml").read_text())["services"]
    named = re.findall(r"docker compose (?:run --rm|exec|up --detach) ([a-z-]+)", OPERATING)
    assert named
    assert set(named) <= set(services)


@pytest.mark.parametrize("name", NAMES)
def test_a_line_holds_one_sentence(name: str) -> None:
    """Outside tables and code, a sentence begins a line: changes then read as changes."""
    lines = [line for line in _prose(name).splitlines() if not line.startswith("|")]
    assert [line for line in lines if re.search(r"[a-z)`][.!?] [A-Z]", line)] == []


def test_a_word_means_one_thing() -> None:
    """No word of the glossary stands there twice."""
    glossary = (CHECKOUT / "docs" / "glossary.md").read_text()
    words = sorted(re.findall(r"^\| (?!word|-)(.+?) \|", glossary, re.MULTILINE))
    assert words
    assert [first for first, second in pairwise(words) if first == second] == []


def test_decisions_are_dated_and_listed() -> None:
    """Each decision has its number, its date and a line in the index."""
    index = (CHECKOUT / "docs" / "decisions" / "README.md").read_text()
    for page in (CHECKOUT / "docs" / "decisions").glob("0*.md"):
        text = page.read_text()
        assert text.startswith(f"# {int(page.name[:4])}. ")
        assert re.search(r"^\d{4}-\d\d-\d\d$", text, re.MULTILINE)
        assert page.name in index


def test_the_command_is_explained() -> None:
    """Each command, option, variable and exit code of `croupier` stands in its page, and no other command."""
    page = (CHECKOUT / "docs" / "cli.md").read_text()
    shown = set(re.findall(r"`croupier ([a-z-]+)", page))
    assert shown == set(croupier.commands)
    parameters = [
        *croupier.params,
        *(param for command in croupier.commands.values() for param in command.params),
    ]
    options = {name for parameter in parameters for name in parameter.opts if name.startswith("--")}
    assert {name for name in options if f"`{name}`" not in page and f" {name}`" not in page} == set()
    assert {name for name in command_variables() if f"`{name}`" not in page} == set()
    assert re.findall(r"^\| (\d) \|", page, re.MULTILINE) == [
        str(code) for code in (DONE, REFUSED, USAGE, UNCERTAIN)
    ]


@pytest.mark.parametrize("name", NAMES)
def test_commands_of_support_exist(name: str) -> None:
    """Each `croupier` command that a page shows is one, and knows the options it is shown with."""
    text = (CHECKOUT / name).read_text()
    shown = re.findall(r"(?:^|`|/|u\)\" )croupier ([a-z-]+[^`\n]*)", text, re.MULTILINE)
    assert shown or name not in {"README.md", "docs/cli.md", "docs/operating.md"}
    for line in shown:
        command, *words = line.split()
        assert command in croupier.commands, line
        known = {option for parameter in croupier.commands[command].params for option in parameter.opts}
        assert {word for word in words if word.startswith("--")} <= known, line
