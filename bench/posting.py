"""Transfers per second of the posting path, beside one transaction per transfer in the same run.

A round is reserve and settle, and half of the settles win: two postings, two and a half transfers. Both
sides use the same driver and server, and the order is there and back again, so that drift favours neither.
"""

import asyncio
import itertools
import multiprocessing
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from bench.measuring import milliseconds, percentile, write_figures
from bench.rounds import COIN, FUNDS, OPERATOR, STAKE, available_of, funding, in_play_of, revenue, rounds
from devstack.postgres import Postgres
from devstack.runs import open_run
from domain.ids import SLOTS, slot_of
from domain.kinds import Result
from domain.postings import ALL
from ledger.invariants import check_invariants
from ledger.migrating import upgrade
from ledger.opening import open_missing, register_assets
from ledger.posting import accounts_of, post
from ledger.session import Sessions, create_ledger_engine
from ledger.writing import DecisionRow
from workers.collecting import calm_collector

BATCHES = (1, 10, 100, 500)
CONNECTIONS = 2  # one lane a core
BASELINE_CONNECTIONS = 4  # it waits for its commits, so it gains by more
PLAYERS = 10_000
WARM_UP_SECONDS = 1.0
MEASURED_SECONDS = 5.0
MONEY = "croupier_money"
SERVER_SETTINGS = ("server_version", "shared_buffers", "max_wal_size", "wal_compression")
COMMIT_SETTINGS = ("synchronous_commit", "fsync", "full_page_writes", "commit_delay")

BASELINE_SCHEMA = """
CREATE TABLE accounts (
  account_id bigint PRIMARY KEY,
  debits  numeric NOT NULL DEFAULT 0 CHECK (debits >= 0),
  credits numeric NOT NULL DEFAULT 0 CHECK (credits >= 0)
) WITH (fillfactor = 60);
CREATE TABLE transfers (
  transfer_id    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  debit_account  bigint  NOT NULL,
  credit_account bigint  NOT NULL,
  amount         numeric NOT NULL CHECK (amount > 0),
  posted_at      timestamptz NOT NULL DEFAULT clock_timestamp()
);
GRANT SELECT, INSERT, UPDATE ON accounts, transfers TO croupier_money;
"""
BASELINE_LOCK = """
SELECT account_id, credits - debits FROM accounts WHERE account_id = ANY (%(pair)s) ORDER BY account_id FOR
  UPDATE
"""
BASELINE_WRITE = """
WITH paid AS (UPDATE accounts SET debits = debits + %(amount)s WHERE account_id = %(debit)s),
     got AS (UPDATE accounts SET credits = credits + %(amount)s WHERE account_id = %(credit)s)
INSERT INTO transfers (debit_account, credit_account, amount) VALUES (%(debit)s, %(credit)s, %(amount)s)
"""


@dataclass(frozen=True)
class Share:
    """What one process is told: its address, its players, and the commands of a batch (0: baseline)."""

    dsn: str
    owners: tuple[int, ...]
    batch: int
    seed: int
    starts_at: float


@dataclass
class Figures:
    """What was counted inside the measured window, over all processes and passes."""

    transfers: int = 0
    postings: int = 0
    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)

    @property
    def per_second(self) -> float:
        return self.transfers / self.seconds if self.seconds else 0.0

    def add(self, others: Iterable["Figures"]) -> None:
        """Take in what the processes of one pass counted at the same time."""
        self.seconds += MEASURED_SECONDS
        for other in others:
            self.transfers += other.transfers
            self.postings += other.postings
            self.latencies += other.latencies


def run(build: Path) -> Path:
    """Measure and write `ledger.json`; raises when the books do not hold afterwards."""
    directory = open_run("bench-ledger")
    server = Postgres(directory.path / "postgres")
    server.start()
    try:
        figures, settings = _measure(server)
    finally:
        server.stop()
        directory.close()
    file = build / "bench" / "ledger.json"
    write_figures(file, figures, settings)
    return file


def _measure(server: Postgres) -> tuple[dict[str, object], dict[str, object]]:
    owners = _owners()
    asyncio.run(_prepare(server, owners))
    _prepare_baseline(server)
    spread = {batch: Figures() for batch in BATCHES}
    one_slot = {batch: Figures() for batch in BATCHES if batch > 1}
    baseline = Figures()
    seeds = itertools.count(1)
    for there in (True, False):
        legs = [0, *BATCHES] if there else [*reversed(BATCHES), 0]
        for batch in legs:
            into = spread[batch] if batch else baseline
            connections = CONNECTIONS if batch else BASELINE_CONNECTIONS
            into.add(_pass(server, _lanes(owners, connections), batch, next(seeds)))
            print(f"  batch {batch or 'baseline':>8}: {into.per_second:>9,.0f} transfers/s", flush=True)
            if batch in one_slot:
                one_slot[batch].add(_pass(server, _single_slots(owners), batch, next(seeds)))
    asyncio.run(_check(server))
    with psycopg.connect(server.dsn(MONEY, MONEY)) as connection:
        shown = {
            name: connection.execute(f"SHOW {name}").fetchone() for name in SERVER_SETTINGS + COMMIT_SETTINGS
        }
    settings: dict[str, object] = {name: row[0] for name, row in shown.items() if row}
    settings |= {
        "connections": CONNECTIONS,
        "baseline_connections": BASELINE_CONNECTIONS,
        "players": PLAYERS,
        "measured_seconds": MEASURED_SECONDS,
    }
    return {
        "baseline_per_second": round(baseline.per_second),
        "baseline_p50_ms": milliseconds(percentile(baseline.latencies, 0.5)),
        "baseline_p99_ms": milliseconds(percentile(baseline.latencies, 0.99)),
        "batches": [_row(batch, spread[batch], one_slot.get(batch), baseline) for batch in BATCHES],
    }, settings


def _row(batch: int, spread: Figures, one_slot: Figures | None, baseline: Figures) -> dict[str, object]:
    row: dict[str, object] = {
        "batch": batch,
        "transfers_per_second": round(spread.per_second),
        "ratio": round(spread.per_second / baseline.per_second, 2),
        "postings_per_second": round(spread.postings / spread.seconds),
        "p50_ms": milliseconds(percentile(spread.latencies, 0.5)),
        "p99_ms": milliseconds(percentile(spread.latencies, 0.99)),
        "slots_per_connection": SLOTS // CONNECTIONS,
    }
    if one_slot is not None:
        row["one_slot_transfers_per_second"] = round(one_slot.per_second)
        row["one_slot_ratio"] = round(one_slot.per_second / baseline.per_second, 2)
    return row


def _owners() -> dict[int, list[int]]:
    by_slot: dict[int, list[int]] = {slot: [] for slot in range(SLOTS)}
    for owner in range(1, PLAYERS + 1):
        by_slot[slot_of(OPERATOR, owner)].append(owner)
    return by_slot


def _lanes(owners: dict[int, list[int]], connections: int) -> list[tuple[int, ...]]:
    width = SLOTS // connections
    return [
        tuple(owner for slot in range(first, first + width) for owner in owners[slot])
        for first in range(0, SLOTS, width)
    ]


def _single_slots(owners: dict[int, list[int]]) -> list[tuple[int, ...]]:
    return [tuple(owners[slot]) for slot in range(0, SLOTS, SLOTS // CONNECTIONS)]


async def _prepare(server: Postgres, owners: dict[int, list[int]]) -> None:
    upgrade(server.dsn())
    with psycopg.connect(server.dsn(), autocommit=True) as connection:
        connection.execute(f"ALTER ROLE {MONEY} PASSWORD '{MONEY}'")
    owner_sessions = Sessions(create_ledger_engine(server.dsn(), pool_size=1))
    async with owner_sessions.begin() as session:
        await register_assets(session, [COIN])
    await owner_sessions.close()
    sessions = Sessions(create_ledger_engine(server.dsn(MONEY, MONEY), pool_size=1))
    for slot, players in owners.items():
        commands = [funding(slot, owner) for owner in players]
        async with sessions.begin() as session:
            named = accounts_of(commands) | {
                (slot, account) for owner in players for account in (in_play_of(owner), revenue())
            }
            await open_missing(session, named)
            await post(session, commands)
    await sessions.close()
    with psycopg.connect(server.dsn(), autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")


def _prepare_baseline(server: Postgres) -> None:
    server.create_database("baseline")
    with psycopg.connect(server.dsn(database="baseline"), autocommit=True) as connection:
        connection.execute(BASELINE_SCHEMA)
        accounts = [
            revenue(),
            *(a for owner in range(1, PLAYERS + 1) for a in (available_of(owner), in_play_of(owner))),
        ]
        connection.execute(
            "INSERT INTO accounts (account_id, credits) SELECT unnest(%s::bigint[]), %s", [accounts, FUNDS]
        )
        connection.execute("VACUUM ANALYZE")


def _pass(server: Postgres, shares: list[tuple[int, ...]], batch: int, seed: int) -> list[Figures]:
    with psycopg.connect(server.dsn(), autocommit=True) as connection:
        connection.execute("CHECKPOINT")
    dsn = server.dsn(MONEY, MONEY) if batch else server.dsn(MONEY, MONEY, database="baseline")
    starts_at = time.monotonic() + 1.5  # processes take about a second to import what they need
    told = [
        Share(dsn, owners, batch, seed * BASELINE_CONNECTIONS + place, starts_at)
        for place, owners in enumerate(shares)
    ]
    with multiprocessing.get_context("spawn").Pool(len(shares)) as pool:
        return pool.map(_work, told, chunksize=1)


def _work(share: Share) -> Figures:
    calm_collector()
    return asyncio.run(_post_rounds(share) if share.batch else _transfer_rounds(share))


async def _post_rounds(share: Share) -> Figures:
    figures = Figures()
    sessions = Sessions(create_ledger_engine(share.dsn, pool_size=1))
    stream = rounds(share.owners, share.batch, share.seed)
    opens, ends = _window(share)
    while (begun := time.monotonic()) < ends:
        commands = list(itertools.islice(stream, share.batch))
        decisions = [
            DecisionRow(command.slot, command.decision, 1, 1) for command in commands if command.decision
        ]
        async with sessions.begin() as session:
            outcomes = await post(session, commands, decisions=decisions)
        done = time.monotonic()
        assert all(outcome.result is Result.POSTED for outcome in outcomes), outcomes
        if begun >= opens and done <= ends:
            figures.postings += len(outcomes)
            figures.transfers += sum((o.last_seq or 0) - (o.first_seq or 0) + 1 for o in outcomes)
            figures.latencies.append(done - begun)
    await sessions.close()
    return figures


async def _transfer_rounds(share: Share) -> Figures:
    figures = Figures()
    engine = create_ledger_engine(share.dsn, pool_size=1)
    sessions = Sessions(engine)
    stream = (leg for command in rounds(share.owners, share.batch, share.seed) for leg in command.legs)
    opens, ends = _window(share)
    while (begun := time.monotonic()) < ends:
        leg = next(stream)
        amount = STAKE if leg.amount is ALL else leg.amount
        async with sessions.begin() as session:
            rows = await session.exec_driver_sql(BASELINE_LOCK, {"pair": [leg.debit, leg.credit]})
            assert dict(tuple(row) for row in rows)[leg.debit] >= amount or leg.debit == revenue()
            await session.exec_driver_sql(
                BASELINE_WRITE, {"debit": leg.debit, "credit": leg.credit, "amount": amount}
            )
        done = time.monotonic()
        if begun >= opens and done <= ends:
            figures.postings += 1
            figures.transfers += 1
            figures.latencies.append(done - begun)
    await sessions.close()
    return figures


def _window(share: Share) -> tuple[float, float]:
    time.sleep(max(share.starts_at - time.monotonic(), 0))
    opens = max(share.starts_at, time.monotonic()) + WARM_UP_SECONDS
    return opens, opens + MEASURED_SECONDS


async def _check(server: Postgres) -> None:
    sessions = Sessions(create_ledger_engine(server.dsn(), pool_size=1))
    async with sessions.snapshot() as session:
        found = await check_invariants(session)
    await sessions.close()
    broken = {name: rows for name, rows in found.items() if rows}
    assert not broken, broken
