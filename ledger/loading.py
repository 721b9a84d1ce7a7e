"""The part of the books that a batch can touch, read under the slot locks: statements S1, S2 and S3."""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from domain.accounts import Guard
from domain.ids import player_of_account
from domain.kinds import Kind, Result
from domain.postings import Balance, Command, SlotState, State, StoredLeg, StoredPosting
from ledger.arrays import numbers, uuids

if TYPE_CHECKING:
    from uuid import UUID

# S1 is a statement of its own: a statement that waited keeps the snapshot it began with, the next gets a
# fresh one.
LOCK_SLOTS = """
SELECT slot, last_no, last_seq, greatest(clock_timestamp(), last_at + interval '1 microsecond') AS posted_at
  FROM ledger.slots WHERE slot = ANY (%(slots)s::smallint[]) AND open
 ORDER BY slot FOR NO KEY UPDATE
"""

# OFFSET 0 and ORDER BY keep each LATERAL from being flattened into a join: always index probes.
LOAD_FACTS = """
SELECT 0 AS part, p.slot, p.posting_id, p.kind, p.result, p.digest, p.target, p.ref, p.no, p.first_seq,
  p.last_seq,
       p.player_version, p.refused, NULL::bigint AS debit, NULL::bigint AS credit, NULL::text AS amount
  FROM unnest(%(slots)s::smallint[], %(ids)s::uuid[]) AS u (slot, id),
       LATERAL (SELECT slot, posting_id, kind, result, digest, coalesce(closes, follows) AS target, ref, no,
                       first_seq, last_seq, player_version, refused::text AS refused
                  FROM ledger.postings WHERE slot = u.slot AND posting_id = u.id OFFSET 0) AS p
UNION ALL
SELECT 1, c.slot, c.closes, c.kind, NULL::smallint, NULL::bytea, NULL::uuid, NULL::text, NULL::bigint,
  NULL::bigint,
       NULL::bigint, NULL::bigint, NULL::text, NULL::bigint, NULL::bigint, NULL::text
  FROM unnest(%(slots)s::smallint[], %(ids)s::uuid[]) AS u (slot, id),
       LATERAL (SELECT slot, closes, kind FROM ledger.postings
                 WHERE slot = u.slot AND closes = u.id AND closes IS NOT NULL AND result = 0 OFFSET 0) AS c
UNION ALL
SELECT 2, t.slot, p.posting_id, t.code, NULL::smallint, NULL::bytea, NULL::uuid, NULL::text, NULL::bigint,
  t.seq,
       NULL::bigint, NULL::bigint, NULL::text, t.debit_account, t.credit_account, t.amount
  FROM unnest(%(target_slots)s::smallint[], %(targets)s::uuid[]) AS u (slot, id),
       LATERAL (SELECT slot, posting_id, first_seq, last_seq, posted_at FROM ledger.postings
                 WHERE slot = u.slot AND posting_id = u.id AND first_seq IS NOT NULL OFFSET 0) AS p,
       LATERAL (SELECT slot, seq, debit_account, credit_account, amount::text AS amount, code
                  FROM ledger.transfers AS t
                 WHERE t.slot = p.slot AND t.seq BETWEEN p.first_seq AND p.last_seq AND t.posted_at =
                   p.posted_at
                 ORDER BY t.seq) AS t
"""

LOAD_BALANCES = """
SELECT 0 AS part, b.slot, b.account_id AS id, b.guard, b.debits, b.credits, b.version
  FROM unnest(%(account_slots)s::smallint[], %(accounts)s::bigint[]) AS u (slot, id),
       LATERAL (SELECT slot, account_id, guard, debits::text AS debits, credits::text AS credits, version
                  FROM ledger.balances WHERE slot = u.slot AND account_id = u.id OFFSET 0) AS b
UNION ALL
SELECT 1, x.slot, x.player, NULL::smallint, NULL::text, NULL::text, x.version
  FROM unnest(%(player_slots)s::smallint[], %(players)s::bigint[]) AS u (slot, id),
       LATERAL (SELECT slot, player, version
                  FROM ledger.players WHERE slot = u.slot AND player = u.id OFFSET 0) AS x
"""

_POSTING, _CLOSER, _TRANSFER = 0, 1, 2
_ACCOUNT = 0
_GUARDS = tuple(Guard)


class Locked(NamedTuple):
    """The slots that answered the lock and are not being moved, and the one time of the transaction."""

    heads: Mapping[int, tuple[int, int]]
    posted_at: datetime | None


async def lock_slots(session: AsyncConnection, slots: Collection[int]) -> Locked:
    """S1: lock slot rows in slot order, which is the only order anybody locks them in."""
    rows = (await session.exec_driver_sql(LOCK_SLOTS, {"slots": numbers(sorted(slots))})).all()
    heads = {row.slot: (row.last_no, row.last_seq) for row in rows}
    return Locked(heads, max((row.posted_at for row in rows), default=None))


async def load_state(
    session: AsyncConnection,
    heads: Mapping[int, tuple[int, int]],
    commands: Iterable[Command],
    *,
    with_own_legs: bool = False,
) -> State:
    """S2 and S3: everything `apply_batch` may ask about these commands, for the slots in `heads`.

    `with_own_legs` also reads the transfers stored under the commands' own ids, which only the naming of a
    conflict needs.
    """
    state: State = {slot: SlotState(no, seq) for slot, (no, seq) in heads.items()}
    concerned = [command for command in commands if command.slot in state]
    await _load_facts(session, state, concerned, with_own_legs=with_own_legs)
    await _load_balances(session, state, concerned)
    return state


async def _load_facts(
    session: AsyncConnection, state: State, commands: Sequence[Command], *, with_own_legs: bool
) -> None:
    ids: set[tuple[int, UUID]] = set()
    targets: set[tuple[int, UUID]] = set()
    for command in commands:
        ids.add((command.slot, command.posting_id))
        if command.target is not None:
            targets.add((command.slot, command.target))
        if command.unless is not None:
            ids.add((command.slot, command.unless))
        if with_own_legs:
            targets.add((command.slot, command.posting_id))
    asked, drained = sorted(ids | targets), sorted(targets)
    rows = await session.exec_driver_sql(
        LOAD_FACTS,
        {
            "slots": numbers(slot for slot, _ in asked),
            "ids": uuids(posting for _, posting in asked),
            "target_slots": numbers(slot for slot, _ in drained),
            "targets": uuids(posting for _, posting in drained),
        },
    )
    postings: list[Any] = []
    legs: defaultdict[tuple[int, UUID], list[Any]] = defaultdict(list)
    for row in rows:
        if row.part == _POSTING:
            postings.append(row)
        elif row.part == _CLOSER:
            state[row.slot].closer[row.posting_id] = Kind(row.kind)
        else:
            legs[row.slot, row.posting_id].append(row)
    for row in postings:
        state[row.slot].seen[row.posting_id] = _stored(row, legs[row.slot, row.posting_id])


def _stored(row: Any, legs: Sequence[Any]) -> StoredPosting:  # noqa: ANN401 - driver rows have no static shape
    ordered = sorted(legs, key=lambda leg: leg.first_seq)
    return StoredPosting(
        kind=Kind(row.kind),
        result=Result(row.result),
        digest=row.digest,
        target=row.target,
        ref=row.ref,
        no=row.no,
        first_seq=row.first_seq,
        last_seq=row.last_seq,
        player_version=row.player_version,
        legs=tuple(StoredLeg(leg.debit, leg.credit, int(leg.amount), leg.kind) for leg in ordered),
        asked=None if row.refused is None else json.loads(row.refused),
    )


async def _load_balances(session: AsyncConnection, state: State, commands: Sequence[Command]) -> None:
    accounts = {(command.slot, account) for command in commands for account in command.accounts}
    for command in commands:
        target = state[command.slot].seen.get(command.target) if command.target else None
        for leg in target.legs if target else ():
            accounts.add((command.slot, leg.debit))
            accounts.add((command.slot, leg.credit))
    wanted = sorted(accounts)
    players = sorted(
        {(slot, player) for slot, account in wanted if (player := player_of_account(account)) is not None}
    )
    rows = await session.exec_driver_sql(
        LOAD_BALANCES,
        {
            "account_slots": numbers(slot for slot, _ in wanted),
            "accounts": numbers(account for _, account in wanted),
            "player_slots": numbers(slot for slot, _ in players),
            "players": numbers(player for _, player in players),
        },
    )
    for row in rows:
        if row.part == _ACCOUNT:
            balance = Balance(_GUARDS[row.guard], int(row.debits), int(row.credits), row.version)
            state[row.slot].balances[row.id] = balance
        else:
            state[row.slot].players[row.id] = row.version
