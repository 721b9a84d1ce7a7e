"""The history of one account, newest first, page by page."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from domain.accounts import Purpose, Side, player_account
from domain.errors import RequestInvalid
from domain.ids import slot_of_player
from domain.kinds import Kind, TransferCode

LINES_MAX = 500
_CURSOR_VERSION = 1
_FIRST_PAGE = 2**63 - 1

# Each arm is one walk down one index and ends at the page's size.
STATEMENT = """
SELECT t.seq, t.posted_at, t.code, t.change, t.after, p.kind, p.posting_id, p.ref, p.player_version
  FROM ((SELECT slot, seq, posting_no, posted_at, code, (-amount)::text AS change, debit_after::text AS after
           FROM ledger.player_transfers
          WHERE slot = %(slot)s AND debit_account = %(account)s AND seq < %(before)s
          ORDER BY seq DESC LIMIT %(limit)s)
        UNION ALL
        (SELECT slot, seq, posting_no, posted_at, code, amount::text, credit_after::text
           FROM ledger.player_transfers
          WHERE slot = %(slot)s AND credit_account = %(account)s AND seq < %(before)s
          ORDER BY seq DESC LIMIT %(limit)s)) AS t,
       LATERAL (SELECT kind, posting_id, ref, player_version FROM ledger.player_postings
                 WHERE slot = t.slot AND no = t.posting_no OFFSET 0) AS p
 ORDER BY t.seq DESC LIMIT %(limit)s
"""


class StatementLine(NamedTuple):
    """One movement: signed units of change and the balance after it, on the account's normal side."""

    seq: int
    posted_at: datetime
    kind: Kind
    code: TransferCode
    change: int
    after: int
    posting_id: UUID
    ref: str | None
    version: int


class StatementPage(NamedTuple):
    """Lines from newest to oldest; `next_cursor` is None on the last page."""

    lines: tuple[StatementLine, ...]
    next_cursor: str | None


async def statement(  # noqa: PLR0913 - an account has three parts, a page two
    session: AsyncConnection,
    player: int,
    asset_id: int,
    purpose: Purpose = Purpose.AVAILABLE,
    *,
    cursor: str | None = None,
    limit: int = 50,
) -> StatementPage:
    """One page of a player's account; lines that are posted meanwhile do not shift later pages.

    Raises RequestInvalid for a cursor that was not given out for this account, or a limit outside 1 to 500.
    """
    if not 1 <= limit <= LINES_MAX:
        raise RequestInvalid(f"A page has 1 to {LINES_MAX} lines.")
    account = player_account(player, asset_id, purpose)
    rows = await session.exec_driver_sql(
        STATEMENT,
        {
            "slot": slot_of_player(player),
            "account": account,
            "before": _FIRST_PAGE if cursor is None else _parse_cursor(cursor, account),
            "limit": limit + 1,
        },
    )
    sign = 1 if purpose.normal_side is Side.CREDIT else -1
    lines = [
        StatementLine(
            seq=row.seq,
            posted_at=row.posted_at,
            kind=Kind(row.kind),
            code=TransferCode(row.code),
            change=sign * int(row.change),
            after=sign * int(row.after),
            posting_id=row.posting_id,
            ref=row.ref,
            version=row.player_version,
        )
        for row in rows
    ]
    more = len(lines) > limit
    shown = tuple(lines[:limit])
    return StatementPage(shown, _write_cursor(account, shown[-1].seq) if more else None)


def _write_cursor(account: int, seq: int) -> str:
    raw = _CURSOR_VERSION.to_bytes(1) + account.to_bytes(8) + seq.to_bytes(8)
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def _parse_cursor(cursor: str, account: int) -> int:
    try:
        raw = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    except ValueError:
        raw = b""
    prefix = _CURSOR_VERSION.to_bytes(1) + account.to_bytes(8)
    if len(raw) != len(prefix) + 8 or not raw.startswith(prefix) or raw[len(prefix)] > 0x7F:  # noqa: PLR2004 - the sign bit
        raise RequestInvalid("The cursor does not belong to this statement.")
    return int.from_bytes(raw[len(prefix) :])
