"""What the ledger owes, as the signer reads it itself through the views of schema `signer_view`.

Nothing an intent says about payee, asset or amount is used; the rows found here are.
"""

from dataclasses import dataclass
from typing import Any, LiteralString
from uuid import UUID

from psycopg import AsyncConnection
from psycopg.rows import dict_row

from domain.rules import Verdict
from domain.sends import AttemptOutcome, SendKind


@dataclass(frozen=True, slots=True)
class Obligation:
    """A send whose `:send` posting is committed and not ended, beside what it is for.

    That is a withdrawal's row, or the posting and row of an own transfer, which nobody decides or approves.
    `amount` is in units of the asset, `fee_cap` in native units; `contract` is empty for the native coin;
    `wallet` is None until room was granted. Of staked energy `amount` is the stake, which the payee is lent,
    or which is taken back from it if it `returns`.
    """

    send_id: UUID
    kind: str
    chain_id: str
    asset_id: int
    contract: bytes
    payee: bytes
    amount: int
    fee_cap: int
    wallet: bytes | None
    verdict: Verdict | None
    approvals: int
    withdrawal_payee: bytes
    withdrawal_amount: int
    withdrawal_network: str
    withdrawal_asset_id: int
    returns: bool = False


_OWED = """
SELECT send_id, kind, chain_id, asset_id, coalesce(contract, ''::bytea) AS contract, payee, amount,
       greatest(fee_cap, (SELECT r.fee_cap FROM signer_view.raised_caps r WHERE r.send_id = o.send_id))
         AS fee_cap,
       wallet, decision_verdict, approvals, withdrawal_payee, withdrawal_amount, withdrawal_network,
       withdrawal_asset_id
FROM signer_view.owed o WHERE send_id = %s
"""
_OWED_TRANSFER = """
SELECT send_id, kind, chain_id, asset_id, coalesce(contract, ''::bytea) AS contract, payee, amount, fee_cap,
       wallet, NULL::smallint AS decision_verdict, 0 AS approvals, transfer_payee AS withdrawal_payee,
       posted_amount AS withdrawal_amount, transfer_network AS withdrawal_network,
       transfer_asset_id AS withdrawal_asset_id
FROM signer_view.owed_transfers WHERE send_id = %s AND source = wallet
"""
_OWED_ENERGY = """
SELECT send_id, kind, chain_id, asset_id, ''::bytea AS contract, payee, amount, fee_cap, wallet,
       NULL::smallint AS decision_verdict, 0 AS approvals, receiver AS withdrawal_payee,
       sun AS withdrawal_amount, delegation_network AS withdrawal_network,
       delegation_asset_id AS withdrawal_asset_id, returns
FROM signer_view.owed_energy WHERE send_id = %s AND giver = wallet
"""
_QUERIES: dict[SendKind, LiteralString] = {SendKind.WITHDRAWAL: _OWED, SendKind.ENERGY: _OWED_ENERGY}
"""Where each kind is owed; every other kind is a transfer of our own."""
_OUTCOME = (
    "SELECT outcome FROM signer_view.attempts"
    " WHERE send_id = %s AND attempt = %s AND outcome IS NOT NULL AND evidence_id IS NOT NULL"
)
_FROZEN = "SELECT EXISTS (SELECT 1 FROM signer_view.frozen_wallets WHERE chain_id = %s AND address = %s)"
_WATCHED = "SELECT EXISTS (SELECT 1 FROM signer_view.watched WHERE address = %s)"
_PLACE = """
SELECT account, address_index FROM signer_view.watched
 WHERE family = %s AND address = %s AND role = 'deposit'
"""


async def owed(connection: AsyncConnection[Any], kind: SendKind, send_id: UUID) -> Obligation | None:
    """Read the open obligation of a send; None when nothing is owed (any more)."""
    query = _QUERIES.get(kind, _OWED_TRANSFER)
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(query, [send_id])
        rows = await cursor.fetchmany(2)
    return _obligation(rows[0]) if len(rows) == 1 else None


async def outcome_of(connection: AsyncConnection[Any], send_id: UUID, attempt: int) -> AttemptOutcome | None:
    """How an attempt ended according to stored evidence, or None while it may still land."""
    row = await (await connection.execute(_OUTCOME, [send_id, attempt])).fetchone()
    return None if row is None else AttemptOutcome(row[0])


async def is_frozen(connection: AsyncConnection[Any], network: str, wallet: bytes) -> bool:
    """Whether the follower or people stopped trusting a wallet."""
    row = await (await connection.execute(_FROZEN, [network, wallet])).fetchone()
    return row is not None and bool(row[0])


async def is_watched(connection: AsyncConnection[Any], address: bytes) -> bool:
    """Whether an address is a deposit address or a wallet of this house."""
    row = await (await connection.execute(_WATCHED, [address])).fetchone()
    return row is not None and bool(row[0])


async def place_of(connection: AsyncConnection[Any], family: str, address: bytes) -> tuple[int, int] | None:
    """Account and index that the rows give a deposit address; to be proven by deriving it."""
    row = await (await connection.execute(_PLACE, [family, address])).fetchone()
    return None if row is None else (int(row[0]), int(row[1]))


def _obligation(row: dict[str, Any]) -> Obligation:
    verdict = row.pop("decision_verdict")
    row |= {name: int(row[name]) for name in ("amount", "fee_cap", "withdrawal_amount")}
    return Obligation(**row, verdict=None if verdict is None else Verdict(int(verdict)))
