"""The rules that must hold at every moment, as queries that return what breaks them.

Names are stable: tests, demo, checkers and alarms speak of a rule by its name. Nothing is ever repaired by
editing; a correction is a posting.
"""

from collections.abc import Iterable, Mapping

from sqlalchemy.ext.asyncio import AsyncConnection

from domain.accounts import HELD_BY_CREDIT, Purpose
from domain.kinds import Kind, Mode
from ledger.arrays import numbers

ROWS_SHOWN_MAX = 20

DEBITS_EQUAL_CREDITS = """
SELECT slot, (account_id >> 8) & 65535 AS asset, sum(debits) - sum(credits) AS off
  FROM ledger.balances GROUP BY 1, 2 HAVING sum(debits) <> sum(credits)
"""
ORDER_IS_GAPLESS = """
SELECT s.slot FROM ledger.slots s
  LEFT JOIN (SELECT slot, count(*) n, min(seq) lo, max(seq) hi FROM ledger.transfers GROUP BY slot) t USING
    (slot)
  LEFT JOIN (SELECT slot, count(*) n, min(no) lo, max(no) hi FROM ledger.postings GROUP BY slot) p USING
    (slot)
 WHERE (coalesce(t.n, 0), coalesce(t.hi, 0), coalesce(t.lo, 1)) <> (s.last_seq, s.last_seq, 1)
    OR (coalesce(p.n, 0), coalesce(p.hi, 0), coalesce(p.lo, 1)) <> (s.last_no, s.last_no, 1)
"""
BALANCES_EQUAL_TRANSFERS = """
WITH f AS (SELECT slot, acct, sum(d) d, sum(c) c, count(*) n, max(seq) m FROM ledger.transfers,
  LATERAL (VALUES (debit_account, amount, 0::numeric), (credit_account, 0::numeric, amount)) v (acct, d, c)
  GROUP BY 1, 2)
SELECT b.slot, b.account_id, f.slot AS folded_slot, f.acct AS folded_account
  FROM ledger.balances b FULL JOIN f ON f.slot = b.slot AND f.acct = b.account_id
 WHERE (b.debits, b.credits, b.version, b.last_seq)
       IS DISTINCT FROM (coalesce(f.d, 0), coalesce(f.c, 0), coalesce(f.n, 0), coalesce(f.m, 0))
"""
VERSIONS_CHAIN = """
WITH e AS (
  SELECT slot, seq, acct, ver, after, delta, lag(ver, 1, 0::bigint) OVER w pv, lag(after, 1, 0::numeric) OVER
    w pa
    FROM ledger.transfers, LATERAL (VALUES (debit_account, debit_version, debit_after, -amount),
                                           (credit_account, credit_version, credit_after, amount))
                           v (acct, ver, after, delta)
  WINDOW w AS (PARTITION BY slot, acct ORDER BY seq))
SELECT slot, seq, acct FROM e WHERE ver <> pv + 1 OR after <> pa + delta
"""
TIME_NEVER_FALLS = """
SELECT slot, seq FROM (SELECT slot, seq, posted_at, lag(posted_at) OVER (PARTITION BY slot ORDER BY seq) p
                         FROM ledger.transfers) q WHERE p > posted_at
UNION ALL
SELECT slot, no FROM (SELECT slot, no, posted_at, lag(posted_at) OVER (PARTITION BY slot ORDER BY no) p
                        FROM ledger.postings) q WHERE p > posted_at
"""
POSTINGS_TILE_TRANSFERS = """
WITH t AS (SELECT slot, posting_no, posted_at, count(*) n, min(seq) lo, max(seq) hi
             FROM ledger.transfers GROUP BY 1, 2, 3)
SELECT coalesce(p.slot, t.slot) AS slot, coalesce(p.no, t.posting_no) AS no
  FROM (SELECT * FROM ledger.postings WHERE first_seq IS NOT NULL) p
  FULL JOIN t ON t.slot = p.slot AND t.posting_no = p.no AND t.posted_at = p.posted_at
 WHERE (t.lo, t.hi, t.n) IS DISTINCT FROM (p.first_seq, p.last_seq, p.last_seq - p.first_seq + 1)
"""
GUARDS_NEVER_BROKEN = """
SELECT t.slot, t.seq FROM ledger.transfers t
  JOIN ledger.balances d ON d.slot = t.slot AND d.account_id = t.debit_account
  JOIN ledger.balances c ON c.slot = t.slot AND c.account_id = t.credit_account
 WHERE (d.guard = 1 AND t.debit_after < 0) OR (c.guard = 2 AND t.credit_after > 0)
"""
TARGETS_PRECEDE_CLOSERS = """
SELECT p.slot, p.no FROM ledger.postings p
  LEFT JOIN ledger.postings o ON o.slot = p.slot AND o.posting_id = coalesce(p.closes, p.follows)
 WHERE p.result = 0 AND coalesce(p.closes, p.follows) IS NOT NULL AND (o.no IS NULL OR o.no > p.no)
"""
PLAYER_VERSIONS_RUN = """
SELECT x.slot, x.player FROM ledger.players x
  FULL JOIN (SELECT slot, player, count(*) n, bool_and(ok) ok
               FROM (SELECT slot, player, player_version = row_number() OVER (PARTITION BY slot, player ORDER
                 BY no) ok
                       FROM ledger.postings WHERE player IS NOT NULL) o GROUP BY 1, 2) q
    ON q.slot = x.slot AND q.player = x.player
 WHERE x.version IS DISTINCT FROM coalesce(q.n, 0) OR q.ok IS FALSE
"""
ACCOUNTS_EXIST = """
SELECT v.slot, v.acct FROM (SELECT slot, debit_account AS acct FROM ledger.transfers
                             UNION SELECT slot, credit_account FROM ledger.transfers) v
 WHERE NOT EXISTS (SELECT FROM ledger.accounts a WHERE a.slot = v.slot AND a.account_id = v.acct)
UNION ALL
SELECT a.slot, a.account_id FROM ledger.accounts a
 WHERE NOT EXISTS (SELECT FROM ledger.balances b WHERE b.slot = a.slot AND b.account_id = a.account_id)
"""
AMOUNTS_ARE_UNITS = """
SELECT slot, seq FROM ledger.transfers
 WHERE NOT (amount > 0 AND amount < 1e78 AND amount = trunc(amount)
            AND ((debit_account >> 8) & 65535) = ((credit_account >> 8) & 65535)
            AND (debit_account >> 52) = (credit_account >> 52))
"""
# Net per held account of a target and of what closed it: nothing may be left.
TARGETS_DRAINED = """
WITH held AS (
  SELECT p.slot, p.posting_id, p.no, v.acct, sum(v.units) AS units
    FROM ledger.postings p JOIN ledger.transfers t ON t.slot = p.slot AND t.posting_no = p.no,
         LATERAL (VALUES (t.credit_account, t.amount), (t.debit_account, -t.amount)) v (acct, units)
   WHERE (v.acct & 255) = ANY (%(held)s::bigint[]) GROUP BY 1, 2, 3, 4)
SELECT h.slot, h.no, h.acct
  FROM held h JOIN ledger.postings c ON c.slot = h.slot AND c.closes = h.posting_id AND c.result = 0
  LEFT JOIN held k ON k.slot = c.slot AND k.no = c.no AND k.acct = h.acct
 WHERE h.units > 0 AND h.units + coalesce(k.units, 0) <> 0
"""
TARGETS_MIRRORED = """
WITH undone AS (
  SELECT u.slot, u.no AS undo_no, o.no AS target_no, o.result AS target_result
    FROM ledger.postings u JOIN ledger.postings o ON o.slot = u.slot AND o.posting_id = u.closes
   WHERE u.result = 0 AND u.kind = ANY (%(undoing)s::smallint[])),
given AS (
  SELECT u.slot, u.undo_no, t.debit_account AS acct, sum(t.amount) AS units
    FROM undone u JOIN ledger.transfers t ON t.slot = u.slot AND t.posting_no = u.target_no GROUP BY 1, 2, 3),
taken AS (
  SELECT u.slot, u.undo_no, t.credit_account AS acct, sum(t.amount) AS units
    FROM undone u JOIN ledger.transfers t ON t.slot = u.slot AND t.posting_no = u.undo_no GROUP BY 1, 2, 3)
SELECT coalesce(g.slot, k.slot) AS slot, coalesce(g.undo_no, k.undo_no) AS no
  FROM given g FULL JOIN taken k ON k.slot = g.slot AND k.undo_no = g.undo_no AND k.acct = g.acct
 WHERE g.units IS DISTINCT FROM k.units
"""
# A held balance is what open promises of these kinds put there, to the unit.
HELD_EQUALS_OPEN = """
WITH promised AS (
  SELECT t.slot, v.acct, sum(v.units) AS units
    FROM ledger.postings p JOIN ledger.transfers t ON t.slot = p.slot AND t.posting_no = p.no,
         LATERAL (VALUES (t.credit_account, t.amount), (t.debit_account, -t.amount)) v (acct, units)
   WHERE p.result = 0 AND p.kind = ANY (%(promising)s::smallint[]) AND (v.acct & 255) = ANY
     (%(purposes)s::bigint[])
     AND NOT EXISTS (SELECT FROM ledger.postings c WHERE c.slot = p.slot AND c.closes = p.posting_id AND
       c.result = 0)
   GROUP BY 1, 2)
SELECT coalesce(b.slot, o.slot) AS slot, coalesce(b.account_id, o.acct) AS acct,
       coalesce(b.credits - b.debits, 0) AS balance, coalesce(o.units, 0) AS open
  FROM (SELECT * FROM ledger.balances WHERE (account_id & 255) = ANY (%(purposes)s::bigint[])) b
  FULL JOIN promised o ON o.slot = b.slot AND o.acct = b.account_id
 WHERE coalesce(b.credits - b.debits, 0) <> coalesce(o.units, 0)
"""
MONTHS_READY = """
SELECT m.name AS missing
  FROM (SELECT 'transfers_' || to_char(date_trunc('month', now() AT TIME ZONE 'UTC') + make_interval(months =>
    n),
                                       'YYYY_MM') AS name
          FROM generate_series(0, 2) n) m
 WHERE NOT EXISTS (SELECT FROM pg_trigger g JOIN pg_class c ON c.oid = g.tgrelid
                    WHERE c.relnamespace = 'ledger'::regnamespace AND c.relname = m.name AND g.tgname =
                      'no_truncate')
UNION ALL
SELECT 'rows in transfers_default' WHERE ledger.has_misplaced_transfers()
"""


def _held(promising: Iterable[Kind], purposes: Iterable[Purpose]) -> dict[str, str]:
    return {"promising": numbers(promising), "purposes": numbers(purposes)}


INVARIANTS: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "debits_equal_credits": (DEBITS_EQUAL_CREDITS, {}),
    "order_is_gapless": (ORDER_IS_GAPLESS, {}),
    "balances_equal_transfers": (BALANCES_EQUAL_TRANSFERS, {}),
    "versions_chain": (VERSIONS_CHAIN, {}),
    "time_never_falls": (TIME_NEVER_FALLS, {}),
    "postings_tile_transfers": (POSTINGS_TILE_TRANSFERS, {}),
    "guards_never_broken": (GUARDS_NEVER_BROKEN, {}),
    "targets_precede_closers": (TARGETS_PRECEDE_CLOSERS, {}),
    "player_versions_run": (PLAYER_VERSIONS_RUN, {}),
    "accounts_exist": (ACCOUNTS_EXIST, {}),
    "amounts_are_units": (AMOUNTS_ARE_UNITS, {}),
    "targets_drained": (TARGETS_DRAINED, {"held": numbers(sorted(HELD_BY_CREDIT))}),
    "targets_mirrored": (
        TARGETS_MIRRORED,
        {"undoing": numbers(kind for kind in Kind if kind.mode is Mode.UNDO)},
    ),
    "in_play_equals_open_bets": (
        HELD_EQUALS_OPEN,
        _held([Kind.BET_RESERVED], [Purpose.IN_PLAY, Purpose.BONUS_IN_PLAY]),
    ),
    "pending_equals_open_withdrawals": (
        HELD_EQUALS_OPEN,
        _held([Kind.WITHDRAWAL_RESERVED], [Purpose.PENDING_WITHDRAWAL]),
    ),
    "in_flight_equals_open_sends": (
        HELD_EQUALS_OPEN,
        _held([Kind.WITHDRAWAL_COMMITTED], [Purpose.IN_FLIGHT]),
    ),
    "months_ready": (MONTHS_READY, {}),
}
"""Name to query and its parameters; the first nine are A1 to A9 of the ledger's design."""


async def check_invariants(
    session: AsyncConnection, names: Iterable[str] = tuple(INVARIANTS)
) -> dict[str, list[tuple[object, ...]]]:
    """Name to the rows that break it, at most 20 each; everything holds when every list is empty.

    Run it in one snapshot (`Sessions.snapshot`) of the primary.
    """
    broken: dict[str, list[tuple[object, ...]]] = {}
    for name in names:
        query, parameters = INVARIANTS[name]
        rows = await session.exec_driver_sql(query, dict(parameters))
        broken[name] = [tuple(row) for row in rows.fetchmany(ROWS_SHOWN_MAX)]
    return broken
