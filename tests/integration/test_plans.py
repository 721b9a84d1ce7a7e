"""The posting path is index probes only, on filled tables and on tables that were vacuumed while empty."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, cast

import pytest

from domain.kinds import Result
from ledger.loading import LOAD_BALANCES, LOAD_FACTS, LOCK_SLOTS
from ledger.posting import post_opening
from ledger.writing import WRITE
from tests.support.ledger_database import LedgerDatabase
from tests.support.ledger_journal import Actor, decisions_for, posting_uuid

if TYPE_CHECKING:
    import psycopg

SIZES = (1, 2000)
PARTITION = re.compile(r"transfers_(\d{4}_\d{2}|default)_")
STATEMENTS = [
    ("lock", LOCK_SLOTS, {"slots_pkey"}),
    ("facts", LOAD_FACTS, {"postings_pkey", "postings_closed_once", "transfers_pkey"}),
    ("balances", LOAD_BALANCES, {"balances_pkey", "players_pkey"}),
    ("write", WRITE, {"balances_pkey", "players_pkey", "slots_pkey"}),
]
Plan = dict[str, object]


def _nodes(plan: Plan) -> Iterator[Plan]:
    yield plan
    children = plan.get("Plans", [])
    assert isinstance(children, list)
    for child in children:
        yield from _nodes(child)


def _explain(connection: "psycopg.Connection[tuple[object, ...]]", statement: str, size: int) -> Plan:
    """The generic plan that the posting role would use, with arrays of this size."""
    names: list[str] = []

    def numbered(match: "re.Match[str]") -> str:
        if match[1] not in names:
            names.append(match[1])
        return f"${names.index(match[1]) + 1}"

    prepared = re.sub(r"%\((\w+)\)s", numbered, statement)
    connection.prepare_threshold = None
    connection.execute(f"PREPARE asked AS {prepared}".encode())
    types = dict(re.findall(r"%\((\w+)\)s::(\w+(?:\[\])?)", statement))
    values = [_value(types[name], size) for name in names]
    row = connection.execute(f"EXPLAIN (FORMAT JSON) EXECUTE asked ({', '.join(values)})".encode()).fetchone()
    connection.execute("DEALLOCATE asked")
    assert row is not None
    explained = cast("list[dict[str, Plan]]", row[0])
    return explained[0]["Plan"]


ELEMENTS = {
    "uuid[]": str(posting_uuid("plan")),
    "jsonb[]": "null",
    "text[]": "x",
    "bytea[]": "x",
    "timestamptz[]": "epoch",
}


def _value(kind: str, size: int) -> str:
    if kind == "timestamptz":
        return "clock_timestamp()"
    element = ELEMENTS.get(kind, "1")
    return "'{" + ",".join([element] * size) + "}'"


async def _fill(database: LedgerDatabase) -> None:
    actors = [Actor(owner) for owner in range(1, 201)]
    commands = [c for actor in actors for c in (actor.deposits(100), actor.bets(10), actor.settles(20))]
    outcomes = await post_opening(database.sessions(), commands, decisions_for(*commands))
    assert {outcome.result for outcome in outcomes} == {Result.POSTED}


@pytest.mark.parametrize("filled", [False, True], ids=["vacuumed empty", "filled"])
async def test_every_statement_probes_its_indexes(ledger_database: LedgerDatabase, filled: bool) -> None:  # noqa: FBT001 - a case of the table
    """No sequential scan, no join but nested loops, and exactly the indexes that were meant."""
    if filled:
        await _fill(ledger_database)
    with ledger_database.raw() as connection:
        connection.execute("VACUUM ANALYZE")
    with ledger_database.raw("croupier_money") as connection:
        for name, statement, indexes in STATEMENTS:
            for size in SIZES:
                nodes = list(_nodes(_explain(connection, statement, size)))
                kinds = {str(node["Node Type"]) for node in nodes}
                used = {PARTITION.sub("transfers_", str(n["Index Name"])) for n in nodes if "Index Name" in n}
                assert not kinds & {"Seq Scan", "Hash Join", "Merge Join", "Bitmap Heap Scan"}, (name, size)
                assert used == indexes, (name, size)


async def test_slots_are_locked_in_their_order(ledger_database: LedgerDatabase) -> None:
    """The rows are locked above the ordered scan, else two posters could wait for each other."""
    with ledger_database.raw("croupier_money") as connection:
        plan = _explain(connection, LOCK_SLOTS, 64)
    kinds = [str(node["Node Type"]) for node in _nodes(plan)]
    assert "LockRows" in kinds
    ordered = kinds.index("Sort") if "Sort" in kinds else kinds.index("Index Scan")
    assert kinds.index("LockRows") < ordered
    assert kinds[ordered] == "Sort" or kinds == ["LockRows", "Index Scan"] or kinds[0] == "Result"
