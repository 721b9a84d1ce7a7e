"""House rules no other linter keeps, one function each; the message names the cure. Run by `make lint`."""

import ast
import re
import sys
import tomllib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
BESIDE_ROOTS = ("tests", "tools", "deploy")
FILE_LINES_MAX = 300
FUNCTION_LINES_MAX = 70
COMMAND_FILES = ("Makefile", "pyproject.toml", "Dockerfile", "docker-compose.yml", ".ci/run")
DRAWERS = {"utils", "util", "helpers", "common", "manager", "service", "base", "core", "misc"}
MONEY = {
    *("amount", "amounts", "balance", "balances", "credit", "credits", "debit", "debits"),
    *("fee", "fees", "payout", "payouts", "price", "stake", "stakes", "unit", "units", "wei"),
}
WORKER_HOMES = ("workers", "signer", "tests")


@dataclass(frozen=True, slots=True)
class Source:
    """One Python file of the tree: its path from the checkout, its text and its syntax."""

    path: Path
    text: str
    syntax: ast.Module

    @property
    def module(self) -> str:
        parts = self.path.with_suffix("").parts
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    @property
    def is_migration(self) -> bool:
        return "migrations" in self.path.parts


@dataclass(frozen=True, slots=True)
class Tree:
    """All Python files, the root packages, and the texts that start commands."""

    sources: tuple[Source, ...]
    roots: tuple[str, ...]
    commands: str


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """What is wrong where, with its cure."""

    path: Path
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.message}"


def float_near_money(tree: Tree) -> Iterator[Finding]:
    """Find floats and true divisions in statements that name money."""
    for source in tree.sources:
        if source.path.parts[0] in BESIDE_ROOTS:
            continue
        for statement in _statements(source.syntax):
            nodes = list(_own_nodes(statement))
            if any(map(_is_float, nodes)) and any(map(_names_money, nodes)):
                yield Finding(
                    source.path,
                    statement.lineno,
                    "a float or `/` beside money, which is an int: use `//` and say how it rounds",
                )


def worker_elsewhere(tree: Tree) -> Iterator[Finding]:
    """Find Temporal workers built outside the registry's package, the signer and tests."""
    for source in tree.sources:
        if source.path.parts[0] in WORKER_HOMES:
            continue
        for node in ast.walk(source.syntax):
            if isinstance(node, ast.Call) and _last_name(node.func) == "Worker":
                cure = "a Worker is built here: add a row to workers/registry.py instead"
                yield Finding(source.path, node.lineno, cure)


def leaf_named_like_a_root(tree: Tree) -> Iterator[Finding]:
    """Find modules below a root that carry a root's name: their imports would read alike."""
    for source in tree.sources:
        below = source.module.split(".")[1:]
        for name in below:
            if name in tree.roots:
                cure = f"`{name}` is a root package: name this after what it does (chains: onchain, networks)"
                yield Finding(source.path, 1, cure)


def drawer(tree: Tree) -> Iterator[Finding]:
    """Find files without a subject: they fill up with everything."""
    for source in tree.sources:
        if source.path.stem in DRAWERS:
            yield Finding(
                source.path, 1, f"`{source.path.stem}` names no subject: name the file after its one job"
            )


def nobody_imports(tree: Tree) -> Iterator[Finding]:
    """Find modules below a root that are imported nowhere and started by no command."""
    imported = {name for source in tree.sources for name in _imports(source)}
    for source in tree.sources:
        if source.path.parts[0] in BESIDE_ROOTS or source.is_migration:
            continue
        if source.path.stem in {"__init__", "__main__"} or source.module in imported:
            continue
        if not _is_started(source, tree):
            cure = "nobody imports this module and no command starts it: remove it or use it"
            yield Finding(source.path, 1, cure)


def package_says_more_than_why(tree: Tree) -> Iterator[Finding]:
    """Find packages that do more than speak: parents of a module run on every import of it."""
    for source in tree.sources:
        if source.path.name != "__init__.py":
            continue
        if len(source.syntax.body) != 1 or ast.get_docstring(source.syntax) is None:
            cure = "an `__init__.py` holds one docstring: import from the module that defines the name"
            yield Finding(source.path, 1, cure)


def long_file(tree: Tree) -> Iterator[Finding]:
    """Find files too long to hold in mind."""
    for source in tree.sources:
        lines = len(source.text.splitlines())
        if lines > FILE_LINES_MAX and not source.is_migration:
            cure = f"{lines} lines, at most {FILE_LINES_MAX}: split by verb, never into part two"
            yield Finding(source.path, lines, cure)


def long_function(tree: Tree) -> Iterator[Finding]:
    """Find functions that do not fit on a screen."""
    for source in tree.sources:
        if source.is_migration:
            continue
        for node in ast.walk(source.syntax):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                if lines > FUNCTION_LINES_MAX:
                    cure = (
                        f"`{node.name}` has {lines} lines, at most {FUNCTION_LINES_MAX}: ifs up, leaves out"
                    )
                    yield Finding(source.path, node.lineno, cure)


RULES: tuple[Callable[[Tree], Iterable[Finding]], ...] = (
    float_near_money,
    worker_elsewhere,
    leaf_named_like_a_root,
    drawer,
    nobody_imports,
    package_says_more_than_why,
    long_file,
    long_function,
)


def findings(tree: Tree) -> list[Finding]:
    """Apply every rule."""
    return sorted(finding for rule in RULES for finding in rule(tree))


def read_tree(checkout: Path) -> Tree:
    """Read the root packages that pyproject.toml names, and the folders beside them."""
    project = tomllib.loads((checkout / "pyproject.toml").read_text())
    roots = tuple(project["tool"]["importlinter"]["root_packages"])
    files = [file for folder in (*roots, *BESIDE_ROOTS) for file in sorted((checkout / folder).rglob("*.py"))]
    present = [checkout / name for name in COMMAND_FILES if (checkout / name).exists()]
    return Tree(
        tuple(source_of(file.relative_to(checkout), file.read_text()) for file in files),
        roots,
        "\n".join(file.read_text() for file in present),
    )


def source_of(path: Path, text: str) -> Source:
    """Parse one file. Raises SyntaxError."""
    return Source(path, text, ast.parse(text, str(path)))


def main() -> None:
    """Print what the rules found; exit 1 if anything."""
    found = findings(read_tree(CHECKOUT))
    for finding in found:
        sys.stdout.write(f"{finding}\n")
    sys.stdout.write(f"tidy: {len(found)} findings, {len(RULES)} rules\n")
    sys.exit(1 if found else 0)


def _statements(syntax: ast.Module) -> Iterator[ast.stmt | ast.arg]:
    """Yield statements, and arguments one by one: a long signature is not one thought."""
    for node in ast.walk(syntax):
        if isinstance(node, ast.stmt | ast.arg):
            yield node


def _own_nodes(statement: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes of a statement without those of statements and arguments inside it."""
    yield statement
    for child in ast.iter_child_nodes(statement):
        if not isinstance(child, ast.stmt | ast.arg):
            yield from _own_nodes(child)


def _is_float(node: ast.AST) -> bool:
    match node:
        case ast.Constant(value=float()) | ast.Name(id="float"):
            return True
        case ast.BinOp(op=ast.Div()) | ast.AugAssign(op=ast.Div()):
            return True
        case _:
            return False


def _names_money(node: ast.AST) -> bool:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name) | ast.FunctionDef(name=name):
            words = name
        case ast.arg(arg=name) | ast.keyword(arg=str(name)) | ast.AsyncFunctionDef(name=name):
            words = name
        case _:
            return False
    return not MONEY.isdisjoint(words.lower().split("_"))


def _last_name(node: ast.expr) -> str:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case _:
            return ""


def _imports(source: Source) -> Iterator[str]:
    for node in ast.walk(source.syntax):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _is_started(source: Source, tree: Tree) -> bool:
    """Tell whether a command file or a string elsewhere names the module or its file."""
    name = re.compile(rf"(?<![\w.]){re.escape(source.module)}(?![\w.])")
    if name.search(tree.commands) or str(source.path) in tree.commands:
        return True
    return any(
        name.search(text) or text == source.path.name
        for other in tree.sources
        if other is not source
        for text in _strings(other)
    )


def _strings(source: Source) -> Iterator[str]:
    """Yield string constants that are not documentation."""
    for node in ast.walk(source.syntax):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and "\n" not in node.value:
            yield node.value


if __name__ == "__main__":
    main()
