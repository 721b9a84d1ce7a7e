"""Each house rule finds what it is for, and leaves alone what looks like it."""

from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from tools import tidy
from tools.tidy import CHECKOUT, Finding, Tree, findings, read_tree, source_of

ROOTS = ("ledger", "chains", "domain", "workers", "bench")
Rule = Callable[[Tree], Iterable[Finding]]

LONG_FUNCTION = "def f():\n" + "    x = 1\n" * 70
FITTING_FUNCTION = "def f():\n" + "    x = 1\n" * 69

# rule, path, text, is it found
CASES: list[tuple[Rule, str, str, bool]] = [
    (tidy.float_near_money, "domain/m.py", "fee_units = 0.1 * 3", True),
    (tidy.float_near_money, "domain/m.py", "fee_units = total / 2", True),
    (tidy.float_near_money, "domain/m.py", "fee_units = total // 2", False),
    (tidy.float_near_money, "domain/m.py", "fee_units = float(text)", True),
    (tidy.float_near_money, "domain/m.py", "def f(amount: float) -> None: ...", True),
    (tidy.float_near_money, "domain/m.py", "def f(amount: int, wait: float) -> None: ...", False),
    (tidy.float_near_money, "domain/m.py", "def balance() -> float: ...", True),
    (tidy.float_near_money, "domain/m.py", "async def balance() -> float: ...", True),
    (tidy.float_near_money, "domain/m.py", "class A:\n    stake: float", True),
    (tidy.float_near_money, "domain/m.py", "if waited > 0.5:\n    units = 3", False),
    (tidy.float_near_money, "domain/m.py", "community = 0.5", False),
    (tidy.float_near_money, "domain/m.py", "pay(units=0.5)", True),
    (tidy.float_near_money, "tests/m.py", "units = 0.5", False),
    (tidy.worker_elsewhere, "bench/m.py", "Worker(client)", True),
    (tidy.worker_elsewhere, "bench/m.py", "worker.Worker(client)", True),
    (tidy.worker_elsewhere, "workers/m.py", "Worker(client)", False),
    (tidy.worker_elsewhere, "tests/m.py", "Worker(client)", False),
    (tidy.worker_elsewhere, "bench/m.py", "Workers(client)", False),
    (tidy.leaf_named_like_a_root, "domain/chains.py", "", True),
    (tidy.leaf_named_like_a_root, "tests/ledger/test_x.py", "", True),
    (tidy.leaf_named_like_a_root, "domain/onchain.py", "", False),
    (tidy.leaf_named_like_a_root, "domain/__init__.py", "", False),
    (tidy.drawer, "domain/utils.py", "", True),
    (tidy.drawer, "domain/money.py", "", False),
    (tidy.nobody_imports, "domain/lonely.py", "", True),
    (tidy.nobody_imports, "domain/asked.py", "", False),
    (tidy.nobody_imports, "domain/named.py", "", False),
    (tidy.nobody_imports, "domain/started.py", "", False),
    (tidy.nobody_imports, "ledger/migrations/0001.py", "", False),
    (tidy.package_says_more_than_why, "domain/__init__.py", '"""Values."""', False),
    (tidy.package_says_more_than_why, "domain/__init__.py", '"""Values."""\nfrom domain.a import b', True),
    (tidy.package_says_more_than_why, "domain/__init__.py", "", True),
    (tidy.long_file, "domain/m.py", "x = 1\n" * 301, True),
    (tidy.long_file, "domain/m.py", "x = 1\n" * 300, False),
    (tidy.long_function, "domain/m.py", LONG_FUNCTION, True),
    (tidy.long_function, "domain/m.py", FITTING_FUNCTION, False),
]


@pytest.mark.parametrize(("rule", "path", "text", "found"), CASES)
def test_a_rule_finds_its_mistake_and_no_other(rule: Rule, path: str, text: str, *, found: bool) -> None:
    """One line of the table: what this rule says about one file."""
    neighbour = 'from domain import asked\nrun("python -m domain.named")'
    tree = Tree(
        (source_of(Path(path), text), source_of(Path("tests/test_n.py"), neighbour)),
        ROOTS,
        "up:\n\tpython -m domain.started\n",
    )
    assert [finding.path for finding in rule(tree)] == ([Path(path)] if found else [])


def test_every_rule_is_in_the_table_and_in_force() -> None:
    """A rule without an example that it catches is not a rule."""
    assert {rule for rule, _, _, found in CASES if found} == set(tidy.RULES)


def test_the_tree_is_read_whole() -> None:
    """The rules see the real files: this one, the packages, and the commands."""
    tree = read_tree(CHECKOUT)
    paths = {source.path for source in tree.sources}
    assert Path(__file__).relative_to(CHECKOUT) in paths
    assert {path.parts[0] for path in paths} >= set(tree.roots)
    assert "devstack" in tree.commands


def test_findings_are_sorted_and_say_where() -> None:
    """A reader jumps from the message to the line."""
    tree = Tree((source_of(Path("domain/utils.py"), "x = 1\nunits = 0.5\n"),), ROOTS, "")
    lines = [str(finding) for finding in findings(tree)]
    assert [line.split(" ")[0] for line in lines] == ["domain/utils.py:1:"] * 2 + ["domain/utils.py:2:"]
