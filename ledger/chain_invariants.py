"""The rules that tie the books to business rows and networks, as queries that return what breaks them.

They hold between transactions of different roles, so a row may break one for as long as the workflow between
its two sides takes; at rest every list is empty. Names are stable, like those of the ledger's own rules.
"""

from collections.abc import Iterable

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

ROWS_SHOWN_MAX = 20

PAID_AT_MOST_ONCE = """
SELECT x.send_id, count(*) AS payments
  FROM chain.own_txs o
  JOIN chain.headers h ON h.chain_id = o.chain_id AND h.hash = o.block_hash AND h.canonical
  JOIN chain.signed_txs x ON x.chain_id = o.chain_id AND x.txid = o.txid
 WHERE o.effect_ok GROUP BY 1 HAVING count(*) > 1
"""
SENDS_EQUAL_WITHDRAWALS = """
SELECT s.send_id FROM chain.sends s LEFT JOIN ledger.withdrawals w ON w.withdrawal_id = s.send_id
 WHERE s.kind = 'withdrawal'
   AND (w.network, w.asset_id, w.payee, w.amount::numeric, w.fee_cap::numeric)
       IS DISTINCT FROM (s.chain_id, s.asset_id, s.payee, s.amount::numeric, s.fee_cap::numeric)
"""
SETTLED_EQUALS_PAID = """
SELECT w.withdrawal_id, w.state, c.kind, t.outcome
  FROM ledger.withdrawals w
  LEFT JOIN ledger.postings c ON c.slot = w.slot AND c.closes = w.send_posting_id AND c.result = 0
  LEFT JOIN chain.attempts t ON t.send_id = w.withdrawal_id AND t.outcome = 'paid'
 WHERE (w.state = 'settled') IS DISTINCT FROM (c.kind IS NOT DISTINCT FROM 23)
    OR (w.state = 'refunded') IS DISTINCT FROM (c.kind IS NOT DISTINCT FROM 24)
    OR (w.state = 'settled') IS DISTINCT FROM (t.outcome IS NOT NULL)
"""
DEPOSITS_EQUAL_POSTINGS = """
WITH posted AS (
  SELECT (t.debit_account >> 8) & 65535 AS asset_id,
         sum(CASE WHEN p.kind IN (1, 2) AND (t.debit_account & 255) BETWEEN 30 AND 33 THEN t.amount
                  WHEN p.kind = 4 AND (t.credit_account & 255) BETWEEN 30 AND 33 THEN -t.amount
                  ELSE 0 END) AS units
    FROM ledger.postings p
    JOIN ledger.transfers t ON t.slot = p.slot AND t.posting_no = p.no AND t.posted_at = p.posted_at
   WHERE p.kind IN (1, 2, 4) AND p.result = 0 GROUP BY 1),
counted AS (
  SELECT asset_id, sum(amount::numeric) AS units FROM chain.deposits
   WHERE credits > returns AND reason IS DISTINCT FROM 'FROM_COLD' GROUP BY 1)
SELECT asset_id, posted.units AS posted, counted.units AS counted
  FROM posted FULL JOIN counted USING (asset_id)
 WHERE coalesce(posted.units, 0) <> coalesce(counted.units, 0)
"""
CREDITED_IS_FINAL = """
SELECT d.chain_id, d.txid, d.position, d.state
  FROM chain.deposits d
  LEFT JOIN chain.headers h ON h.chain_id = d.chain_id AND h.hash = d.block_hash AND h.canonical
 WHERE d.credits > d.returns
   AND (d.state = 'orphaned' OR h.hash IS NULL
        OR d.met_at IS NULL AND NOT EXISTS (
             SELECT FROM chain.credits c
              WHERE c.deposit_id = d.deposit_id AND c.number = d.credits AND c.block_hash = d.block_hash
                AND c.early AND c.unlocked_at IS NULL AND c.returned_at IS NULL))
"""
CREDITS_ARE_COUNTED = """
SELECT d.deposit_id, d.credits, d.returns, c.made, c.taken
  FROM chain.deposits d
  LEFT JOIN (SELECT deposit_id, count(*) AS made, count(returned_at) AS taken, max(number) AS newest,
                    bool_or(unlocked_at IS NOT NULL) AS unlocked
               FROM chain.credits GROUP BY 1) c ON c.deposit_id = d.deposit_id
 WHERE (d.credits, d.credits, d.returns, d.credits > d.returns AND d.unlocked_at IS NOT NULL)
       <> (coalesce(c.made, 0), coalesce(c.newest, 0), coalesce(c.taken, 0), coalesce(c.unlocked, false))
"""
UNLOCKED_IS_FINAL = """
SELECT c.deposit_id, c.number
  FROM chain.credits c JOIN chain.deposits d ON d.deposit_id = c.deposit_id
 WHERE c.unlocked_at IS NOT NULL AND (d.ripe_at IS NULL OR d.met_at IS NULL OR c.block_hash <> d.block_hash)
"""
EARLY_CREDIT_IS_COUNTED = """
SELECT chain_id, asset_id, e.units AS counted, c.units AS credited
  FROM chain.early_credit e
  FULL JOIN (SELECT chain_id, asset_id, sum(amount::numeric) AS units FROM chain.credits
              WHERE early AND unlocked_at IS NULL AND returned_at IS NULL GROUP BY 1, 2) c
       USING (chain_id, asset_id)
 WHERE coalesce(e.units::numeric, 0) <> coalesce(c.units, 0)
"""
DEBTS_COME_FROM_REVERSALS = """
SELECT t.slot, t.seq
  FROM ledger.transfers t
  JOIN ledger.postings p ON p.slot = t.slot AND p.no = t.posting_no AND p.posted_at = t.posted_at
 WHERE (t.debit_account & 255) = 35 AND p.kind NOT IN (4, 15, 17, 18)
    OR (t.credit_account & 255) = 35 AND p.kind NOT IN (45, 46)
UNION ALL
SELECT slot, account_id FROM ledger.balances WHERE (account_id & 255) = 35 AND credits > debits
"""
EFFECTS_HAVE_DEPOSITS = """
SELECT e.chain_id, e.txid, e.position
  FROM chain.effects e
  JOIN chain.headers h ON h.chain_id = e.chain_id AND h.hash = e.block_hash AND h.canonical
  LEFT JOIN chain.deposits d ON d.chain_id = e.chain_id AND d.txid = e.txid AND d.position = e.position
   AND d.block_hash = e.block_hash AND d.amount::numeric = e.amount::numeric AND d.asset_id = e.asset_id
 WHERE (e.verdict IN ('seen', 'review') OR e.reason = 'DUST') AND d.txid IS NULL
"""
NEXT_ATTEMPT_HAS_EVIDENCE = """
SELECT t.send_id, t.attempt
  FROM chain.attempts t
  LEFT JOIN chain.attempts b ON b.send_id = t.send_id AND b.attempt = t.attempt - 1
  LEFT JOIN chain.evidence e ON e.evidence_id = b.evidence_id
 WHERE t.attempt > 1 AND (e.evidence_id IS NULL OR b.outcome = 'paid')
"""
REFUND_HAS_EVIDENCE = """
SELECT w.withdrawal_id, NULL AS attempt
  FROM ledger.withdrawals w LEFT JOIN chain.evidence e ON e.evidence_id = w.evidence_id
 WHERE w.state = 'refunded'
   AND (e.kind, e.body->>'send') IS DISTINCT FROM ('unpayable', w.withdrawal_id::text)
UNION ALL
SELECT w.withdrawal_id, t.attempt
  FROM ledger.withdrawals w
  JOIN chain.attempts t ON t.send_id = w.withdrawal_id
  LEFT JOIN chain.evidence e ON e.evidence_id = t.evidence_id
 WHERE w.state IN ('refunded', 'cancelled', 'rejected', 'declined')
   AND (e.evidence_id IS NULL OR t.outcome IS NULL OR t.outcome = 'paid')
"""
CURSORS_ARE_LINKED = """
SELECT c.chain_id, c.height, 'cursor' AS what
  FROM chain.chains c
  LEFT JOIN chain.headers h ON h.chain_id = c.chain_id AND h.hash = c.hash AND h.height = c.height
   AND h.canonical
  LEFT JOIN chain.headers f ON f.chain_id = c.chain_id AND f.hash = c.final_hash AND f.height = c.final_height
   AND f.canonical
 WHERE h.hash IS NULL OR f.hash IS NULL
UNION ALL
SELECT h.chain_id, h.height, 'parent'
  FROM (SELECT chain_id, height, parent, lag(hash) OVER w AS before, lag(height) OVER w AS below
          FROM chain.headers WHERE canonical WINDOW w AS (PARTITION BY chain_id ORDER BY height)) h
 WHERE h.below IS NOT NULL AND (h.before <> h.parent OR h.below <> h.height - 1)
"""
NONCES_ARE_GAPLESS = """
SELECT chain_id, wallet, min(nonce) AS lowest, max(nonce) AS highest, count(*) AS claimed
  FROM chain.attempts WHERE nonce IS NOT NULL GROUP BY 1, 2 HAVING count(*) <> max(nonce) - min(nonce) + 1
"""
SIGNED_HAVE_ONE_CLAIM = """
SELECT t.send_id, t.attempt, t.nonce, t.expires_ms
  FROM chain.attempts t
 WHERE (t.nonce IS NULL) = (t.expires_ms IS NULL)
   AND EXISTS (SELECT 1 FROM chain.signed_txs x WHERE x.send_id = t.send_id AND x.attempt = t.attempt)
"""
EXPIRED_BY_FINAL_TIME = """
SELECT t.send_id, t.attempt, t.expires_ms
  FROM chain.attempts t
  JOIN chain.evidence e ON e.evidence_id = t.evidence_id
  LEFT JOIN chain.headers h ON h.chain_id = t.chain_id AND h.canonical
   AND '0x' || encode(h.hash, 'hex') = e.body->>'final_block'
 WHERE t.outcome = 'dead' AND t.expires_ms IS NOT NULL
   AND (h.mined_at IS NULL OR extract(epoch FROM h.mined_at) * 1000 < t.expires_ms)
"""
HELD_EQUALS_ROWS = """
WITH held AS (
  SELECT account_id & 255 AS purpose, (account_id >> 8) & 65535 AS asset_id, sum(credits - debits) AS units
    FROM ledger.balances WHERE (account_id & 255) IN (11, 12, 20) GROUP BY 1, 2),
rows AS (
  SELECT CASE WHEN state = 'committed' THEN 20 ELSE 12 END AS purpose, asset_id,
         sum(amount::numeric + fee::numeric) AS units
    FROM ledger.withdrawals WHERE state IN ('review', 'approved', 'committed') GROUP BY 1, 2
  UNION ALL
  SELECT 11, asset_id, sum(stake::numeric) FROM ledger.bets WHERE state = 'reserved' GROUP BY 1, 2)
SELECT purpose, asset_id, held.units AS held, rows.units AS promised
  FROM held FULL JOIN rows USING (purpose, asset_id)
 WHERE coalesce(held.units, 0) <> coalesce(rows.units, 0)
"""
FLOATS_EQUAL_GRANTS = """
WITH promised AS (
  SELECT chain_id, wallet AS address, asset_id, sum(units) AS units
    FROM (SELECT g.chain_id, g.wallet, s.asset_id, s.amount::numeric AS units
            FROM chain.grants g JOIN chain.sends s ON s.send_id = g.send_id
           WHERE g.wallet IS NOT NULL AND g.released_at IS NULL AND s.kind NOT IN ('sweep', 'energy')
           UNION ALL
          SELECT g.chain_id, g.wallet, s.fee_asset_id, s.fee_cap::numeric
            FROM chain.grants g JOIN chain.sends s ON s.send_id = g.send_id
           WHERE g.wallet IS NOT NULL AND g.released_at IS NULL AND s.kind NOT IN ('sweep', 'energy')) n
   GROUP BY 1, 2, 3)
SELECT chain_id, address, asset_id, f.committed, promised.units
  FROM chain.floats f FULL JOIN promised USING (chain_id, address, asset_id)
 WHERE coalesce(f.committed::numeric, 0) <> coalesce(promised.units, 0)
"""

SENDS_EQUAL_TRANSFERS = """
SELECT s.send_id FROM chain.sends s
  LEFT JOIN chain.own_transfers t ON t.transfer_id = s.send_id
  LEFT JOIN chain.grants g ON g.send_id = s.send_id
 WHERE s.kind NOT IN ('withdrawal', 'energy')
   AND (t.kind, t.chain_id, t.asset_id, t.payee, t.amount::numeric, t.fee_cap::numeric, t.source)
       IS DISTINCT FROM (s.kind, s.chain_id, s.asset_id, s.payee, s.amount::numeric, s.fee_cap::numeric,
                         g.wallet)
"""
SENDS_EQUAL_DELEGATIONS = """
SELECT s.send_id, d.state
  FROM chain.sends s
  LEFT JOIN chain.delegations d ON s.send_id IN (d.delegation_id, d.return_id)
  LEFT JOIN chain.grants g ON g.send_id = s.send_id
 WHERE s.kind = 'energy'
   AND ((d.chain_id, d.asset_id, d.receiver, d.sun::numeric, d.fee_cap::numeric, d.giver)
          IS DISTINCT FROM (s.chain_id, s.asset_id, s.payee, s.amount::numeric, s.fee_cap::numeric, g.wallet)
        OR s.send_id = d.return_id AND d.state NOT IN ('returning', 'returned'))
"""
DELEGATIONS_EQUAL_TRANSACTIONS = """
SELECT d.delegation_id, d.state, a.outcome AS lent, b.outcome AS back
  FROM chain.delegations d
  LEFT JOIN chain.attempts a ON a.send_id = d.delegation_id AND a.outcome = 'paid'
  LEFT JOIN chain.attempts b ON b.send_id = d.return_id AND b.outcome = 'paid'
 WHERE d.purpose <> 'leftover' AND (d.opened_at IS NOT NULL) <> (a.outcome IS NOT NULL)
       AND d.state <> 'delegating'
    OR d.state = 'returned' AND (d.opened_at IS NOT NULL) <> (b.outcome IS NOT NULL)
"""
TRANSFERS_EQUAL_POSTINGS = """
SELECT t.transfer_id, t.state, o.kind AS committed, c.kind AS closed, a.outcome
  FROM chain.own_transfers t
  LEFT JOIN ledger.postings o ON o.slot = t.slot AND o.posting_id = t.send_posting_id AND o.result = 0
  LEFT JOIN ledger.postings c ON c.slot = t.slot AND c.closes = t.send_posting_id AND c.result = 0
  LEFT JOIN chain.attempts a ON a.send_id = t.transfer_id AND a.outcome = 'paid'
 WHERE (t.state IN ('committed', 'settled', 'returned')) IS DISTINCT FROM (o.kind IS NOT DISTINCT FROM 31)
    OR (t.state = 'settled') IS DISTINCT FROM (c.kind IS NOT DISTINCT FROM 32)
    OR (t.state = 'returned') IS DISTINCT FROM (c.kind IS NOT DISTINCT FROM 33)
    OR (t.state = 'settled') IS DISTINCT FROM (a.outcome IS NOT NULL)
"""
IN_TRANSIT_EQUALS_TRANSFERS = """
WITH held AS (
  SELECT (account_id >> 8) & 65535 AS asset_id, sum(debits - credits) AS units
    FROM ledger.balances WHERE (account_id & 255) = 34 GROUP BY 1),
rows AS (
  SELECT asset_id, sum(amount::numeric) AS units
    FROM chain.own_transfers WHERE state = 'committed' GROUP BY 1)
SELECT asset_id, held.units AS held, rows.units AS on_the_way
  FROM held FULL JOIN rows USING (asset_id) WHERE coalesce(held.units, 0) <> coalesce(rows.units, 0)
"""
SWEPT_EQUALS_SWEEPS = """
SELECT d.deposit_id, d.sweep_id, t.state
  FROM chain.deposits d JOIN chain.own_transfers t ON t.transfer_id = d.sweep_id
 WHERE t.kind <> 'sweep' OR (t.chain_id, t.source, t.asset_id) <> (d.chain_id, d.receiver, d.asset_id)
    OR t.state NOT IN ('ready', 'committed', 'settled') OR (d.swept_at IS NOT NULL) <> (t.state = 'settled')
"""
FEES_EQUAL_TRANSACTIONS = """
WITH booked AS (
  SELECT (t.debit_account >> 8) & 65535 AS asset_id, sum(t.amount) AS units
    FROM ledger.postings p
    JOIN ledger.transfers t ON t.slot = p.slot AND t.posting_no = p.no AND t.posted_at = p.posted_at
   WHERE p.kind = 30 AND p.result = 0 GROUP BY 1),
paid AS (
  SELECT s.fee_asset_id AS asset_id, sum(o.fee::numeric) AS units
    FROM chain.attempts a
    JOIN chain.sends s ON s.send_id = a.send_id AND s.state IN ('settled', 'released')
    JOIN chain.own_txs o ON (o.chain_id, o.txid, o.block_hash) = (a.chain_id, a.landed_txid, a.block_hash)
   WHERE a.outcome IS NOT NULL GROUP BY 1)
SELECT asset_id, booked.units AS booked, paid.units AS paid
  FROM booked FULL JOIN paid USING (asset_id) WHERE coalesce(booked.units, 0) < coalesce(paid.units, 0)
"""

CHAIN_INVARIANTS = {
    "paid_at_most_once": PAID_AT_MOST_ONCE,
    "sends_equal_withdrawals": SENDS_EQUAL_WITHDRAWALS,
    "settled_equals_paid": SETTLED_EQUALS_PAID,
    "deposits_equal_postings": DEPOSITS_EQUAL_POSTINGS,
    "credited_is_final": CREDITED_IS_FINAL,
    "credits_are_counted": CREDITS_ARE_COUNTED,
    "unlocked_is_final": UNLOCKED_IS_FINAL,
    "early_credit_is_counted": EARLY_CREDIT_IS_COUNTED,
    "debts_come_from_reversals": DEBTS_COME_FROM_REVERSALS,
    "effects_have_deposits": EFFECTS_HAVE_DEPOSITS,
    "next_attempt_has_evidence": NEXT_ATTEMPT_HAS_EVIDENCE,
    "refund_has_evidence": REFUND_HAS_EVIDENCE,
    "cursors_are_linked": CURSORS_ARE_LINKED,
    "nonces_are_gapless": NONCES_ARE_GAPLESS,
    "signed_have_one_claim": SIGNED_HAVE_ONE_CLAIM,
    "expired_by_final_time": EXPIRED_BY_FINAL_TIME,
    "held_equals_rows": HELD_EQUALS_ROWS,
    "floats_equal_grants": FLOATS_EQUAL_GRANTS,
    "sends_equal_transfers": SENDS_EQUAL_TRANSFERS,
    "sends_equal_delegations": SENDS_EQUAL_DELEGATIONS,
    "delegations_equal_transactions": DELEGATIONS_EQUAL_TRANSACTIONS,
    "transfers_equal_postings": TRANSFERS_EQUAL_POSTINGS,
    "in_transit_equals_transfers": IN_TRANSIT_EQUALS_TRANSFERS,
    "swept_equals_sweeps": SWEPT_EQUALS_SWEEPS,
    "fees_equal_transactions": FEES_EQUAL_TRANSACTIONS,
}


async def check_chain_invariants(
    session: AsyncConnection, names: Iterable[str] = tuple(CHAIN_INVARIANTS)
) -> dict[str, list[tuple[object, ...]]]:
    """Name to the rows that break it, at most 20 each; everything holds when every list is empty.

    Run it in one snapshot (`Sessions.snapshot`) of the primary, under a role that reads both schemas.
    """
    broken: dict[str, list[tuple[object, ...]]] = {}
    for name in names:
        rows = await session.execute(text(CHAIN_INVARIANTS[name]))
        broken[name] = [tuple(row) for row in rows.fetchmany(ROWS_SHOWN_MAX)]
    return broken
