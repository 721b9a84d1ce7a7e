"""Postings after a cursor: `no` is gapless and in commit order, so nothing can appear behind a reader."""

from collections import defaultdict
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from domain.kinds import Kind, Result
from domain.postings import StoredLeg
from ledger.arrays import numbers

PAGE_MAX = 1000

POSTINGS_AFTER = """
SELECT no, posting_id, kind, result, closes, follows, ref, player, player_version, posted_at, workflow_id,
  run_id,
       request_id, received_at
  FROM ledger.postings WHERE slot = %(slot)s AND no > %(after)s ORDER BY no LIMIT %(limit)s
"""
TRANSFERS_OF = """
SELECT t.posting_no, t.debit_account, t.credit_account, t.amount::text AS amount, t.code
  FROM unnest(%(nos)s::bigint[]) AS u (no),
       LATERAL (SELECT slot, first_seq, last_seq, posted_at FROM ledger.postings
                 WHERE slot = %(slot)s AND no = u.no AND first_seq IS NOT NULL OFFSET 0) AS p,
       LATERAL (SELECT seq, posting_no, debit_account, credit_account, amount, code FROM ledger.transfers
                 WHERE slot = p.slot AND seq BETWEEN p.first_seq AND p.last_seq AND posted_at = p.posted_at
                 ORDER BY seq) AS t
 ORDER BY t.seq
"""
HEADS = "SELECT slot, last_no FROM ledger.slots ORDER BY slot"
CURSORS = "SELECT slot, last_no FROM ledger.cursors WHERE consumer = %(consumer)s ORDER BY slot"
MOVE_CURSOR = """
INSERT INTO ledger.cursors AS c (consumer, slot, last_no) VALUES (%(consumer)s, %(slot)s, %(last_no)s)
ON CONFLICT (slot, consumer) DO UPDATE SET last_no = EXCLUDED.last_no WHERE c.last_no < EXCLUDED.last_no
"""


class FeedPosting(NamedTuple):
    """A posting as a reader of the journal sees it, refusals and tombstones included."""

    slot: int
    no: int
    posting_id: UUID
    kind: Kind
    result: Result
    closes: UUID | None
    follows: UUID | None
    ref: str | None
    player: int | None
    player_version: int | None
    posted_at: datetime
    workflow_id: str | None
    run_id: str | None
    request_id: str | None
    received_at: datetime | None
    legs: tuple[StoredLeg, ...]


async def postings_after(
    session: AsyncConnection, slot: int, after_no: int, limit: int = PAGE_MAX
) -> list[FeedPosting]:
    """The next postings of one slot in their order, with their transfers; at most 1000."""
    rows = (
        await session.exec_driver_sql(
            POSTINGS_AFTER, {"slot": slot, "after": after_no, "limit": min(limit, PAGE_MAX)}
        )
    ).all()
    legs: dict[int, list[StoredLeg]] = defaultdict(list)
    for leg in await session.exec_driver_sql(
        TRANSFERS_OF, {"slot": slot, "nos": numbers(row.no for row in rows)}
    ):
        stored = StoredLeg(leg.debit_account, leg.credit_account, int(leg.amount), leg.code)
        legs[leg.posting_no].append(stored)
    return [
        FeedPosting(
            slot=slot,
            no=row.no,
            posting_id=row.posting_id,
            kind=Kind(row.kind),
            result=Result(row.result),
            closes=row.closes,
            follows=row.follows,
            ref=row.ref,
            player=row.player,
            player_version=row.player_version,
            posted_at=row.posted_at,
            workflow_id=row.workflow_id,
            run_id=row.run_id,
            request_id=row.request_id,
            received_at=row.received_at,
            legs=tuple(legs[row.no]),
        )
        for row in rows
    ]


async def heads(session: AsyncConnection) -> dict[int, int]:
    """The number of the newest posting of every slot."""
    return {row.slot: row.last_no for row in await session.exec_driver_sql(HEADS)}


async def cursors(session: AsyncConnection, consumer: str) -> dict[int, int]:
    """Up to which posting a consumer has read each slot; a slot it never read is missing."""
    return {row.slot: row.last_no for row in await session.exec_driver_sql(CURSORS, {"consumer": consumer})}


async def move_cursor(session: AsyncConnection, consumer: str, slot: int, last_no: int) -> None:
    """Remember in the reader's own transaction that everything up to `last_no` is done; never moves back."""
    await session.exec_driver_sql(MOVE_CURSOR, {"consumer": consumer, "slot": slot, "last_no": last_no})
