"""Statement S4: everything a batch adds, in one statement that counts what it changed."""

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from domain.errors import InvariantBroken
from domain.postings import PostingRow, TransferRow, Writes
from ledger.arrays import numbers, raw_bytes, texts, uuids

# The versions and heads that were decided on are compared again here: a decision taken on an old balance
# cannot be written.
WRITE = """
WITH new_decisions AS (
  INSERT INTO ledger.decisions (slot, decision_id, verdict, rules, reasons, decided_at)
  SELECT u.slot, u.id, u.verdict, u.rules, u.reasons, %(posted_at)s::timestamptz
    FROM unnest(%(d_slot)s::smallint[], %(d_id)s::uuid[], %(d_verdict)s::smallint[], %(d_rules)s::integer[],
                %(d_reasons)s::jsonb[]) AS u (slot, id, verdict, rules, reasons)
  ON CONFLICT (slot, decision_id) DO NOTHING
), new_postings AS (
  INSERT INTO ledger.postings (slot, no, posting_id, kind, result, digest, closes, follows, decision_id, ref,
                               first_seq, last_seq, player, player_version, refused, posted_at,
                               workflow_id, run_id, request_id, received_at)
  SELECT u.slot, u.no, u.id, u.kind, u.result, u.digest, u.closes, u.follows, u.decision_id, u.ref,
         u.first_seq, u.last_seq, u.player, u.player_version, u.refused, %(posted_at)s::timestamptz,
         u.workflow_id, u.run_id, u.request_id, u.received_at
    FROM unnest(%(p_slot)s::smallint[], %(p_no)s::bigint[], %(p_id)s::uuid[], %(p_kind)s::smallint[],
                %(p_result)s::smallint[], %(p_digest)s::bytea[], %(p_closes)s::uuid[], %(p_follows)s::uuid[],
                %(p_decision)s::uuid[], %(p_ref)s::text[], %(p_first_seq)s::bigint[],
                  %(p_last_seq)s::bigint[],
                %(p_player)s::bigint[], %(p_player_version)s::bigint[], %(p_refused)s::jsonb[],
                %(p_workflow_id)s::text[], %(p_run_id)s::text[], %(p_request_id)s::text[],
                %(p_received_at)s::timestamptz[])
      AS u (slot, no, id, kind, result, digest, closes, follows, decision_id, ref, first_seq, last_seq,
        player,
            player_version, refused, workflow_id, run_id, request_id, received_at)
), new_transfers AS (
  INSERT INTO ledger.transfers (slot, seq, posting_no, debit_account, credit_account, amount, code,
    debit_version,
                                credit_version, debit_after, credit_after, posted_at)
  SELECT u.slot, u.seq, u.posting_no, u.debit_account, u.credit_account, u.amount, u.code, u.debit_version,
         u.credit_version, u.debit_after, u.credit_after, %(posted_at)s::timestamptz
    FROM unnest(%(t_slot)s::smallint[], %(t_seq)s::bigint[], %(t_posting_no)s::bigint[],
      %(t_debit)s::bigint[],
                %(t_credit)s::bigint[], %(t_amount)s::numeric[], %(t_code)s::smallint[],
                %(t_debit_version)s::bigint[], %(t_credit_version)s::bigint[], %(t_debit_after)s::numeric[],
                %(t_credit_after)s::numeric[])
      AS u (slot, seq, posting_no, debit_account, credit_account, amount, code, debit_version, credit_version,
            debit_after, credit_after)
), new_balances AS (
  UPDATE ledger.balances AS b
     SET debits = b.debits + u.debits, credits = b.credits + u.credits, version = b.version + u.moves,
         last_seq = u.last_seq
    FROM unnest(%(b_slot)s::smallint[], %(b_account)s::bigint[], %(b_debits)s::numeric[],
                %(b_credits)s::numeric[], %(b_moves)s::bigint[], %(b_last_seq)s::bigint[],
                %(b_version)s::bigint[])
      AS u (slot, account_id, debits, credits, moves, last_seq, version)
   WHERE b.slot = u.slot AND b.account_id = u.account_id AND b.version = u.version
  RETURNING 1
), new_players AS (
  UPDATE ledger.players AS x
     SET version = u.version
    FROM unnest(%(x_slot)s::smallint[], %(x_player)s::bigint[], %(x_version_read)s::bigint[],
                %(x_version)s::bigint[]) AS u (slot, player, version_read, version)
   WHERE x.slot = u.slot AND x.player = u.player AND x.version = u.version_read
  RETURNING 1
), new_heads AS (
  UPDATE ledger.slots AS s
     SET last_no = u.no, last_seq = u.seq, last_at = %(posted_at)s::timestamptz
    FROM unnest(%(s_slot)s::smallint[], %(s_no_read)s::bigint[], %(s_seq_read)s::bigint[], %(s_no)s::bigint[],
                %(s_seq)s::bigint[]) AS u (slot, no_read, seq_read, no, seq)
   WHERE s.slot = u.slot AND s.last_no = u.no_read AND s.last_seq = u.seq_read
  RETURNING 1
)
SELECT (SELECT count(*) FROM new_balances) AS balances, (SELECT count(*) FROM new_players) AS players,
       (SELECT count(*) FROM new_heads) AS slots
"""


class DecisionRow(NamedTuple):
    """A decision that a command of the same batch names; `reasons` are codes."""

    slot: int
    decision_id: UUID
    verdict: int
    rules: int
    reasons: tuple[str, ...] = ()


async def write(
    session: AsyncConnection, writes: Writes, posted_at: datetime, decisions: Collection[DecisionRow] = ()
) -> None:
    """S4: insert the new rows and move balances, versions and heads.

    Decisions are written only when a new posting names them. Raises InvariantBroken when a balance, version
      or head
    was not the one that was decided on; the transaction must then be rolled back.
    """
    named = {(row.slot, row.decision_id) for row in writes.postings}
    fresh = [row for row in decisions if (row.slot, row.decision_id) in named]
    parameters: dict[str, object] = {"posted_at": posted_at}
    parameters |= _decision_columns(fresh)
    parameters |= _posting_columns(writes.postings)
    parameters |= _transfer_columns(writes.transfers)
    parameters |= _change_columns(writes)
    changed = (await session.exec_driver_sql(WRITE, parameters)).one()
    expected = (len(writes.balances), len(writes.players), len(writes.slots))
    if tuple(changed) != expected:
        raise InvariantBroken(
            f"{tuple(changed)} balances, players and slots were as decided on, {expected} had to be"
        )


def _decision_columns(rows: Sequence[DecisionRow]) -> Mapping[str, str]:
    slot, decision_id, verdict, rules, reasons = _columns(rows, 5)
    return {
        "d_slot": numbers(slot),
        "d_id": uuids(decision_id),
        "d_verdict": numbers(verdict),
        "d_rules": numbers(rules),
        "d_reasons": texts(json.dumps(codes) for codes in reasons),
    }


def _posting_columns(rows: Sequence[PostingRow]) -> Mapping[str, str]:
    (
        slot, no, posting_id, kind, result, digest, closes, follows, decision_id, ref,
        first_seq, last_seq, player, player_version, refused, provenance,
    ) = _columns(rows, 16)  # fmt: skip
    workflow_id, run_id, request_id, received_at = _columns(provenance, 4)
    return {
        "p_slot": numbers(slot),
        "p_no": numbers(no),
        "p_id": uuids(posting_id),
        "p_kind": numbers(kind),
        "p_result": numbers(result),
        "p_digest": raw_bytes(digest),
        "p_closes": uuids(closes),
        "p_follows": uuids(follows),
        "p_decision": uuids(decision_id),
        "p_ref": texts(ref),
        "p_first_seq": numbers(first_seq),
        "p_last_seq": numbers(last_seq),
        "p_player": numbers(player),
        "p_player_version": numbers(player_version),
        "p_refused": texts(None if asked is None else json.dumps(asked) for asked in refused),
        "p_workflow_id": texts(workflow_id),
        "p_run_id": texts(run_id),
        "p_request_id": texts(request_id),
        "p_received_at": texts(None if at is None else at.isoformat() for at in received_at),
    }


def _transfer_columns(rows: Sequence[TransferRow]) -> Mapping[str, str]:
    names = (
        "t_slot", "t_seq", "t_posting_no", "t_debit", "t_credit", "t_amount", "t_code",
        "t_debit_version", "t_credit_version", "t_debit_after", "t_credit_after",
    )  # fmt: skip
    return {name: numbers(values) for name, values in zip(names, _columns(rows, len(names)), strict=True)}


def _change_columns(writes: Writes) -> Mapping[str, str]:
    columns: dict[str, tuple[int, ...]] = {}
    for names, rows in (
        (
            ("b_slot", "b_account", "b_debits", "b_credits", "b_moves", "b_last_seq", "b_version"),
            writes.balances,
        ),
        (("x_slot", "x_player", "x_version_read", "x_version"), writes.players),
        (("s_slot", "s_no_read", "s_seq_read", "s_no", "s_seq"), writes.slots),
    ):
        columns |= zip(names, _columns(rows, len(names)), strict=True)
    return {name: numbers(values) for name, values in columns.items()}


def _columns(rows: Sequence[tuple[Any, ...]], width: int) -> Sequence[tuple[Any, ...]]:
    return list(zip(*rows, strict=True)) if rows else [()] * width
